/**
 * The rows of a page of an Access file.
 *
 * @see HACKING.md of mdbtools, "Data Pages"
 */
import type { SourceValue } from '../source.ts'
import type { AccessColumn } from './access-definitions.ts'
import { type AccessLayout, layoutOf } from './access-layout.ts'
import { pointerFlag, startMask } from './access-pages.ts'
import type { AccessTextReader } from './access-texts.ts'
import { type AccessValueReader, accessValueReader } from './access-values.ts'
import { codedError } from './error-words.ts'

/** Values in the order of the columns. `start` and `end` are those of the row in its page, the end not included. */
export type AccessRowReader = (page: Buffer, start: number, end: number) => SourceValue[]

export interface AccessTableRows {
  columns: readonly AccessColumn[]
  /** The whole file, not encrypted. */
  file: Buffer
  /** The number of the page that defines the table. */
  page: number
  text: AccessTextReader
  /** Columns that are asked for; the others are NULL. Absent: all. */
  wanted?: ReadonlySet<string> | undefined
}

interface Cell extends Omit<AccessColumn, 'name' | 'type' | 'scale'> {
  isBoolean: boolean
  /** Absent where the values are not read, or not asked for. */
  read: AccessValueReader | undefined
}

export function accessRowReader({ file, columns, text, wanted }: AccessTableRows): AccessRowReader {
  const { countBytes } = layoutOf(file)
  const offsets = countBytes === 1 ? shortOffsets : longOffsets
  const cells = columns.map(({ name, number, type, scale, size, variableIndex, offset }): Cell => {
    const isWanted = wanted === undefined || wanted.has(name)
    const read = isWanted ? accessValueReader({ name, type, scale }, { file, text }) : undefined
    return { number, isBoolean: type === 'boolean', size, variableIndex, offset, read }
  })
  return (page, start, end) => {
    const stored = countBytes === 1 ? page.readUInt8(start) : page.readUInt16LE(start)
    const mask = end - ((stored + 7) >> 3)
    // Asked for with a value that needs it: rows older than the first such column of their table have no list.
    let places: number[] | undefined
    const values: SourceValue[] = []
    for (let index = 0; index < cells.length; index += 1) {
      const { number, isBoolean, variableIndex, offset, size, read } = cells[index]!
      const isSet = number < stored && ((page[mask + (number >> 3)]! >> (number & 7)) & 1) === 1
      if (isBoolean) values.push(isSet ? 1 : 0)
      else if (!isSet || read === undefined) values.push(null)
      else if (variableIndex === -1) {
        const at = start + offset
        values.push(read(page, at, Math.min(at + size, page.length)))
      } else {
        places ??= offsets(page, start, mask, end)
        if (variableIndex + 1 < places.length) {
          const at = Math.min(start + places[variableIndex]!, page.length)
          const next = Math.min(start + places[variableIndex + 1]!, page.length)
          values.push(read(page, at, Math.max(at, next)))
        } else values.push(null)
      }
    }
    return values
  }
}

/**
 * Where the values of variable length begin in the row, and where the last one ends: a list that runs backwards from the
 * list of NULLs, its length first.
 */
function longOffsets(page: Buffer, _start: number, mask: number): number[] {
  const count = page.readUInt16LE(mask - 2)
  const last = mask - 4 - count * 2
  if (last < 0) throw new RangeError('a row has more values than a page holds')
  const offsets: number[] = []
  for (let at = mask - 4; at >= last; at -= 2) offsets.push(page[at]! | (page[at + 1]! << 8))
  return offsets
}

/**
 * Access 97 has a byte for each; for every 256 bytes of the row, another one tells the first value beyond.
 *
 * @see write.c of mdbtools, `mdb_crack_row3`
 */
function shortOffsets(page: Buffer, start: number, mask: number, end: number): number[] {
  const count = page.readUInt8(mask - 1)
  let jumps = Math.floor((end - start - 1) / 256)
  const first = mask - 2 - jumps
  // The last one may say nothing.
  if ((first - start - count) / 256 < jumps) jumps -= 1
  const offsets: number[] = []
  let jumped = 0
  for (let index = 0; index <= count; index += 1) {
    while (jumped < jumps && index === page.readUInt8(mask - 2 - jumped)) jumped += 1
    offsets.push(page.readUInt8(first - index) + jumped * 256)
  }
  return offsets
}

/**
 * Where the rows of a page begin and end, by turns; deleted ones and pointers to rows elsewhere are left out.
 *
 * @param definition the number of the page that defines the table
 * @throws Error DAMAGED for a page that is not one of the table; RangeError
 */
export function rowPlaces(
  page: Buffer,
  definition: number,
  { pageSize, rowCountAt }: AccessLayout,
): number[] {
  if (page[0] !== 1 || page.readUInt32LE(4) !== definition) {
    throw codedError('DAMAGED', 'a page that is listed for a table does not belong to it')
  }
  const rows = page.readUInt16LE(rowCountAt)
  const places: number[] = []
  let end = pageSize
  for (let entry = rowCountAt + 2; entry < rowCountAt + 2 + rows * 2; entry += 2) {
    const value = page.readUInt16LE(entry)
    const start = value & startMask
    if ((value & pointerFlag) === 0) places.push(start, end)
    end = start
  }
  return places
}
