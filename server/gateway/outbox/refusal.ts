/** What follows a refusal: a pure table of classes and delays. */
import type { RefusalClass } from '../../../connectors/operator.ts'

/** Wait before attempt 2, 3, 4 …; the last one repeats until the validity ends. */
const retryDelaysMs = [30_000, 120_000, 600_000, 1_800_000, 3_600_000] as const
/** The link itself was at fault: nothing is wrong with the message, it goes again when the link is sound. */
const linkRetryMs = 30_000
/** A temporary error that comes this often is a permanent one. */
const maxAttempts = 12

export interface Refusal {
  refusal: RefusalClass
  statusName: string
  /** Submits so far, this one included. */
  attempts: number
  nowMs: number
  expiresAtMs: number
  /** Another operator with a route to this number. */
  alternativeId: number | null
}

export type RefusalDecision =
  | { kind: 'retry'; dueAtMs: number }
  | { kind: 'reroute'; operatorId: number }
  | { kind: 'refuse' }

export function afterRefusal({
  refusal,
  attempts,
  nowMs,
  expiresAtMs,
  alternativeId,
}: Refusal): RefusalDecision {
  if (refusal === 'permanent' || refusal === 'invalid-recipient') return { kind: 'refuse' }
  if (refusal === 'route') {
    return alternativeId === null ? { kind: 'refuse' } : { kind: 'reroute', operatorId: alternativeId }
  }
  const delayMs =
    refusal === 'link' ? linkRetryMs : retryDelaysMs[Math.min(attempts, retryDelaysMs.length) - 1]!
  const dueAtMs = nowMs + delayMs
  return attempts >= maxAttempts || dueAtMs >= expiresAtMs ? { kind: 'refuse' } : { kind: 'retry', dueAtMs }
}
