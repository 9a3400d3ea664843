/** Keys under which API requests may be repeated. They are written by enqueue-group.ts, with the messages. */
import type { Knex } from 'knex'
import type { EnqueueResult } from '../../scheduler/store.ts'

export interface IdempotencyRecord {
  requestHash: string
  /** What the first request was answered. */
  results: EnqueueResult[]
  createdAtMs: number
}

export async function findIdempotency(
  knex: Knex,
  clientId: number,
  key: string,
): Promise<IdempotencyRecord | null> {
  const [row] = await knex('idempotency_keys').where({ client_id: clientId, key })
  if (row === undefined) return null
  return { requestHash: row.request_hash, results: JSON.parse(row.answer), createdAtMs: row.created_at }
}

/** Forgets keys written before. Returns how many. */
export async function purgeIdempotency(knex: Knex, beforeMs: number): Promise<number> {
  return knex('idempotency_keys').where('created_at', '<', beforeMs).delete()
}
