/**
 * From an outgoing part to operation 51.
 *
 * @see EMI-UCP 5.2 section 5.2 (submit short message), 3GPP TS 23.040 section 9.2.3.24.1 (user data header)
 */
import { encodeGsm7, fillBitsAfterHeader, packSeptets } from '../../../templates/text/gsm-alphabet.ts'
import { partCapacity } from '../../../templates/text/segments.ts'
import type { OutgoingPart, SubmitOutcome } from '../../operator.ts'
import { type DefaultAlphabet, maxOctetsPerUnit, writeDefaultAlphabet, writeUcs2 } from '../alphabets.ts'
import { alphanumericOtoa, internationalOtoa, packName } from './alphanumeric.ts'
import type { UcpConfig } from './config.ts'
import { hexOf } from './hex.ts'
import { createLocalTime } from './local-time.ts'
import { writeNumber } from './numbers.ts'
import { buildOperation, type OperationFields, operation } from './operations.ts'
import { ec, errorName, messageType } from './tables.ts'
import { buildXser, type ExtraService, xserType } from './xser.ts'

export type SubmitRefusal = Omit<Extract<SubmitOutcome, { kind: 'refused' }>, 'kind' | 'partId'>

export type SubmitEncoding = { kind: 'frame'; text: string } | { kind: 'refused'; refusal: SubmitRefusal }

export interface SubmitEncoder {
  /** @param nowMs epoch, for the validity */
  encode(part: OutgoingPart, trn: number, nowMs: number): SubmitEncoding
}

type Fields = Partial<OperationFields<51>>
type Sender = { kind: 'sender'; fields: Fields } | { kind: 'refused'; refusal: SubmitRefusal }

/** Senders are few; a caller that invents one per message must not fill the memory. */
const sendersKept = 200
/** UDHL, IEI, its length, reference, count, number. */
const headerOctets = 6
/** SMSCs keep a message for some days; 63 is the longest validity GSM itself can express (TS 23.040, 9.2.3.12). */
const longestValiditySeconds = 63 * 86_400

export const alphabets: Readonly<Record<UcpConfig['alphabet'], DefaultAlphabet>> = {
  gsm0338: 'gsm',
  ascii: 'ascii',
  latin1: 'latin1',
}

export function createSubmitEncoder(config: UcpConfig): SubmitEncoder {
  const senders = new Map<string, Sender>()
  const localTime = createLocalTime(config.timeZone)
  const constant = constantFields(config)

  const senderOf = (sender: string): Sender => {
    let known = senders.get(sender)
    if (known === undefined) {
      if (senders.size >= sendersKept) senders.clear()
      known = readSender(sender.trim(), config)
      senders.set(sender, known)
    }
    return known
  }

  const validityOf = ({ validitySeconds }: OutgoingPart, nowMs: number): string => {
    if (config.validityFormat === 'none' || !(validitySeconds > 0)) return ''
    // The field has no seconds: rounded up, so that it is never shorter than asked for.
    const endMs = nowMs + Math.min(validitySeconds, longestValiditySeconds) * 1000
    return localTime.minutes(Math.ceil(endMs / 60_000) * 60_000)
  }

  return {
    encode(part, trn, nowMs) {
      const sender = senderOf(part.sender)
      if (sender.kind === 'refused') return sender
      const recipient = writeNumber(part.recipient, config)
      if (recipient === null) return { kind: 'refused', refusal: refusals.recipient }
      const text = part.encoding === 'ucs2' ? ucs2Text(part, config) : gsmText(part, config)
      if (text.kind === 'refused') return text
      const notification = part.requestReceipt ? constant.notification : {}
      const values = { AdC: recipient, ...constant.fields, ...sender.fields, ...notification, ...text.fields }
      return {
        kind: 'frame',
        text: buildOperation(operation.submit, trn, { ...values, VP: validityOf(part, nowMs) }),
      }
    },
  }
}

function constantFields(config: UcpConfig): { fields: Fields; notification: Fields } {
  const { notificationTypes, notificationAddress, notificationPid, authenticationCode } = config
  return {
    fields: { AC: authenticationCode },
    notification: {
      NRq: '1',
      NAdC: notificationAddress,
      NT: notificationTypes === 0 ? '' : String(notificationTypes),
      NPID: notificationPid,
    },
  }
}

/** The short code by itself, an international number with OTOA 1139, a name with OTOA 5039. */
function readSender(sender: string, config: UcpConfig): Sender {
  if (sender === '' || sender === config.shortCode)
    return { kind: 'sender', fields: { OAdC: config.shortCode } }
  if (!config.allowOriginatorChange) return { kind: 'refused', refusal: refusals.originatorChange }
  if (/^\+?\d{1,16}$/.test(sender)) {
    if (!sender.startsWith('+')) return { kind: 'sender', fields: { OAdC: sender } }
    const OTOA = config.internationalOtoa === 'none' ? '' : internationalOtoa
    return { kind: 'sender', fields: { OAdC: sender.slice(1), OTOA } }
  }
  const OAdC = packName(sender)
  if (OAdC === null) return { kind: 'refused', refusal: refusals.originator }
  return { kind: 'sender', fields: { OAdC, OTOA: alphanumericOtoa } }
}

type Text = { kind: 'text'; fields: Fields } | { kind: 'refused'; refusal: SubmitRefusal }

function gsmText(part: OutgoingPart, config: UcpConfig): Text {
  const { single, 8: perPart } = partCapacity.gsm7
  const septets = encodeGsm7(part.text)
  if (septets === null) return { kind: 'refused', refusal: refusals.alphabet }
  const isPart = part.partCount > 1
  if (septets.length > (isPart ? perPart : single)) return { kind: 'refused', refusal: refusals.length }
  const services = commonServices(part, config)
  if (isPart && config.partsAs === 'transparent') {
    const fillBits = fillBitsAfterHeader(headerOctets)
    const coding = Uint8Array.of(part.isFlash && config.flash === 'xser' ? 0x10 : 0x00)
    services.splice(1, 0, { type: xserType.dataCoding, data: coding })
    const bits = fillBits + septets.length * 7
    return transparent(packSeptets(septets, fillBits), bits, { part, config, services })
  }
  if (part.isFlash && config.flash === 'xser') {
    services.push({ type: xserType.dataCoding, data: Uint8Array.of(0x10) })
  }
  const octets = config.alphabet === 'gsm0338' ? septets : octetsIn(alphabets[config.alphabet], part.text)
  return {
    kind: 'text',
    fields: {
      MT: messageType.alphanumeric,
      Msg: hexOf(octets),
      MCLs: part.isFlash && config.flash === 'mcls' ? '0' : '',
      XSer: buildXser(services),
    },
  }
}

function ucs2Text(part: OutgoingPart, config: UcpConfig): Text {
  const { single, 8: perPart } = partCapacity.ucs2
  if (part.text.length > (part.partCount > 1 ? perPart : single)) {
    return { kind: 'refused', refusal: refusals.length }
  }
  const octets = new Uint8Array(part.text.length * 2)
  writeUcs2(part.text, octets, 0)
  const services = commonServices(part, config)
  const coding = Uint8Array.of(part.isFlash && config.flash === 'xser' ? 0x18 : 0x08)
  const place = part.partCount > 1 ? 1 : 0
  services.splice(place, 0, { type: xserType.dataCoding, data: coding })
  return transparent(octets, octets.length * 8, { part, config, services })
}

function transparent(
  octets: Uint8Array,
  bits: number,
  { part, config, services }: { part: OutgoingPart; config: UcpConfig; services: ExtraService[] },
): Text {
  const isFlash = part.isFlash && config.flash === 'mcls'
  return {
    kind: 'text',
    fields: {
      MT: messageType.transparent,
      NB: String(bits).padStart(4, '0'),
      Msg: hexOf(octets),
      MCLs: isFlash ? '0' : config.sendMcls ? '1' : '',
      XSer: buildXser(services),
    },
  }
}

/** The user data header of a part, then the billing identifier. */
function commonServices(part: OutgoingPart, config: UcpConfig): ExtraService[] {
  const services: ExtraService[] = []
  if (part.partCount > 1) {
    const data = Uint8Array.of(5, 0, 3, part.reference & 0xff, part.partCount, part.partNumber)
    services.push({ type: xserType.userDataHeader, data })
  }
  if (config.billingIdentifier !== '') {
    services.push({ type: xserType.billingIdentifier, data: Buffer.from(config.billingIdentifier, 'latin1') })
  }
  return services
}

function octetsIn(alphabet: DefaultAlphabet, text: string): Uint8Array {
  const target = new Uint8Array(text.length * maxOctetsPerUnit)
  return target.subarray(0, Math.max(writeDefaultAlphabet(text, alphabet, target, 0), 0))
}

/** Refusals of our own; no byte has left. Status 0 where no error code of the protocol says it. */
const refusals = {
  originatorChange: { status: 0, statusName: 'originator-not-in-contract', refusal: 'route' },
  originator: { status: 0, statusName: 'originator-not-encodable', refusal: 'route' },
  recipient: {
    status: ec.invalidAddress,
    statusName: errorName(ec.invalidAddress),
    refusal: 'invalid-recipient',
  },
  length: { status: ec.tooLong, statusName: errorName(ec.tooLong), refusal: 'permanent' },
  alphabet: {
    status: ec.invalidCharacterSet,
    statusName: errorName(ec.invalidCharacterSet),
    refusal: 'permanent',
  },
} as const satisfies Record<string, SubmitRefusal>
