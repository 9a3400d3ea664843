/**
 * Collects what the links learn and writes it in batches: the next batch starts when the one before is committed.
 * Outcomes are kept through a full disk or a lost database; receipts are then given back to the operator.
 */
import type { Clock } from '../../../connectors/clock.ts'
import type { DeliveryReceipt, IncomingPart } from '../../../connectors/operator.ts'
import { RappelError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Doubt } from '../../store/incoming.ts'
import type { Store } from '../../store/operations.ts'
import type { SettleItem } from '../../store/settle.ts'
import type { Alarms } from '../alarms.ts'
import {
  type Acknowledge,
  answer,
  type Batch,
  type Delivery,
  describe,
  halves,
  takeDeliveries,
} from './settle-batch.ts'

/** One transaction's worth: some 15 ms of writing. */
const batchLimit = 2_000
const retryAfterMs = 1_000
/** Halving a full batch down to the row at fault takes a dozen failures; more in a row mean that nothing can be written. */
const mostFailuresInRow = 16

export interface Settler {
  add(items: readonly SettleItem[]): void
  addReceipts(operatorId: number, receipts: readonly DeliveryReceipt[], acknowledge: Acknowledge): void
  addIncoming(
    operatorId: number,
    parts: readonly IncomingPart[],
    acknowledge: Acknowledge,
    doubt?: Doubt,
  ): void
  /** Outcomes not yet written. */
  readonly backlog: number
  /** Resolves true when all that was added is written, false when that took longer than `limitMs`. */
  idle(limitMs: number): Promise<boolean>
  /**
   * Writes what it can within `limitMs`, then gives up.
   *
   * @returns outcomes that could not be stored: their messages stay `sending`, and recovery finds them
   */
  stop(limitMs: number): Promise<number>
}

export interface SettlerDependencies {
  store: { outbox: Pick<Store['outbox'], 'settle'>; incoming: Pick<Store['incoming'], 'store'> }
  alarms: Pick<Alarms, 'raise' | 'clear'>
  clock: Clock
  log: Logger
  /** Whether a receipt says that its operator does not know the phone. */
  isUnknownSubscriber(receipt: DeliveryReceipt): boolean
  /** Called after the commit that made these messages undelivered for want of a subscriber. */
  onUnknownSubscribers(messageIds: readonly number[]): void
  /** Called after each commit: messages may be due again, windows are free. */
  onSettled(): void
  /** Called after the commit that stored incoming parts. */
  onIncoming?(): void
}

export function createSettler(dependencies: SettlerDependencies): Settler {
  const { store, alarms, clock, log, isUnknownSubscriber, onUnknownSubscribers, onSettled } = dependencies
  let items: SettleItem[] = []
  let receipts: Delivery[] = []
  let incoming: Delivery[] = []
  /** Parts of a batch that failed, before everything newer. */
  const pending: Batch[] = []
  let running: Promise<void> | null = null
  let isUnavailable = false
  let commits = 0
  let failuresInRow = 0
  const givenUp = new AbortController()

  function nextBatch(): Batch | undefined {
    const [failed] = pending
    const isNewWaiting = items.length > 0 || receipts.length > 0 || incoming.length > 0
    // A lone suspect waits behind newer ones: their success tells whether the fault is its own.
    if (failed !== undefined && !(failed.failedAt === commits && isNewWaiting)) return pending.shift()
    if (incoming.length > 0) {
      const taken = takeDeliveries(incoming, batchLimit)
      incoming = taken.left
      return { kind: 'incoming', items: [], deliveries: taken.deliveries }
    }
    if (items.length === 0 && receipts.length === 0) return undefined
    const batch: Batch = { kind: 'outcomes', items, deliveries: [] }
    if (items.length > batchLimit) batch.items = items.splice(0, batchLimit)
    else items = []
    const taken = takeDeliveries(receipts, batchLimit)
    receipts = taken.left
    batch.deliveries = taken.deliveries
    return batch
  }

  async function write({ kind, items, deliveries }: Batch): Promise<void> {
    const nowMs = clock.nowMs()
    if (kind === 'incoming') {
      await store.incoming.store(
        deliveries.flatMap(delivery => delivery.incoming),
        nowMs,
      )
    } else {
      const [only] = deliveries
      const all = deliveries.length === 1 ? only!.receipts : deliveries.flatMap(delivery => delivery.receipts)
      const { unknownSubscribers } = await store.outbox.settle({ items, receipts: all, nowMs })
      if (unknownSubscribers.length > 0) onUnknownSubscribers(unknownSubscribers)
    }
  }

  async function drain(): Promise<void> {
    // One turn later, so that all of this turn's outcomes share the first transaction.
    await Promise.resolve()
    while (!givenUp.signal.aborted) {
      const batch = nextBatch()
      if (batch === undefined) break
      let failure: unknown = null
      try {
        await write(batch)
      } catch (error) {
        failure = error
      }
      if (failure === null) onWritten(batch)
      else if (failure instanceof RappelError && failure.code === 'store-unavailable') {
        await onUnavailable(batch, failure)
      } else await onFailed(batch, failure)
    }
    running = null
  }

  function onWritten(batch: Batch): void {
    commits += 1
    failuresInRow = 0
    if (isUnavailable) {
      isUnavailable = false
      alarms.clear('store-unavailable', 'store')
      log.info({ event: 'settle.resumed', waiting: backlog() })
    }
    answer(batch, true)
    if (batch.kind === 'incoming') dependencies.onIncoming?.()
    onSettled()
  }

  /** The operator delivers its receipts again; outcomes exist nowhere else, so they wait here. */
  async function onUnavailable(batch: Batch, error: unknown): Promise<void> {
    if (batch.items.length > 0) pending.unshift({ ...batch, deliveries: [] })
    answer(batch, false)
    const reason = error instanceof RappelError ? (error.details.reason ?? error.message) : error
    log.error({ event: 'settle.failed', waiting: backlog(), error: String(reason) })
    if (!isUnavailable) {
      isUnavailable = true
      alarms.raise('store-unavailable', 'store', String(reason))
    }
    await clock.sleep(retryAfterMs, givenUp.signal).catch(() => undefined)
  }

  /**
   * A bug, or a row that no database takes: the one at fault is found by halves, the others go their way. An outcome
   * is given up only once another has been written after it failed, so that a store that takes nothing loses nothing.
   */
  async function onFailed(batch: Batch, error: unknown): Promise<void> {
    failuresInRow += 1
    if (failuresInRow > mostFailuresInRow) return onUnavailable(batch, error)
    const parts = halves(batch)
    if (parts !== null) {
      pending.unshift(...parts)
      return
    }
    if (batch.items.length > 0 && (batch.failedAt === undefined || batch.failedAt === commits)) {
      pending.push({ ...batch, failedAt: batch.failedAt ?? commits })
      return
    }
    const { what, operatorId } = describe(batch)
    const stack = error instanceof Error ? error.stack : String(error)
    log.error({ event: 'settle.dropped', what, operatorId, error: stack })
    alarms.raise('settle-failed', what, String(error))
    answer(batch, false)
  }

  function backlog(): number {
    let size = items.length
    for (const batch of pending) size += batch.items.length
    return size
  }

  const wake = (): void => {
    running ??= drain()
  }

  async function idle(limitMs: number): Promise<boolean> {
    const inTime = new AbortController()
    const over = clock.sleep(limitMs, inTime.signal).then(
      () => true,
      () => true,
    )
    let isOver = false
    while (running !== null && !isOver) isOver = await Promise.race([running.then(() => false), over])
    inTime.abort()
    return !isOver
  }

  return {
    add(added) {
      for (const item of added) items.push(item)
      wake()
    },
    addReceipts(operatorId, added, acknowledge) {
      const atMs = clock.nowMs()
      const delivery: Delivery = { receipts: [], incoming: [], tokens: [], acknowledge }
      for (const given of added) {
        const { receiptToken, remoteIdKeys, recipient, state, detail, textPrefix, submittedAtMs } = given
        const receipt = {
          remoteIdKeys,
          recipient,
          state,
          detail,
          textPrefix,
          submittedAtMs,
          operatorId,
          atMs,
        }
        delivery.tokens.push(receiptToken)
        delivery.receipts.push(
          isUnknownSubscriber(given) ? { ...receipt, isUnknownSubscriber: true } : receipt,
        )
      }
      receipts.push(delivery)
      wake()
    },
    addIncoming(operatorId, parts, acknowledge, doubt) {
      const readAtMs = clock.nowMs()
      incoming.push({
        receipts: [],
        incoming: parts.map(part => ({ operatorId, part, readAtMs, ...(doubt !== undefined && { doubt }) })),
        tokens: parts.map(part => part.receiptToken),
        acknowledge,
      })
      wake()
    },
    get backlog() {
      return backlog()
    },
    idle,
    async stop(limitMs) {
      if (!(await idle(limitMs))) {
        givenUp.abort()
        await running
      }
      answer({ deliveries: [...pending.flatMap(batch => batch.deliveries), ...receipts, ...incoming] }, false)
      return backlog()
    },
  }
}
