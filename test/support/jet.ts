/**
 * Changes to Access files (Jet 4 and later, not encrypted) that no library here can make: more rows, a password, a
 * linked table. Only the bytes that the format's readers look at are kept right.
 *
 * @see HACKING.md of mdbtools
 */
import MDBReader from 'mdb-reader'

const pageSize = 4_096
/** Pages that one bitmap page tells of. */
const pagesPerBitmap = (pageSize - 4) * 8
const recordCountAt = 12

/** The page of a table's definition. */
export function definitionPage(file: Buffer, table: string): number {
  const objects = new MDBReader(Buffer.from(file))
    .getTable('MSysObjects')
    .getData({ columns: ['Id', 'Name'] })
  const found = objects.find(object => object.Name === table)
  if (found === undefined) throw new Error(`no table ${table}`)
  return Number(found.Id) & 0xff_ffff
}

/** Where the record of pages that belong to a table begins. */
function usageMapAt(file: Buffer, definition: number): number {
  const pointer = file.readUInt32LE(definition * pageSize + 55)
  const page = (pointer >>> 8) * pageSize
  return page + file.readUInt16LE(page + recordCountAt + 2 + (pointer & 0xff) * 2)
}

/** The record is a bitmap (0) or points to pages of bitmaps (1). */
function dataPages(file: Buffer, definition: number): number[] {
  const map = usageMapAt(file, definition)
  if (file[map] === 0) return setBits(file.subarray(map + 5, map + 69), file.readUInt32LE(map + 1))
  return Array.from({ length: 17 }, (_, index) => {
    const page = file.readUInt32LE(map + 1 + index * 4)
    const bitmap = file.subarray(page * pageSize + 4, (page + 1) * pageSize)
    return page === 0 ? [] : setBits(bitmap, index * pagesPerBitmap)
  }).flat()
}

function setBits(bitmap: Buffer, first: number): number[] {
  const bits = Array.from({ length: bitmap.length * 8 }, (_, bit) => bit)
  return bits.filter(bit => (bitmap[bit >> 3]! >> (bit & 7)) & 1).map(bit => first + bit)
}

/** Where each row of a data page begins. */
function rowStarts(page: Buffer): number[] {
  const count = page.readUInt16LE(recordCountAt)
  return Array.from({ length: count }, (_, row) => page.readUInt16LE(recordCountAt + 2 + row * 2))
}

/**
 * The same file with a table of many more rows: its own data pages appended again and again, and counted in.
 *
 * @param table whose first fixed column is a Long Integer: it is numbered 1, 2, … through all rows
 * @param atLeast rows; whole pages are added, so some more may come
 */
export function growTable(source: Buffer, table: string, atLeast: number): { file: Buffer; rows: number } {
  const definition = definitionPage(source, table)
  const originals = dataPages(source, definition)
    .map(page => source.subarray(page * pageSize, (page + 1) * pageSize))
    .filter(page => page.readUInt16LE(recordCountAt) > 0)
  const pages: Buffer[] = []
  let rows = 0
  while (rows < atLeast) {
    const page = Buffer.from(originals[pages.length % originals.length]!)
    for (const start of rowStarts(page)) {
      rows += 1
      page.writeInt32LE(rows, start + 2)
    }
    pages.push(page)
  }
  const firstNew = source.length / pageSize
  const bitmaps = bitmapPages(firstNew, pages.length)
  const head = Buffer.from(source)
  const map = usageMapAt(head, definition)
  head.fill(0, map, map + 69)
  head[map] = 1
  for (const [index, bitmap] of bitmaps.entries()) {
    if (bitmap !== undefined) head.writeUInt32LE(firstNew + pages.length + index, map + 1 + index * 4)
  }
  head.writeUInt32LE(rows, definition * pageSize + 16)
  return {
    file: Buffer.concat([head, ...pages, ...bitmaps.map(bitmap => bitmap ?? Buffer.alloc(pageSize))]),
    rows,
  }
}

function bitmapPages(first: number, count: number): (Buffer | undefined)[] {
  const bitmaps: (Buffer | undefined)[] = []
  for (let page = first; page < first + count; page += 1) {
    const index = Math.floor(page / pagesPerBitmap)
    while (bitmaps.length <= index) bitmaps.push(undefined)
    const bitmap = bitmaps[index] ?? Buffer.alloc(pageSize)
    bitmaps[index] = bitmap
    bitmap[0] = 5
    bitmap[1] = 1
    const bit = page % pagesPerBitmap
    bitmap[4 + (bit >> 3)]! |= 1 << (bit & 7)
  }
  return bitmaps
}

/** The same file as a later version writes it: the version is one byte. */
export function withVersion(source: Buffer, version: number): Buffer {
  const file = Buffer.from(source)
  file[20] = version
  return file
}

/** The same file with another type of a column: the bytes of its values stay. */
export function withColumnType(
  source: Buffer,
  table: string,
  { column, type }: { column: number; type: number },
): Buffer {
  const file = Buffer.from(source)
  const definition = definitionPage(file, table) * pageSize
  const indexes = file.readUInt32LE(definition + 51)
  file[definition + 63 + indexes * 12 + column * 25] = type
  return file
}

/** A .mdb of Access 2000 to 2003 with a database password. */
export function withPassword(source: Buffer, password: string): Buffer {
  const file = Buffer.from(source)
  const header = rc4(Buffer.from('c7da396b', 'hex'), file.subarray(0x18, 0x18 + 128))
  const bytes = Buffer.alloc(40)
  bytes.write(password, 'utf16le')
  const mask = Buffer.alloc(4)
  mask.writeInt32LE(Math.floor(header.readDoubleLE(0x72 - 0x18)))
  for (let index = 0; index < bytes.length; index += 1) {
    header[0x42 - 0x18 + index] = bytes[index]! ^ mask[index % 4]!
  }
  rc4(Buffer.from('c7da396b', 'hex'), header).copy(file, 0x18)
  return file
}

/** The same file in which a table is only a link to another file. */
export function withLinkedTable(source: Buffer, table: string): Buffer {
  const file = Buffer.from(source)
  const id = definitionPage(file, table)
  for (const page of dataPages(file, 2)) {
    for (const start of rowStarts(file.subarray(page * pageSize, (page + 1) * pageSize))) {
      const at = page * pageSize + (start & 0x1fff) + 2
      const isIt = file.readInt32LE(at) === id && file.readInt16LE(at + 8) === 1
      if (isIt) file.writeInt16LE(6, at + 8)
    }
  }
  return file
}

export function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Array.from({ length: 256 }, (_, index) => index)
  let other = 0
  const swap = (a: number, b: number): void => {
    ;[state[a], state[b]] = [state[b]!, state[a]!]
  }
  for (let index = 0; index < 256; index += 1) {
    other = (other + state[index]! + key[index % key.length]!) & 0xff
    swap(index, other)
  }
  let at = 0
  other = 0
  return Buffer.from(
    data.map(byte => {
      at = (at + 1) & 0xff
      other = (other + state[at]!) & 0xff
      swap(at, other)
      return byte ^ state[(state[at]! + state[other]!) & 0xff]!
    }),
  )
}
