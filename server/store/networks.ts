/** Prefix tables that an administrator changed, one row per country; the others are those that the product ships. */
import type { Knex } from 'knex'
import { auditIn, type Change } from './audit.ts'

export interface NetworkPrefixes {
  /** Stable, for example `orange`: rules and overrides name it. */
  code: string
  /** What people read; changes with every purchase. */
  label: string
  /** Leading national significant digits; the longest match over the country's networks wins. */
  prefixes: readonly string[]
}

export interface CountryNetworks {
  /** ISO 3166 alpha-2. */
  country: string
  networks: readonly NetworkPrefixes[]
}

export async function listNetworks(knex: Knex): Promise<CountryNetworks[]> {
  const rows = await knex('country_networks').orderBy('country')
  return rows.map(row => ({ country: row.country, networks: JSON.parse(row.networks) }))
}

/** @param changed countries whose table differs from what the product ships; every other one follows the product */
export function replaceNetworks(
  knex: Knex,
  changed: readonly CountryNetworks[],
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    await transaction('country_networks').delete()
    for (const { country, networks } of changed) {
      await transaction('country_networks').insert({ country, networks: JSON.stringify(networks) })
    }
    const detail = { changedCountries: changed.map(({ country }) => country) }
    await auditIn(transaction, change, 'update', { noun: 'networks', nounId: 'all', detail })
  })
}
