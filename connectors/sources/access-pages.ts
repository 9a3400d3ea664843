/** The pages of an Access file: which belong to a table, and the records that lie in them. Pure. */
import { layoutOf } from './access-layout.ts'
import { codedError } from './error-words.ts'

const inRow = 0
const inPages = 1
/** Of a page of bits. */
const bitsType = 5
const headBytes = 4
/** The bits of an entry in a page's list of records that tell where the record begins; the others are flags. */
export const startMask = 0x1fff
/** It lies there, having outgrown its first place. */
export const movedFlag = 0x8000
/** There is no record: a pointer to where it lies, or, together with `movedFlag`, one that was deleted. */
export const pointerFlag = 0x4000

/**
 * The pages that hold the rows of a table, in their order in the file.
 *
 * @param file a whole Access file, not encrypted
 * @param definition the number of the page that defines the table
 * @throws Error with the code DAMAGED for a list that is not understood
 */
export function dataPages(file: Buffer, definition: number): number[] {
  const { pageSize, usageMapAt } = layoutOf(file)
  const list = recordAt(file, file.readUInt32LE(definition * pageSize + usageMapAt))
  if (list[0] === inRow) return setBits(list.subarray(5), list.readUInt32LE(1))
  if (list[0] !== inPages) throw notUnderstood()
  const seen = new Set<number>()
  const pages: number[] = []
  // A table of more than some thousand pages has several lists, each in a page of its own.
  for (let at = 1; at + 4 <= list.length; at += 4) {
    const page = list.readUInt32LE(at)
    if (page === 0) continue
    const bits = pageAt(file, page)
    if (bits[0] !== bitsType || seen.has(page)) throw notUnderstood()
    seen.add(page)
    const first = ((at - 1) / 4) * (pageSize - headBytes) * 8
    for (const set of setBits(bits.subarray(headBytes), first)) pages.push(set)
  }
  return pages
}

/** @returns its bytes in the file: fewer than a page beyond the end */
export function pageAt(file: Buffer, page: number): Buffer {
  const { pageSize } = layoutOf(file)
  return file.subarray(page * pageSize, (page + 1) * pageSize)
}

/**
 * A record that is no row of a table.
 *
 * @param pointer the page and, in the lowest byte, the place in its list of records
 * @throws RangeError beyond a page
 */
export function recordAt(file: Buffer, pointer: number): Buffer {
  const { pageSize, rowCountAt } = layoutOf(file)
  const page = pageAt(file, pointer >>> 8)
  const entry = rowCountAt + 2 + (pointer & 0xff) * 2
  const start = page.readUInt16LE(entry) & startMask
  const end = (pointer & 0xff) === 0 ? pageSize : page.readUInt16LE(entry - 2) & startMask
  return page.subarray(start, end)
}

function notUnderstood(): Error {
  return codedError('DAMAGED', 'the list of the pages of a table is not understood')
}

function setBits(bytes: Buffer, first: number): number[] {
  const set: number[] = []
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 0; byte >> bit !== 0; bit += 1) {
      if (((byte >> bit) & 1) === 1) set.push(first + at * 8 + bit)
    }
  }
  return set
}
