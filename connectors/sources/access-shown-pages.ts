/**
 * The pages of one table of an Access file, shown to the driver some at a time. It can only go on where it stopped by
 * walking over all rows before, which for a large table costs more than reading it. But it asks the file for the list
 * of pages (the usage map) each time a table is opened: so the list is made to hold those of one step.
 */

import { layoutOf } from './access-layout.ts'
import { codedError } from './error-words.ts'

export interface ShownPages {
  /** Shows the next pages in place of those before, at most so many; false when there are no more. */
  show(most: number): boolean
}

/** Pages as bits; a table of more than some thousand pages has several such lists, each in a page of its own. */
interface PageBits {
  /** Where the file says which page holds the bits, and what it says; null where they are in the row itself. */
  pointer: { at: number; page: number } | null
  /** Places of the bits that are set, in bits from the begin of the file. */
  places: number[]
}

const inRow = 0
const inPages = 1
/** Of a page of bits. */
const headBytes = 4

/**
 * Hides all pages of a table.
 *
 * @param file a whole Access file, not encrypted; the list of pages is changed in place
 * @param definition the page that defines the table
 * @throws Error with the code DAMAGED for a list that is not understood
 */
export function hidePages(file: Buffer, definition: number): ShownPages {
  const lists = listsOf(file, definition)
  for (const { pointer, places } of lists) {
    if (pointer !== null) file.writeUInt32LE(0, pointer.at)
    for (const place of places) flip(file, place)
  }
  let list = 0
  let next = 0
  let shown: number[] = []
  return {
    show(most) {
      for (const place of shown) flip(file, place)
      for (; list < lists.length && next === lists[list]!.places.length; list += 1) {
        const { pointer } = lists[list]!
        if (pointer !== null) file.writeUInt32LE(0, pointer.at)
        next = 0
      }
      if (list === lists.length) return false
      const { pointer, places } = lists[list]!
      if (pointer !== null) file.writeUInt32LE(pointer.page, pointer.at)
      shown = places.slice(next, next + most)
      next += shown.length
      for (const place of shown) flip(file, place)
      return true
    },
  }
}

function flip(file: Buffer, place: number): void {
  file[Math.floor(place / 8)]! ^= 1 << (place % 8)
}

function listsOf(file: Buffer, definition: number): PageBits[] {
  const { pageSize, usageMapAt } = layoutOf(file)
  const [start, end] = rowAt(file, file.readUInt32LE(definition * pageSize + usageMapAt))
  if (file[start] === inRow) return [{ pointer: null, places: setBits(file, start + 5, end) }]
  if (file[start] !== inPages)
    throw codedError('DAMAGED', 'the list of the pages of a table is not understood')
  const lists: PageBits[] = []
  const seen = new Set([0])
  for (let at = start + 1; at + 4 <= end; at += 4) {
    const page = file.readUInt32LE(at)
    const from = page * pageSize
    if (seen.has(page) || from + pageSize > file.length) continue
    seen.add(page)
    lists.push({ pointer: { at, page }, places: setBits(file, from + headBytes, from + pageSize) })
  }
  return lists
}

/** Where a row is: the file points to it by page and, in the lowest byte, its place in the page's list of rows. */
function rowAt(file: Buffer, pointer: number): [start: number, end: number] {
  const { pageSize, rowCountAt } = layoutOf(file)
  const page = (pointer >>> 8) * pageSize
  const row = pointer & 0xff
  const entry = page + rowCountAt + 2 + row * 2
  const start = page + file.readUInt16LE(entry)
  const end = row === 0 ? page + pageSize : page + file.readUInt16LE(entry - 2)
  return [start, Math.min(end, page + pageSize)]
}

function setBits(file: Buffer, from: number, end: number): number[] {
  const places: number[] = []
  for (let at = from; at < end; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      if ((file[at]! & (1 << bit)) !== 0) places.push(at * 8 + bit)
    }
  }
  return places
}
