/** What triggers remember about entities between runs. */
import type { Knex } from 'knex'
import { bulkBinding, dialectOf, rawRows } from './dialect.ts'

export async function rememberIn(
  transaction: Knex.Transaction,
  alertId: number,
  entries: readonly { entityKey: string; memory: string }[],
): Promise<void> {
  // The last word on an entity counts; PostgreSQL refuses to update one row twice in a statement.
  const last = new Map(entries.map(({ entityKey, memory }) => [entityKey, memory]))
  if (last.size === 0) return
  await dialectOf(transaction).insertRows(transaction, {
    table: 'alert_memories',
    columns: { alert_id: 'bigint', entity_key: 'text', memory: 'text' },
    rows: [...last].map(([entityKey, memory]) => [alertId, entityKey, memory]),
    onConflict: 'on conflict (alert_id, entity_key) do update set memory = excluded.memory',
  })
}

export async function recall(
  knex: Knex,
  alertId: number,
  entityKeys: readonly string[],
): Promise<Map<string, string>> {
  const rows = rawRows<{ entity_key: string; memory: string }>(
    await knex.raw(
      `select a.entity_key, a.memory from ${dialectOf(knex).bulkRows('v', { entity_key: 'text' })}
       join alert_memories a on a.alert_id = ? and a.entity_key = v.entity_key`,
      [bulkBinding(entityKeys.map(key => [key])), alertId],
    ),
  )
  return new Map(rows.map(row => [row.entity_key, row.memory]))
}

export async function remember(
  knex: Knex,
  alertId: number,
  entries: readonly { entityKey: string; memory: string }[],
): Promise<void> {
  await knex.transaction(transaction => rememberIn(transaction, alertId, entries))
}
