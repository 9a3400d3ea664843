/** What one transaction of the settler holds, and how it is taken apart when it fails. */
import type { ReceivedPart } from '../../store/incoming.ts'
import type { ReceiptItem } from '../../store/receipts.ts'
import type { SettleItem } from '../../store/settle.ts'

/** Answers the operator once its receipts and incoming parts are stored, or could not be. */
export type Acknowledge = (tokens: readonly number[], isStored: boolean) => void

/** What one socket read brought of receipts or of incoming parts; answered as a whole. */
export interface Delivery {
  receipts: ReceiptItem[]
  incoming: ReceivedPart[]
  /** One per receipt or incoming part, in order. */
  tokens: number[]
  acknowledge: Acknowledge
}

/** Outcomes with receipts, or incoming parts alone: each kind is one transaction, and is answered after its own. */
export interface Batch {
  kind: 'outcomes' | 'incoming'
  items: SettleItem[]
  deliveries: Delivery[]
  /** Commits before it failed alone; absent while it has not. */
  failedAt?: number
}

/** Whole deliveries from the front until they hold `limit` or more. */
export function takeDeliveries(
  waiting: Delivery[],
  limit: number,
): { deliveries: Delivery[]; left: Delivery[] } {
  let size = 0
  let count = 0
  while (count < waiting.length && size < limit) {
    size += waiting[count]!.tokens.length
    count += 1
  }
  if (count === waiting.length) return { deliveries: waiting, left: [] }
  return { deliveries: waiting.slice(0, count), left: waiting.slice(count) }
}

export function answer({ deliveries }: Pick<Batch, 'deliveries'>, isStored: boolean): void {
  for (const { tokens, acknowledge } of deliveries) acknowledge(tokens, isStored)
}

/** Two smaller batches that hold the same in the same order; null when there is nothing left to part. */
export function halves({ kind, items, deliveries }: Batch): [Batch, Batch] | null {
  if (items.length > 0 && deliveries.length > 0) {
    return [
      { kind, items, deliveries: [] },
      { kind, items: [], deliveries },
    ]
  }
  if (items.length > 1) {
    const middle = items.length >> 1
    return [
      { kind, items: items.slice(0, middle), deliveries: [] },
      { kind, items: items.slice(middle), deliveries: [] },
    ]
  }
  const [first] = deliveries
  const parts = deliveries.length === 1 ? halvesOf(first!) : deliveries
  if (parts.length < 2) return null
  const middle = parts.length >> 1
  return [
    { kind, items: [], deliveries: parts.slice(0, middle) },
    { kind, items: [], deliveries: parts.slice(middle) },
  ]
}

function halvesOf(delivery: Delivery): Delivery[] {
  if (delivery.tokens.length < 2) return [delivery]
  const middle = delivery.tokens.length >> 1
  const slice = (from: number, to?: number): Delivery => ({
    receipts: delivery.receipts.slice(from, to),
    incoming: delivery.incoming.slice(from, to),
    tokens: delivery.tokens.slice(from, to),
    acknowledge: delivery.acknowledge,
  })
  return [slice(0, middle), slice(middle)]
}

/** For the log and the alarm: no number, no text. */
export function describe({ kind, items, deliveries }: Batch): { what: string; operatorId?: number } {
  const [item] = items
  if (item !== undefined) return { what: `${item.kind} of message ${item.messageId}` }
  const [delivery] = deliveries
  const operatorId = (delivery?.receipts[0] ?? delivery?.incoming[0])?.operatorId
  return {
    what: kind === 'incoming' ? 'incoming message' : 'receipt',
    ...(operatorId !== undefined && { operatorId }),
  }
}
