/**
 * The child process that reads a SQLite file: opens it read-only, answers each `next` with one batch, ends with
 * its parent. Started by sqlite.ts only.
 *
 * A process, not a thread: SQLite runs inside one native call that neither a timer nor Worker.terminate() can
 * interrupt (measured: terminate waited 2 s for a 20-million-step query), and a killed process is the only thing
 * that surely stops a runaway join. It costs about 40 ms per read; batches pass at 600,000 rows/s.
 */
import Database from 'better-sqlite3'
import type { SourceValue } from '../source.ts'
import { type SizedBatch, takeBatch } from './batch-size.ts'
import { serveOrders } from './reading-child.ts'
import type { FailedAnswer } from './reading-process.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText } from './text-values.ts'

export interface ReaderOrder {
  path: string
  statement: string
  values: Record<string, string | number | null>
  encoding: ReadingSettings['encoding']
  batchRows: number
}

export type ReaderAnswer =
  | { kind: 'columns'; columns: string[] }
  | ({ kind: 'rows' } & SizedBatch)
  | FailedAnswer

let rows: Iterator<unknown[]> | undefined
let batchRows = 0
let names: string[] = []
let plain: (value: unknown, column: number) => SourceValue

serveOrders<ReaderOrder | 'next', ReaderAnswer>(order => (order === 'next' ? nextBatch() : open(order)))

function open(order: ReaderOrder): ReaderAnswer {
  const database = new Database(order.path, { readonly: true, fileMustExist: true })
  database.defaultSafeIntegers(true)
  const readsBytes = order.encoding !== 'utf8' && database.pragma('encoding', { simple: true }) === 'UTF-8'
  const asked = database.prepare<unknown[], unknown[]>(order.statement)
  if (!asked.reader || !asked.readonly) throw new Error('the statement does not only read')

  const columns = asked.columns()
  // A column declared BLOB holds pictures and keys; anything else holds text, stored as such or as bytes.
  const isBinary = columns.map(column => /blob/i.test(column.type ?? ''))
  plain = (value, column) => {
    if (typeof value === 'bigint') return toPlainInteger(value)
    if (!(value instanceof Uint8Array)) return value as SourceValue
    if (!readsBytes || isBinary[column] === true) return new Uint8Array(value)
    return decodeText(value, order.encoding)
  }
  const statement = readsBytes
    ? database.prepare<unknown[], unknown[]>(asBytes(order.statement, isBinary))
    : asked
  rows = statement.raw(true).iterate(order.values)
  batchRows = order.batchRows
  names = columns.map(column => column.name)
  return { kind: 'columns', columns: names }
}

function nextBatch(): ReaderAnswer {
  const take = (): SourceValue[] | undefined => {
    const row = rows?.next()
    return row === undefined || row.done === true ? undefined : row.value.map(plain)
  }
  return { kind: 'rows', ...takeBatch(batchRows, take, names) }
}

/**
 * The same rows with text as its stored bytes: the driver replaces whatever is not UTF-8 by U+FFFD, for good.
 * Columns get positional names because two may be called the same.
 */
function asBytes(statement: string, isBinary: readonly boolean[]): string {
  const names = isBinary.map((_, index) => `c${index}`)
  const values = names.map((name, index) =>
    isBinary[index] === true
      ? name
      : `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
  )
  return `WITH asked(${names.join(', ')}) AS (${statement}\n) SELECT ${values.join(', ')} FROM asked`
}

function toPlainInteger(value: bigint): number | string {
  const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return isSafe ? Number(value) : value.toString()
}
