/** One read, whatever the kind: guard, parameters, deadline, cancel, row cap; the kind only brings batches. */
import type { Clock } from '../clock.ts'
import {
  SourceError,
  type SourceParams,
  type SourceQuery,
  type SourceRow,
  type SourceValue,
} from '../source.ts'
import { mostRowBytes, rowTooLarge, rowTooLargeCode, valueBytes } from './batch-size.ts'
import { errorCode } from './error-words.ts'
import { RawBatch, type RowList, rowByRow } from './row-lists.ts'
import { checkSelect, type GuardOptions } from './select-guard.ts'
import type { ReadingSettings } from './settings.ts'
import type { SqlDialect } from './sql-tokens.ts'
import { trimEndBlanks } from './text-values.ts'

/** Rows a kind hands on at a time, at most: enough to hide a round trip. See batch-size.ts for large ones. */
export const batchRows = 500

export interface CheckedStatement {
  statement: string
  parameterNames: string[]
  values: (string | number | null)[]
}

/** An open result. */
export interface RowBatches<Rows extends RowList = SourceValue[][]> {
  columns: string[]
  /** The next rows; an empty list is the end. */
  next(): Promise<Rows>
  /** Frees the connection after the last row or in the middle, whatever its state. */
  close(): Promise<void>
}

interface ReadRequest {
  query: SourceQuery
  dialect: SqlDialect
  /** How parameters are written in the statement; the dialect's own way when absent. */
  placeholders?: GuardOptions['placeholders']
  settings: ReadingSettings
  clock: Clock
  signal: AbortSignal | undefined
  /** Names the source in messages, for example `PostgreSQL 10.0.0.7:5432 as lecteur`. */
  place: string
  /** Sends the statement; on `signal` it must give up at once and stop the work on the server. */
  open(statement: CheckedStatement, signal: AbortSignal): Promise<RowBatches<RowList>>
  /** The driver's error in our words. */
  explain(error: unknown): SourceError
}

/**
 * Streams rows with back-pressure.
 *
 * @throws SourceError as `Source.read` says; the caller's own reason when `signal` is aborted
 */
export function readRows(request: ReadRequest): AsyncGenerator<SourceRow, void, undefined> {
  const deadline = new AbortController()
  const stop =
    request.signal === undefined ? deadline.signal : AbortSignal.any([request.signal, deadline.signal])
  const leave = (): void => deadline.abort(new Error('the reader went away'))
  return rowByRow(readBatches(request, deadline, stop), { stop, leave })
}

async function* readBatches(
  request: ReadRequest,
  deadline: AbortController,
  stop: AbortSignal,
): AsyncGenerator<RawBatch, void, undefined> {
  const { settings, signal } = request
  const { placeholders = 'native' } = request
  const statement = checkQuery(request.query, request.dialect, request.place, { placeholders })
  signal?.throwIfAborted()

  const maxRows = Math.min(request.query.maxRows ?? settings.maxRows, settings.maxRows)
  const cancelDeadline = request.clock.after(settings.timeoutMs, () => deadline.abort(timedOut(request)))
  let batches: RowBatches<RowList> | undefined
  try {
    batches = await orAborted(request.open(statement, stop), stop)
    const toRow = rowMaker(batches.columns, settings.trimPadding, request.place)
    let delivered = 0
    for (let rows = await orAborted(batches.next(), stop); rows.length > 0; ) {
      const allowed = Math.min(rows.length, maxRows - delivered)
      if (allowed > 0) yield new RawBatch(rows, allowed, toRow)
      stop.throwIfAborted()
      if (allowed < rows.length) throw rowCapReached(request, maxRows)
      delivered += allowed
      rows = await orAborted(batches.next(), stop)
    }
  } catch (error) {
    // The driver's words about a connection that we cut ourselves would only hide why.
    stop.throwIfAborted()
    if (isRowTooLarge(error)) throw explainRow(error, request.place)
    throw error instanceof SourceError ? error : request.explain(error)
  } finally {
    cancelDeadline()
    await batches?.close()
  }
}

/** Checks a query and puts its values in the driver's order. */
function checkQuery(
  query: SourceQuery,
  dialect: SqlDialect,
  place: string,
  options: GuardOptions = {},
): CheckedStatement {
  const verdict = checkSelect(query.sql, dialect, options)
  if (verdict.kind === 'refused') {
    const { reason, position, excerpt } = verdict
    throw new SourceError(
      'source-query-refused',
      `${place}: the query is refused (${reason}) at character ${position + 1}: "${excerpt}". Write one SELECT that only reads.`,
      { reason, position, excerpt },
    )
  }
  const { statement, parameterNames } = verdict
  return {
    statement,
    parameterNames,
    values: parameterNames.map(name => givenValue(query.params ?? {}, name, place)),
  }
}

/** @throws SourceError when the caller gave no value */
export function givenValue(params: SourceParams, name: string, place: string): string | number | null {
  const value = Object.hasOwn(params, name) ? params[name] : undefined
  if (value !== undefined) return value
  const message = `${place}: the query names the parameter :${name}, and no value was given for it.`
  throw new SourceError('source-query-refused', message, { reason: 'missing-parameter', parameter: name })
}

/** Rejects as soon as the signal is aborted; what the promise does later is nobody's business. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
  }
}

function rowMaker(
  columns: readonly string[],
  trimPadding: boolean,
  place: string,
): (values: readonly SourceValue[]) => SourceRow {
  const wrong = columns.find((name, index) => columns.indexOf(name) !== index || name === '__proto__')
  if (wrong !== undefined) {
    const message = `${place}: two columns are named "${wrong}", or no column can be; give each its own name with AS.`
    throw new SourceError('source-query-failed', message, { column: wrong })
  }
  const blank: Record<string, SourceValue> = Object.fromEntries(columns.map(name => [name, null]))
  return values => {
    // A copy of one shape is twice as quick as a row built name by name.
    const row = { ...blank }
    for (let index = 0; index < columns.length; index += 1) {
      const value = values[index]
      if (value === null || value === undefined) continue
      const isText = typeof value === 'string'
      const bytes = isText ? value.length : valueBytes(value)
      if (bytes > mostRowBytes) throw rowTooLarge(bytes, columns[index])
      row[columns[index]!] = trimPadding && isText ? trimEndBlanks(value) : value
    }
    return row
  }
}

function isRowTooLarge(error: unknown): error is Error {
  return error instanceof Error && errorCode(error) === rowTooLargeCode
}

function explainRow(error: Error, place: string): SourceError {
  const details = { reason: 'row-too-large', mostRowBytes }
  return new SourceError('source-query-failed', `${place}: ${error.message}.`, details, error)
}

function timedOut({ place, settings }: ReadRequest): SourceError {
  const message = `${place}: the query was stopped after ${settings.timeoutMs} ms. Narrow it, index what it filters on, or raise the source's time limit.`
  return new SourceError('source-timeout', message, { timeoutMs: settings.timeoutMs })
}

function rowCapReached({ place }: ReadRequest, maxRows: number): SourceError {
  const message = `${place}: the query gives more than ${maxRows} rows; the first ${maxRows} were read and the rest was NOT. Narrow the query or raise the source's row limit.`
  return new SourceError('source-row-cap', message, { maxRows })
}
