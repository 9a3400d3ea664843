/**
 * What an operator understands of a submit_sm or data_sm: who, whom, which part of how many, and the text. The
 * text is decoded on demand: a bench that counts has no use for it.
 *
 * @see SMPP 3.4 sections 4.4.1 and 4.7.1; 3GPP TS 23.040 section 9.2.3.24 (user data header)
 */
import { decodeShortMessage, payloadOf } from '../smpp/codec.ts'
import { type ShortMessage, tlvInteger } from '../smpp/short-message.ts'
import { status, tag } from '../smpp/tables.ts'
import { decodeGsm } from './gsm-alphabet.ts'

/** What data_coding 0 means to this operator. */
export const defaultAlphabets = ['gsm', 'latin1', 'ascii', 'cp1252'] as const

export type DefaultAlphabet = (typeof defaultAlphabets)[number]

/** One submitted part. Its octets are views of what the socket read: not to be kept. */
export interface SubmittedPart {
  message: ShortMessage
  /** User data without its header. */
  data: Buffer
  /** 1 and 1 for a short message; reference 0. */
  reference: number
  partNumber: number
  partCount: number
}

export type SubmitReading =
  | { kind: 'part'; part: SubmittedPart }
  | { kind: 'malformed'; reason: string; status: number }

const userDataHeaderBit = 0x40

/** ESME_RINVESMCLASS: the bit promises a header that is not there. */
const invalidEsmClass = 0x43

/** @see SMPP 3.4 sections 5.2.8 and 5.2.9: 21 octets with the NUL */
const maxAddressLength = 20

export function readSubmit(body: Buffer, commandId: number): SubmitReading {
  const decoded = decodeShortMessage(body, commandId)
  if (decoded.kind === 'malformed') return decoded
  const { message } = decoded
  if (message.source.length > maxAddressLength) {
    return { kind: 'malformed', reason: 'source_addr above 20 octets', status: status.invalidSource }
  }
  if (message.destination === '' || message.destination.length > maxAddressLength) {
    const reason = 'destination_addr must have 1 to 20 octets'
    return { kind: 'malformed', reason, status: status.invalidDestination }
  }
  const octets = payloadOf(message)
  const data = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  const part: SubmittedPart = { message, data, reference: 0, partNumber: 1, partCount: 1 }
  if (message.tlvs.length > 0) {
    part.reference = tlvInteger(message.tlvs, tag.sarMsgRefNum) ?? 0
    part.partNumber = tlvInteger(message.tlvs, tag.sarSegmentSeqnum) ?? 1
    part.partCount = tlvInteger(message.tlvs, tag.sarTotalSegments) ?? 1
  }
  return (message.esmClass & userDataHeaderBit) === 0 ? { kind: 'part', part } : readUserDataHeader(part)
}

function readUserDataHeader(part: SubmittedPart): SubmitReading {
  const { data } = part
  const headerEnd = 1 + (data[0] ?? 0)
  if (data.length === 0 || headerEnd > data.length)
    return wrongHeader('the user data header goes beyond the text')
  let next = 1
  while (next + 2 <= headerEnd) {
    const element = data[next]!
    const length = data[next + 1]!
    const value = next + 2
    next = value + length
    if (next > headerEnd) return wrongHeader('an element of the user data header goes beyond it')
    if (element === 0x00 && length === 3) part.reference = data[value]!
    else if (element === 0x08 && length === 4) part.reference = data.readUInt16BE(value)
    else continue
    part.partCount = data[next - 2]!
    part.partNumber = data[next - 1]!
  }
  part.data = data.subarray(headerEnd)
  return { kind: 'part', part }
}

function wrongHeader(reason: string): SubmitReading {
  return { kind: 'malformed', reason, status: invalidEsmClass }
}

const utf16be = new TextDecoder('utf-16be')
const cp1252 = new TextDecoder('windows-1252')

/**
 * What the phone shows of this part; binary is shown as hex.
 *
 * @see SMPP 3.4 section 5.2.19; 3GPP TS 23.038 section 4 for the values from 0x10
 */
export function textOf(part: SubmittedPart, defaultAlphabet: DefaultAlphabet): string {
  const { data } = part
  const { dataCoding } = part.message
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
export function textPrefixOf(part: SubmittedPart): string {
  if (part.message.dataCoding !== 0x08) return part.data.toString('latin1', 0, 20)
  return utf16be.decode(part.data.subarray(0, 40)).replace(/[\u0100-\uffff]/g, '?')
}
