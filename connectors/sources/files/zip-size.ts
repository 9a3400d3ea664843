/** How much a zip file says it unpacks to, from its directory, before anything is unpacked. Pure. */

type UnpackedSize = { kind: 'size'; bytes: number } | { kind: 'unreadable'; reason: string }

const endMark = 0x06054b50
const entryMark = 0x02014b50
const endLength = 22
/** A comment of at most 64 KiB may follow the end record. */
const longestTail = endLength + 65_535
const oldExcel = 'd0cf11e0a1b11ae1'

/** @see APPNOTE.TXT of PKWARE, sections 4.3.12 and 4.3.16 */
export function unpackedBytes(zip: Buffer): UnpackedSize {
  if (zip.toString('hex', 0, 8) === oldExcel) {
    return unreadable('it is an old Excel file (.xls) or is protected by a password; save it as .xlsx or CSV')
  }
  const end = endRecord(zip)
  if (end === undefined) return unreadable('it is not an Excel file (.xlsx), or only half of one')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  let bytes = 0
  for (let entry = 0; entry < count; entry += 1) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== entryMark)
      return unreadable('its directory is damaged')
    // Sizes of 4 GiB and more stand elsewhere and are marked by the greatest value, which is too much as it is.
    bytes += zip.readUInt32LE(at + 24)
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return { kind: 'size', bytes }
}

function endRecord(zip: Buffer): number | undefined {
  for (let at = zip.length - endLength; at >= Math.max(0, zip.length - longestTail); at -= 1) {
    if (zip.readUInt32LE(at) === endMark) return at
  }
  return undefined
}

function unreadable(reason: string): UnpackedSize {
  return { kind: 'unreadable', reason }
}
