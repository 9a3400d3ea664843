/**
 * Calculated columns of Access 2010 and later. Their values are wrapped, and of the type of another place: the driver
 * takes the wrapping for the value and gives 0 or signs of no language. They are passed on as columns that are not read.
 */

const pageSize = 4_096
const definitionType = 2
/** The first format that has them; Access 2010. */
const firstVersion = 3
const indexCountAt = 51
const columnCountAt = 45
const indexesAt = 63
const indexBytes = 12
const columnBytes = 25
/** Where a column says that it is calculated. */
const moreFlagsAt = 16
const calculatedFlags = 0xc0
/** A type of which the driver is never asked for the values: rows of another table. */
const complexType = 0x12

/** @param file a whole Access file, not encrypted, changed in place */
export function hideCalculatedColumns(file: Buffer): void {
  if (file[20]! < firstVersion) return
  const pages = definitionPages(file)
  const continued = new Set(pages.map(page => file.readUInt32LE(page + 4) * pageSize))
  for (const page of pages) {
    if (!continued.has(page)) hideIn(file, placesOf(file, page))
  }
}

function definitionPages(file: Buffer): number[] {
  const pages: number[] = []
  for (let page = pageSize; page + pageSize <= file.length; page += pageSize) {
    if (file[page] === definitionType && file[page + 1] === 1) pages.push(page)
  }
  return pages
}

/** A table of 255 columns with long names needs some thirty pages. */
const mostPages = 64

/** Where the bytes of a definition are in the file: it may go on in other pages, after eight bytes. */
function placesOf(file: Buffer, first: number): (offset: number) => number | undefined {
  const pages = [first]
  for (let page = first; pages.length < mostPages; ) {
    page = file.readUInt32LE(page + 4) * pageSize
    if (page === 0 || page + pageSize > file.length) break
    pages.push(page)
  }
  return offset => {
    if (offset < pageSize) return first + offset
    const rest = offset - pageSize
    const page = pages[1 + Math.floor(rest / (pageSize - 8))]
    return page === undefined ? undefined : page + 8 + (rest % (pageSize - 8))
  }
}

function hideIn(file: Buffer, placeOf: (offset: number) => number | undefined): void {
  const first = placeOf(0)!
  const columns = file.readUInt16LE(first + columnCountAt)
  const start = indexesAt + file.readUInt32LE(first + indexCountAt) * indexBytes
  for (let column = 0; column < columns; column += 1) {
    const at = start + column * columnBytes
    const type = placeOf(at)
    const moreFlags = placeOf(at + moreFlagsAt)
    if (type === undefined || moreFlags === undefined) return
    if ((file[moreFlags]! & calculatedFlags) !== 0) file[type] = complexType
  }
}
