/** The rows of one table of an Access file, a batch at a time, in the child process that reads the file. */
import type { SourceValue } from '../source.ts'
import { layoutOf } from './access-layout.ts'
import { dataPages, pageAt } from './access-pages.ts'
import { type AccessTableRows, accessRowReader, rowPlaces } from './access-rows.ts'
import { type SizedBatch, takeBatch } from './batch-size.ts'

export interface AccessCursor {
  /** No rows are the end. @throws RowTooLarge; Error DAMAGED or RangeError at a damaged page */
  next(mostRows: number): SizedBatch
}

/** @throws Error DAMAGED, or RangeError, at a damaged list of pages */
export function accessCursor(table: AccessTableRows): AccessCursor {
  const { file, page: definition } = table
  const layout = layoutOf(file)
  const names = table.columns.map(column => column.name)
  const readRow = accessRowReader(table)
  const pages = dataPages(file, definition)
  let nextPage = 0
  let page: Buffer = Buffer.alloc(0)
  let places: number[] = []
  let taken = 0

  const take = (): SourceValue[] | undefined => {
    while (taken === places.length) {
      if (nextPage === pages.length) return undefined
      page = pageAt(file, pages[nextPage]!)
      nextPage += 1
      places = rowPlaces(page, definition, layout)
      taken = 0
    }
    const start = places[taken]!
    const end = places[taken + 1]!
    taken += 2
    return readRow(page, start, end)
  }
  return { next: mostRows => takeBatch(mostRows, take, names) }
}
