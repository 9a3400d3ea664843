/**
 * What one operator has done since this process started, for the metrics: counters that only grow. They outlive a
 * restart of the operator; one of the process begins them again, as monitoring systems expect.
 */
import type {
  DeliveryReceipt,
  LinkStatus,
  ReceiptState,
  RefusalClass,
  SubmitOutcome,
} from '../../connectors/operator.ts'

export interface OperatorTotals {
  accepted: number
  refused: Record<RefusalClass, number>
  unknown: Record<'timeout' | 'link-lost' | 'malformed-answer', number>
  /** Given back by the link before a byte of them left. */
  unsent: number
  receipts: Record<ReceiptState, number>
  incomingParts: number
  /** Minutes in which the operator asked for a pause. */
  throttles: number
  /** Times the link came up, went down, was refused. */
  ups: number
  downs: number
  refusals: number
}

export interface OperatorFigures {
  readonly totals: OperatorTotals
  addOutcomes(outcomes: readonly SubmitOutcome[]): void
  addReceipts(receipts: readonly DeliveryReceipt[]): void
  addIncoming(parts: number): void
  /** `throttled` counts pauses, told once a minute at most. */
  addState(change: 'up' | 'down' | 'refused' | 'throttled'): void
}

export function createOperatorFigures(): OperatorFigures {
  const totals: OperatorTotals = {
    accepted: 0,
    refused: { permanent: 0, temporary: 0, throttle: 0, link: 0, route: 0, 'invalid-recipient': 0 },
    unknown: { timeout: 0, 'link-lost': 0, 'malformed-answer': 0 },
    unsent: 0,
    receipts: { delivered: 0, undelivered: 0, expired: 0, rejected: 0, intermediate: 0, unknown: 0 },
    incomingParts: 0,
    throttles: 0,
    ups: 0,
    downs: 0,
    refusals: 0,
  }
  return {
    totals,
    addOutcomes(outcomes) {
      for (const outcome of outcomes) {
        if (outcome.kind === 'accepted') totals.accepted += 1
        else if (outcome.kind === 'refused') totals.refused[outcome.refusal] += 1
        else if (outcome.kind === 'unknown') totals.unknown[outcome.reason] += 1
        else totals.unsent += 1
      }
    },
    addReceipts(receipts) {
      for (const { state } of receipts) totals.receipts[state] += 1
    },
    addIncoming(parts) {
      totals.incomingParts += parts
    },
    addState(change) {
      if (change === 'up') totals.ups += 1
      else if (change === 'down') totals.downs += 1
      else if (change === 'refused') totals.refusals += 1
      else totals.throttles += 1
    },
  }
}

export interface LinkChange {
  event: 'up' | 'down' | 'refused' | 'throttled' | 'bind-up' | 'bind-down'
  /** Empty for the link as a whole. */
  bind: string
  detail: string
}

/** A link that is throttled is so again and again: one event tells of all pauses in this time. */
const throttleQuietMs = 60_000

/**
 * Tells what is new in the state of a link. It is told every change of state and looks by itself from time to time,
 * for a connection of several that is lost and back changes no state of the link.
 */
export function createLinkWatch(): (status: LinkStatus, nowMs: number) => LinkChange[] {
  let known: 'none' | 'up' | 'down' | 'refused' = 'none'
  let pausedUntilMs = 0
  let throttledAtMs = Number.NEGATIVE_INFINITY
  const binds = new Map<string, { isUp: boolean; reconnects: number }>()

  return (status, nowMs) => {
    const changes: LinkChange[] = []
    const now = standingOf(status)
    if (now !== null && now !== known) {
      known = now
      changes.push({ event: now, bind: '', detail: status.reason })
    }
    if (status.pausedUntilMs > pausedUntilMs && status.pausedUntilMs > nowMs) {
      pausedUntilMs = status.pausedUntilMs
      if (nowMs - throttledAtMs >= throttleQuietMs) {
        throttledAtMs = nowMs
        const detail = `no submit until ${new Date(pausedUntilMs).toISOString()}`
        changes.push({ event: 'throttled', bind: '', detail })
      }
    }
    if (status.binds.length > 1) changes.push(...bindChanges(status, binds))
    return changes
  }
}

/** null while it is on its way up or stopping: neither is news. */
function standingOf({ state }: LinkStatus): 'up' | 'down' | 'refused' | null {
  if (state === 'bound') return 'up'
  if (state === 'refused') return 'refused'
  return state === 'waiting' ? 'down' : null
}

function bindChanges(
  { binds }: LinkStatus,
  known: Map<string, { isUp: boolean; reconnects: number }>,
): LinkChange[] {
  const changes: LinkChange[] = []
  for (const { name, state, reason, reconnects } of binds) {
    const before = known.get(name) ?? { isUp: false, reconnects: 0 }
    const isUp = state === 'bound'
    const wasLost = before.isUp && (!isUp || reconnects > before.reconnects)
    if (wasLost) changes.push({ event: 'bind-down', bind: name, detail: reason })
    if (isUp && (!before.isUp || wasLost)) changes.push({ event: 'bind-up', bind: name, detail: '' })
    known.set(name, { isUp, reconnects })
  }
  return changes
}
