/** What is known before a message is decided: stop list, caps, ledger. All by set, some hundred rows a call. */
import type { Knex } from 'knex'
import type { KeyStanding, LedgerKey, Standing } from '../../scheduler/store.ts'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes } from './codes.ts'
import { completable } from './complete-held.ts'
import { bulkBinding, dialectOf, rawRows } from './dialect.ts'
import { everyService } from './stop-list.ts'

/** One per recipient, in order. `capKey` null when no cap applies. */
export async function standings(
  knex: Knex,
  recipients: readonly string[],
  service: string,
  capKey: string | null,
): Promise<Standing[]> {
  if (recipients.length === 0) return []
  const rows = rawRows<{ position: number; is_stopped: boolean | number; is_capped: boolean | number }>(
    await knex.raw(
      `select v.position,
         exists (select 1 from stop_list s where s.recipient = v.recipient and s.service in (?, ?)) as is_stopped,
         exists (select 1 from person_caps c where c.recipient = v.recipient and c.cap_key = ?) as is_capped
       from ${dialectOf(knex).bulkRows('v', { position: 'bigint', recipient: 'text' })}`,
      [service, everyService, capKey, bulkBinding(recipients.map((recipient, index) => [index, recipient]))],
    ),
  )
  const standing = recipients.map(() => ({ isStopped: false, isCapped: false }))
  for (const row of rows) {
    standing[row.position] = { isStopped: Boolean(row.is_stopped), isCapped: Boolean(row.is_capped) }
  }
  return standing
}

/** What the ledger says of each key, in order. */
export async function known(knex: Knex, alertId: number, keys: readonly LedgerKey[]): Promise<KeyStanding[]> {
  if (keys.length === 0) return []
  const rows = rawRows<{ position: number; waiting_id: number | null }>(
    await knex.raw(
      `select v.position, m.id as waiting_id from ${dialectOf(knex).bulkRows('v', {
        position: 'bigint',
        entity_key: 'text',
        occurrence_key: 'text',
      })}
       join ledger l on l.entity_key = v.entity_key and l.alert_id = ? and l.occurrence_key = v.occurrence_key
       left join messages m on m.id = l.message_id and m.${completable.replace(' and ', ' and m.')}`,
      [bulkBinding(keys.map((key, index) => [index, key.entityKey, key.occurrenceKey])), alertId],
    ),
  )
  const standings: KeyStanding[] = keys.map(() => 'new')
  for (const { position, waiting_id: waitingId } of rows)
    standings[position] = waitingId === null ? 'written' : 'waiting'
  return standings
}

export interface Occasion {
  alertId: number
  occurrenceKey: string
  messageId: number
  /** null when the message itself is no longer kept. */
  state: MessageState | null
  createdAtMs: number
}

/** Everything one entity (a contract, a claim) was ever written to about, newest first. */
export async function occasionsOf(knex: Knex, entityKey: string): Promise<Occasion[]> {
  const rows = await knex('ledger as l')
    .leftJoin('messages as m', 'm.id', 'l.message_id')
    .where('l.entity_key', entityKey)
    .orderBy([
      { column: 'l.created_at', order: 'desc' },
      { column: 'l.message_id', order: 'desc' },
    ])
    .select('l.alert_id', 'l.occurrence_key', 'l.message_id', 'l.created_at', 'm.state')
  return rows.map(row => ({
    alertId: row.alert_id,
    occurrenceKey: row.occurrence_key,
    messageId: row.message_id,
    state: row.state === null ? null : stateCodes.wordOf(row.state),
    createdAtMs: row.created_at,
  }))
}
