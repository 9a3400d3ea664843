/** Numbers whose network is not that of their prefix: ported ones, by list, by hand or learnt from receipts. */
import type { Knex } from 'knex'
import { auditIn, type Change } from './audit.ts'
import { bulkBinding, dialectOf } from './dialect.ts'

/** `manual` is a person's word about one number: nothing learnt replaces it. */
export type OverrideOrigin = 'manual' | 'import' | 'learned'

/** Where a number is. One of the two is set. */
export interface OverrideTarget {
  /** Code of a network of the number's country. */
  network: string | null
  /** The operator that is tried first, where a rule leads to it. */
  operatorId: number | null
}

export interface NumberOverride extends OverrideTarget {
  /** E.164 digits without `+`, at most 15. */
  number: string
}

export interface OverrideRecord extends NumberOverride {
  origin: OverrideOrigin
  updatedAtMs: number
}

const noun = 'number_overrides'
/** Rows deleted per transaction: claims wait no longer than some ten milliseconds. */
const deletedAtOnce = 5_000

/** By number. @param after last number of the page before */
export async function listOverrides(
  knex: Knex,
  { after = '', limit }: { after?: string; limit: number },
): Promise<OverrideRecord[]> {
  const rows = await knex(noun).where('number', '>', after).orderBy('number').limit(limit)
  return rows.map(recordOf)
}

export async function findOverride(knex: Knex, number: string): Promise<OverrideRecord | null> {
  const [row] = await knex(noun).where({ number })
  return row === undefined ? null : recordOf(row)
}

/**
 * Adds numbers or gives them a new target.
 *
 * @param overrides at most some thousand, each number once
 */
export function putOverrides(
  knex: Knex,
  { overrides, origin }: { overrides: readonly NumberOverride[]; origin: 'manual' | 'import' },
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    await writeOverrides(transaction, overrides, origin, change.nowMs)
    const nounId = overrides.length === 1 ? overrides[0]!.number : 'many'
    const detail = { origin, count: overrides.length }
    await auditIn(transaction, change, 'set', { noun, nounId, detail })
  })
}

/** @returns false when the number had none */
export function removeOverride(knex: Knex, number: string, change: Change): Promise<boolean> {
  return knex.transaction(async transaction => {
    const removed = await transaction(noun).where({ number }).delete()
    if (removed > 0) await auditIn(transaction, change, 'delete', { noun, nounId: number, detail: {} })
    return removed > 0
  })
}

/** Forgets all of one origin, a slice at a time. Returns how many. */
export async function removeOverridesOf(knex: Knex, origin: OverrideOrigin, change: Change): Promise<number> {
  let removed = 0
  for (;;) {
    const slice = await knex(noun)
      .whereIn('number', knex(noun).where({ origin }).select('number').limit(deletedAtOnce))
      .delete()
    removed += slice
    if (slice < deletedAtOnce) break
  }
  await auditIn(knex as Knex.Transaction, change, 'delete', {
    noun,
    nounId: 'many',
    detail: { origin, count: removed },
  })
  return removed
}

/** Inside a transaction of somebody else's: what was learnt is written with what it was learnt from. */
export async function writeOverrides(
  transaction: Knex.Transaction,
  overrides: readonly NumberOverride[],
  origin: OverrideOrigin,
  nowMs: number,
): Promise<void> {
  const given = overrides.map(({ number, network, operatorId }) => [number, network, operatorId])
  const columns = { number: 'text', network: 'text', operator_id: 'bigint' } as const
  const keep = origin === 'learned' ? `where ${noun}.origin <> 'manual'` : ''
  await dialectOf(transaction).query(
    transaction,
    `insert into ${noun} (number, network, operator_id, origin, updated_at)
       select v.number, v.network, v.operator_id, '${origin}', ${Math.trunc(nowMs)}
       from ${dialectOf(transaction).bulkRows('v', columns)} where true
       on conflict (number) do update set network = excluded.network, operator_id = excluded.operator_id,
         origin = excluded.origin, updated_at = excluded.updated_at ${keep}`,
    [bulkBinding(given)],
  )
}

function recordOf(row: {
  number: string
  network: string | null
  operator_id: number | null
  origin: OverrideOrigin
  updated_at: number
}): OverrideRecord {
  return {
    number: row.number,
    network: row.network,
    operatorId: row.operator_id,
    origin: row.origin,
    updatedAtMs: row.updated_at,
  }
}
