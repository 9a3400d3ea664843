/** What the time line tells beyond the message's own times: retries, holds, late answers. Rare, so kept apart. */
import type { Knex } from 'knex'
import { bulkBinding, dialectOf } from './dialect.ts'

export interface MessageEvent {
  messageId: number
  atMs: number
  /** A code such as `retry`, `unknown`, `receipt-intermediate`, `approved`. */
  event: string
  /** At most 300 characters. */
  detail: string
}

const detailLimit = 300

/** A submit that came to nothing, told when it is over. */
export function attempted(messageId: number, sendingAtMs: number): MessageEvent {
  return { messageId, atMs: sendingAtMs, event: 'sending', detail: '' }
}

export async function recordEvents(
  transaction: Knex.Transaction,
  events: readonly MessageEvent[],
): Promise<void> {
  if (events.length === 0) return
  const positions = await nextPositions(transaction, events)
  await dialectOf(transaction).insertRows(transaction, {
    table: 'message_events',
    columns: { message_id: 'bigint', at: 'bigint', position: 'bigint', event: 'text', detail: 'text' },
    rows: events.map(({ messageId, atMs, event, detail }) => [
      messageId,
      atMs,
      positions(messageId, atMs),
      event,
      detail.slice(0, detailLimit),
    ]),
    onConflict: 'on conflict do nothing',
    keyColumns: ['message_id', 'at', 'position'],
  })
}

/** Events of one message in the same millisecond, written by one batch or by several, keep their order. */
async function nextPositions(
  transaction: Knex.Transaction,
  events: readonly MessageEvent[],
): Promise<(messageId: number, atMs: number) => number> {
  const rows = await dialectOf(transaction).query<{ message_id: number; at: number; position: number }>(
    transaction,
    `select e.message_id, e.at, e.position
     from ${dialectOf(transaction).bulkRows('v', { message_id: 'bigint', at: 'bigint' })}
     join message_events e on e.message_id = v.message_id and e.at = v.at`,
    [bulkBinding(events.map(({ messageId, atMs }) => [messageId, atMs]))],
  )
  const next = new Map<string, number>()
  for (const row of rows) {
    const key = `${row.message_id}|${row.at}`
    next.set(key, Math.max(next.get(key) ?? 0, row.position + 1))
  }
  return (messageId, atMs) => {
    const key = `${messageId}|${atMs}`
    const position = next.get(key) ?? 0
    next.set(key, position + 1)
    return position
  }
}
