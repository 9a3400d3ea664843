/**
 * Receipts that came while their message still waited for its answer. When the answer never comes, such a receipt is
 * all that tells what became of the message, and it lies among the unmatched ones already.
 */
import type { Knex } from 'knex'
import { stateLiteral } from './codes.ts'
import type { StateEntered } from './counters.ts'
import { bulkBinding, dialectOf } from './dialect.ts'
import type { MessageEvent } from './events.ts'
import { dropUnmatched, type ReceiptItem, resolveUnknown } from './receipts.ts'

/** Receipts looked through for one batch, newest first: some 10 ms of reading, however many a peer has invented. */
const lookedThrough = 5_000

interface Unanswered {
  recipient: string
  operator_id: number
  sending_at: number | null
}

/**
 * Settles messages that have just become unknown with the receipts that are kept for their phones.
 *
 * @param messageIds of this batch; those of several parts are left alone, a receipt speaks of one part only
 */
export async function settleWithEarlyReceipts(
  transaction: Knex.Transaction,
  messageIds: readonly number[],
  entered: StateEntered[],
  events: MessageEvent[],
): Promise<void> {
  if (messageIds.length === 0) return
  const dialect = dialectOf(transaction)
  const unanswered = await dialect.query<Unanswered>(
    transaction,
    `select m.recipient, m.operator_id, m.sending_at from ${dialect.bulkRows('v', { id: 'bigint' })}
       join messages m on m.id = v.id and m.state = ${stateLiteral('unknown')} and m.part_count = 1`,
    [bulkBinding(messageIds.map(id => [id]))],
  )
  if (unanswered.length === 0) return
  const phones = new Set(unanswered.map(message => `${message.operator_id} ${message.recipient}`))
  const sinceMs = Math.min(...unanswered.map(message => Number(message.sending_at ?? 0)))
  const rows = await dialect.query<{ receipt: string }>(
    transaction,
    `select receipt from unmatched_receipts
       where id > (select max(id) from unmatched_receipts) - ? and received_at >= ? order by id desc`,
    [lookedThrough, sinceMs],
  )
  const kept = new Map<string, ReceiptItem>()
  for (const { receipt } of rows.reverse()) {
    const item = JSON.parse(receipt) as ReceiptItem
    // It stands once under each spelling of its id.
    if (phones.has(`${item.operatorId} ${item.recipient}`))
      kept.set(`${item.operatorId} ${item.remoteIdKeys[0]}`, item)
  }
  const resolved = await resolveUnknown(transaction, [...kept.values()], entered, events)
  await dropUnmatched(transaction, [...resolved])
}
