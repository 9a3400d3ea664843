/**
 * Moves messages from the store to one operator link: claims a few ahead of what the link can take, submits when
 * there is room, and turns every outcome into something to settle.
 */
import type { Clock } from '../../../connectors/clock.ts'
import {
  type OperatorLink,
  type OutgoingPart,
  remoteIdKey,
  type SubmitOutcome,
} from '../../../connectors/operator.ts'
import type { LinkTraits } from '../../../connectors/operators/kinds.ts'
import { splitText } from '../../../templates/text/segments.ts'
import type { Logger } from '../../log.ts'
import { partIdOf } from '../../store/moves.ts'
import type { Store } from '../../store/operations.ts'
import type { ClaimedMessage } from '../../store/outbox.ts'
import type { SettleItem } from '../../store/settle.ts'
import { afterRefusal } from './refusal.ts'
import type { Settler } from './settler.ts'

/** Claims ahead in seconds of the contracted rate: enough to keep it busy, little to be unsure of after a crash. */
const aheadSeconds = 2
/** Messages of one claim: one transaction of some milliseconds. */
const claimLimit = 1_000
/** A message that left without an answer waits this long for a receipt or a late answer before policy decides. */
const unknownGraceMs = 120_000
/** Outcomes not yet stored above which no more is submitted. */
const backlogLimit = 20_000
/** Validity handed to the operator is never shorter: SMSCs refuse less. */
const shortestValiditySeconds = 300

export interface PumpOptions {
  operatorId: number
  /** Used when the message names no sender. */
  sender: string
  traits: LinkTraits
  /** Another operator with a route to the number, when this one says that it has none. */
  alternativeFor(recipient: string): number | null
}

export interface PumpDependencies {
  link: Pick<OperatorLink, 'capacity' | 'submit' | 'status'>
  store: Pick<Store, 'outbox'>
  settler: Pick<Settler, 'add' | 'backlog'>
  clock: Clock
  log: Logger
}

export interface Pump {
  /** Messages may have come due: claim and submit what can be. */
  wake(): void
  /** Room in the window, or the bind came up: go on with what is known. */
  proceed(): void
  onOutcomes(outcomes: readonly SubmitOutcome[]): void
  /** The link is down: what was claimed and not submitted goes back to the queue. */
  release(): void
  /** No more claims. Resolves when the claim under way is back in the queue. */
  stop(): Promise<void>
  /** Parts claimed and not yet submitted, for monitoring. */
  readonly ahead: number
}

interface PartInFlight {
  part: OutgoingPart
  message: ClaimedMessage
  submittedParts: number
  /** Position in the order of submission. */
  order: number
}

export function createPump(
  options: PumpOptions,
  { link, store, settler, clock, log }: PumpDependencies,
): Pump {
  const { operatorId, traits } = options
  const aheadLimit = aheadOf(traits)
  /** Claimed, in order of submission. */
  let ready: PartInFlight[] = []
  const inFlight = new Map<number, PartInFlight>()
  let claiming: Promise<void> | null = null
  let turn = 0
  let order = 0
  let mayHaveMore = true
  let isStopped = false

  function wake(): void {
    mayHaveMore = true
    run()
  }

  function run(): void {
    submitReady()
    if (isStopped || claiming !== null || !mayHaveMore) return
    if (link.status().state !== 'bound' || settler.backlog > backlogLimit) return
    const room = aheadLimit - ready.length
    if (room * 2 < aheadLimit) return
    claiming = claimSome(Math.min(room, claimLimit)).finally(() => {
      claiming = null
      run()
    })
  }

  async function claimSome(limit: number): Promise<void> {
    turn += 1
    mayHaveMore = false
    try {
      const claimed = await store.outbox.claim({ operatorId, limit, nowMs: clock.nowMs(), turn })
      for (const message of claimed) enlist(message)
      if (claimed.length > 0) mayHaveMore = true
    } catch (error) {
      log.error({ event: 'claim.failed', operatorId, error: String(error) })
      return
    }
    if (isStopped || link.status().state !== 'bound') release()
  }

  function enlist(message: ClaimedMessage): void {
    const texts = textsOf(message, traits)
    texts.forEach((text, index) => {
      if (message.acceptedParts.includes(index + 1)) return
      const part: OutgoingPart = {
        partId: partIdOf(message.messageId, index + 1),
        recipient: message.recipient,
        sender: message.sender ?? options.sender,
        encoding: message.encoding,
        text,
        partNumber: index + 1,
        partCount: texts.length,
        reference: message.reference,
        validitySeconds: Math.max(
          Math.round((message.expiresAtMs - clock.nowMs()) / 1000),
          shortestValiditySeconds,
        ),
        requestReceipt: true,
        isFlash: message.isFlash,
      }
      order += 1
      ready.push({ part, message, submittedParts: texts.length, order })
    })
  }

  function submitReady(): void {
    const room = Math.min(link.capacity(), ready.length)
    if (room <= 0) return
    const batch = ready.slice(0, room)
    ready = ready.slice(room)
    for (const entry of batch) inFlight.set(entry.part.partId, entry)
    link.submit(batch.map(entry => entry.part))
  }

  function onOutcomes(outcomes: readonly SubmitOutcome[]): void {
    const nowMs = clock.nowMs()
    const items: SettleItem[] = []
    const again: PartInFlight[] = []
    for (const outcome of outcomes) {
      const entry = inFlight.get(outcome.partId)
      inFlight.delete(outcome.partId)
      if (outcome.kind === 'accepted') items.push(acceptedItem(outcome, entry, nowMs))
      else if (entry === undefined) continue
      else if (outcome.kind === 'unknown') items.push(unknownItem(entry, outcome.reason, nowMs))
      else if (outcome.kind === 'unsent' || outcome.refusal === 'throttle') again.push(entry)
      else items.push(refusedItem(entry, outcome, nowMs))
    }
    // In front and in their order: a throttled bind must not reorder what it sends.
    if (again.length > 0) ready = [...again.sort((a, b) => a.order - b.order), ...ready]
    dropSiblings(items)
    settler.add(items)
    if (link.status().state !== 'bound') release()
    run()
  }

  function acceptedItem(
    outcome: Extract<SubmitOutcome, { kind: 'accepted' }>,
    entry: PartInFlight | undefined,
    nowMs: number,
  ): SettleItem {
    return {
      kind: 'accepted',
      messageId: Math.floor(outcome.partId / 256),
      partNumber: outcome.partId % 256,
      // A late answer, after the part was given up: only the store knows how many there were.
      submittedParts: entry?.submittedParts ?? 0,
      operatorId,
      remoteKey: remoteIdKey(outcome.remoteId),
      atMs: nowMs,
    }
  }

  function unknownItem({ message }: PartInFlight, reason: string, nowMs: number): SettleItem {
    return {
      kind: 'unknown',
      messageId: message.messageId,
      atMs: nowMs,
      graceUntilMs: nowMs + unknownGraceMs,
      reason,
    }
  }

  function refusedItem(
    { message }: PartInFlight,
    outcome: Extract<SubmitOutcome, { kind: 'refused' }>,
    nowMs: number,
  ): SettleItem {
    const { messageId, recipient, attempts, expiresAtMs } = message
    const decision = afterRefusal({
      refusal: outcome.refusal,
      statusName: outcome.statusName,
      attempts,
      nowMs,
      expiresAtMs,
      alternativeId: outcome.refusal === 'route' ? options.alternativeFor(recipient) : null,
    })
    const reason = outcome.statusName
    switch (decision.kind) {
      case 'retry':
        return {
          kind: 'retry',
          messageId,
          atMs: nowMs,
          dueAtMs: decision.dueAtMs,
          reason,
          countsAttempt: true,
        }
      case 'reroute':
        return { kind: 'reroute', messageId, atMs: nowMs, operatorId: decision.operatorId, reason }
      case 'refuse':
        return { kind: 'refused', messageId, atMs: nowMs, reason }
    }
  }

  /** The other parts of a message that has been settled as a whole do not leave any more. */
  function dropSiblings(items: readonly SettleItem[]): void {
    const settled = new Set(items.filter(item => item.kind !== 'accepted').map(item => item.messageId))
    if (settled.size > 0) ready = ready.filter(entry => !settled.has(entry.message.messageId))
  }

  function release(): void {
    if (ready.length === 0) return
    const atMs = clock.nowMs()
    const messageIds = [...new Set(ready.map(entry => entry.message.messageId))]
    ready = []
    settler.add(
      messageIds.map(messageId => ({
        kind: 'retry',
        messageId,
        atMs,
        dueAtMs: atMs,
        reason: 'link-down',
        countsAttempt: false,
      })),
    )
  }

  return {
    wake,
    proceed: run,
    onOutcomes,
    release,
    async stop() {
      isStopped = true
      await claiming
      release()
    },
    get ahead() {
      return ready.length
    },
  }
}

/** Parts to hold ready: two windows, or two seconds of the contract when that is less. */
function aheadOf({ window, partsPerSecond }: LinkTraits): number {
  const byWindow = Math.max(window * 2, 2)
  return partsPerSecond === 0 ? byWindow : Math.min(byWindow, Math.max(partsPerSecond * aheadSeconds, 2))
}

function textsOf(message: ClaimedMessage, { splitting }: LinkTraits): string[] {
  if (splitting === 'whole') return [message.text]
  if (message.partCount === 1) return [message.text]
  return splitText(message.text, { encoding: message.encoding, referenceBits: splitting }).parts
}
