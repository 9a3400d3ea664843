/**
 * From a part of a message to the octets of its submit_sm, with the options of one connection.
 *
 * This is the hottest code of the link: it writes into the shared buffer, and what every part of a sender has in
 * common (service type, addresses' types, source) is encoded once.
 *
 * @see SMPP v3.4 section 4.4.1 (submit_sm), 3GPP TS 23.040 section 9.2.3.24.1 (concatenation header)
 */
import type { OutgoingPart, RefusalClass } from '../../operator.ts'
import { maxOctetsPerUnit, writeDefaultAlphabet, writeUcs2 } from '../alphabets.ts'
import { destinationAddress, isAllDigits, sourceAddress } from './addressing.ts'
import { writeTlv } from './codec.ts'
import type { SmppConfig } from './config.ts'
import { PduWriter } from './pdu-writer.ts'
import { command, status, tag } from './tables.ts'
import { absoluteTime, relativeTime } from './validity.ts'

/** Why a part cannot be put on the wire at all, as a refusal the gateway understands. */
export interface SubmitRefusal {
  status: number
  statusName: string
  refusal: RefusalClass
}

export interface SubmitEncoder {
  /** Writes one submit_sm; null, or why nothing was written. */
  encode(writer: PduWriter, part: OutgoingPart, sequence: number, nowMs: number): SubmitRefusal | null
}

/** sm_length 255 is reserved. */
const longestShortMessage = 254
/** 255 parts of 153 characters: nothing longer can reach a phone. */
const longestText = 255 * 153
/** Senders whose prefix is kept; above, the memory is emptied rather than tended. */
const rememberedSenders = 500
/** All fields of submit_sm but prefix, recipient, text and TLVs, with room to spare. */
const fixedOctets = 96

type Prefix = { kind: 'prefix'; octets: Uint8Array } | { kind: 'unusable' }

export function createSubmitEncoder(config: SmppConfig): SubmitEncoder {
  const prefixes = new Map<string, Prefix>()
  let validityFor = 0
  let validityText = ''

  const prefixOf = (sender: string): Prefix => {
    const known = prefixes.get(sender)
    if (known !== undefined) return known
    if (prefixes.size >= rememberedSenders) prefixes.clear()
    const prefix = encodePrefix(sender, config)
    prefixes.set(sender, prefix)
    return prefix
  }

  const validityOf = (validitySeconds: number, nowMs: number): string => {
    if (config.validityFormat === 'none' || validitySeconds <= 0) return ''
    if (config.validityFormat === 'absolute') return absoluteTime(validitySeconds, nowMs)
    if (validitySeconds !== validityFor) {
      validityFor = validitySeconds
      validityText = relativeTime(validitySeconds)
    }
    return validityText
  }

  return {
    encode(writer, part, sequence, nowMs) {
      const prefix = prefixOf(part.sender)
      if (prefix.kind === 'unusable') return refusals.source
      const { recipient } = part
      const isPlain = recipient.length > 0 && recipient.length <= 20 && isAllDigits(recipient)
      const digits = isPlain ? recipient : plainRecipient(recipient, config)
      if (digits === null) return refusals.recipient
      if (part.text.length > longestText) return refusals.length

      const isLong = part.partCount > 1
      const header = isLong ? config.longMessages : 'none'
      const hasUdh = header === 'udh8' || header === 'udh16'
      writer.begin(
        { commandId: command.submitSm, status: 0, sequence },
        fixedOctets + prefix.octets.length + digits.length + maxOctetsPerUnit * part.text.length,
      )
      writer.bytes(prefix.octets)
      writer.cString(digits)
      writer.uint8(config.esmMode | (hasUdh ? 0x40 : 0))
      writer.uint8(0)
      writer.uint8(config.priority)
      writer.uint8(0)
      writer.cString(validityOf(part.validitySeconds, nowMs))
      writer.uint8(part.requestReceipt ? (config.intermediateReceipts ? 0x11 : 0x01) : 0)
      writer.uint8(0)
      writer.uint8(dataCodingOf(part, config))
      writer.uint8(0)

      const written = writeText(writer, part, { hasUdh, isWide: header === 'udh16', config })
      if (written !== null) {
        writer.cancel()
        return written
      }
      if (header === 'sar' || header === 'payload') writeSar(writer, part)
      if (part.isFlash && config.flash === 'dest-addr-subunit') {
        writeTlv(writer, tag.destAddrSubunit, displayOnly)
      }
      writer.end()
      return null
    },
  }
}

const displayOnly = Uint8Array.of(1)

/** sm_length and short_message, or sm_length 0 and the message_payload TLV. */
function writeText(
  writer: PduWriter,
  part: OutgoingPart,
  how: { hasUdh: boolean; isWide: boolean; config: SmppConfig },
): SubmitRefusal | null {
  const { hasUdh, isWide, config } = how
  const lengthOffset = writer.offset
  writer.uint8(0)
  if (hasUdh) writeUdh(writer, part, isWide)
  const octets =
    part.encoding === 'ucs2'
      ? writeUcs2(part.text, writer.buffer, writer.offset)
      : writeDefaultAlphabet(part.text, config.defaultAlphabet, writer.buffer, writer.offset)
  if (octets < 0) return refusals.alphabet
  writer.offset += octets
  const length = writer.offset - lengthOffset - 1
  const single = part.encoding === 'ucs2' ? 140 : 160
  if (config.longMessages === 'payload' && (part.partCount > 1 || octets > single)) {
    const text = Uint8Array.prototype.slice.call(writer.buffer, lengthOffset + 1, writer.offset)
    writer.offset = lengthOffset + 1
    writeTlv(writer, tag.messagePayload, text)
    return null
  }
  if (length > longestShortMessage) return refusals.length
  writer.buffer[lengthOffset] = length
  return null
}

function writeUdh(writer: PduWriter, part: OutgoingPart, isWide: boolean): void {
  writer.uint8(isWide ? 6 : 5)
  writer.uint8(isWide ? 8 : 0)
  writer.uint8(isWide ? 4 : 3)
  if (isWide) writer.uint16(part.reference)
  else writer.uint8(part.reference)
  writer.uint8(part.partCount)
  writer.uint8(part.partNumber)
}

function writeSar(writer: PduWriter, part: OutgoingPart): void {
  writeTlv(writer, tag.sarMsgRefNum, Uint8Array.of(part.reference >>> 8, part.reference))
  writeTlv(writer, tag.sarTotalSegments, Uint8Array.of(part.partCount))
  writeTlv(writer, tag.sarSegmentSeqnum, Uint8Array.of(part.partNumber))
}

/** @see 3GPP TS 23.038 section 4: 0xF0 and 0x10 are GSM-7 class 0, 0x18 is UCS-2 class 0 */
function dataCodingOf(part: OutgoingPart, config: SmppConfig): number {
  const isUcs2 = part.encoding === 'ucs2'
  if (part.isFlash && (config.flash === 'class-f0' || config.flash === 'class-10')) {
    if (isUcs2) return 0x18
    return config.flash === 'class-f0' ? 0xf0 : 0x10
  }
  return isUcs2 ? config.ucs2DataCoding : config.textDataCoding
}

/** service_type, source and the recipient's TON and NPI: the same for every part of a sender. */
function encodePrefix(sender: string, config: SmppConfig): Prefix {
  const source = sourceAddress(sender, config)
  if (source.kind === 'unusable') return { kind: 'unusable' }
  const { ton, npi, digits } = source.address
  const writer = new PduWriter(64)
  writer.cString(config.serviceType)
  writer.uint8(ton)
  writer.uint8(npi)
  writer.cString(digits)
  writer.uint8(config.destinationAddress.ton)
  writer.uint8(config.destinationAddress.npi)
  return { kind: 'prefix', octets: writer.take() }
}

function plainRecipient(recipient: string, config: SmppConfig): string | null {
  const result = destinationAddress(recipient, config)
  return result.kind === 'address' ? result.address.digits : null
}

/** Refusals of our own, under the status an SMSC would have given; no byte has left. */
const refusals = {
  source: { status: status.invalidSource, statusName: 'ESME_RINVSRCADR', refusal: 'route' },
  recipient: {
    status: status.invalidDestination,
    statusName: 'ESME_RINVDSTADR',
    refusal: 'invalid-recipient',
  },
  length: { status: status.invalidMessageLength, statusName: 'ESME_RINVMSGLEN', refusal: 'permanent' },
  alphabet: { status: 0x104, statusName: 'ESME_RINVDCS', refusal: 'permanent' },
} as const satisfies Record<string, SubmitRefusal>
