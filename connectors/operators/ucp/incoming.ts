/**
 * From operation 52, or the older 01, to a part of an incoming message.
 *
 * @see EMI-UCP 5.2 section 5.3 (delivery short message), 3GPP TS 23.038 section 4 (data coding scheme)
 */
import { decodeGsm7, fillBitsAfterHeader, unpackSeptets } from '../../../templates/text/gsm-alphabet.ts'
import type { IncomingPart } from '../../operator.ts'
import { asBuffer, readDefaultAlphabet, readUcs2 } from '../alphabets.ts'
import { concatenationOf } from '../concatenation.ts'
import { alphanumericOtoa, unpackName } from './alphanumeric.ts'
import type { UcpConfig } from './config.ts'
import { octetsOfHex } from './hex.ts'
import { readNumber } from './numbers.ts'
import type { OperationFields } from './operations.ts'
import { alphabets } from './submit.ts'
import { messageType } from './tables.ts'
import { readXser, serviceData, xserType } from './xser.ts'

export type IncomingReading =
  | { kind: 'part'; part: Omit<IncomingPart, 'receiptToken'> }
  /** Answered with EC 02. */
  | { kind: 'malformed'; reason: string }

type IncomingConfig = Pick<UcpConfig, 'alphabet' | 'national'>
/** Fields that operation 01 lacks are empty. */
type IncomingFields = Pick<
  OperationFields<52>,
  'AdC' | 'OAdC' | 'MT' | 'NB' | 'Msg' | 'DCs' | 'OTOA' | 'XSer'
>
type Coding = 'gsm7' | 'ucs2' | 'binary'

/** Reads one part; binary text is given as lower-case hexadecimal, without the user data header. */
export function readIncoming(fields: IncomingFields, config: IncomingConfig): IncomingReading {
  const xser = readXser(fields.XSer)
  // Services that cannot be read take nothing from the text, which stands in a field of its own.
  const services = xser.kind === 'services' ? xser.services : []
  const withLength = serviceData(services, xserType.userDataHeader)
  const header = withLength?.subarray(1, 1 + (withLength[0] ?? 0))
  const concatenation = header === undefined ? null : concatenationOf(header)
  const coding = codingOf(serviceData(services, xserType.dataCoding)?.[0], fields.DCs)
  const body = bodyOf(fields, { config, coding, headerOctets: withLength?.length ?? 0 })
  if (body.kind === 'malformed') return body
  return {
    kind: 'part',
    part: {
      sender: senderOf(fields, config),
      recipient: fields.AdC,
      encoding: body.coding,
      text: body.text,
      reference: concatenation?.reference ?? null,
      partNumber: concatenation?.partNumber ?? 1,
      partCount: concatenation?.partCount ?? 1,
    },
  }
}

function senderOf({ OAdC, OTOA }: IncomingFields, config: IncomingConfig): string {
  if (OTOA === alphanumericOtoa) return unpackName(OAdC) ?? OAdC
  return readNumber(OAdC, config)
}

type Body = { kind: 'body'; coding: Coding; text: string } | { kind: 'malformed'; reason: string }

function bodyOf(
  { MT, NB, Msg }: IncomingFields,
  { config, coding, headerOctets }: { config: IncomingConfig; coding: Coding; headerOctets: number },
): Body {
  if (MT === messageType.numeric) return { kind: 'body', coding: 'gsm7', text: Msg }
  const octets = octetsOfHex(Msg)
  if (octets === null) return { kind: 'malformed', reason: 'text is not hex' }
  if (MT === messageType.alphanumeric) {
    return { kind: 'body', coding: 'gsm7', text: readDefaultAlphabet(octets, alphabets[config.alphabet]) }
  }
  if (MT !== messageType.transparent)
    return { kind: 'malformed', reason: `MT ${MT.slice(0, 4)}, expected 2, 3 or 4` }
  switch (coding) {
    case 'ucs2':
      return { kind: 'body', coding, text: readUcs2(octets) }
    case 'binary':
      return { kind: 'body', coding, text: asBuffer(octets).toString('hex') }
    case 'gsm7':
      return { kind: 'body', coding, text: readPacked(octets, NB, headerOctets) }
  }
}

/** Packed septets: their number follows from NB, for eight characters and seven fill as many octets. */
function readPacked(octets: Uint8Array, NB: string, headerOctets: number): string {
  const fillBits = headerOctets === 0 ? 0 : fillBitsAfterHeader(headerOctets)
  const bits = /^\d{1,4}$/.test(NB) ? Number(NB) : octets.length * 8
  const septets = unpackSeptets(octets, Math.max(Math.floor((bits - fillBits) / 7), 0), fillBits)
  return decodeGsm7(septets, { cedilla: 'context' })
}

/** Alphabet of transparent data; without a word about it, DCs decides, and then it is data. */
function codingOf(dataCoding: number | undefined, DCs: string): Coding {
  if (dataCoding === undefined) return DCs === '0' ? 'gsm7' : 'binary'
  const group = dataCoding >>> 4
  if (group === 0xf) return (dataCoding & 0x04) === 0 ? 'gsm7' : 'binary'
  if (group === 0xe) return 'ucs2'
  if (group >= 0x8) return 'gsm7'
  // Bit 5: compressed by TS 23.042, which no phone does; whatever it is, it is no text of ours.
  if ((dataCoding & 0x20) !== 0) return 'binary'
  return (['gsm7', 'binary', 'ucs2', 'gsm7'] as const)[(dataCoding >>> 2) & 3]!
}
