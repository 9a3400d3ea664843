/** Where a whole Access file, not encrypted, describes the columns of its tables. Pure. */

import { type AccessLayout, layoutOf } from './access-layout.ts'

const definitionType = 2
const continuedAt = 4
const continuedHeadBytes = 8
/** A table of 255 columns with long names needs some thirty pages. */
const mostPages = 64
/** Access's own limit. */
const mostColumns = 255

/** Where a byte of one column's description is in the file; undefined beyond a damaged definition. */
export type ColumnPlace = (offset: number) => number | undefined

/** The columns of every table. @yields also where the first page of the table's definition begins */
export function* columnPlaces(file: Buffer): Generator<{ definition: number; placeOf: ColumnPlace }> {
  const layout = layoutOf(file)
  const pages = definitionPages(file, layout)
  const continued = new Set(pages.map(page => file.readUInt32LE(page + continuedAt) * layout.pageSize))
  for (const definition of pages) {
    if (continued.has(definition)) continue
    const placeIn = placesIn(pagesOf(file, definition, layout), layout)
    const columns = Math.min(file.readUInt16LE(definition + layout.columnCountAt), mostColumns)
    const start = layout.indexesAt + file.readUInt32LE(definition + layout.indexCountAt) * layout.indexBytes
    for (let column = 0; column < columns; column += 1) {
      const at = start + column * layout.columnBytes
      yield { definition, placeOf: offset => placeIn(at + offset) }
    }
  }
}

/**
 * Cuts definitions that never end: the driver would follow a page that leads back to itself for ever.
 *
 * @param file a whole Access file, not encrypted, changed in place
 */
export function cutEndlessDefinitions(file: Buffer): void {
  const layout = layoutOf(file)
  for (const page of definitionPages(file, layout)) {
    if (pagesOf(file, page, layout).length === mostPages) file.writeUInt32LE(0, page + continuedAt)
  }
}

function definitionPages(file: Buffer, { pageSize }: AccessLayout): number[] {
  const pages: number[] = []
  for (let page = pageSize; page + pageSize <= file.length; page += pageSize) {
    if (file[page] === definitionType && file[page + 1] === 1) pages.push(page)
  }
  return pages
}

/** A definition may go on in other pages. */
function pagesOf(file: Buffer, first: number, { pageSize }: AccessLayout): number[] {
  const pages = [first]
  for (let page = first; pages.length < mostPages; ) {
    page = file.readUInt32LE(page + continuedAt) * pageSize
    if (page === 0 || page + pageSize > file.length) break
    pages.push(page)
  }
  return pages
}

/** The other pages begin with a head of their own. */
function placesIn(pages: readonly number[], { pageSize }: AccessLayout): ColumnPlace {
  const bytesMore = pageSize - continuedHeadBytes
  return offset => {
    if (offset < pageSize) return pages[0]! + offset
    const rest = offset - pageSize
    const page = pages[1 + Math.floor(rest / bytesMore)]
    return page === undefined ? undefined : page + continuedHeadBytes + (rest % bytesMore)
  }
}
