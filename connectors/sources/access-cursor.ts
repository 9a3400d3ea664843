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
 * a file of ten million rows is walked over some three times, not a thousand times.
 */
const firstStep = 5_000
const longestStep = 50_000
/** What a step of large rows may hold, as texts count. */
const stepBytes = 32 * 2 ** 20

/** @param fixText see accessValueReader */
export function accessCursor(
  table: ReturnType<MDBReader['getTable']>,
  fixText?: (text: string) => string,
): AccessCursor {
  const columns = table.getColumns().map(column => readable(column, fixText))
  // Attachments are rows of other tables, looked up one by one for each row.
  const asked = columns.filter(column => !column.isComplex).map(column => column.name)
  let decoded: Record<string, Value>[] = []
  let taken = 0
  let offset = 0
  let bytesTaken = 0

  const decode = (): void => {
    const rowsOfSize = Math.floor((stepBytes * Math.max(offset, 1)) / Math.max(bytesTaken, 1))
    const wanted = Math.min(longestStep, Math.max(firstStep, offset >> 1))
    const rowLimit = Math.max(1, Math.min(wanted, rowsOfSize))
    decoded = table.getData({ columns: asked, rowOffset: offset, rowLimit })
    offset += decoded.length
    taken = 0
  }
  return {
    next(mostRows) {
      if (taken === decoded.length) decode()
      const sizes = new Float64Array(Math.min(mostRows, decoded.length - taken))
      const values = columns.map(column => readColumn(column, { rows: decoded, from: taken, sizes }))
      const { count, bytes } = withinBatch(sizes, row => {
        rowBytes(
          values.map(column => column[row]),
          columns.map(column => column.name),
        )
      })
      taken += count
      bytesTaken += bytes
      return {
        count,
        bytes,
        columns: count === sizes.length ? values : values.map(all => all.slice(0, count)),
      }
    },
  }
}

interface ReadableColumn {
  name: string
  isComplex: boolean
  read: AccessValueReader | undefined
}

function readable(column: Column, fixText?: (text: string) => string): ReadableColumn {
  return { name: column.name, isComplex: column.type === 'complex', read: accessValueReader(column, fixText) }
}

/** @param sizes of the rows, to which this column's values are added */
function readColumn(
  { name, read }: ReadableColumn,
  { rows, from, sizes }: { rows: readonly Record<string, Value>[]; from: number; sizes: Float64Array },
): SourceValue[] {
  const values: SourceValue[] = []
  for (let index = 0; index < sizes.length; index += 1) {
    const stored = rows[from + index]![name] ?? null
    const value = read === undefined ? (stored as SourceValue) : read(stored)
    values.push(value)
    sizes[index]! += valueBytes(value)
  }
  return values
}

/** How many rows make one batch. @param refuse throws for a row above the limit */
function withinBatch(sizes: Float64Array, refuse: (row: number) => void): { count: number; bytes: number } {
  let count = 0
  let bytes = 0
  for (; count < sizes.length && bytes < batchBytes; count += 1) {
    if (sizes[count]! >= mostRowBytes) refuse(count)
    // An empty row is something too: only the end has no bytes.
    bytes += 1 + sizes[count]!
  }
  return { count, bytes }
}
