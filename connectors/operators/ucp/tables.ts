/**
 * The tables of the standard as data: error codes, delivery states and reasons, PIDs, with what they mean for a
 * message.
 *
 * @see EMI-UCP appendix A (error codes, in which Kannel, Wireshark and Perl's Protocol::EMIUCP agree up to 38; from 50
 *   on Wireshark alone) and the reason table of operation 53 (Wireshark and one operator's table agree)
 */
import type { ReceiptState, RefusalClass } from '../../operator.ts'

type ErrorRow = readonly [ec: number, meaning: string, refusal: RefusalClass]

/**
 * `route` means that this connection will never take it and another operator may: the contract lacks something.
 * `link` is about the session: it is closed, as after a refused login.
 */
const errorRows: readonly ErrorRow[] = [
  [1, 'checksum error', 'temporary'],
  [2, 'syntax error', 'permanent'],
  [3, 'operation not supported', 'route'],
  // Window exceeded, throughput exceeded or not logged in: slower is right for the first two, and no harm to the third.
  [4, 'operation not allowed', 'throttle'],
  [5, 'call barring active', 'permanent'],
  [6, 'AdC invalid', 'invalid-recipient'],
  [7, 'authentication failure', 'link'],
  [8, 'legitimisation code for all calls, failure', 'route'],
  [9, 'GA not valid', 'permanent'],
  [10, 'repetition not allowed', 'permanent'],
  [11, 'legitimisation code for repetition, failure', 'route'],
  [12, 'priority call not allowed', 'permanent'],
  [13, 'legitimisation code for priority call, failure', 'route'],
  [14, 'urgent message not allowed', 'permanent'],
  [15, 'legitimisation code for urgent message, failure', 'route'],
  [16, 'reverse charging not allowed', 'permanent'],
  [17, 'legitimisation code for reverse charging, failure', 'route'],
  [18, 'deferred delivery not allowed', 'permanent'],
  [19, 'new AC not valid', 'route'],
  [20, 'new legitimisation code not valid', 'route'],
  [21, 'standard text not valid', 'permanent'],
  [22, 'time period not valid', 'permanent'],
  [23, 'message type not supported', 'permanent'],
  [24, 'message too long', 'permanent'],
  [25, 'requested standard text not valid', 'permanent'],
  [26, 'message type not valid for the pager type', 'permanent'],
  [27, 'message not found in SMSC', 'permanent'],
  [28, 'invalid character set', 'permanent'],
  [30, 'subscriber hang-up', 'temporary'],
  [31, 'fax group not supported', 'permanent'],
  [32, 'fax message type not supported', 'permanent'],
  [33, 'address already in list', 'permanent'],
  [34, 'address not in list', 'permanent'],
  [35, 'list full', 'permanent'],
  [36, 'RPID already in use', 'temporary'],
  [37, 'delivery in progress', 'temporary'],
  [38, 'message forwarded', 'permanent'],
  [50, 'low network status', 'temporary'],
  [51, 'legitimisation code for standard text, failure', 'route'],
  [53, 'operation partially successful', 'permanent'],
  [54, 'operation not successful', 'temporary'],
  [55, 'system error', 'temporary'],
  [57, 'AdC already a member of the group list', 'permanent'],
  [58, 'AdC not a member of the group list', 'permanent'],
  [59, 'requested standard text list invalid', 'permanent'],
  [61, 'not controller of the group list', 'permanent'],
  [62, 'standard text too large', 'permanent'],
  [63, 'not owner of the standard text list', 'permanent'],
  [64, 'address list full', 'permanent'],
  [65, 'GAdC invalid', 'permanent'],
  [66, 'operation restricted to mobile subscribers', 'permanent'],
  [68, 'invalid AdC type', 'permanent'],
  [69, 'cannot add AdC to list', 'permanent'],
]

const errorsByCode = new Map(errorRows.map(row => [row[0], row]))

export const ec = {
  checksum: 1,
  syntax: 2,
  notSupported: 3,
  notAllowed: 4,
  invalidAddress: 6,
  authentication: 7,
  tooLong: 24,
  invalidCharacterSet: 28,
} as const

/** `EC 06 AdC invalid`; `EC 91` for one outside the table. */
export function errorName(code: number): string {
  const meaning = errorsByCode.get(code)?.[1]
  const digits = `EC ${String(code).padStart(2, '0')}`
  return meaning === undefined ? digits : `${digits} ${meaning}`
}

/** What a refusal means. Codes outside the table, the proprietary 90 to 99 among them, may pass: temporary. */
export function errorClass(code: number): RefusalClass {
  return errorsByCode.get(code)?.[2] ?? 'temporary'
}

/** Every listed error code, for documentation and for the simulator's fault plans. */
export function listErrors(): readonly ErrorRow[] {
  return errorRows
}

/** Dst of a notification. An expiry has no code of its own: it comes as 2 with the last reason of the network. */
export const deliveryStates: Readonly<Record<string, ReceiptState>> = {
  0: 'delivered',
  1: 'intermediate',
  2: 'undelivered',
}

export type ReasonClass =
  | 'none'
  | 'network'
  | 'handset'
  | 'absent'
  | 'invalid-number'
  | 'subscription'
  | 'barred'
  | 'operator-configuration'
  | 'our-request'
  | 'duplicate'

type ReasonRow = readonly [rsn: number, meaning: string, reasonClass: ReasonClass]

const reasonRows: readonly ReasonRow[] = [
  [0, 'unknown subscriber', 'invalid-number'],
  [1, 'service temporarily not available', 'network'],
  [2, 'service temporarily not available', 'network'],
  [3, 'service temporarily not available', 'network'],
  [4, 'service temporarily not available', 'network'],
  [5, 'service temporarily not available', 'network'],
  [6, 'service temporarily not available', 'network'],
  [7, 'service temporarily not available', 'network'],
  [8, 'service temporarily not available', 'network'],
  [9, 'illegal error code', 'network'],
  [10, 'network time-out', 'network'],
  [100, 'facility not supported', 'subscription'],
  [101, 'unknown subscriber', 'invalid-number'],
  [102, 'facility not provided', 'subscription'],
  [103, 'call barred', 'barred'],
  [104, 'operation barred', 'barred'],
  [105, 'SC congestion', 'network'],
  [106, 'facility not supported', 'subscription'],
  [107, 'absent subscriber', 'absent'],
  [108, 'delivery fail', 'handset'],
  [109, 'SC congestion', 'network'],
  [110, 'protocol error', 'network'],
  [111, 'MS not equipped', 'handset'],
  [112, 'unknown SC', 'operator-configuration'],
  [113, 'SC congestion', 'network'],
  [114, 'illegal MS', 'barred'],
  [115, 'MS not a subscriber', 'invalid-number'],
  [116, 'error in MS', 'handset'],
  [117, 'SMS lower layer not provisioned', 'subscription'],
  [118, 'system fail', 'network'],
  [119, 'PLMN system failure', 'network'],
  [120, 'HLR system failure', 'network'],
  [121, 'VLR system failure', 'network'],
  [122, 'previous VLR system failure', 'network'],
  [123, 'controlling MSC system failure', 'network'],
  [124, 'visited MSC system failure', 'network'],
  [125, 'EIR system failure', 'network'],
  [126, 'system failure', 'network'],
  [127, 'unexpected data value', 'network'],
  [200, 'error in address service centre', 'operator-configuration'],
  [201, 'invalid absolute validity period', 'our-request'],
  [202, 'short message exceeds maximum', 'our-request'],
  [203, 'unable to unpack GSM message', 'our-request'],
  [204, 'unable to convert to IRA alphabet', 'our-request'],
  [205, 'invalid validity period format', 'our-request'],
  [206, 'invalid destination address', 'invalid-number'],
  [207, 'duplicate message submit', 'duplicate'],
  [208, 'invalid message type indicator', 'our-request'],
]

const reasonsByCode = new Map(reasonRows.map(row => [row[0], row]))

/** The SMSC had this message already: the first one counts, and this one must not be sent again. */
export const duplicateReason = 207

/** Meaning and class of Rsn; codes outside the table are of the network. */
export function reasonOf(rsn: number): { meaning: string; reasonClass: ReasonClass } {
  const [, meaning, reasonClass] = reasonsByCode.get(rsn) ?? [rsn, '', 'network']
  return { meaning, reasonClass }
}

/** Every listed reason, for documentation and for the simulator. */
export function listReasons(): readonly ReasonRow[] {
  return reasonRows
}

/** MT: what the text field holds. */
export const messageType = { numeric: '2', alphanumeric: '3', transparent: '4' } as const
