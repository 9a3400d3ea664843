/** A PDU as one line of a trace: header and fields, without texts, passwords and whole phone numbers. */
import { decodeMessageId, decodeShortMessage } from './codec.ts'
import { createFramer, headerLength } from './framing.ts'
import { type ShortMessage, tlvInteger, tlvString } from './short-message.ts'
import { command, isResponse, statusName, tag } from './tables.ts'

export interface TracedPdu {
  commandId: number
  status: number
  sequence: number
  body: Buffer
}

/** Enough to find a message by, too little to know the person. */
const shownDigits = 3
/** Short codes are no secret; phones have more digits. */
const longestShown = 6
/** A line stays one, whatever the peer writes. */
const longestLine = 400

const commandNames: ReadonlyMap<number, string> = new Map(
  Object.entries(command).map(([name, id]) => [
    id,
    name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
  ]),
)
const tagNames: ReadonlyMap<number, string> = new Map(
  Object.entries(tag).map(([name, value]) => [
    value,
    name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
  ]),
)
const shortMessages: ReadonlySet<number> = new Set([command.submitSm, command.deliverSm, command.dataSm])
const binds: ReadonlySet<number> = new Set([
  command.bindReceiver,
  command.bindTransmitter,
  command.bindTransceiver,
])

export function traceLine({ commandId, status, sequence, body }: TracedPdu): string {
  const name = commandNames.get(commandId) ?? `0x${commandId.toString(16).padStart(8, '0')}`
  const head = [name, `seq=${sequence}`]
  if (isResponse(commandId) || status !== 0) head.push(`status=${statusName(status)}`)
  return [...head, ...fieldsOf(commandId, body)]
    .join(' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, longestLine)
}

/** The lines of whole PDUs that lie behind each other, as they were written. */
export function traceLines(octets: Buffer): string[] {
  const framer = createFramer()
  framer.push(octets)
  const lines: string[] = []
  for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) lines.push(traceLine(frame))
  return lines
}

function fieldsOf(commandId: number, body: Buffer): string[] {
  if (shortMessages.has(commandId)) return messageFields(commandId, body)
  if (binds.has(commandId)) return [`system_id=${cString(body)}`, 'password=***']
  if (commandId === command.submitSmResp || commandId === command.dataSmResp) {
    return body.length === 0 ? [] : [`message_id=${decodeMessageId(body)}`]
  }
  return body.length === 0 ? [] : [`(${body.length} octets)`]
}

function messageFields(commandId: number, body: Buffer): string[] {
  const read = decodeShortMessage(body, commandId)
  if (read.kind === 'malformed') return [`malformed, ${headerLength + body.length} octets: ${read.reason}`]
  const { message } = read
  const fields = [
    `source=${address(message.source)}/${message.sourceTon}/${message.sourceNpi}`,
    `destination=${address(message.destination)}/${message.destinationTon}/${message.destinationNpi}`,
    `esm_class=${hex(message.esmClass)}`,
    `data_coding=${hex(message.dataCoding)}`,
    `registered_delivery=${message.registeredDelivery}`,
    `sm_length=${message.shortMessage.length}`,
  ]
  if (message.validityPeriod !== '') fields.push(`validity=${message.validityPeriod}`)
  return [...fields, ...tlvFields(message)]
}

/** Values only of what a receipt is matched by: other TLVs may hold text. */
function tlvFields({ tlvs }: ShortMessage): string[] {
  return tlvs.map(({ tag: number, value }) => {
    const name = tagNames.get(number) ?? `tlv_${hex(number)}`
    if (number === tag.receiptedMessageId) return `${name}=${tlvString(tlvs, number)}`
    if (number === tag.messageState) return `${name}=${tlvInteger(tlvs, number)}`
    return `${name}(${value.length})`
  })
}

/** A name is no secret either: it is the sender's. */
function address(value: string): string {
  const isPhone = /^\+?\d+$/.test(value) && value.length > longestShown
  return isPhone ? `..${value.slice(-shownDigits)}` : value
}

function cString(body: Buffer): string {
  const end = body.indexOf(0)
  return body.toString('latin1', 0, end < 0 ? 0 : end)
}

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`
