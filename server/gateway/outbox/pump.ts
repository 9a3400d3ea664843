/**
 * Moves messages from the store to one operator link: claims a few ahead of what the link can take, submits when
 * there is room, and turns every outcome into something to settle.
 *
 * Order: parts leave in the order of their claim, messages of one lane (lanes.ts) one after the other; what was
 * throttled takes its old place again. A message whose part
 * failed is settled once its last part in flight is answered, so that it is never claimed again while a part of it
 * may still be accepted.
 */
import type { Clock } from '../../../connectors/clock.ts'
import {
  type OperatorLink,
  type OutgoingPart,
  remoteIdKey,
  type SubmitOutcome,
} from '../../../connectors/operator.ts'
import type { LinkTraits } from '../../../connectors/operators/kinds.ts'
import type { SendingTerms } from '../../../scheduler/alerts/policy/terms.ts'
import type { Logger } from '../../log.ts'
import type { RetryPolicy } from '../../store/contracts.ts'
import type { Store } from '../../store/operations.ts'
import type { ClaimedMessage } from '../../store/outbox.ts'
import type { SettleItem } from '../../store/settle.ts'
import type { RoutableMessage } from '../routing/routing.ts'
import {
  type Ending,
  endingOf,
  type MessageInHand,
  type PartInHand,
  partsInHand,
  settlementOf,
  worse,
} from './in-hand.ts'
import { createLanes } from './lanes.ts'
import { createLateAnswers } from './late-answers.ts'
import { leavingOf } from './leave.ts'
import { createReadyQueue } from './ready-queue.ts'
import type { Settler } from './settler.ts'

/**
 * Claims ahead in seconds of the contracted rate: a claim takes some milliseconds, and what is claimed and has not left
 * is unknown after a crash.
 */
const aheadSeconds = 0.25
/** Fewer would make one claim of each message. */
const leastAhead = 4
/** Times as much may be claimed when most of it waits for an answer to an earlier message to the same phone. */
const laneLimit = 4
/** Messages of one claim: one transaction of some milliseconds. */
const claimLimit = 1_000
/** Outcomes not yet stored above which no more is claimed: some 10 MB. */
const backlogLimit = 20_000
/** Why a message goes back that would overtake another one to its phone. */
const keptInOrder = 'behind-a-retry'
/** Validity handed to the operator is never shorter: SMSCs refuse less. */
const shortestValiditySeconds = 300

export interface PumpOptions {
  operatorId: number
  /** Used when the message names no sender. */
  sender: string
  traits: LinkTraits
  /** What is agreed with the operator, as it stands at that moment. */
  contract: PumpContract
  /** 0 ≤ chance < 1, for the jitter of retries. */
  chance(): number
  /** Another operator for a message, when this one says that it has no route. */
  alternativeFor(message: RoutableMessage): number | null
}

export interface PumpContract {
  termsOf(message: Pick<ClaimedMessage, 'recipient' | 'sender' | 'category' | 'text'>): SendingTerms
  retryPolicy(): RetryPolicy
}

export interface PumpDependencies {
  link: Pick<OperatorLink, 'capacity' | 'submit'>
  store: { outbox: Pick<Store['outbox'], 'claim'> }
  settler: Pick<Settler, 'add' | 'backlog'>
  clock: Clock
  log: Logger
}

export interface Pump {
  /** The link is bound: claims begin. */
  open(): void
  /** The link is down: what was claimed and not submitted goes back to the queue, and nothing is claimed. */
  release(): void
  /** Messages may have come due: claim and submit what can be. */
  wake(): void
  /** Room in the window or in the settler: go on with what is known. */
  proceed(): void
  onOutcomes(outcomes: readonly SubmitOutcome[]): void
  /** No more claims. Resolves when the claim under way is back in the queue. */
  stop(): Promise<void>
  /** Parts claimed and not yet submitted, for monitoring. */
  readonly ahead: number
}

export function createPump(
  options: PumpOptions,
  { link, store, settler, clock, log }: PumpDependencies,
): Pump {
  const { operatorId, traits, contract, chance, alternativeFor } = options
  const aheadLimit = aheadOf(traits)
  const ready = createReadyQueue()
  const inFlight = new Map<number, PartInHand>()
  const lanes = createLanes()
  const late = createLateAnswers()
  let claiming: Promise<void> | null = null
  let turn = 0
  let nextPartId = 1
  /** Of the last claim: room is counted in parts, claims in messages. */
  let partsPerMessage = 1
  let mayHaveMore = true
  let isOpen = false
  let isStopped = false

  function run(): void {
    submitReady()
    if (isStopped || !isOpen || !mayHaveMore || claiming !== null || settler.backlog > backlogLimit) return
    // Messages to one phone wait for each other, but not the phones behind them; a flood to one phone has its end.
    const room = Math.min(aheadLimit - ready.length, laneLimit * aheadLimit - ready.length - lanes.waiting)
    if (room * 2 < aheadLimit) return
    const limit = Math.min(Math.ceil(room / partsPerMessage), claimLimit)
    claiming = claimSome(limit).finally(() => {
      claiming = null
      run()
    })
  }

  async function claimSome(limit: number): Promise<void> {
    turn += 1
    mayHaveMore = false
    let claimed: ClaimedMessage[]
    try {
      claimed = await store.outbox.claim({ operatorId, limit, nowMs: clock.nowMs(), turn })
    } catch (error) {
      // The next tick asks again.
      log.error({ event: 'claim.failed', operatorId, error: String(error) })
      return
    }
    const before = ready.length
    for (const message of claimed) enlist(message)
    if (claimed.length > 0) {
      mayHaveMore = true
      partsPerMessage = Math.max((ready.length - before) / claimed.length, 1)
    }
    // The link may have gone down while the store was at it.
    if (isStopped || !isOpen) giveBack()
  }

  function enlist(message: ClaimedMessage): void {
    const nowMs = clock.nowMs()
    const leaving = leavingOf(message, contract.termsOf(message), { nowMs, ownSender: options.sender })
    if (leaving.kind === 'not-now') {
      settler.add([leaving.item])
      return
    }
    const { sender, closesAtMs } = leaving
    let reason = 'parts-changed'
    try {
      const parts = partsInHand(message, { traits, sender, closesAtMs, nextPartId })
      nextPartId += parts.length
      for (const entry of parts) ready.push(entry)
      if (parts.length > 0) return
    } catch (error) {
      reason = 'text-refused'
      log.error({ event: 'message.unsendable', messageId: message.messageId, error: String(error) })
    }
    // Nothing of it can leave any more: left alone it would stay in `sending` for ever.
    settler.add([{ kind: 'refused', messageId: message.messageId, atMs: nowMs, reason }])
  }

  function submitReady(): void {
    if (ready.length === 0) return
    let room = link.capacity()
    if (room <= 0) return
    const nowMs = clock.nowMs()
    const parts: OutgoingPart[] = []
    while (room > 0) {
      const entry = ready.shift()
      if (entry === undefined) break
      const { part, hand } = entry
      if (hand.ending !== null) continue
      const leftMs = hand.message.expiresAtMs - nowMs
      if (leftMs <= 0) {
        // The queue closes what is over; parts of it that left are answered first.
        end(hand, { kind: 'released', reason: 'validity-over' })
        continue
      }
      if (nowMs >= hand.closesAtMs) {
        // Claimed again, it is told when the hours of its short code begin.
        end(hand, { kind: 'released', reason: 'tranche-hours' })
        continue
      }
      const passage = lanes.enter(entry, nowMs)
      if (passage === 'back') end(hand, { kind: 'released', reason: keptInOrder })
      if (passage !== 'leave') continue
      part.validitySeconds = Math.max(Math.round(leftMs / 1000), shortestValiditySeconds)
      hand.inFlight += 1
      inFlight.set(part.partId, entry)
      parts.push(part)
      room -= 1
    }
    if (parts.length > 0) link.submit(parts)
  }

  /** Nothing more of the message leaves; it is settled now when nothing of it is out. */
  function end(hand: MessageInHand, ending: Ending, items?: SettleItem[]): void {
    hand.ending = worse(hand.ending, ending)
    if (hand.inFlight > 0) return
    const item = settlement(hand, hand.ending)
    if (items === undefined) settler.add([item])
    else items.push(item)
    const behind = lanes.free(hand)
    if (item.kind !== 'retry' || item.holdsBack !== true) {
      if (behind.length > 0) ready.putBack(behind)
      return
    }
    lanes.holdBack(hand, behind, clock.nowMs())
    for (const entry of behind) {
      if (entry.hand.ending === null) end(entry.hand, { kind: 'released', reason: keptInOrder }, items)
    }
  }

  function settlement(hand: MessageInHand, ending: Ending): SettleItem {
    const policy = contract.retryPolicy()
    return settlementOf(hand, ending, { nowMs: clock.nowMs(), alternativeFor, policy, chance: chance() })
  }

  /** Throttled parts keep their place and leave again when the link's pause is over, for as long as the policy has. */
  function mayLeaveAgain(hand: MessageInHand, nowMs: number): boolean {
    hand.throttledSinceMs ??= nowMs
    return nowMs - hand.throttledSinceMs < contract.retryPolicy().throttle.maxAgeMinutes * 60_000
  }

  function onOutcomes(outcomes: readonly SubmitOutcome[]): void {
    const nowMs = clock.nowMs()
    const items: SettleItem[] = []
    const again: PartInHand[] = []
    for (const outcome of outcomes) {
      const entry = inFlight.get(outcome.partId)
      if (entry === undefined) {
        onLateOutcome(outcome, nowMs, items)
        continue
      }
      inFlight.delete(outcome.partId)
      const { hand } = entry
      hand.inFlight -= 1
      if (outcome.kind === 'accepted') {
        hand.accepted += 1
        hand.throttledSinceMs = null
        items.push(acceptedItem(entry, outcome.remoteId, nowMs))
        noteSender(entry, nowMs, items)
        if (hand.ending !== null) end(hand, hand.ending, items)
        else if (hand.inFlight === 0 && hand.accepted >= hand.submittedParts) {
          for (const waiting of lanes.free(hand)) again.push(waiting)
        }
      } else if (
        outcome.kind === 'unsent' ||
        (outcome.kind === 'refused' && outcome.refusal === 'throttle' && mayLeaveAgain(hand, nowMs))
      ) {
        if (hand.ending === null) again.push(entry)
        else end(hand, hand.ending, items)
      } else {
        if (outcome.kind === 'unknown' && outcome.reason === 'timeout') late.expect(entry, nowMs)
        end(hand, endingOf(outcome), items)
      }
    }
    if (again.length > 0) ready.putBack(again)
    if (items.length > 0) settler.add(items)
    if (!isOpen) giveBack()
    run()
  }

  /** The answer to a part that was given up: acceptance always counts, a refusal while the message still waits. */
  function onLateOutcome(outcome: SubmitOutcome, nowMs: number, items: SettleItem[]): void {
    const found = late.take(outcome.partId)
    if (found === undefined) return
    const { entry, isWaiting } = found
    if (outcome.kind === 'accepted') items.push(acceptedItem(entry, outcome.remoteId, nowMs))
    else if (outcome.kind === 'refused' && isWaiting(nowMs) && entry.part.partCount === 1) {
      items.push(settlement(entry.hand, endingOf(outcome)))
    }
  }

  /** Never changed in silence: the time line tells under which sender the message left. */
  function noteSender({ part, hand }: PartInHand, atMs: number, items: SettleItem[]): void {
    const { sender, messageId } = hand.message
    if (sender === null || sender === part.sender || part.partNumber !== 1) return
    const detail = `${sender} is not in the contract: sent as ${part.sender}`
    items.push({ kind: 'note', messageId, atMs, event: 'sender-replaced', detail })
  }

  function acceptedItem({ part, hand }: PartInHand, remoteId: string, atMs: number): SettleItem {
    return {
      kind: 'accepted',
      messageId: hand.message.messageId,
      partNumber: part.partNumber,
      submittedParts: hand.submittedParts,
      operatorId,
      remoteKey: remoteIdKey(remoteId),
      atMs,
    }
  }

  function giveBack(): void {
    if (ready.length + lanes.waiting === 0) return
    const items: SettleItem[] = []
    for (const { hand } of [...ready.takeAll(), ...lanes.takeAll()]) {
      if (hand.ending === null) end(hand, { kind: 'released', reason: 'link-down' }, items)
    }
    if (items.length > 0) settler.add(items)
  }

  const wake = (): void => {
    mayHaveMore = true
    run()
  }

  return {
    open() {
      isOpen = true
      wake()
    },
    release() {
      isOpen = false
      giveBack()
    },
    wake,
    proceed: run,
    onOutcomes,
    async stop() {
      isStopped = true
      await claiming
      isOpen = false
      giveBack()
    },
    get ahead() {
      return ready.length + lanes.waiting
    },
  }
}

/** Parts to hold ready: two windows, or a quarter of a second of the contract when that is less. */
function aheadOf({ window, partsPerSecond }: LinkTraits): number {
  const byWindow = Math.max(window * 2, leastAhead)
  if (partsPerSecond === 0) return byWindow
  return Math.min(byWindow, Math.max(Math.ceil(partsPerSecond * aheadSeconds), leastAhead))
}
