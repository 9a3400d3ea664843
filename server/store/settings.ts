/** Settings that change while the server runs, one text per name. What a text means is known to its reader. */
import type { Knex } from 'knex'
import { auditIn, type Change } from './audit.ts'

export async function getSetting(knex: Knex, name: string): Promise<string | null> {
  const [row] = await knex('settings').where({ name }).select('value')
  return row?.value ?? null
}

/** The audit names the setting, not its value. @param value null forgets the setting */
export function setSetting(knex: Knex, name: string, value: string | null, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    if (value === null) await transaction('settings').where({ name }).delete()
    else await transaction('settings').insert({ name, value }).onConflict('name').merge()
    const action = value === null ? 'delete' : 'set'
    await auditIn(transaction, change, action, { noun: 'settings', nounId: name, detail: {} })
  })
}
