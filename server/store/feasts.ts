/** Dates of feasts that an administrator has fixed, when the moon was seen or the decree is out. */
import type { Knex } from 'knex'
import { auditIn, type Change } from './audit.ts'

export interface FeastOverride {
  feast: string
  year: number
  /** `YYYY-MM-DD` */
  date: string
}

export async function listFeastOverrides(knex: Knex, country: string): Promise<FeastOverride[]> {
  const rows = await knex('feast_overrides').where({ country }).orderBy(['year', 'feast', 'date'])
  return rows.map(row => ({ feast: row.feast, year: row.year, date: row.date }))
}

/** Fixes the days of one feast in one year; no dates returns it to its estimate. */
export function setFeastOverride(
  knex: Knex,
  { country, feast, year, dates }: { country: string; feast: string; year: number; dates: readonly string[] },
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    await transaction('feast_overrides').where({ country, feast, year }).delete()
    const rows = [...new Set(dates)].map(date => ({ country, feast, year, date }))
    if (rows.length > 0) await transaction('feast_overrides').insert(rows)
    const nounId = `${country} ${feast} ${year}`
    await auditIn(transaction, change, 'set', { noun: 'feast_overrides', nounId, detail: { dates } })
  })
}
