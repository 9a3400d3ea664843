/**
 * The GSM 7-bit default alphabet, written out once more for the operator's side: a witness that read with the
 * product's own table would confirm its mistakes.
 *
 * @see 3GPP TS 23.038 section 6.2.1 (default alphabet) and 6.2.1.1 (extension table)
 */

const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ' +
  ' !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà'

const escapeCode = 0x1b

const extension = new Map<number, string>([
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
])

const octetsOf = new Map<string, number[]>([
  ...[...basic].map((character, code): [string, number[]] => [character, [code]]),
  ...[...extension].map(([code, character]): [string, number[]] => [character, [escapeCode, code]]),
])
octetsOf.delete('\x1b')

/** Characters whose octet in GSM is not that of ASCII: without them a text is read by the native decoder. */
const plainAscii = /^[\n\r !"#%&'()*+,\-./0-9:;<=>?A-Za-z]*$/

/** Reads unpacked septets, one in each octet. An octet above 0x7F is no septet and reads as U+FFFD. */
export function decodeGsm(octets: Buffer): string {
  const latin1 = octets.toString('latin1')
  if (plainAscii.test(latin1)) return latin1
  let text = ''
  for (let index = 0; index < octets.length; index += 1) {
    const octet = octets[index]!
    if (octet === escapeCode && index + 1 < octets.length) {
      index += 1
      const code = octets[index]!
      // A code that the extension table lacks shows as that of the basic table: section 6.2.1.1, note 1.
      text += extension.get(code) ?? basic[code] ?? '\ufffd'
    } else {
      text += octet === escapeCode ? ' ' : (basic[octet] ?? '\ufffd')
    }
  }
  return text
}

/** The unpacked septets of a text, or null when a character is outside the alphabet. */
export function encodeGsm(text: string): Buffer | null {
  const octets: number[] = []
  for (const character of text) {
    const codes = octetsOf.get(character)
    if (codes === undefined) return null
    octets.push(...codes)
  }
  return Buffer.from(octets)
}

/**
 * Packed septets as one in each octet.
 *
 * @param fillBits before the first septet
 * @see 3GPP TS 23.038 section 6.1.2.1
 */
export function unpackSeptets(packed: Uint8Array, count: number, fillBits = 0): Buffer {
  const septets = Buffer.alloc(count)
  for (let index = 0; index < count; index += 1) {
    const bit = fillBits + index * 7
    const pair = (packed[bit >> 3] ?? 0) | ((packed[(bit >> 3) + 1] ?? 0) << 8)
    septets[index] = (pair >> (bit & 7)) & 0x7f
  }
  return septets
}
