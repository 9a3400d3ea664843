/** Long texts and OLE objects of an Access file: in the row itself, in a record elsewhere, or in a chain of them. */
import { recordAt } from './access-pages.ts'
import { codedError } from './error-words.ts'

const inRow = 0x80
const inRecord = 0x40
const inChain = 0
/** Before a value that is in the row. */
const headBytes = 12
/** Before a part of a chain: where the next one is. */
const nextBytes = 4

/**
 * @param file a whole Access file, not encrypted
 * @param cell what the row holds: the length, where the value is and, with 0x80, the value
 * @returns bytes of the file, or a copy
 * @throws RangeError or Error DAMAGED where the file is damaged
 * @see HACKING.md of mdbtools, "Memo Fields (LVAL)"
 */
export function longValue(file: Buffer, cell: Buffer): Buffer {
  const length = cell.readUIntLE(0, 3)
  switch (cell[3]) {
    case inRow:
      return cell.subarray(headBytes, headBytes + length)
    case inRecord:
      return recordAt(file, cell.readUInt32LE(4)).subarray(0, length)
    case inChain:
      return chained(file, cell.readUInt32LE(4), length)
    default:
      throw codedError('DAMAGED', `the place of a long value is not understood (${cell[3]})`)
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
