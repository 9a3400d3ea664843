/** The fields that submit_sm, deliver_sm and data_sm share, as one shape, and their optional parameters. */

/** An optional parameter as it stood on the wire; tags nobody knows are kept and ignored. */
export interface Tlv {
  tag: number
  value: Uint8Array
}

/** @see SMPP v3.4 sections 4.4.1 (submit_sm), 4.6.1 (deliver_sm), 4.7.1 (data_sm) */
export interface ShortMessage {
  serviceType: string
  sourceTon: number
  sourceNpi: number
  source: string
  destinationTon: number
  destinationNpi: number
  destination: string
  esmClass: number
  protocolId: number
  priorityFlag: number
  scheduleDeliveryTime: string
  validityPeriod: string
  registeredDelivery: number
  replaceIfPresent: number
  dataCoding: number
  defaultMessageId: number
  /** Octets of short_message, user data header included; empty when message_payload carries them. */
  shortMessage: Uint8Array
  tlvs: Tlv[]
}

const noOctets = new Uint8Array(0)

/** A message with every field at the protocol's default. */
export function shortMessage(fields: Partial<ShortMessage>): ShortMessage {
  return {
    serviceType: '',
    sourceTon: 0,
    sourceNpi: 0,
    source: '',
    destinationTon: 0,
    destinationNpi: 0,
    destination: '',
    esmClass: 0,
    protocolId: 0,
    priorityFlag: 0,
    scheduleDeliveryTime: '',
    validityPeriod: '',
    registeredDelivery: 0,
    replaceIfPresent: 0,
    dataCoding: 0,
    defaultMessageId: 0,
    shortMessage: noOctets,
    tlvs: [],
    ...fields,
  }
}

/** The value of the first TLV with this tag. */
export function tlvValue(tlvs: readonly Tlv[], tag: number): Uint8Array | undefined {
  for (const tlv of tlvs) if (tlv.tag === tag) return tlv.value
  return undefined
}

/** A TLV that holds an unsigned integer of 1, 2 or 4 octets; undefined when absent or of another length. */
export function tlvInteger(tlvs: readonly Tlv[], tag: number): number | undefined {
  const value = tlvValue(tlvs, tag)
  if (value === undefined || value.length === 0 || value.length > 4) return undefined
  let total = 0
  for (const octet of value) total = total * 256 + octet
  return total
}

/** A TLV that holds a C-octet string, its NUL optional, as Latin-1. */
export function tlvString(tlvs: readonly Tlv[], tag: number): string | undefined {
  const value = tlvValue(tlvs, tag)
  if (value === undefined) return undefined
  const end = value.indexOf(0)
  return Buffer.from(value.buffer, value.byteOffset, end < 0 ? value.length : end).toString('latin1')
}

/** The text's octets, wherever they stand: message_payload when short_message is empty. */
export function messageOctets(message: ShortMessage, payloadTag: number): Uint8Array {
  if (message.shortMessage.length > 0) return message.shortMessage
  return tlvValue(message.tlvs, payloadTag) ?? noOctets
}
