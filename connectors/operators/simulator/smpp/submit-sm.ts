/**
 * What an operator understands of a submit_sm or data_sm.
 *
 * @see SMPP 3.4 sections 4.4.1 and 4.7.1
 */
import { decodeShortMessage, payloadOf } from '../../smpp/codec.ts'
import { tlvInteger, tlvValue } from '../../smpp/short-message.ts'
import { status, tag } from '../../smpp/tables.ts'
import { readUserDataHeader, type SubmitReading, type SubmittedPart } from '../submitted-part.ts'

const userDataHeaderBit = 0x40

/** ESME_RINVESMCLASS: the bit promises a header that is not there. */
const invalidEsmClass = 0x43

/** @see SMPP 3.4 sections 5.2.8 and 5.2.9: 21 octets with the NUL */
const maxAddressLength = 20

export function readSubmit(body: Buffer, commandId: number): SubmitReading {
  const decoded = decodeShortMessage(body, commandId)
  if (decoded.kind === 'malformed') {
    return { kind: 'malformed', reason: decoded.reason, code: decoded.status }
  }
  const { message } = decoded
  const { source, destination, tlvs } = message
  if (source.length > maxAddressLength) {
    return { kind: 'malformed', reason: 'source_addr above 20 octets', code: status.invalidSource }
  }
  if (destination === '' || destination.length > maxAddressLength) {
    const reason = 'destination_addr must have 1 to 20 octets'
    return { kind: 'malformed', reason, code: status.invalidDestination }
  }
  const octets = payloadOf(message)
  const part: SubmittedPart = {
    sender: source,
    senderTon: message.sourceTon,
    senderNpi: message.sourceNpi,
    recipient: destination,
    recipientTon: message.destinationTon,
    recipientNpi: message.destinationNpi,
    address: destination,
    esmClass: message.esmClass,
    dataCoding: message.dataCoding,
    data: Buffer.from(octets.buffer, octets.byteOffset, octets.length),
    reference: 0,
    partNumber: 1,
    partCount: 1,
    registeredDelivery: message.registeredDelivery,
    validityPeriod: message.validityPeriod,
    userMessageReference: null,
  }
  if (tlvs.length > 0) {
    part.reference = tlvInteger(tlvs, tag.sarMsgRefNum) ?? 0
    part.partNumber = tlvInteger(tlvs, tag.sarSegmentSeqnum) ?? 1
    part.partCount = tlvInteger(tlvs, tag.sarTotalSegments) ?? 1
    part.userMessageReference = tlvValue(tlvs, tag.userMessageReference) ?? null
  }
  if ((message.esmClass & userDataHeaderBit) === 0) return { kind: 'part', part }
  const header = readUserDataHeader(part, part.data)
  if (typeof header === 'string') return { kind: 'malformed', reason: header, code: invalidEsmClass }
  part.data = part.data.subarray(header)
  return { kind: 'part', part }
}
