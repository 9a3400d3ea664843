/** How much is held of a result at a time, counted in bytes as well as in rows. Every kind keeps to it. */
import type { SourceValue } from '../source.ts'

/** A batch ends early when its rows come to this; 500 rows of contracts are a tenth of it. */
export const batchBytes = 2 ** 20
/** One row; a result for messages has a few hundred bytes. A larger one is a document in a column. */
export const mostRowBytes = 4 * 2 ** 20
/** What is asked of a process before it is needed. */
export const aheadBytes = 4 * 2 ** 20

export const rowTooLargeCode = 'ROW-TOO-LARGE'

/** One row passes what may be held; `message` names its largest column. Also told by `code`, which passes processes. */
export class RowTooLarge extends Error {
  override readonly name = 'RowTooLarge'
  readonly code = rowTooLargeCode
}

export function rowTooLarge(bytes: number, column?: string): RowTooLarge {
  const inColumn = column === undefined ? '' : `, most of it in the column "${column}"`
  return new RowTooLarge(
    `a row has ${bytes} bytes or more${inColumn}; ${mostRowBytes} are the limit. Leave its largest column out of the query, or take the beginning of it (substr)`,
  )
}

/** Bytes of a value, a letter counted as one; whatever is no text and no bytes is small. */
export function valueBytes(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.byteLength
  return 8
}

/** @throws RowTooLarge above `mostRowBytes` */
export function rowBytes(row: readonly unknown[], columns?: readonly string[]): number {
  // An empty row is something too: only the end has no bytes.
  let bytes = 1
  for (let index = 0; index < row.length; index += 1) bytes += valueBytes(row[index])
  if (bytes > mostRowBytes) throw rowTooLarge(bytes, columns?.[largestOf(row)])
  return bytes
}

function largestOf(row: readonly unknown[]): number {
  return row.reduce<number>((at, value, index) => (valueBytes(value) > valueBytes(row[at]) ? index : at), 0)
}

export interface SizedBatch {
  rows: SourceValue[][]
  bytes: number
}

/**
 * Takes rows until there are `most` of them or they come to `batchBytes`.
 *
 * @param take the next row; undefined at the end
 * @throws RowTooLarge; what `take` throws
 */
export function takeBatch(
  most: number,
  take: () => SourceValue[] | undefined,
  columns?: readonly string[],
): SizedBatch {
  const rows: SourceValue[][] = []
  let bytes = 0
  while (rows.length < most && bytes < batchBytes) {
    const row = take()
    if (row === undefined) break
    bytes += rowBytes(row, columns)
    rows.push(row)
  }
  return { rows, bytes }
}

/**
 * Keeps a process at work on the batches after the one in hand: `most` of them while they are small, fewer when they
 * are large, so that what is on its way stays within `aheadBytes` and a row.
 *
 * @param ask sends for one more batch
 * @param next the next answer; `bytes` 0 is the end
 * @returns the next answer, with more asked for
 */
export function askAhead<Answer extends { bytes: number }>(
  most: number,
  ask: () => void,
  next: () => Promise<Answer>,
): () => Promise<Answer> {
  let underWay = 0
  let largest = aheadBytes
  return async () => {
    if (underWay === 0) {
      ask()
      underWay = 1
    }
    const answer = await next()
    underWay -= 1
    if (answer.bytes === 0) return answer
    // What comes next may be larger than what came: a batch that was, counts for half its size in the one after.
    largest = Math.max(answer.bytes, largest >> 1)
    for (const wanted = Math.min(most, Math.floor(aheadBytes / largest)); underWay < wanted; underWay += 1)
      ask()
    return answer
  }
}
