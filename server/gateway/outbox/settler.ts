/**
 * Collects what the links learn and writes it in batches: the next batch starts when the one before is committed.
 * Outcomes are kept through a full disk or a lost database; receipts are then given back to the operator.
 */
import type { Clock } from '../../../connectors/clock.ts'
import type { DeliveryReceipt, IncomingPart } from '../../../connectors/operator.ts'
import { RappelError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
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

export interface Settler {
  add(items: readonly SettleItem[]): void
  addReceipts(operatorId: number, receipts: readonly DeliveryReceipt[], acknowledge: Acknowledge): void
  addIncoming(operatorId: number, parts: readonly IncomingPart[], acknowledge: Acknowledge): void
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
  /** Called after each commit: messages may be due again, windows are free. */
  onSettled(): void
}

export function createSettler({ store, alarms, clock, log, onSettled }: SettlerDependencies): Settler {
  let items: SettleItem[] = []
  let receipts: Delivery[] = []
  let incoming: Delivery[] = []
  /** Parts of a batch that failed, before everything newer. */
  const pending: Batch[] = []
  let running: Promise<void> | null = null
  let isUnavailable = false
  const givenUp = new AbortController()

  function nextBatch(): Batch | undefined {
    const failed = pending.shift()
    if (failed !== undefined) return failed
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
      await store.outbox.settle({ items, receipts: all, nowMs })
    }
  }

  async function drain(): Promise<void> {
    // One turn later, so that all of this turn's outcomes share the first transaction.
    await Promise.resolve()
    for (let batch = nextBatch(); batch !== undefined && !givenUp.signal.aborted; batch = nextBatch()) {
      let failure: unknown = null
      try {
        await write(batch)
      } catch (error) {
        failure = error
      }
      if (failure === null) onWritten(batch)
      else if (failure instanceof RappelError && failure.code === 'store-unavailable') {
        await onUnavailable(batch, failure)
      } else onFailed(batch, failure)
    }
    running = null
  }

  function onWritten(batch: Batch): void {
    if (isUnavailable) {
      isUnavailable = false
      alarms.clear('store-unavailable', 'store')
      log.info({ event: 'settle.resumed', waiting: backlog() })
    }
    answer(batch, true)
    onSettled()
  }

  /** The operator delivers its receipts again; outcomes exist nowhere else, so they wait here. */
  async function onUnavailable(batch: Batch, error: RappelError): Promise<void> {
    if (batch.items.length > 0) pending.unshift({ kind: 'outcomes', items: batch.items, deliveries: [] })
    answer(batch, false)
    log.error({ event: 'settle.failed', waiting: backlog(), error: error.message })
    if (!isUnavailable) {
      isUnavailable = true
      alarms.raise('store-unavailable', 'store', String(error.details.reason ?? error.message))
    }
    await clock.sleep(retryAfterMs, givenUp.signal).catch(() => undefined)
  }

  /** A bug, or a row that no database takes: the one at fault is found by halves, the others go their way. */
  function onFailed(batch: Batch, error: unknown): void {
    const parts = halves(batch)
    if (parts !== null) {
      log.warn({ event: 'settle.halved', items: batch.items.length, error: String(error) })
      pending.unshift(...parts)
      return
    }
    const subject = describe(batch)
    log.error({
      event: 'settle.dropped',
      ...subject,
      error: error instanceof Error ? error.stack : String(error),
    })
    alarms.raise('settle-failed', subject.what, String(error))
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
      for (const { receiptToken, ...receipt } of added) {
        delivery.tokens.push(receiptToken)
        delivery.receipts.push({ ...receipt, operatorId, atMs })
      }
      receipts.push(delivery)
      wake()
    },
    addIncoming(operatorId, parts, acknowledge) {
      incoming.push({
        receipts: [],
        incoming: parts.map(part => ({ operatorId, part })),
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
      for (const batch of [...pending.splice(0), { deliveries: [...receipts, ...incoming] }])
        answer(batch, false)
      return backlog()
    },
  }
}
