/** Tables of plain arrays, for the tests of what files and services share. */
import { systemClock } from '../../../../connectors/clock.ts'
import {
  SourceError,
  type SourceParams,
  type SourceRow,
  type SourceValue,
} from '../../../../connectors/source.ts'
import { readTables } from '../../../../connectors/sources/tables/read-tables.ts'
import type { TableSet } from '../../../../connectors/sources/tables/table-set.ts'

export interface MemoryTable {
  columns: string[]
  rows: Iterable<SourceValue[]>
  isText?: boolean[]
}

export interface MemoryTables extends TableSet {
  opened: string[]
  params: SourceParams[]
  /** Rows that were asked for, by all tables. */
  taken: number
  /** Aborted signals of `open`: what a read left behind would be missing here. */
  aborted: number
}

export function memoryTables(tables: Record<string, MemoryTable>): MemoryTables {
  const set: MemoryTables = {
    opened: [],
    params: [],
    taken: 0,
    aborted: 0,
    names: async () => Object.keys(tables),
    async open(name, params, signal) {
      set.opened.push(name)
      set.params.push(params)
      signal.addEventListener('abort', () => {
        set.aborted += 1
      })
      const { columns, rows, isText } = tables[name]!
      return { columns, batches: batchesOf(rows, set), ...(isText !== undefined && { isText }) }
    },
  }
  return set
}

async function* batchesOf(
  rows: Iterable<SourceValue[]>,
  set: { taken: number },
): AsyncGenerator<SourceValue[][]> {
  let batch: SourceValue[][] = []
  for (const row of rows) {
    batch.push([...row])
    if (batch.length < 500) continue
    set.taken += batch.length
    yield batch
    batch = []
  }
  set.taken += batch.length
  yield batch
}

export function readMemory(
  tables: TableSet,
  sql: string,
  more: { params?: SourceParams; maxRows?: number; timeoutMs?: number; signal?: AbortSignal } = {},
): AsyncGenerator<SourceRow> {
  const { params, signal, maxRows = 1_000_000, timeoutMs = 60_000 } = more
  return readTables({
    query: { sql, ...(params !== undefined && { params }) },
    settings: { maxRows, timeoutMs, encoding: 'utf8', trimPadding: true },
    clock: systemClock,
    signal,
    place: 'Memory',
    tables,
    explain: error => new SourceError('source-unreachable', `Memory: ${String(error)}`),
  })
}
