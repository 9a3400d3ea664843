/** What the time line tells beyond the message's own times: retries, holds, late answers. Rare, so kept apart. */
import type { Knex } from 'knex'
import { dialectOf } from './dialect.ts'

export interface MessageEvent {
  messageId: number
  atMs: number
  /** A code such as `retry`, `unknown`, `receipt-intermediate`, `approved`. */
  event: string
  /** At most 300 characters. */
  detail: string
}

const detailLimit = 300

export async function recordEvents(
  transaction: Knex.Transaction,
  events: readonly MessageEvent[],
): Promise<void> {
  if (events.length === 0) return
  await dialectOf(transaction).insertRows(transaction, {
    table: 'message_events',
    columns: { message_id: 'bigint', at: 'bigint', position: 'bigint', event: 'text', detail: 'text' },
    rows: events.map(({ messageId, atMs, event, detail }, index) => [
      messageId,
      atMs,
      index,
      event,
      detail.slice(0, detailLimit),
    ]),
    onConflict: 'on conflict do nothing',
    keyColumns: ['message_id', 'at', 'position'],
  })
}
