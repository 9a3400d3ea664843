/**
 * Rows on their way from a kind to whoever reads: made one by one when they are taken.
 *
 * What is made for each row or batch is of a class, never a literal. V8 counts how many objects of a literal survive a
 * collection; one in the middle of a read finds all of them alive, later ones are made in the old space, and the rows
 * that they hold stay with them until the next full collection (measured: every second read took twice as long).
 */
import type { SourceRow, SourceValue } from '../source.ts'

/** Rows in column order. An array is one; a kind whose rows are made when they are asked for brings its own. */
export interface RowList {
  readonly length: number
  /** Asked once for each, in order; who asks may change what it gets. @throws RowTooLarge, or what the kind explains */
  at(index: number): SourceValue[] | undefined
}

/** Rows made when they are asked for. */
export class LateRows implements RowList {
  readonly length: number
  readonly at: RowList['at']

  constructor(length: number, at: RowList['at']) {
    this.length = length
    this.at = at
  }
}

/** As the kind gave it. Rows are made one by one when they are taken: whole batches of them would outlive the nursery. */
export class RawBatch {
  readonly rows: RowList
  /** So many of them are within the row cap. */
  readonly count: number
  /** @throws RowTooLarge */
  readonly toRow: (values: readonly SourceValue[]) => SourceRow

  constructor(rows: RowList, count: number, toRow: RawBatch['toRow']) {
    this.rows = rows
    this.count = count
    this.toRow = toRow
  }
}

/**
 * Hands batches on row by row. By hand, because a generator that yields every row costs as much as some drivers take
 * to read it. Once stopped, the batches are asked before the next row: they know why and free what they hold.
 *
 * @param leave called when the reader goes away while a batch is on its way: nobody should wait for it any more
 */
export function rowByRow(
  batches: AsyncGenerator<RawBatch, void, undefined>,
  { stop, leave }: { stop: AbortSignal; leave(): void },
): AsyncGenerator<SourceRow, void, undefined> {
  let batch: RawBatch | undefined
  let next = 0
  let fetching: Promise<IteratorResult<SourceRow, void>> | undefined
  let hasLeft = false
  const forget = (): void => {
    batch = undefined
    next = 0
  }
  const take = ({ rows, toRow }: RawBatch): Promise<IteratorResult<SourceRow, void>> => {
    try {
      return Promise.resolve(new TakenRow(toRow(rows.at(next++)!)))
    } catch (error) {
      forget()
      // The batches put it into words, and free what they hold.
      return batches.throw(error) as Promise<IteratorResult<never, void>>
    }
  }
  const fetch = async (): Promise<IteratorResult<SourceRow, void>> => {
    try {
      const fetched = await batches.next()
      if (hasLeft) return { done: true, value: undefined }
      if (fetched.done === true) return fetched
      batch = fetched.value
      next = 0
      return await take(batch)
    } catch (error) {
      if (hasLeft) return { done: true, value: undefined }
      throw error
    } finally {
      fetching = undefined
    }
  }
  const go = (): void => {
    hasLeft = true
    forget()
    if (fetching !== undefined) leave()
  }
  const ask = (): Promise<IteratorResult<SourceRow, void>> => {
    // Asked again before the row asked for last has come: in its turn, as a generator does.
    if (fetching !== undefined) return fetching.then(ask, ask)
    if (batch !== undefined && next < batch.count && !stop.aborted) return take(batch)
    fetching = fetch()
    return fetching
  }
  return {
    next: ask,
    async return() {
      go()
      await batches.return()
      return { done: true, value: undefined }
    },
    async throw(error) {
      go()
      await batches.throw(error)
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await this.return()
    },
  }
}

class TakenRow {
  readonly done = false
  readonly value: SourceRow

  constructor(value: SourceRow) {
    this.value = value
  }
}
