/**
 * From a deliver_sm (or data_sm) to a delivery receipt. TLVs win over the text; the text is read whatever
 * data_coding says, because platforms often leave a wrong one.
 *
 * @see SMPP v3.4 sections 5.2.12 (esm_class), 5.2.28 (message_state), appendix B
 */
import type { DeliveryReceipt, ReceiptState } from '../../operator.ts'
import { looksLikeUcs2, readLatin1, readUcs2 } from '../alphabets.ts'
import { payloadOf } from './codec.ts'
import { parseReceiptText, type ReceiptText } from './receipt-text.ts'
import { type ReceiptIdMode, remoteIdKeys } from './remote-ids.ts'
import { type ShortMessage, tlvInteger, tlvString, tlvValue } from './short-message.ts'
import { tag } from './tables.ts'
import { receiptTime } from './validity.ts'

export type ReceiptReading =
  | { kind: 'receipt'; receipt: Omit<DeliveryReceipt, 'receiptToken'> }
  | { kind: 'not-a-receipt' }

export interface ReceiptOptions {
  receiptIdMode: ReceiptIdMode
  smscUtcOffsetMinutes: number
}

/** message_state by value, 0 and 9 from SMPP 5.0. */
const stateWords = [
  'SCHEDULD',
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
  'SKIPPED',
] as const

/** Words of the standard, and those seen outside of it. */
const states: Readonly<Record<string, ReceiptState>> = {
  DELIVRD: 'delivered',
  DELIVERD: 'delivered',
  DELIVERED: 'delivered',
  EXPIRED: 'expired',
  DELETED: 'undelivered',
  UNDELIV: 'undelivered',
  UNDELIVERED: 'undelivered',
  UNDELIVERABLE: 'undelivered',
  FAILED: 'undelivered',
  SKIPPED: 'undelivered',
  REJECTD: 'rejected',
  REJECTED: 'rejected',
  SCHEDULD: 'intermediate',
  SCHEDULED: 'intermediate',
  ENROUTE: 'intermediate',
  ACCEPTD: 'intermediate',
  ACCEPTED: 'intermediate',
  ACKED: 'intermediate',
  BUFFERD: 'intermediate',
  BUFFRED: 'intermediate',
  BUFFERED: 'intermediate',
  UNKNOWN: 'unknown',
}

const typeMask = 0x3c
const smscReceipt = 0x04
const intermediateNotification = 0x20
/** What `detail` of the contract holds at most. */
const longestDetail = 64

const notAReceipt: ReceiptReading = { kind: 'not-a-receipt' }

/** Reads a receipt; `not-a-receipt` sends the message on to incoming.ts. */
export function readReceipt(message: ShortMessage, options: ReceiptOptions): ReceiptReading {
  const type = message.esmClass & typeMask
  const tlvId = tlvString(message.tlvs, tag.receiptedMessageId)
  const tlvState = tlvInteger(message.tlvs, tag.messageState)
  const isDeclared = type === smscReceipt || type === intermediateNotification
  const text = parseReceiptText(receiptBody(message))
  const hasTlvs = tlvId !== undefined && tlvState !== undefined
  // Faulty SMSCs leave esm_class at 0 or call a receipt an acknowledgement: believe a text with both id and stat.
  const isUndeclared = hasTlvs || (text !== null && text.id !== '' && isStateWord(text.stat))
  if (!isDeclared && !isUndeclared) return notAReceipt
  const isIntermediate = type === intermediateNotification
  return { kind: 'receipt', receipt: compose(message, { text, tlvId, tlvState, isIntermediate }, options) }
}

/** What a state word means; unlisted words are `unknown`. */
export function receiptState(word: string): ReceiptState {
  return isStateWord(word) ? (states[word] ?? 'unknown') : 'unknown'
}

function isStateWord(word: string): boolean {
  return Object.hasOwn(states, word)
}

interface Found {
  text: ReceiptText | null
  tlvId: string | undefined
  tlvState: number | undefined
  isIntermediate: boolean
}

function compose(
  message: ShortMessage,
  found: Found,
  options: ReceiptOptions,
): Omit<DeliveryReceipt, 'receiptToken'> {
  const { text, tlvId, tlvState, isIntermediate } = found
  const word = (tlvState === undefined ? undefined : stateWords[tlvState]) ?? text?.stat ?? ''
  return {
    remoteIdKeys: remoteIdKeys([tlvId ?? '', text?.id ?? ''], options.receiptIdMode),
    recipient: message.source.startsWith('+') ? message.source.slice(1) : message.source,
    state: isIntermediate ? 'intermediate' : receiptState(word),
    detail: detailOf(message, text, word),
    textPrefix: text?.text ?? '',
    submittedAtMs: text === null ? null : receiptTime(text.submitDate, options.smscUtcOffsetMinutes),
  }
}

function detailOf(message: ShortMessage, text: ReceiptText | null, word: string): string {
  const err = text === null || text.err === '' ? '' : ` err:${text.err}`
  const network = tlvValue(message.tlvs, tag.networkErrorCode)
  const net =
    network?.length === 3 ? ` network:${network[0]}/${((network[1] ?? 0) << 8) | (network[2] ?? 0)}` : ''
  const failure = tlvInteger(message.tlvs, tag.deliveryFailureReason)
  const reason = failure === undefined ? '' : ` failure:${failure}`
  const stat = text !== null && text.stat !== '' ? text.stat : word
  return `stat:${stat}${err}${net}${reason}`.slice(0, longestDetail)
}

function receiptBody(message: ShortMessage): string {
  let octets = payloadOf(message)
  if ((message.esmClass & 0x40) !== 0) octets = octets.subarray(Math.min((octets[0] ?? 0) + 1, octets.length))
  if (looksLikeUcs2(octets)) return readUcs2(octets)
  // GSM-7 writes `_` as 0x11; everything else a receipt is made of is the same in both alphabets.
  const text = readLatin1(octets)
  return text.includes('\x11') ? text.replaceAll('\x11', '_') : text
}
