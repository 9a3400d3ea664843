/** Deleted rows of an Access file that the driver would read as living ones. */

/**
 * What a page's list of rows says beside where each row begins. A row that outgrew its place lies elsewhere, `moved`,
 * and its first place holds a `pointer` there. Deleting it makes the pointer `moved` and `pointer` at once, and leaves
 * the row where it is.
 */
const moved = 0x8000
const pointer = 0x4000
const flags = moved | pointer
const startMask = 0x1fff
/** One is usual; a row that moves again may leave the place between. */
const maxHops = 8

interface Layout {
  pageSize: number
  /** Where a data page counts its rows, before the list of them. */
  countAt: number
}

/**
 * Marks the moved rows that no pointer leads to any more as deleted in the way the driver looks at. Without this an
 * insured person whose record was corrected and later deleted would still get messages.
 *
 * @param file a whole Access file, not encrypted, changed in place
 * @see HACKING.md of mdbtools, "Data Pages"; the deleting and moving of rows as Jackcess does them
 */
export function hideDeletedRows(file: Buffer): void {
  const layout = file[20] === 0 ? { pageSize: 2_048, countAt: 8 } : { pageSize: 4_096, countAt: 12 }
  const movedRows: number[] = []
  const living = new Set<number>()
  for (let page = layout.pageSize; page + layout.pageSize <= file.length; page += layout.pageSize) {
    if (!isDataPage(file, page)) continue
    const count = rowCount(file, page, layout)
    for (let row = 0; row < count; row += 1) {
      const entry = page + layout.countAt + 2 + row * 2
      const flag = file.readUInt16LE(entry) & flags
      if (flag === moved) movedRows.push(entry)
      else if (flag === pointer) addPath(file, entry, layout, living)
    }
  }
  for (const entry of movedRows) {
    if (!living.has(entry)) file.writeUInt16LE(file.readUInt16LE(entry) | flags, entry)
  }
}

/** Of a table's rows, not of long texts (`LVAL`). */
function isDataPage(file: Buffer, page: number): boolean {
  return file[page] === 1 && file.toString('latin1', page + 4, page + 8) !== 'LVAL'
}

function rowCount(file: Buffer, page: number, { pageSize, countAt }: Layout): number {
  return Math.min(file.readUInt16LE(page + countAt), Math.floor((pageSize - countAt - 2) / 2))
}

/** Adds every place on the way from a pointer to its row. */
function addPath(file: Buffer, from: number, layout: Layout, living: Set<number>): void {
  let entry: number | undefined = from
  for (let hop = 0; hop < maxHops && entry !== undefined; hop += 1) {
    entry = pointedAt(file, entry, layout)
    if (entry !== undefined) living.add(entry)
  }
}

/** The entry of the list of rows that a pointer leads to; undefined when it is a row itself, or damaged. */
function pointedAt(file: Buffer, entry: number, layout: Layout): number | undefined {
  const value = file.readUInt16LE(entry)
  if ((value & pointer) === 0) return undefined
  const at = entry - (entry % layout.pageSize) + (value & startMask)
  if (at + 4 > file.length) return undefined
  const page = file.readUIntLE(at + 1, 3) * layout.pageSize
  const row = file[at]!
  if (page + layout.pageSize > file.length || !isDataPage(file, page)) return undefined
  return row < rowCount(file, page, layout) ? page + layout.countAt + 2 + row * 2 : undefined
}
