/** What follows a refusal: a pure table of classes and delays. */
import type { RefusalClass } from '../../../connectors/operator.ts'

/** Wait before attempt 2, 3, 4 …; the last one repeats until the validity ends. */
const retryDelaysMs = [30_000, 120_000, 600_000, 1_800_000, 3_600_000] as const
/** The link itself was at fault: nothing is wrong with the message, it goes again when the link is sound. */
const linkRetryMs = 30_000
/** A temporary error that comes this often, some seven hours long, is a permanent one. */
const maxAttempts = 12

export interface Refusal {
  refusal: RefusalClass
  /** Submits so far, this one included. */
  attempts: number
  nowMs: number
  expiresAtMs: number
  /** Another operator with a route to this number. */
  alternativeId: number | null
}

export type RefusalDecision =
  | { kind: 'retry'; dueAtMs: number; countsAttempt: boolean }
  | { kind: 'reroute'; operatorId: number }
  | { kind: 'refuse' }

/** The validity bounds every retry; the number of attempts only those that the message itself may have caused. */
export function afterRefusal(given: Refusal): RefusalDecision {
  const { refusal, attempts, nowMs, expiresAtMs, alternativeId } = given
  switch (refusal) {
    case 'permanent':
    case 'invalid-recipient':
      return { kind: 'refuse' }
    case 'route':
      return alternativeId === null ? { kind: 'refuse' } : { kind: 'reroute', operatorId: alternativeId }
    case 'link':
    case 'throttle': {
      const dueAtMs = nowMs + linkRetryMs
      return dueAtMs >= expiresAtMs ? { kind: 'refuse' } : { kind: 'retry', dueAtMs, countsAttempt: false }
    }
    case 'temporary': {
      const position = Math.min(Math.max(attempts, 1), retryDelaysMs.length) - 1
      const dueAtMs = nowMs + retryDelaysMs[position]!
      const isOver = attempts >= maxAttempts || dueAtMs >= expiresAtMs
      return isOver ? { kind: 'refuse' } : { kind: 'retry', dueAtMs, countsAttempt: true }
    }
  }
}
