/** What follows a refusal: a pure table of classes, by the operator's retry policy. */
import type { RefusalClass } from '../../../connectors/operator.ts'
import type { RetryPolicy } from '../../store/contracts.ts'

/** Part of a delay that chance adds, so that what was refused together does not come back together. */
const jitter = 0.2

export interface Refusal {
  refusal: RefusalClass
  /** Submits so far, this one included. */
  attempts: number
  nowMs: number
  expiresAtMs: number
  /** Of the first refusal that was tried again; null when this is the first. */
  retryingSinceMs: number | null
  /** Another operator with a route to this number. */
  alternativeId: number | null
  policy: RetryPolicy
  /** 0 ≤ chance < 1 */
  chance: number
}

export type RefusalDecision =
  | { kind: 'retry'; dueAtMs: number; countsAttempt: boolean }
  | { kind: 'reroute'; operatorId: number }
  | { kind: 'refuse' }

/** Validity and age bound every retry; the number of attempts only those that the message itself may have caused. */
export function afterRefusal(given: Refusal): RefusalDecision {
  const { refusal, attempts, alternativeId, policy } = given
  switch (refusal) {
    case 'permanent':
    case 'invalid-recipient':
      return { kind: 'refuse' }
    case 'route':
      return alternativeId === null ? { kind: 'refuse' } : { kind: 'reroute', operatorId: alternativeId }
    case 'link':
    case 'throttle':
      return retryAfter(policy[refusal].delaySeconds, policy[refusal].maxAgeMinutes, false, given)
    case 'temporary': {
      const { delaysSeconds, maxAttempts, maxAgeMinutes } = policy.temporary
      if (attempts >= maxAttempts) return { kind: 'refuse' }
      const position = Math.min(Math.max(attempts, 1), delaysSeconds.length) - 1
      return retryAfter(delaysSeconds[position]!, maxAgeMinutes, true, given)
    }
  }
}

function retryAfter(
  delaySeconds: number,
  maxAgeMinutes: number,
  countsAttempt: boolean,
  { nowMs, expiresAtMs, retryingSinceMs, chance }: Refusal,
): RefusalDecision {
  const dueAtMs = nowMs + Math.round(delaySeconds * 1_000 * (1 + jitter * chance))
  const endMs = Math.min(expiresAtMs, (retryingSinceMs ?? nowMs) + maxAgeMinutes * 60_000)
  return dueAtMs >= endMs ? { kind: 'refuse' } : { kind: 'retry', dueAtMs, countsAttempt }
}
