/** Receipts that match no message yet: how many, for the metrics. */
import type { Knex } from 'knex'

/** At most some hundred thousand rows, counted along an index. */
export async function countUnmatched(knex: Knex): Promise<number> {
  const [row] = await knex('unmatched_receipts').count({ receipts: '*' })
  return Number(row?.receipts ?? 0)
}
