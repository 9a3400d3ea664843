/** Bytes of a database to the text on the phone. */
import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import type { ReadingSettings } from './settings.ts'

/**
 * Reads the bytes of one text value.
 *
 * Bytes that are valid UTF-8 are UTF-8 whatever the setting says, because old files mix both and a text in a
 * Windows or DOS code page is practically never valid UTF-8 by accident (it would have to look like `Ã©`).
 * iconv-lite does the rest: TextDecoder and latin1 turn the Windows signs € ’ œ into control characters.
 */
export function decodeText(bytes: Uint8Array, encoding: ReadingSettings['encoding']): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return encoding === 'utf8' || isUtf8(buffer) ? buffer.toString('utf8') : iconv.decode(buffer, encoding)
}

/** Text without the blanks that fill up a fixed-length column. */
export function trimEndBlanks(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

/** An integer given as digits: a number where JavaScript holds it exactly, else the digits. */
export function exactInteger(digits: string): number | string {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : digits
}

/**
 * A decimal given as text, for kinds whose rows pass through SQLite, where text is above every number: a number when
 * all its digits survive (15 significant ones do in a double), else the text.
 */
export function exactDecimal(text: string): number | string {
  if (text.length > 15 && text.replace(/^-?0*|\.|0*$/g, '').length > 15) return text
  const value = Number(text)
  return Number.isFinite(value) && text.trim() !== '' ? value : text
}
