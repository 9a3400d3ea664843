/**
 * The GSM 7-bit default alphabet: which characters it has, their septets, and how septets are packed in octets.
 *
 * @see 3GPP TS 23.038 sections 6.2.1 (alphabet and extension table) and 6.1.2 (packing)
 */

/**
 * The default table, by code 0x00..0x7F. 0x1B is the escape to the extension table and stands here as U+001B.
 * Code 0x09 is the capital Ç of TS 23.038, not the small ç of the Unicode consortium's mapping file: handsets
 * differ, so a small ç is not safely in the alphabet.
 */
export const gsmDefaultTable =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ' +
  ' !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà'

/** The extension table: code after the escape, and its character. Each costs two septets. */
export const gsmExtensionTable: readonly (readonly [code: number, character: string])[] = [
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
]

const escapeCode = 0x1b
const cedillaCode = 0x09
const smallCedilla = 0xe7

/** One past the highest code unit of the alphabet (€, U+20AC): the lookup tables stay within the CPU cache. */
const tableSize = 0x20ad
const unencodable = 0xffff
const extensionFlag = 0x1b00

/** Septet by UTF-16 code unit; `extensionFlag | code` for the extension table. */
const septetOf = new Uint16Array(tableSize).fill(unencodable)
/** Cost in septets by UTF-16 code unit; 0 when the alphabet lacks it. */
const costOf = new Uint8Array(tableSize)
const extensionOf = new Map<number, string>(gsmExtensionTable)

for (let code = 0; code < gsmDefaultTable.length; code++) {
  if (code === escapeCode) continue
  septetOf[gsmDefaultTable.charCodeAt(code)] = code
  costOf[gsmDefaultTable.charCodeAt(code)] = 1
}
for (const [code, character] of gsmExtensionTable) {
  septetOf[character.charCodeAt(0)] = extensionFlag | code
  costOf[character.charCodeAt(0)] = 2
}

/** Septets that one UTF-16 code unit costs: 1, 2 (extension table), or 0 when the alphabet lacks it. */
export function septetCost(codeUnit: number): number {
  return codeUnit < tableSize ? costOf[codeUnit]! : 0
}

/**
 * How many septets a text costs, without encoding it. Called for every message.
 *
 * @returns the count, or -1 when a character is not in the alphabet
 */
export function countSeptets(text: string): number {
  let septets = 0
  for (let index = 0; index < text.length; index++) {
    const codeUnit = text.charCodeAt(index)
    const cost = codeUnit < tableSize ? costOf[codeUnit]! : 0
    if (cost === 0) return -1
    septets += cost
  }
  return septets
}

/** Whether every character is in the default alphabet or its extension table. The empty text is. */
export function isGsm7(text: string): boolean {
  return countSeptets(text) >= 0
}

/**
 * Writes a text as unpacked septets, one per octet, as SMPP carries them. Allocates nothing.
 *
 * @returns octets written from `offset`, or -1 when a character is not in the alphabet (the target is then
 *   partly written)
 * @throws RangeError when the target is too short
 */
export function encodeGsm7Into(text: string, target: Uint8Array, offset: number): number {
  let position = offset
  for (let index = 0; index < text.length; index++) {
    const codeUnit = text.charCodeAt(index)
    const septet = codeUnit < tableSize ? septetOf[codeUnit]! : unencodable
    if (septet < 0x80) {
      target[position++] = septet
    } else if (septet === unencodable) {
      return -1
    } else {
      target[position++] = escapeCode
      target[position++] = septet & 0x7f
    }
  }
  if (position > target.length) {
    throw new RangeError(`text needs ${position - offset} octets, target has ${target.length - offset}`)
  }
  return position - offset
}

export interface GsmEncodeOptions {
  /** Writes a small ç as code 0x09, for SMSCs that follow the Unicode consortium's mapping file. */
  smallCedillaAs09?: boolean
}

/** @returns unpacked septets, one per octet, or null when a character is not in the alphabet */
export function encodeGsm7(text: string, options: GsmEncodeOptions = {}): Uint8Array | null {
  const encodable = options.smallCedillaAs09 ? text.replaceAll('ç', 'Ç') : text
  const septets = countSeptets(encodable)
  if (septets < 0) return null
  const target = new Uint8Array(septets)
  encodeGsm7Into(encodable, target, 0)
  return target
}

export interface GsmDecodeOptions {
  /** What code 0x09 reads as; `context` gives ç beside a lower-case letter, Ç elsewhere. Default `capital`. */
  cedilla?: 'capital' | 'small' | 'context'
}

/**
 * Reads unpacked septets. Never fails: bit 7 is ignored, an unknown extension code shows the character of the
 * default table (the rule of TS 23.038), a lone escape at the end shows a space.
 */
export function decodeGsm7(septets: Uint8Array, options: GsmDecodeOptions = {}): string {
  let text = ''
  let hasCedilla = false
  for (let index = 0; index < septets.length; index++) {
    const code = septets[index]! & 0x7f
    if (code !== escapeCode) {
      hasCedilla ||= code === cedillaCode
      text += gsmDefaultTable[code]!
      continue
    }
    index++
    if (index >= septets.length) {
      text += ' '
      break
    }
    const second = septets[index]! & 0x7f
    hasCedilla ||= second === cedillaCode
    // A second escape is reserved for a further table that nobody defined: TS 23.038 has it shown as a space.
    text += extensionOf.get(second) ?? (second === escapeCode ? ' ' : gsmDefaultTable[second]!)
  }
  return hasCedilla ? readCedilla(text, options.cedilla ?? 'capital') : text
}

function readCedilla(text: string, cedilla: 'capital' | 'small' | 'context'): string {
  if (cedilla === 'capital') return text
  const small = String.fromCharCode(smallCedilla)
  if (cedilla === 'small') return text.replaceAll('Ç', small)
  return text.replace(/(?<=\p{Ll})Ç|Ç(?=\p{Ll})/gu, small)
}

/** Fill bits that make the text start on a septet boundary after a user data header of so many octets. */
export function fillBitsAfterHeader(headerOctets: number): number {
  return (7 - ((headerOctets * 8) % 7)) % 7
}

/**
 * Packs septets into octets, least significant bit first; septet i takes bits 7i..7i+6 after the fill bits.
 *
 * @param fillBits 0..6 zero bits in front, from `fillBitsAfterHeader`
 */
export function packSeptets(septets: Uint8Array, fillBits = 0): Uint8Array {
  const packed = new Uint8Array(Math.ceil((septets.length * 7 + fillBits) / 8))
  let bit = fillBits
  for (const septet of septets) {
    const octet = bit >> 3
    const shift = bit & 7
    const value = (septet & 0x7f) << shift
    packed[octet] = packed[octet]! | (value & 0xff)
    if (shift > 1) packed[octet + 1] = value >> 8
    bit += 7
  }
  return packed
}

/**
 * Unpacks octets into septets.
 *
 * @param count septets wanted, as the length field tells; fewer come back when the octets end first. Absent: as
 *   many as the octets hold, so that 8 characters and 7 characters plus padding cannot be told apart
 */
export function unpackSeptets(packed: Uint8Array, count?: number, fillBits = 0): Uint8Array {
  const available = Math.max(0, Math.floor((packed.length * 8 - fillBits) / 7))
  const septets = new Uint8Array(Math.max(0, Math.min(count ?? available, available)))
  let bit = fillBits
  for (let index = 0; index < septets.length; index++) {
    const octet = bit >> 3
    const pair = packed[octet]! | ((packed[octet + 1] ?? 0) << 8)
    septets[index] = (pair >> (bit & 7)) & 0x7f
    bit += 7
  }
  return septets
}
