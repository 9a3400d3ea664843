/** Whether a claimed message may leave now, and under which sender: the contract at the moment of leaving. Pure. */
import type { SendingTerms } from '../../../scheduler/alerts/policy/terms.ts'
import { closesAt, nextAllowed } from '../../../scheduler/calendar/sending-hours.ts'
import type { ClaimedMessage } from '../../store/outbox.ts'
import type { SettleItem } from '../../store/settle.ts'

export type Leaving =
  /** `closesAtMs`: end of the hours of its short code, epoch ms; Infinity without such hours. */
  | { kind: 'now'; sender: string; closesAtMs: number }
  /** It does not leave: what it is settled with. */
  | { kind: 'not-now'; item: SettleItem }

/**
 * A message that came here late (approved, tried again, moved to another operator, behind a long queue) may stand
 * outside hours that it was planned within.
 *
 * @param ownSender of the operator, for a message that names none
 */
export function leavingOf(
  { messageId, sender }: Pick<ClaimedMessage, 'messageId' | 'sender'>,
  terms: SendingTerms,
  { nowMs, ownSender }: { nowMs: number; ownSender: string },
): Leaving {
  if (terms.kind === 'refused') {
    return { kind: 'not-now', item: { kind: 'refused', messageId, atMs: nowMs, reason: terms.reason } }
  }
  const shown = terms.sender ?? sender ?? ownSender
  if (terms.within === null) return { kind: 'now', sender: shown, closesAtMs: Number.POSITIVE_INFINITY }
  const now = new Date(nowMs)
  const closes = closesAt(now, terms.within)
  if (closes !== null) return { kind: 'now', sender: shown, closesAtMs: closes.getTime() }
  const opens = nextAllowed(now, terms.within)
  if (opens === 'never') {
    return { kind: 'not-now', item: { kind: 'refused', messageId, atMs: nowMs, reason: 'no-sending-time' } }
  }
  const dueAtMs = opens.getTime()
  const reason = 'tranche-hours'
  return {
    kind: 'not-now',
    item: { kind: 'retry', messageId, atMs: nowMs, dueAtMs, reason, countsAttempt: false },
  }
}
