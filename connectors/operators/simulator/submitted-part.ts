/**
 * What an operator understands of a submitted part, whatever the protocol: who, whom, which part of how many, and the
 * text. Codes are those of SMPP, which has a word for everything that UCP can say here. The text is decoded on demand:
 * a bench that counts has no use for it.
 *
 * @see 3GPP TS 23.040 section 9.2.3.24 (user data header)
 */
import { decodeGsm } from './gsm-alphabet.ts'

/** What data_coding 0 means to this operator. */
export const defaultAlphabets = ['gsm', 'latin1', 'ascii', 'cp1252'] as const

export type DefaultAlphabet = (typeof defaultAlphabets)[number]

/** One submitted part. Its octets are views of what the socket read: not to be kept. */
export interface SubmittedPart {
  sender: string
  senderTon: number
  senderNpi: number
  /** The phone; over UCP without the 00 of an international call. */
  recipient: string
  recipientTon: number
  recipientNpi: number
  /** The phone as it was written. */
  address: string
  esmClass: number
  dataCoding: number
  /** User data without its header; septets unpacked, one in each octet. */
  data: Buffer
  /** 0, 1 and 1 for a short message. */
  reference: number
  partNumber: number
  partCount: number
  registeredDelivery: number
  validityPeriod: string
  /** Octets of TLV 0204; null when absent. */
  userMessageReference: Uint8Array | null
}

export type SubmitReading =
  | { kind: 'part'; part: SubmittedPart }
  /** Refused with this code. */
  | { kind: 'malformed'; reason: string; code: number }

/**
 * Reads the concatenation of a user data header into the part.
 *
 * @param octets beginning with the header's length; more may follow
 * @returns octets of the header with its length, or why it cannot be read
 */
export function readUserDataHeader(part: SubmittedPart, octets: Buffer): number | string {
  const headerEnd = 1 + (octets[0] ?? 0)
  if (octets.length === 0 || headerEnd > octets.length) return 'the user data header goes beyond the text'
  let next = 1
  while (next + 2 <= headerEnd) {
    const element = octets[next]!
    const length = octets[next + 1]!
    const value = next + 2
    next = value + length
    if (next > headerEnd) return 'an element of the user data header goes beyond it'
    if (element === 0x00 && length === 3) part.reference = octets[value]!
    else if (element === 0x08 && length === 4) part.reference = octets.readUInt16BE(value)
    else continue
    part.partCount = octets[next - 2]!
    part.partNumber = octets[next - 1]!
  }
  return headerEnd
}

const utf16be = new TextDecoder('utf-16be')
const cp1252 = new TextDecoder('windows-1252')

/**
 * What the phone shows of this part; binary is shown as hex.
 *
 * @see SMPP 3.4 section 5.2.19; 3GPP TS 23.038 section 4 for the values from 0x10
 */
export function textOf({ data, dataCoding }: SubmittedPart, defaultAlphabet: DefaultAlphabet): string {
  if (dataCoding === 0x00) return readers[defaultAlphabet](data)
  if (dataCoding === 0x08 || (dataCoding & 0xcc) === 0x08) return utf16be.decode(data)
  if (dataCoding === 0x01) return readers.ascii(data)
  if (dataCoding === 0x03) return readers.latin1(data)
  if (dataCoding === 0x02 || dataCoding === 0x04 || (dataCoding & 0xf4) === 0xf4) return data.toString('hex')
  return readers.gsm(data)
}

const readers: Record<DefaultAlphabet, (octets: Buffer) => string> = {
  gsm: decodeGsm,
  latin1: octets => octets.toString('latin1'),
  ascii: octets => octets.toString('ascii'),
  cp1252: octets => cp1252.decode(octets),
}

/** The first 20 characters as a receipt repeats them after `text:`: octets as they are, UCS-2 as far as Latin-1 goes. */
export function textPrefixOf({ data, dataCoding }: SubmittedPart): string {
  if (dataCoding !== 0x08) return data.toString('latin1', 0, 20)
  return utf16be.decode(data.subarray(0, 40)).replace(/[\u0100-\uffff]/g, '?')
}
