/**
 * What the customer's own system is to be told: queued in the transaction that ends a message. Where nobody has set up
 * a write-back this costs one look at an empty table per batch that ends messages of alerts.
 */
import type { Knex } from 'knex'
import { finalStates, type MessageState } from '../gateway/message-state.ts'
import { bulkBinding, dialectOf } from './dialect.ts'

/** A message that entered a state. */
export interface EndedMessage {
  messageId: number
  state: MessageState
  alertId: number | null
}

const isFinal: ReadonlySet<MessageState> = new Set(finalStates)

/** A message that ends again, by a late receipt or a second try, is told again. */
export async function queueWriteBacks(
  transaction: Knex.Transaction,
  nowMs: number,
  entered: readonly EndedMessage[],
): Promise<void> {
  const ended = entered.filter(({ state, alertId }) => alertId !== null && isFinal.has(state))
  if (ended.length === 0) return
  const settings = await dialectOf(transaction).query<{ source_id: number; states: string }>(
    transaction,
    'select source_id, states from source_write_backs',
    [],
  )
  if (settings.length === 0) return
  const statesOf = new Map(settings.map(row => [row.source_id, JSON.parse(row.states) as MessageState[]]))
  const sourceOf = await sourcesOf(
    transaction,
    ended.map(({ alertId }) => alertId!),
  )
  const queued = new Map<number, number>()
  for (const { messageId, state, alertId } of ended) {
    const sourceId = sourceOf.get(alertId!)
    if (sourceId !== undefined && statesOf.get(sourceId)?.includes(state) === true)
      queued.set(messageId, sourceId)
  }
  if (queued.size === 0) return
  await dialectOf(transaction).insertRows(transaction, {
    table: 'write_backs',
    columns: {
      message_id: 'bigint',
      source_id: 'bigint',
      state: 'text',
      revision: 'bigint',
      attempts: 'bigint',
      queued_at: 'bigint',
      due_at: 'bigint',
    },
    rows: [...queued].map(([messageId, sourceId]) => [messageId, sourceId, 'waiting', 1, 0, nowMs, nowMs]),
    onConflict: `on conflict (message_id) do update set source_id = excluded.source_id, state = 'waiting',
      revision = write_backs.revision + 1, attempts = 0, queued_at = excluded.queued_at, due_at = excluded.due_at,
      finished_at = null, rows_changed = null, error = ''`,
  })
}

/** By alert; from the definition, because a deleted alert no longer names its source elsewhere. */
async function sourcesOf(
  transaction: Knex.Transaction,
  alertIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = await dialectOf(transaction).query<{ id: number; definition: string }>(
    transaction,
    `select a.id, a.definition from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })} join alerts a on a.id = v.id`,
    [bulkBinding([...new Set(alertIds)].map(id => [id]))],
  )
  return new Map(rows.map(row => [row.id, JSON.parse(row.definition).sourceId as number]))
}
