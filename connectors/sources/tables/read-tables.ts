/**
 * One read over tables: the guard, then the short way or the long one.
 *
 * A query that only picks columns of one table is streamed straight through; every other SELECT runs in a private
 * SQLite that holds the tables it names. Both give the same values.
 */
import type { SourceRow, SourceValue } from '../../source.ts'
import { LateRows, type RowList } from '../row-lists.ts'
import { type CheckedStatement, type RowBatches, readRows } from '../row-reading.ts'
import { queryLoaded } from './load.ts'
import { openTables } from './open-tables.ts'
import { type PlainProjection, plainProjection } from './plain-projection.ts'
import { plainValue } from './private-values.ts'
import type { TableRows, TablesRequest } from './table-set.ts'

/**
 * Streams the rows of one SELECT with back-pressure. Table and column names compare without regard to case.
 *
 * @throws SourceError as `Source.read` says; an unknown table or column is `source-query-failed` naming what there is
 */
export function readTables(request: TablesRequest): AsyncGenerator<SourceRow> {
  const { query, settings, clock, signal, place, explain } = request
  return readRows({
    query,
    dialect: 'sqlite',
    settings,
    clock,
    signal,
    place,
    explain,
    open: (statement, stop) => openResult(request, statement, stop),
  })
}

async function openResult(
  { query, settings, place, tables: set }: TablesRequest,
  statement: CheckedStatement,
  stop: AbortSignal,
): Promise<RowBatches<RowList>> {
  const over = new AbortController()
  const signal = AbortSignal.any([stop, over.signal])
  const tables = openTables({ tables: set, params: query.params ?? {}, place, signal })
  const close = async (result?: RowBatches<RowList>): Promise<void> => {
    await result?.close()
    over.abort(new Error('the read is over'))
  }
  try {
    const result =
      (await streamed(plainProjection(statement.statement), tables, rowCap(query, settings))) ??
      (await queryLoaded(statement, { tables, place, signal }))
    const next = async (): Promise<RowList> => {
      const rows = await result.next()
      if (rows.length === 0) set.ended?.()
      return rows
    }
    return { columns: result.columns, next, close: () => close(result) }
  } catch (error) {
    await close()
    throw error
  }
}

function rowCap(query: TablesRequest['query'], settings: TablesRequest['settings']): number {
  return Math.min(query.maxRows ?? settings.maxRows, settings.maxRows)
}

/** @returns undefined when the query needs a database, or names a column that the table does not have */
async function streamed(
  plain: PlainProjection | undefined,
  tables: ReturnType<typeof openTables>,
  maxRows: number,
): Promise<RowBatches<RowList> | undefined> {
  if (plain === undefined) return undefined
  // One row above the cap is asked for, to know whether there is one.
  const enough = Math.min(plain.limit ?? Number.POSITIVE_INFINITY, maxRows + 1)
  const { rows } = await tables.open(plain.table, enough)
  if (rows.columns.length === 0) return { columns: [], next: async () => [], close: async () => undefined }
  const picked = pick(plain, rows)
  if (picked === undefined) return undefined
  const batches = rows.batches[Symbol.asyncIterator]()
  let left = plain.limit ?? Number.POSITIVE_INFINITY
  return {
    columns: picked.names,
    async next() {
      for (;;) {
        const batch = left === 0 ? undefined : await batches.next()
        if (batch === undefined || batch.done === true) return []
        if (batch.value.length === 0) continue
        const { value } = batch
        const length = Math.min(value.length, left)
        left -= length
        return new LateRows(length, index => picked.valuesOf(value.at(index)!))
      }
    },
    close: async () => void (await batches.return?.()),
  }
}

function pick(
  { columns }: PlainProjection,
  { columns: there }: TableRows,
): { names: string[]; valuesOf(row: SourceValue[]): SourceValue[] } | undefined {
  if (columns === 'all') return { names: there, valuesOf: row => madePlain(row, there.length) }
  const lower = there.map(name => name.toLowerCase())
  const indexes = columns.map(({ name }) => lower.indexOf(name.toLowerCase()))
  if (indexes.includes(-1)) return undefined
  return {
    // SQLite names a column as its table does, whatever the query's spelling.
    names: columns.map(({ as }, index) => as ?? there[indexes[index]!]!),
    valuesOf: row => indexes.map(index => plainValue(row[index] ?? null)),
  }
}

/** Changes the row in place: most rows are text and numbers, which stay as they are. */
function madePlain(row: SourceValue[], width: number): SourceValue[] {
  for (let index = 0; index < width; index += 1) {
    const value = row[index]
    if (typeof value !== 'string' && value !== undefined) row[index] = plainValue(value)
  }
  return row
}
