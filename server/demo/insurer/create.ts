/** Makes the demo's insurer: a SQLite file with the contracts, and the dirt, of a real one. */

import Database from 'better-sqlite3'
import { dirtyContracts } from './contract-dirt.ts'
import { growFleets, makeAllContracts } from './contracts.ts'
import { assertDay, type Day } from './days.ts'
import { type DirtCounts, dirtCounts, insuredCount } from './dirt.ts'
import { firstInstalment, makeClaims, makeEndorsements, makeUnpaid } from './events.ts'
import { makeAllInsured } from './insured.ts'
import { tablesSql } from './schema.ts'
import { viewsSql } from './views.ts'
import { createWriter } from './writer.ts'

export interface InsurerDatabaseSummary {
  contracts: number
  insured: number
  vehicles: number
  endorsements: number
  claims: number
  unpaidInstalments: number
  /** How often each kind of dirt stands in the file. */
  dirt: DirtCounts
}

/** Under 200 the rarest kinds of dirt find no clean row; invented phones are distinct up to 390,000 insured. */
const contractLimits = { min: 200, max: 200_000 }

/**
 * Creates the database of an invented insurer, in one transaction. The same options give the same rows on every
 * machine; another `today` gives that day's world, with the same insured and their contracts around that day.
 *
 * @param file path of a file that is absent or empty; its folder exists
 * @param options.today `YYYY-MM-DD`, the day the demo is played
 * @param options.contracts 200 to 200,000
 * @throws RangeError for an option out of its bounds; SqliteError when the file already holds an insurer, which is
 *   then left as it is
 */
export function createInsurerDatabase(
  file: string,
  options: { today: Day; seed: number; contracts?: number },
): InsurerDatabaseSummary {
  const { today, seed, contracts: count = 5000 } = options
  assertDay(today, 'today')
  const { min, max } = contractLimits
  if (!Number.isSafeInteger(count) || count < min || count > max) {
    throw new RangeError(`contracts: expected a whole number from ${min} to ${max}, got ${count}`)
  }

  const dirt = dirtCounts(count)
  const { contracts, remindedToday } = makeAllContracts({ seed, today, count })
  const insuredToday = new Set([...remindedToday].map(index => contracts[index]!.insuredIndex))
  const insured = makeAllInsured({ seed, today, count: insuredCount(count), dirt, shownFirst: insuredToday })
  growFleets(seed, contracts, index => insured[index]!.isCompany)
  dirtyContracts(seed, contracts, dirt, remindedToday)
  const unpaid = makeUnpaid(seed, contracts, today)
  const endorsements = makeEndorsements(seed, contracts, today)
  const claims = makeClaims(seed, contracts, today)

  const database = new Database(file)
  try {
    database.transaction(() => {
      database.exec(tablesSql)
      database.exec(viewsSql)
      const write = createWriter(database)
      write.references()
      for (const one of insured) write.insured(one)
      for (const contract of contracts) {
        write.contract(contract, insured[contract.insuredIndex]!.code)
        write.instalment(firstInstalment(contract))
      }
      for (const instalment of unpaid) write.instalment(instalment)
      for (const endorsement of endorsements) write.endorsement(endorsement)
      for (const claim of claims) write.claim(claim)
    })()
  } finally {
    database.close()
  }

  return {
    contracts: contracts.length,
    insured: insured.length,
    vehicles: contracts.reduce((sum, contract) => sum + contract.vehicles.length, 0),
    endorsements: endorsements.length,
    claims: claims.length,
    unpaidInstalments: unpaid.length,
    dirt,
  }
}
