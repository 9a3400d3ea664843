/** The door of the gateway: gives every message its operator and stores it; answers after the commit. */
import type { Clock } from '../../connectors/clock.ts'
import type { EnqueueItem, EnqueueResult } from '../../scheduler/store.ts'
import { createBatcher } from '../store/batcher.ts'
import type { Store } from '../store/operations.ts'
import type { RoutedItem } from '../store/routed.ts'

/** Requests that may share a transaction: beyond this the first waits too long for the last. */
const requestsPerCommit = 1_000

export interface AcceptRequest {
  items: readonly EnqueueItem[]
  memories?: { alertId: number; entries: readonly { entityKey: string; memory: string }[] }
  /** A request that may be repeated: the same key and hash give the first answer again. */
  idempotency?: { clientId: number; key: string; requestHash: string }
}

export type AcceptResult =
  | { kind: 'accepted'; results: EnqueueResult[] }
  | { kind: 'replayed'; results: EnqueueResult[] }
  /** The key was used before for another request. */
  | { kind: 'mismatch' }

export type Accept = (request: AcceptRequest) => Promise<AcceptResult>

export interface AcceptDependencies {
  store: Pick<Store, 'enqueue'>
  clock: Clock
  /** Best operator for a number now; null when no route leads there. */
  operatorFor(recipient: string): number | null
  /** Messages were queued for these operators. */
  onQueued(operatorIds: ReadonlySet<number>): void
}

/**
 * Concurrent requests share one transaction (group commit).
 *
 * @throws RappelError `store-unavailable` when nothing could be stored: the caller then owns nothing
 */
export function createAccept({ store, clock, operatorFor, onQueued }: AcceptDependencies): Accept {
  const batcher = createBatcher<AcceptRequest, AcceptResult>(async requests => {
    const routed = requests.map(request => ({ ...request, items: request.items.map(route) }))
    const answers = await store.enqueue.enqueueGroup({ requests: routed, nowMs: clock.nowMs() })
    const operatorIds = new Set<number>()
    for (const request of routed) {
      for (const { message } of request.items)
        if (message.operatorId !== null) operatorIds.add(message.operatorId)
    }
    onQueued(operatorIds)
    return answers
  }, requestsPerCommit)

  function route(item: EnqueueItem): RoutedItem {
    return {
      ledger: item.ledger,
      message: { ...item.message, operatorId: operatorFor(item.message.recipient) },
    }
  }

  return request => batcher.add(request)
}
