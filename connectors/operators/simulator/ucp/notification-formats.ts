/** The spellings of a delivery notification: the fields that matter are few, and SMSCs differ in all others. */
import type { OperationFields } from '../../ucp/operations.ts'
import { messageType } from '../../ucp/tables.ts'
import type { Outcome } from '../outcome-states.ts'
import type { ReceiptFacts } from '../receipt-facts.ts'
import { sctsOf } from './scts.ts'

/** Fields of operation 53, and those that a newer SMSC appends. */
export interface NotificationSpelling {
  fields: Partial<OperationFields<53>>
  appended: readonly string[]
}

type Speller = (facts: ReceiptFacts) => Partial<OperationFields<53>>

/** Of no table. */
const unheardOfReason = '199'

/** What each changes of the canonical one. */
const spellers = {
  /** The phone as it was submitted, text for people in MT 3. */
  canonical: () => ({}),
  'no-text': () => ({ Msg: '' }),
  'transparent-text': facts => {
    const text = Buffer.from(sentenceOf(facts), 'latin1')
    return { MT: messageType.transparent, NB: String(text.length * 8).padStart(4, '0'), XSer: '020104' }
  },
  'bare-number': facts => ({ OAdC: facts.recipient }),
  'international-number': facts => ({ OAdC: `00${facts.recipient}` }),
  /** Eight digits, as in Burkina Faso and its neighbours. */
  'national-number': facts => ({ OAdC: facts.recipient.slice(-8) }),
  /** Without the leading zeros. */
  'plain-reason': facts => ({ Rsn: String(Number(facts.err)) }),
  'unheard-of-reason': () => ({ Rsn: unheardOfReason }),
  'no-done-time': () => ({ DSCTS: '' }),
  /** Hex of the text in lower case. */
  'lower-case': facts => ({ Msg: hexOf(sentenceOf(facts)).toLowerCase() }),
  'newer-fields': () => ({}),
} satisfies Record<string, Speller>

export type NotificationFormat = keyof typeof spellers

export const notificationFormats = Object.keys(spellers) as NotificationFormat[]

/** Not final, not reached, reached. There is no word for an expiry. */
const deliveryStates: Readonly<Record<Outcome, string>> = {
  delivered: '0',
  accepted: '1',
  enroute: '1',
  undelivered: '2',
  expired: '2',
  deleted: '2',
  rejected: '2',
  unknown: '2',
}

/** @param account AdC when the sender was a name */
export function spellNotification(
  facts: ReceiptFacts,
  format: NotificationFormat,
  account: string,
): NotificationSpelling {
  const fields: Partial<OperationFields<53>> = {
    AdC: /^\d+$/.test(facts.sender) ? facts.sender : account,
    OAdC: addressOf(facts),
    SCTS: facts.id.inReceipt,
    Dst: deliveryStates[facts.outcome],
    Rsn: facts.err,
    DSCTS: sctsOf(facts.doneAtMs, facts.zoneMinutes),
    MT: messageType.alphanumeric,
    Msg: hexOf(sentenceOf(facts)),
    ...(spellers[format] as Speller)(facts),
  }
  return { fields, appended: format === 'newer-fields' ? ['', 'X1', ''] : [] }
}

/** The phone as it was submitted: what stands before the time in the answer. */
function addressOf({ id }: ReceiptFacts): string {
  return id.inAnswer.slice(0, id.inAnswer.indexOf(':'))
}

const verdicts: Readonly<Record<string, string>> = { 0: 'delivered', 1: 'buffered', 2: 'deleted' }

function sentenceOf(facts: ReceiptFacts): string {
  const verdict = verdicts[deliveryStates[facts.outcome]]
  const done = new Date(facts.doneAtMs + facts.zoneMinutes * 60_000).toISOString()
  return `Message for ${addressOf(facts)}, with identification ${facts.id.inReceipt} has been ${verdict} on ${done.slice(0, 10)} at ${done.slice(11, 19)}.`
}

function hexOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex').toUpperCase()
}
