/**
 * What an operator understands of operation 51. It is stricter than many: what the standard wants empty must be empty.
 *
 * @see EMI-UCP 5.2 section 5.2 (submit short message)
 */
import { alphanumericOtoa, internationalOtoa } from '../../ucp/alphanumeric.ts'
import type { Frame } from '../../ucp/frame.ts'
import { octetsOfHex } from '../../ucp/hex.ts'
import { type OperationFields, readOperation } from '../../ucp/operations.ts'
import { ec, messageType } from '../../ucp/tables.ts'
import { type ExtraService, readXser, serviceData, xserType } from '../../ucp/xser.ts'
import { decodeGsm, unpackSeptets } from '../gsm-alphabet.ts'
import { readUserDataHeader, type SubmitReading, type SubmittedPart } from '../submitted-part.ts'

type Fields = OperationFields<51>

/** @see facts: only SMSC-side operations fill these */
const emptyInSubmit = ['SCTS', 'Dst', 'Rsn', 'DSCTS', 'DCs', 'CPg', 'RPLy', 'HPLMN', 'RES4', 'RES5'] as const

/** EC 22 and 23, which no client of ours sends or tells apart. */
const invalidTimePeriod = 22
const messageTypeNotSupported = 23

const longestText = 160
const longestOctets = 140
/** Data codings without an XSer that says one: IA5 digits, and data. */
const digitsCoding = 0x01
const binaryCoding = 0x04
const userDataHeaderBit = 0x40

export function readSubmit(frame: Frame): SubmitReading {
  const reading = readOperation(51, frame)
  if (reading.kind === 'malformed') return refused(reading.reason, ec.syntax)
  const { fields } = reading
  const filled = emptyInSubmit.find(name => fields[name] !== '')
  if (filled !== undefined) return refused(`${filled} must be empty`, ec.syntax)
  if (!/^\d{1,16}$/.test(fields.AdC)) return refused('AdC must be 1 to 16 digits', ec.invalidAddress)
  if (!/^(\d{10})?$/.test(fields.VP)) return refused('VP must be DDMMYYHHmm', invalidTimePeriod)
  const sender = senderOf(fields)
  if (sender === null) return refused('OAdC is neither a number nor a name', ec.syntax)
  const xser = readXser(fields.XSer)
  if (xser.kind === 'malformed') return refused(xser.reason, ec.syntax)
  const part: SubmittedPart = {
    ...sender,
    recipient: fields.AdC.replace(/^00/, ''),
    recipientTon: 1,
    recipientNpi: 1,
    address: fields.AdC,
    esmClass: 0,
    dataCoding: 0,
    data: Buffer.alloc(0),
    reference: 0,
    partNumber: 1,
    partCount: 1,
    registeredDelivery: registeredDeliveryOf(fields),
    validityPeriod: fields.VP,
    userMessageReference: null,
  }
  return readBody(part, fields, xser.services) ?? { kind: 'part', part }
}

function refused(reason: string, code: number): SubmitReading {
  return { kind: 'malformed', reason, code }
}

/** Numbers of the operator's own plan are short codes here. */
function senderOf({ OAdC, OTOA }: Fields): Pick<SubmittedPart, 'sender' | 'senderTon' | 'senderNpi'> | null {
  if (OTOA === alphanumericOtoa) {
    const octets = octetsOfHex(OAdC)
    if (octets === null || octets.length < 2 || octets.length > 11) return null
    // The first octet counts the semi-octets in use.
    const count = Math.floor((octets[0]! * 4) / 7)
    if (count * 7 > (octets.length - 1) * 8) return null
    return { sender: decodeGsm(unpackSeptets(octets.subarray(1), count)), senderTon: 5, senderNpi: 0 }
  }
  if (!/^\d{1,16}$/.test(OAdC)) return null
  if (OTOA === internationalOtoa) return { sender: OAdC, senderTon: 1, senderNpi: 1 }
  return OTOA === '' ? { sender: OAdC, senderTon: 3, senderNpi: 0 } : null
}

/** NT sums 1 delivered, 2 not delivered, 4 buffered; without it the operator tells what is final. */
function registeredDeliveryOf({ NRq, NT }: Fields): number {
  if (NRq !== '1') return 0
  const types = NT === '' || NT === '0' ? 3 : Number(NT)
  return ([0, 3, 2, 1] as const)[types & 3]! | ((types & 4) === 0 ? 0 : 0x10)
}

/** Fills in text and place of the part. @returns why it cannot be read, or null */
function readBody(
  part: SubmittedPart,
  { MT, NB, Msg }: Fields,
  services: readonly ExtraService[],
): SubmitReading | null {
  const header = serviceData(services, xserType.userDataHeader)
  if (header !== undefined) {
    const length = readUserDataHeader(part, Buffer.from(header))
    if (length !== header.length) return refused('XSer 01 is no user data header', ec.syntax)
    part.esmClass = userDataHeaderBit
  }
  if (MT === messageType.numeric) {
    part.data = Buffer.from(Msg, 'latin1')
    part.dataCoding = digitsCoding
    return /^\d{0,160}$/.test(Msg) ? null : refused('NMsg must be at most 160 digits', ec.syntax)
  }
  if (MT !== messageType.alphanumeric && MT !== messageType.transparent) {
    return refused(`MT ${MT}`, messageTypeNotSupported)
  }
  const octets = octetsOfHex(Msg)
  if (octets === null) return refused('the text is not hex', ec.syntax)
  part.data = octets
  const coding = serviceData(services, xserType.dataCoding)?.[0]
  const headerOctets = header?.length ?? 0
  if (MT === messageType.alphanumeric) {
    part.dataCoding = coding ?? 0
    const headerSeptets = Math.ceil((headerOctets * 8) / 7)
    return octets.length + headerSeptets <= longestText ? null : refused('AMsg too long', ec.tooLong)
  }
  part.dataCoding = coding ?? binaryCoding
  if (octets.length + headerOctets > longestOctets) return refused('TMsg too long', ec.tooLong)
  const bits = /^\d{1,4}$/.test(NB) ? Number(NB) : Number.NaN
  if (Math.ceil(bits / 8) !== octets.length) return refused(`NB ${NB} is not the length of TMsg`, ec.syntax)
  if (isGsm(part.dataCoding)) {
    const fillBits = (7 - ((headerOctets * 8) % 7)) % 7
    part.data = unpackSeptets(octets, Math.max(Math.floor((bits - fillBits) / 7), 0), fillBits)
  }
  return null
}

/** General data coding with the default alphabet. @see 3GPP TS 23.038 section 4 */
function isGsm(dataCoding: number): boolean {
  return (dataCoding & 0xec) === 0x00
}
