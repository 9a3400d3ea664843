/** Receipts that match no message yet: how many, for the metrics, and the end of those that never will. */
import type { Knex } from 'knex'

/** At most some hundred thousand rows, counted along an index. */
export async function countUnmatched(knex: Knex): Promise<number> {
  const [row] = await knex('unmatched_receipts').count({ receipts: '*' })
  return Number(row?.receipts ?? 0)
}

/** Forgets receipts that came before an instant. Returns how many. */
export function purgeUnmatched(knex: Knex, beforeMs: number): Promise<number> {
  return knex('unmatched_receipts').where('received_at', '<', beforeMs).delete()
}
