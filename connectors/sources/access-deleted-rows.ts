/** Deleted rows of an Access file that look like living ones. */
import { type AccessLayout, layoutOf } from './access-layout.ts'
import { movedFlag, pointerFlag, startMask } from './access-pages.ts'

/**
 * A row that outgrew its place lies elsewhere, moved, and its first place holds a pointer there. Deleting it marks the
 * pointer as both, and leaves the row where it is.
 */
const flags = movedFlag | pointerFlag
/** One is usual; a row that moves again may leave the place between. */
const maxHops = 8

/**
 * Marks the moved rows that no pointer leads to any more as deleted in the way access-rows.ts looks at. Without this an
 * insured person whose record was corrected and later deleted would still get messages.
 *
 * @param file a whole Access file, not encrypted, changed in place
 * @see HACKING.md of mdbtools, "Data Pages"; the deleting and moving of rows as Jackcess does them
 */
export function hideDeletedRows(file: Buffer): void {
  const layout = layoutOf(file)
  let isAnyMoved = false
  eachEntry(file, layout, (_entry, value) => {
    if ((value & flags) === movedFlag) isAnyMoved = true
  })
  if (!isAnyMoved) return
  /** A bit for every two bytes of the file: an entry begins at an even place. */
  const living = new Uint8Array((file.length >> 4) + 1)
  eachEntry(file, layout, (entry, value) => {
    if ((value & flags) === pointerFlag) addPath(file, entry, layout, living)
  })
  eachEntry(file, layout, (entry, value) => {
    const isLiving = (living[entry >> 4]! & bitOf(entry)) !== 0
    if ((value & flags) === movedFlag && !isLiving) file.writeUInt16LE(value | flags, entry)
  })
}

/** All entries of all lists of rows. */
function eachEntry(file: Buffer, layout: AccessLayout, look: (entry: number, value: number) => void): void {
  for (let page = layout.pageSize; page + layout.pageSize <= file.length; page += layout.pageSize) {
    if (!isDataPage(file, page)) continue
    const first = page + layout.rowCountAt + 2
    const end = first + 2 * rowCount(file, page, layout)
    for (let entry = first; entry < end; entry += 2) look(entry, file.readUInt16LE(entry))
  }
}

const bitOf = (entry: number): number => 1 << ((entry >> 1) & 7)

/** `LVAL`, where a page of rows names its table. */
const longTexts = 0x4c_41_56_4c

function isDataPage(file: Buffer, page: number): boolean {
  return file[page] === 1 && tableOf(file, page) !== longTexts
}

/** The page that defines it. */
function tableOf(file: Buffer, page: number): number {
  return file.readUInt32LE(page + 4)
}

function rowCount(file: Buffer, page: number, { pageSize, rowCountAt }: AccessLayout): number {
  return Math.min(file.readUInt16LE(page + rowCountAt), Math.floor((pageSize - rowCountAt - 2) / 2))
}

/** Adds every place on the way from a pointer to its row. */
function addPath(file: Buffer, from: number, layout: AccessLayout, living: Uint8Array): void {
  let entry: number | undefined = from
  for (let hop = 0; hop < maxHops && entry !== undefined; hop += 1) {
    entry = pointedAt(file, entry, layout)
    if (entry !== undefined) living[entry >> 4]! |= bitOf(entry)
  }
}

/**
 * The entry of the list of rows that a pointer leads to; undefined when it is a row itself, or damaged. A pointer of
 * another table is left over from a page of a table that was dropped.
 */
function pointedAt(file: Buffer, entry: number, layout: AccessLayout): number | undefined {
  const value = file.readUInt16LE(entry)
  if ((value & pointerFlag) === 0) return undefined
  const ownPage = entry - (entry % layout.pageSize)
  const at = ownPage + (value & startMask)
  if (at + 4 > file.length) return undefined
  const page = file.readUIntLE(at + 1, 3) * layout.pageSize
  const row = file[at]!
  if (page + layout.pageSize > file.length || !isDataPage(file, page)) return undefined
  if (tableOf(file, page) !== tableOf(file, ownPage)) return undefined
  return row < rowCount(file, page, layout) ? page + layout.rowCountAt + 2 + row * 2 : undefined
}
