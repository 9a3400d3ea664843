/**
 * Hand-made encoding and decoding of the PDUs that carry the traffic. The rest of the protocol goes through the
 * `smpp` package (package-codec.ts): it is right, and too slow for the hot path.
 *
 * Decoding never throws: what cannot be read is `{kind: 'malformed', reason}`.
 */
import { headerLength } from './framing.ts'
import type { PduWriter } from './pdu-writer.ts'
import { messageOctets, type ShortMessage, type Tlv } from './short-message.ts'
import { command, status, tag } from './tables.ts'

export interface Malformed {
  kind: 'malformed'
  reason: string
  /** The command_status that tells the peer, should it want an answer. */
  status: number
}

/** message_id is 65 octets with its NUL; a longer one is cut, never refused: the message was accepted. */
const maxMessageIdLength = 64
/** Mandatory fields of submit_sm without the text: two addresses, service type, two times. */
const fixedBodyOctets = 128

/** Writes a PDU without body: enquire_link, unbind, generic_nack and their like. */
export function encodeEmpty(writer: PduWriter, commandId: number, sequence: number, statusValue = 0): void {
  writer.begin({ commandId, status: statusValue, sequence }, 0)
  writer.end()
}

/** Writes submit_sm_resp, deliver_sm_resp or data_sm_resp; a refusal has no body, as the standard asks. */
export function encodeMessageResp(
  writer: PduWriter,
  response: { commandId: number; sequence: number; status?: number; messageId?: string },
): void {
  const { commandId, sequence, status: statusValue = 0, messageId = '' } = response
  const text = messageId.slice(0, maxMessageIdLength)
  writer.begin({ commandId, status: statusValue, sequence }, text.length + 1)
  if (statusValue === 0 || commandId !== command.submitSmResp) writer.cString(text)
  writer.end()
}

/** Writes submit_sm or deliver_sm. @throws RangeError when short_message is above 254 octets */
export function encodeShortMessage(
  writer: PduWriter,
  header: { commandId: number; sequence: number },
  message: ShortMessage,
): void {
  const { commandId, sequence } = header
  if (message.shortMessage.length > 254) throw new RangeError('short_message above 254 octets')
  const isDataSm = commandId === command.dataSm
  writer.begin({ commandId, status: 0, sequence }, stringOctets(message) + message.shortMessage.length)
  writer.cString(message.serviceType)
  writer.uint8(message.sourceTon)
  writer.uint8(message.sourceNpi)
  writer.cString(message.source)
  writer.uint8(message.destinationTon)
  writer.uint8(message.destinationNpi)
  writer.cString(message.destination)
  writer.uint8(message.esmClass)
  if (!isDataSm) {
    writer.uint8(message.protocolId)
    writer.uint8(message.priorityFlag)
    writer.cString(message.scheduleDeliveryTime)
    writer.cString(message.validityPeriod)
  }
  writer.uint8(message.registeredDelivery)
  if (!isDataSm) writer.uint8(message.replaceIfPresent)
  writer.uint8(message.dataCoding)
  if (!isDataSm) {
    writer.uint8(message.defaultMessageId)
    writer.uint8(message.shortMessage.length)
    writer.bytes(message.shortMessage)
  }
  for (const { tag: tlvTag, value } of message.tlvs) writeTlv(writer, tlvTag, value)
  writer.end()
}

export function writeTlv(writer: PduWriter, tlvTag: number, value: Uint8Array): void {
  writer.reserve(4 + value.length)
  writer.uint16(tlvTag)
  writer.uint16(value.length)
  writer.bytes(value)
}

export type DecodedShortMessage = { kind: 'message'; message: ShortMessage } | Malformed

/** Reads the body of submit_sm, deliver_sm (one layout) or data_sm (a shorter one). Octets are views, not copies. */
export function decodeShortMessage(body: Buffer, commandId: number = command.deliverSm): DecodedShortMessage {
  const isDataSm = commandId === command.dataSm
  const length = body.length
  let offset = 0
  let isShort = false
  const cString = (): string => {
    const start = offset
    while (offset < length && body[offset] !== 0) offset += 1
    if (offset >= length) isShort = true
    const text = start === offset ? '' : body.toString('latin1', start, offset)
    offset += 1
    return text
  }
  const uint8 = (): number => {
    if (offset >= length) isShort = true
    return body[offset++] ?? 0
  }
  const serviceType = cString()
  const sourceTon = uint8()
  const sourceNpi = uint8()
  const source = cString()
  const destinationTon = uint8()
  const destinationNpi = uint8()
  const destination = cString()
  const esmClass = uint8()
  const protocolId = isDataSm ? 0 : uint8()
  const priorityFlag = isDataSm ? 0 : uint8()
  const scheduleDeliveryTime = isDataSm ? '' : cString()
  const validityPeriod = isDataSm ? '' : cString()
  const registeredDelivery = uint8()
  const replaceIfPresent = isDataSm ? 0 : uint8()
  const dataCoding = uint8()
  const defaultMessageId = isDataSm ? 0 : uint8()
  const smLength = isDataSm ? 0 : uint8()
  if (isShort) return malformed('mandatory fields end before sm_length', status.invalidMessageLength)
  if (offset + smLength > length) {
    return malformed(
      `sm_length ${smLength} above the ${length - offset} octets left`,
      status.invalidMessageLength,
    )
  }
  const text = body.subarray(offset, offset + smLength)
  const tlvs = readTlvs(body, offset + smLength)
  if (tlvs === null) return malformed('a TLV ends after the PDU', status.invalidTlvStream)
  const message: ShortMessage = {
    serviceType,
    sourceTon,
    sourceNpi,
    source,
    destinationTon,
    destinationNpi,
    destination,
    esmClass,
    protocolId,
    priorityFlag,
    scheduleDeliveryTime,
    validityPeriod,
    registeredDelivery,
    replaceIfPresent,
    dataCoding,
    defaultMessageId,
    shortMessage: text,
    tlvs,
  }
  return { kind: 'message', message }
}

/** message_id of a submit_sm_resp body: '' when the body is absent, tolerant of a missing NUL and of excess length. */
export function decodeMessageId(body: Buffer): string {
  const limit = Math.min(body.length, maxMessageIdLength)
  let end = 0
  while (end < limit && body[end] !== 0) end += 1
  return end === 0 ? '' : body.toString('latin1', 0, end)
}

/** The optional parameters from `offset` to the end; null when the last one is cut short. */
export function readTlvs(body: Buffer, offset: number): Tlv[] | null {
  const tlvs: Tlv[] = []
  let next = offset
  while (next < body.length) {
    if (next + 4 > body.length) return null
    const length = body.readUInt16BE(next + 2)
    const end = next + 4 + length
    if (end > body.length) return null
    tlvs.push({ tag: body.readUInt16BE(next), value: body.subarray(next + 4, end) })
    next = end
  }
  return tlvs
}

/** The text of a message with its header, from short_message or else message_payload. */
export function payloadOf(message: ShortMessage): Uint8Array {
  return messageOctets(message, tag.messagePayload)
}

function malformed(reason: string, statusValue: number): Malformed {
  return { kind: 'malformed', reason, status: statusValue }
}

function stringOctets(message: ShortMessage): number {
  const { serviceType, source, destination, scheduleDeliveryTime, validityPeriod } = message
  const strings = serviceType.length + source.length + destination.length
  return fixedBodyOctets + headerLength + strings + scheduleDeliveryTime.length + validityPeriod.length
}
