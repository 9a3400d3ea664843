/** The door of the gateway: gives every message its operator and stores it; answers after the commit. */
import type { Clock } from '../../connectors/clock.ts'
import type { Category, EnqueueItem, EnqueueResult, UnknownPolicy } from '../../scheduler/store.ts'
import { RappelError } from '../errors.ts'
import { createBatcher } from '../store/batcher.ts'
import type { Store } from '../store/operations.ts'
import type { RoutedItem } from '../store/routed.ts'
import type { RoutableMessage } from './routing/routing.ts'

/** Requests that may share a transaction: beyond this the first waits too long for the last. */
const requestsPerCommit = 1_000
/** Messages of one transaction: some 40 ms of writing, which claims and receipts wait for. */
const messagesPerCommit = 2_000
/** Messages that may wait for their transaction, some 100 MB: several seconds of the store's full speed. */
const messagesWaiting = 100_000

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
  /** Best operator for a message now; null when no rule leads anywhere. */
  operatorFor(message: RoutableMessage): number | null
  /** What becomes of a message that is never answered, when it does not say so itself. */
  unknownPolicyOf(operatorId: number | null, category: Category): UnknownPolicy
  /** True refuses everything: outcomes are being stored, and the store is about to close. */
  isStopping(): boolean
  /** Messages were queued for these operators. */
  onQueued(operatorIds: ReadonlySet<number>): void
}

/**
 * Concurrent requests share one transaction (group commit); one that fails does so alone.
 *
 * @throws RappelError `store-unavailable` when nothing could be stored (disk full, database down),
 *   `too-many-requests` when too much waits for the store already, `stopping`: the gateway then owns nothing
 */
export function createAccept(dependencies: AcceptDependencies): Accept {
  const { store, clock, operatorFor, unknownPolicyOf, isStopping, onQueued } = dependencies
  const batcher = createBatcher<AcceptRequest, AcceptResult>(write, {
    maxItems: requestsPerCommit,
    weightOf: request => Math.max(request.items.length, request.memories?.entries.length ?? 0, 1),
    maxWeight: messagesPerCommit,
    maxWaiting: messagesWaiting,
  })

  async function write(requests: AcceptRequest[]): Promise<AcceptResult[]> {
    const operatorIds = new Set<number>()
    const routed = requests.map(request => ({
      ...request,
      items: request.items.map(item => {
        const routedItem = route(item)
        if (routedItem.message.operatorId !== null) operatorIds.add(routedItem.message.operatorId)
        return routedItem
      }),
    }))
    const answers = await store.enqueue.enqueueGroup({ requests: routed, nowMs: clock.nowMs() })
    if (operatorIds.size > 0) onQueued(operatorIds)
    return answers
  }

  function route({ ledger, message }: EnqueueItem): RoutedItem {
    const operatorId = operatorFor(message)
    const unknownPolicy = message.unknownPolicy ?? unknownPolicyOf(operatorId, message.category)
    return { ledger, message: { ...message, operatorId, unknownPolicy } }
  }

  return async request => {
    if (isStopping()) throw new RappelError('stopping')
    return batcher.add(request)
  }
}
