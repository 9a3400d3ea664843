/** Long texts and OLE objects of an Access file: in the row itself, in a record elsewhere, or in a chain of them. */
import { recordAt } from './access-pages.ts'
import { mostRowBytes, rowTooLarge } from './batch-size.ts'
import { codedError } from './error-words.ts'

/** The upper bits of the length's last byte tell where the value is. */
const lengthMask = 0x3fff_ffff
const placeMask = 0xc0
const inRow = 0x80
const inRecord = 0x40
const inChain = 0
/** Before a value that is in the row. */
const headBytes = 12
/** Before a part of a chain: where the next one is. */
const nextBytes = 4
/** A letter has two bytes at most: what is longer passes the limit of a row, and a chain may lead in a circle. */
const mostBytes = 2 * mostRowBytes

/**
 * @param file a whole Access file, not encrypted
 * @param cell what the row holds: the length, where the value is and, with 0x80, the value
 * @param column its name, for the message
 * @returns bytes of the file, or a copy
 * @throws RowTooLarge; RangeError or Error DAMAGED where the file is damaged
 * @see HACKING.md of mdbtools, "Memo Fields (LVAL)"
 */
export function longValue(file: Buffer, cell: Buffer, column: string): Buffer {
  const length = cell.readUInt32LE(0) & lengthMask
  if (length > mostBytes) throw rowTooLarge(length, column)
  const place = cell[3]! & placeMask
  switch (place) {
    case inRow:
      return cell.subarray(headBytes, headBytes + length)
    case inRecord:
      return recordAt(file, cell.readUInt32LE(4)).subarray(0, length)
    case inChain:
      return chained(file, cell.readUInt32LE(4), length)
    default:
      throw codedError('DAMAGED', `the place of a long value is not understood (${place})`)
  }
}

/** Ends with its length, at the latest: each part has a byte or more. */
function chained(file: Buffer, first: number, length: number): Buffer {
  const parts: Buffer[] = []
  let bytes = 0
  for (let next = first; bytes < length; ) {
    const record = recordAt(file, next)
    if (record.length <= nextBytes) break
    parts.push(record.subarray(nextBytes))
    bytes += record.length - nextBytes
    next = record.readUInt32LE(0)
    if (next === 0) break
  }
  return Buffer.concat(parts).subarray(0, length)
}
