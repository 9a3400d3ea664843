/** The rows of one table of an Access file, a batch at a time, in the child process that reads the file. */
import type MDBReader from 'mdb-reader'
import type { Value } from 'mdb-reader'
import type { SourceValue } from '../source.ts'
import type { ShownPages } from './access-shown-pages.ts'
import { type AccessValueReader, accessValueReader } from './access-values.ts'
import { type SizedBatch, takeBatch } from './batch-size.ts'

export interface AccessCursor {
  /** No rows are the end. @throws RowTooLarge; what the driver throws at a damaged page */
  next(mostRows: number): SizedBatch
}

/** Pages decoded at a time: enough to hide what a step costs, few enough for its rows to be gone before they are old. */
const firstPages = 4
const mostPages = 128
/** What a step of large rows may hold, as texts count: a page may hold a hundred rows that point to long texts. */
const stepBytes = 8 * 2 ** 20

/**
 * @param open the table as its pages are at that moment
 * @param pages all of them, hidden
 * @param readText of the columns that are text, where the driver gives their bytes
 */
export function accessCursor(
  open: () => ReturnType<MDBReader['getTable']>,
  pages: ShownPages,
  readText: ReadonlyMap<string, AccessValueReader> = new Map(),
): AccessCursor {
  const columns = open().getColumns()
  const names = columns.map(column => column.name)
  const readers = columns.map(column => readText.get(column.name) ?? accessValueReader(column))
  // Attachments are rows of other tables, looked up one by one for each row.
  const asked = columns.filter(column => column.type !== 'complex').map(column => column.name)
  let decoded: Record<string, Value>[] = []
  let plain: (row: Record<string, Value>) => SourceValue[]
  let taken = 0
  let stepPages = firstPages
  let bytesOfStep = 0

  /** @returns whether there are rows */
  const decode = (): boolean => {
    const pagesOfSize = Math.floor((stepBytes * stepPages) / Math.max(bytesOfStep, 1))
    stepPages = Math.max(1, Math.min(mostPages, stepPages * 2, pagesOfSize))
    bytesOfStep = 0
    taken = 0
    decoded = []
    // A page may hold deleted rows only.
    while (decoded.length === 0 && pages.show(stepPages)) decoded = open().getData({ columns: asked })
    if (decoded.length === 0) return false
    plain = rowReader(names, Object.keys(decoded[0]!), readers)
    return true
  }
  return {
    next(mostRows) {
      if (taken === decoded.length) decode()
      const take = (): SourceValue[] | undefined =>
        taken === decoded.length ? undefined : plain(decoded[taken++]!)
      const batch = takeBatch(mostRows, take, names)
      bytesOfStep += batch.bytes
      return batch
    },
  }
}

/**
 * A row in the order of its columns. The driver gives them by name, in an order that puts names that are numbers first;
 * asked for by name, value by value, a row would take as long as its decoding.
 *
 * @param given the names that the driver gives, in its order
 */
function rowReader(
  names: readonly string[],
  given: readonly string[],
  readers: readonly (AccessValueReader | undefined)[],
): (row: Record<string, Value>) => SourceValue[] {
  const places = names.map(name => given.indexOf(name))
  const isInOrder = places.every((place, index) => place === index)
  const read = readers.flatMap((reader, index) => (reader === undefined ? [] : [{ index, reader }]))
  return row => {
    const stored = Object.values(row)
    const values = isInOrder ? stored : places.map(place => (place === -1 ? null : stored[place]!))
    for (const { index, reader } of read) values[index] = reader(values[index]!) as Value
    return values as SourceValue[]
  }
}
