/** One configured request read as a table: page after page, the next one on its way while rows are taken. */
import type { RowList } from '../row-lists.ts'
import type { TableRows } from '../tables/table-set.ts'
import {
  type ArrivedPage,
  type OpenPage,
  type PageFetcher,
  pageFetcher,
  type TableReading,
  type WebTable,
} from './page-fetcher.ts'
import type { PageColumn } from './row-values.ts'
import { webError } from './web-errors.ts'

/**
 * Opens a table: its first page is asked for, the others as they are needed.
 *
 * @throws SourceError for anything that is not a whole page, also in the middle: what was handed on by then is not all
 */
export async function openWebTable(table: WebTable, reading: TableReading): Promise<TableRows> {
  const { enough = Number.POSITIVE_INFINITY } = reading
  const fetcher = pageFetcher(table, reading)
  const arrived = await fetcher.next()
  const first = await arrived!.open()
  const columns = columnsOf(first, table, reading)
  return {
    columns: columns.map(({ name }) => name),
    isText: columns.map(() => first.read.isText),
    batches: batchesOf(first, columns, { fetcher, enough, endsEmpty: table.endsEmpty ?? false }),
  }
}

/** One page is on its way, never two: it is asked for when the one before it has its turn. */
async function* batchesOf(
  first: OpenPage,
  columns: readonly PageColumn[],
  { fetcher, enough, endsEmpty }: { fetcher: PageFetcher; enough: number; endsEmpty: boolean },
): AsyncGenerator<RowList> {
  let page = first
  let ahead: Promise<ArrivedPage | undefined> | undefined
  for (;;) {
    const { rowCount, rowsSoFar } = page.seen
    if (ahead === undefined && rowsSoFar < enough) {
      ahead = leftAlone(fetcher.next())
      // Not before the first batch of all: whoever only looks at it causes no second request.
      if (page !== first) await sent()
    }
    for await (const batch of page.read.batches(columns)) {
      yield batch
      await sent()
    }
    const arrived = await (ahead ?? fetcher.next())
    if (arrived === undefined) return
    // That it has as many rows as this one is a guess; where it is wrong, one request was too much.
    ahead = rowsSoFar + rowCount < enough ? leftAlone(fetcher.afterUnread(arrived)) : undefined
    if (ahead !== undefined) await sent()
    page = await arrived.open()
    // It was long enough to be taken for a full one. What was asked for behind it ends with the read.
    if (endsEmpty && page.seen.rowCount === 0) ahead = undefined
  }
}

/** The reader may leave before it looks at the page that is on its way. */
function leftAlone<Ahead extends Promise<unknown> | undefined>(ahead: Ahead): Ahead {
  ahead?.catch(() => {})
  return ahead
}

/**
 * Lets what was asked leave the machine. A reader that takes rows without ever waiting keeps the turn to itself, and
 * the service would only hear of the next page when this one is through.
 */
function sent(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** An answer without rows does not say its columns; then those that an earlier read saw count. */
function columnsOf(first: OpenPage, { name, shape }: WebTable, { service }: TableReading): PageColumn[] {
  const { kept, client } = service
  const { place } = client
  const key = `columns ${name}`
  const columns = first.read.columns ?? []
  if (columns.length > 0) {
    kept.keep(key, columns, JSON.stringify(columns).length * 2)
    return columns
  }
  if (shape.fields !== undefined) return Object.keys(shape.fields).map(field => ({ name: field, path: [] }))
  const known = kept.find(key) as PageColumn[] | undefined
  if (known !== undefined) return known
  const words = `${name} gave no rows, and the request does not name its fields, so its columns are not known`
  const advice = 'Name the fields of the request; then no rows is an answer like any other.'
  throw webError(place, 'source-query-failed', { words, advice, details: { reason: 'unknown-columns' } })
}
