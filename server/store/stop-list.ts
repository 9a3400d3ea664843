/** Numbers that asked for silence, by service. */
import type { Knex } from 'knex'
import { auditIn, type Change } from './audit.ts'
import { dialectOf } from './dialect.ts'

/** Service of an entry that stops everything. */
export const everyService = '*'

export interface StopEntry {
  /** E.164 digits without `+`. */
  recipient: string
  /** As in the alert's `service`; `*` for all. */
  service: string
  /** At most 200 characters. */
  reason: string
}

export interface StopRecord extends StopEntry {
  createdAtMs: number
}

const reasonLimit = 200
const noun = 'stop_list'

/** Adds many at once; those there already keep their reason and date. Returns how many are new. */
export function addStops(knex: Knex, entries: readonly StopEntry[], change: Change): Promise<number> {
  return knex.transaction(async transaction => {
    const written = await dialectOf(transaction).insertRows(transaction, {
      table: 'stop_list',
      columns: { recipient: 'text', service: 'text', reason: 'text', created_at: 'bigint' },
      rows: entries.map(({ recipient, service, reason }) => [
        recipient,
        service,
        reason.slice(0, reasonLimit),
        change.nowMs,
      ]),
      onConflict: 'on conflict do nothing',
      keyColumns: ['recipient', 'service'],
    })
    const added = written.filter(Boolean).length
    if (added > 0) await auditStops(transaction, 'create', entries, added, change)
    return added
  })
}

/** @returns false when there was no such entry */
export function removeStop(
  knex: Knex,
  { recipient, service }: Pick<StopEntry, 'recipient' | 'service'>,
  change: Change,
): Promise<boolean> {
  return knex.transaction(async transaction => {
    const removed = await transaction('stop_list').where({ recipient, service }).delete()
    if (removed === 0) return false
    await auditStops(transaction, 'delete', [{ recipient, service }], 1, change)
    return true
  })
}

/** By number. @param afterRecipient last number of the page before */
export async function listStops(
  knex: Knex,
  { afterRecipient, limit }: { afterRecipient?: string; limit: number },
): Promise<StopRecord[]> {
  const query = knex('stop_list').orderBy(['recipient', 'service']).limit(limit)
  if (afterRecipient !== undefined) query.where('recipient', '>', afterRecipient)
  const rows = await query
  return rows.map(row => ({
    recipient: row.recipient,
    service: row.service,
    reason: row.reason,
    createdAtMs: row.created_at,
  }))
}

/** Whether this service may not write to this number. */
export async function isStopped(knex: Knex, recipient: string, service: string): Promise<boolean> {
  const rows = await knex('stop_list')
    .where({ recipient })
    .whereIn('service', [service, everyService])
    .limit(1)
  return rows.length > 0
}

async function auditStops(
  transaction: Knex.Transaction,
  action: 'create' | 'delete',
  entries: readonly Pick<StopEntry, 'recipient' | 'service'>[],
  count: number,
  change: Change,
): Promise<void> {
  const [only] = entries
  const nounId = entries.length === 1 ? only!.recipient : 'many'
  const services = [...new Set(entries.map(entry => entry.service))].slice(0, 20)
  await auditIn(transaction, change, action, { noun, nounId, detail: { count, services } })
}
