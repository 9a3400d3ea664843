/**
 * Collects what the links learn and writes it in batches: the next batch starts when the one before is committed.
 * Outcomes are kept through a full disk or a lost database; receipts are then given back to the operator.
 */
import type { Clock } from '../../../connectors/clock.ts'
import type { DeliveryReceipt, IncomingPart } from '../../../connectors/operator.ts'
import type { Logger } from '../../log.ts'
import type { Store } from '../../store/operations.ts'
import type { ReceiptItem } from '../../store/receipts.ts'
import type { SettleItem } from '../../store/settle.ts'

/** One transaction's worth: some 15 ms of writing. */
const batchLimit = 2_000
const retryAfterMs = 1_000

/** Answers the operator once its receipts and incoming parts are stored, or could not be. */
export type Acknowledge = (tokens: readonly number[], isStored: boolean) => void

export interface Settler {
  add(items: readonly SettleItem[]): void
  addReceipts(operatorId: number, receipts: readonly DeliveryReceipt[], acknowledge: Acknowledge): void
  addIncoming(operatorId: number, parts: readonly IncomingPart[], acknowledge: Acknowledge): void
  /** Outcomes not yet written. */
  readonly backlog: number
  /** Resolves when all that was added is written. */
  idle(): Promise<void>
}

interface Batch {
  items: SettleItem[]
  receipts: ReceiptItem[]
  incoming: { operatorId: number; part: IncomingPart }[]
  owed: { tokens: number[]; acknowledge: Acknowledge }[]
}

export interface SettlerDependencies {
  store: Store
  clock: Clock
  log: Logger
  /** Called after each commit: messages may be due again, windows are free. */
  onSettled(): void
}

export function createSettler({ store, clock, log, onSettled }: SettlerDependencies): Settler {
  let items: SettleItem[] = []
  let receipts: ReceiptItem[] = []
  let incoming: Batch['incoming'] = []
  let owed: Batch['owed'] = []
  let running: Promise<void> | null = null

  function takeBatch(): Batch {
    const batch: Batch = { items: items.slice(0, batchLimit), receipts, incoming, owed }
    items = items.slice(batchLimit)
    receipts = []
    incoming = []
    owed = []
    return batch
  }

  async function write(batch: Batch): Promise<void> {
    const nowMs = clock.nowMs()
    if (batch.incoming.length > 0) await store.incoming.store(batch.incoming, nowMs)
    if (batch.items.length > 0 || batch.receipts.length > 0) {
      await store.outbox.settle({ items: batch.items, receipts: batch.receipts, nowMs })
    }
  }

  function answer(batch: Batch, isStored: boolean): void {
    for (const { tokens, acknowledge } of batch.owed) acknowledge(tokens, isStored)
  }

  async function drain(): Promise<void> {
    await Promise.resolve()
    while (items.length > 0 || receipts.length > 0 || incoming.length > 0) {
      const batch = takeBatch()
      try {
        await write(batch)
        answer(batch, true)
        onSettled()
      } catch (error) {
        // The operator delivers its receipts again; outcomes exist nowhere else, so they wait here.
        answer(batch, false)
        items = [...batch.items, ...items]
        log.error({ event: 'settle.failed', waiting: items.length, error: String(error) })
        await clock.sleep(retryAfterMs)
      }
    }
    running = null
  }

  const wake = (): void => {
    running ??= drain()
  }

  return {
    add(added) {
      for (const item of added) items.push(item)
      wake()
    },
    addReceipts(operatorId, added, acknowledge) {
      const atMs = clock.nowMs()
      const tokens: number[] = []
      for (const { receiptToken, ...receipt } of added) {
        tokens.push(receiptToken)
        receipts.push({ ...receipt, operatorId, atMs })
      }
      owed.push({ tokens, acknowledge })
      wake()
    },
    addIncoming(operatorId, parts, acknowledge) {
      for (const part of parts) incoming.push({ operatorId, part })
      owed.push({ tokens: parts.map(part => part.receiptToken), acknowledge })
      wake()
    },
    get backlog() {
      return items.length
    },
    async idle() {
      while (running !== null) await running
    },
  }
}
