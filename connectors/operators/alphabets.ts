/** Octets of the texts on one connection: what its SMSC means by "default alphabet", UTF-16, Latin-1. */
import iconv from 'iconv-lite'
import { decodeGsm7, encodeGsm7Into } from '../../templates/text/gsm-alphabet.ts'

/** What an SMSC may mean by its default alphabet; `gsm` is TS 23.038. */
export type DefaultAlphabet = 'gsm' | 'latin1' | 'ascii' | 'cp1252'

/** Room that any text needs at most: two octets per UTF-16 unit in every alphabet here. */
export const maxOctetsPerUnit = 2

/**
 * Writes a text in the connection's default alphabet; the target must have room for two octets per character.
 *
 * In an alphabet other than GSM a letter it lacks loses its accent, and becomes `?` when that does not help: the
 * caller has checked the text against GSM-7, whose few Greek letters no such SMSC can carry.
 *
 * @returns octets written, or -1 when the text is not GSM-7 although the SMSC's alphabet is
 */
export function writeDefaultAlphabet(
  text: string,
  alphabet: DefaultAlphabet,
  target: Uint8Array,
  offset: number,
): number {
  if (alphabet === 'gsm') return encodeGsm7Into(text, target, offset)
  const highest = alphabet === 'ascii' ? 0x7f : 0xff
  let position = offset
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code <= highest && !(code >= 0x80 && code <= 0x9f)) target[position++] = code
    else position += writeReplacement(character, alphabet, target, position)
  }
  return position - offset
}

/** Writes UTF-16BE. @returns octets written */
export function writeUcs2(text: string, target: Uint8Array, offset: number): number {
  let position = offset
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    target[position++] = unit >>> 8
    target[position++] = unit & 0xff
  }
  return position - offset
}

/** Reads octets of the connection's default alphabet. */
export function readDefaultAlphabet(octets: Uint8Array, alphabet: DefaultAlphabet): string {
  if (alphabet === 'gsm') return decodeGsm7(octets, { cedilla: 'context' })
  if (alphabet === 'cp1252') return iconv.decode(asBuffer(octets), 'windows-1252')
  return readLatin1(octets)
}

export function readLatin1(octets: Uint8Array): string {
  return asBuffer(octets).toString('latin1')
}

/** Reads UTF-16BE; an odd last octet is dropped. */
export function readUcs2(octets: Uint8Array): string {
  const even = Buffer.from(octets.subarray(0, octets.length & ~1))
  return even.swap16().toString('utf16le')
}

/** Decides whether octets are UTF-16BE of mostly Latin text: every second octet, from the first, is zero. */
export function looksLikeUcs2(octets: Uint8Array): boolean {
  if (octets.length < 4 || octets.length % 2 !== 0) return false
  for (let index = 0; index < Math.min(octets.length, 16); index += 2) if (octets[index] !== 0) return false
  return true
}

export function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length)
}

function writeReplacement(
  character: string,
  alphabet: DefaultAlphabet,
  target: Uint8Array,
  offset: number,
): number {
  if (alphabet === 'cp1252') {
    const octet = iconv.encode(character, 'windows-1252')[0]
    if (octet !== undefined && octet !== 0x3f) {
      target[offset] = octet
      return 1
    }
  }
  const base = character.normalize('NFD').charCodeAt(0)
  target[offset] = base < 0x80 ? base : 0x3f
  return 1
}
