/** Text of an Access file, out of the bytes of a page. Pure. */
import iconv from 'iconv-lite'
import { layoutOf } from './access-layout.ts'
import { decodeText } from './text-values.ts'

/** @param bytes a page, or a long value; the text is what is between `start` and `end` */
export type AccessTextReader = (bytes: Buffer, start: number, end: number) => string

/**
 * Since Access 2000: UTF-16, or compressed, which two bytes at its begin tell. A NUL ends a stretch of one byte a letter and
 * begins one of two, and the other way round.
 *
 * @see HACKING.md of mdbtools, "Text Data Type"
 */
export function unicodeText(bytes: Buffer, start: number, end: number): string {
  const isCompressed = end - start >= 2 && bytes[start] === 0xff && bytes[start + 1] === 0xfe
  // One letter, such as M or F: a call into Node would cost more than the rest of the row.
  if (end - start === 2) return isCompressed ? '' : String.fromCharCode(bytes.readUInt16LE(start))
  if (!isCompressed) return wideText(bytes, start, end)
  for (let at = start + 2; at < end; at += 1) {
    if (bytes[at] === 0) return decompressed(bytes.subarray(start + 2, end))
  }
  return bytes.toString('latin1', start + 2, end)
}

/**
 * Whole letters only: Node 24 writes beyond its memory when an odd number of bytes at an odd place is made UTF-16.
 *
 * @see nodejs/node, pull request 64697
 */
function wideText(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf16le', start, end - ((end - start) & 1))
}

function decompressed(bytes: Buffer): string {
  let text = ''
  let isCompressed = true
  for (let at = 0; at < bytes.length; ) {
    const end = isCompressed ? nextNul(bytes, at) : nextOddNul(bytes, at)
    text += isCompressed ? bytes.toString('latin1', at, end) : wideText(bytes, at, end)
    at = end + 1
    isCompressed = !isCompressed
  }
  return text
}

function nextNul(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(0, from)
  return at === -1 ? bytes.length : at
}

/** Where a letter of two bytes would begin; the second byte of one may be 0. */
function nextOddNul(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== 0) at += 2
  return Math.min(at, bytes.length)
}

/** Access 97: Windows-1252, which names of tables and columns always are. */
export function windowsText(bytes: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    // The rest of Windows-1252 is Latin-1.
    if ((bytes[at]! & 0xe0) === 0x80) return iconv.decode(bytes.subarray(start, end), 'cp1252')
  }
  return bytes.toString('latin1', start, end)
}

/** How names of tables and columns are written, and texts unless they are DOS letters. */
export function textReaderOf(file: Buffer): AccessTextReader {
  return layoutOf(file).countBytes === 1 ? windowsText : unicodeText
}

/** Access 97 does not tell the code page: some files have DOS letters. */
export function dosText(bytes: Buffer, start: number, end: number): string {
  return decodeText(bytes.subarray(start, end), 'cp850')
}
