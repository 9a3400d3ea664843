/** The rows of one table of an Access file, a batch at a time, in the child process that reads the file. */
import type MDBReader from 'mdb-reader'
import type { Column, Value } from 'mdb-reader'
import type { SourceValue } from '../source.ts'
import { type AccessValueReader, accessValueReader } from './access-values.ts'
import { batchBytes, mostRowBytes, rowBytes, valueBytes } from './batch-size.ts'

/** Rows by columns: half as much work to hand over as arrays of rows. */
export interface ColumnBatch {
  /** Rows; 0 is the end. */
  count: number
  columns: SourceValue[][]
  bytes: number
}

export interface AccessCursor {
  /** @throws RowTooLarge; what the driver throws at a damaged page */
  next(mostRows: number): ColumnBatch
}

/**
 * Rows decoded at a time. For each step the driver walks over all rows before it, so steps grow with what was read:
 * a file of two million rows is walked over some twenty times, not two hundred times.
 */
const firstStep = 5_000
const longestStep = 50_000
/** What a step of large rows may hold, as texts count. */
const stepBytes = 32 * 2 ** 20

/** @param readText of the columns that are text, where the driver gives their bytes */
export function accessCursor(
  table: ReturnType<MDBReader['getTable']>,
  readText: ReadonlyMap<string, AccessValueReader> = new Map(),
): AccessCursor {
  const columns = table.getColumns().map(column => readable(column, readText.get(column.name)))
  // Attachments are rows of other tables, looked up one by one for each row.
  const asked = columns.filter(column => !column.isComplex).map(column => column.name)
  let decoded: Record<string, Value>[] = []
  let taken = 0
  let offset = 0
  let bytesTaken = 0
  let isOver = false

  const decode = (): void => {
    const rowsOfSize = Math.floor((stepBytes * Math.max(offset, 1)) / Math.max(bytesTaken, 1))
    const wanted = Math.min(longestStep, Math.max(firstStep, offset >> 1))
    const rowLimit = Math.max(1, Math.min(wanted, rowsOfSize))
    decoded = isOver ? [] : table.getData({ columns: asked, rowOffset: offset, rowLimit })
    isOver = decoded.length < rowLimit
    offset += decoded.length
    taken = 0
  }
  return {
    next(mostRows) {
      if (taken === decoded.length) decode()
      const from = taken
      let bytes = 0
      while (taken < decoded.length && taken - from < mostRows && bytes < batchBytes) {
        bytes += storedBytes(decoded[taken]!, asked)
        taken += 1
      }
      bytesTaken += bytes
      const rows = { decoded, from, end: taken }
      return { count: taken - from, bytes, columns: columns.map(column => readColumn(column, rows)) }
    },
  }
}

interface ReadableColumn {
  name: string
  isComplex: boolean
  read: AccessValueReader | undefined
}

function readable(column: Column, readText: AccessValueReader | undefined): ReadableColumn {
  const read = readText ?? accessValueReader(column)
  return { name: column.name, isComplex: column.type === 'complex', read }
}

/** @throws RowTooLarge */
function storedBytes(row: Record<string, Value>, names: readonly string[]): number {
  // An empty row is something too: only the end has no bytes.
  let bytes = 1
  for (const name of names) bytes += valueBytes(row[name])
  if (bytes <= mostRowBytes) return bytes
  const values = names.map(name => row[name])
  return rowBytes(values, names)
}

function readColumn(
  { name, read }: ReadableColumn,
  { decoded, from, end }: { decoded: readonly Record<string, Value>[]; from: number; end: number },
): SourceValue[] {
  const values: SourceValue[] = []
  for (let index = from; index < end; index += 1) {
    const stored = decoded[index]![name] ?? null
    values.push(read === undefined ? (stored as SourceValue) : read(stored))
  }
  return values
}
