/** A message between its claim and the outcome of its last part, and what it is settled with then. Pure. */
import type { OutgoingPart, RefusalClass, SubmitOutcome } from '../../../connectors/operator.ts'
import type { LinkTraits } from '../../../connectors/operators/kinds.ts'
import { splitText } from '../../../templates/text/segments.ts'
import type { RetryPolicy } from '../../store/contracts.ts'
import type { ClaimedMessage } from '../../store/outbox.ts'
import type { SettleItem } from '../../store/settle.ts'
import type { RoutableMessage } from '../routing/routing.ts'
import { afterRefusal } from './refusal.ts'

/** A message that left without an answer waits this long for a receipt or a late answer before policy decides. */
export const unknownGraceMs = 120_000
/** A phone that received every one of them has been written to often enough: then it waits for its validity to end. */
const mostUnanswered = 3

/** Why a message is not simply accepted. Released: it did not leave, and nothing is wrong with it. */
export type Ending =
  | { kind: 'refused'; refusal: RefusalClass; statusName: string }
  | { kind: 'unknown'; reason: string }
  | { kind: 'released'; reason: string }

export interface MessageInHand {
  message: ClaimedMessage
  /** Submits that make the message. */
  submittedParts: number
  /** Parts accepted, those of earlier attempts counted. */
  accepted: number
  /** Parts submitted and not answered. */
  inFlight: number
  /** Messages of one lane leave one after the other: same phone, job and priority. */
  lane: string
  /** End of the short code's hours, epoch ms: from then on nothing of it leaves. */
  closesAtMs: number
  /** Since when its parts have been throttled without one accepted; null while they are not. */
  throttledSinceMs: number | null
  /** Once set no further part leaves; settled when the last one in flight is answered. */
  ending: Ending | null
}

export interface PartInHand {
  part: OutgoingPart
  hand: MessageInHand
}

/**
 * The parts of a claimed message that have still to leave, in order.
 *
 * @param sender what the phone is shown, whatever the message names
 * @param closesAtMs end of the hours in which it may leave
 * @param nextPartId first of the numbers that the parts get; each submission has its own, so that the late answer of
 *   an earlier one is never taken for the answer of the present one
 * @throws TextNotEncodable, TextTooLong when the stored text does not fit its encoding
 */
export function partsInHand(
  message: ClaimedMessage,
  {
    traits,
    sender,
    closesAtMs,
    nextPartId,
  }: { traits: LinkTraits; sender: string; closesAtMs: number; nextPartId: number },
): PartInHand[] {
  const texts = textsOf(message, traits)
  const hand: MessageInHand = {
    message,
    submittedParts: texts.length,
    accepted: message.acceptedParts.length,
    inFlight: 0,
    lane: laneOf(message),
    closesAtMs,
    throttledSinceMs: null,
    ending: null,
  }
  const parts: PartInHand[] = []
  for (let index = 0; index < texts.length; index++) {
    if (hand.accepted > 0 && message.acceptedParts.includes(index + 1)) continue
    const part: OutgoingPart = {
      partId: nextPartId + parts.length,
      recipient: message.recipient,
      sender,
      encoding: message.encoding,
      text: texts[index]!,
      partNumber: index + 1,
      partCount: texts.length,
      reference: message.reference,
      validitySeconds: 0,
      requestReceipt: true,
      isFlash: message.isFlash,
    }
    parts.push({ part, hand })
  }
  return parts
}

/** The order that the outbox keeps is that of one job and priority: express overtakes, jobs share. */
function laneOf({ recipient, job, priority }: ClaimedMessage): string {
  return `${recipient}|${job}|${priority}`
}

function textsOf(message: ClaimedMessage, { splitting }: LinkTraits): string[] {
  if (splitting === 'whole' || message.partCount === 1) return [message.text]
  return splitText(message.text, { encoding: message.encoding, referenceBits: splitting }).parts
}

/** Keeps the worse of two endings: what is certain about the whole message first, then what may have left. */
export function worse(known: Ending | null, met: Ending): Ending {
  return known === null || gravity(met) > gravity(known) ? met : known
}

function gravity(ending: Ending): number {
  if (ending.kind === 'released') return 0
  if (ending.kind === 'unknown') return 4
  switch (ending.refusal) {
    case 'permanent':
    case 'invalid-recipient':
      return 5
    case 'route':
      return 3
    case 'temporary':
      return 2
    case 'link':
    case 'throttle':
      return 1
  }
}

export interface SettlementOptions {
  nowMs: number
  /** Asked only when this operator has no route. */
  alternativeFor(message: RoutableMessage): number | null
  policy: RetryPolicy
  /** 0 ≤ chance < 1, for the jitter of delays. */
  chance: number
}

/** What to settle a message with whose every part is answered. */
export function settlementOf(
  hand: MessageInHand,
  ending: Ending,
  { nowMs, alternativeFor, policy, chance }: SettlementOptions,
): SettleItem {
  const { messageId, attempts, expiresAtMs } = hand.message
  const retryingSinceMs = hand.message.retryingSinceMs ?? hand.throttledSinceMs
  if (ending.kind === 'unknown') {
    const graceMs = nowMs + unknownGraceMs
    const graceUntilMs = attempts >= mostUnanswered ? Math.max(graceMs, expiresAtMs) : graceMs
    return { kind: 'unknown', messageId, atMs: nowMs, graceUntilMs, reason: ending.reason }
  }
  if (ending.kind === 'released') {
    const { reason } = ending
    return { kind: 'retry', messageId, atMs: nowMs, dueAtMs: null, reason, countsAttempt: false }
  }
  const reason = ending.statusName
  // The rest of a message that is half there cannot come from another operator, with another sender.
  const refusal = ending.refusal === 'route' && hand.accepted > 0 ? 'temporary' : ending.refusal
  const alternativeId = refusal === 'route' ? alternativeFor({ ...hand.message, dueAtMs: nowMs }) : null
  const decision = afterRefusal({
    refusal,
    attempts,
    nowMs,
    expiresAtMs,
    retryingSinceMs,
    alternativeId,
    policy,
    chance,
  })
  switch (decision.kind) {
    case 'retry': {
      const { dueAtMs, countsAttempt } = decision
      return { kind: 'retry', messageId, atMs: nowMs, dueAtMs, reason, countsAttempt, holdsBack: true }
    }
    case 'reroute':
      return { kind: 'reroute', messageId, atMs: nowMs, operatorId: decision.operatorId, reason }
    case 'refuse':
      return { kind: 'refused', messageId, atMs: nowMs, reason }
  }
}

/** The ending that an outcome brings about, other than acceptance, unsent, or a throttle that may leave again. */
export function endingOf(outcome: Extract<SubmitOutcome, { kind: 'refused' | 'unknown' }>): Ending {
  return outcome.kind === 'unknown'
    ? { kind: 'unknown', reason: outcome.reason }
    : { kind: 'refused', refusal: outcome.refusal, statusName: outcome.statusName }
}
