/** One more day at the demo's insurer: what Rappel should notice on its next round. */

import Database from 'better-sqlite3'
import { makeContract, type PolicyKey, pickMonths } from './contracts.ts'
import { addDays, addMonths, assertDay, type Day } from './days.ts'
import { firstInstalment, settle } from './events.ts'
import { makeInsured } from './insured.ts'
import { claimKinds, endorsementKinds } from './names.ts'
import { createRandom, type Random } from './random.ts'
import { createWriter, type Writer } from './writer.ts'

export interface DayEvents {
  subscriptions: number
  endorsements: number
  /** Contracts whose due date moved one period on. */
  renewals: number
  instalmentsPaid: number
  claimsDeclared: number
  /** Claims that went from EVAL to REGLE. */
  claimsSettled: number
}

export type EvolveOutcome =
  | { kind: 'evolved'; day: Day; events: DayEvents }
  | { kind: 'already-evolved'; day: Day }

interface DayWork {
  database: Database.Database
  write: Writer
  random: Random
  day: Day
}

/** Another program may be reading the file; a reader of 5,000 contracts is done long before. */
const lockTimeoutMs = 5000

/**
 * Adds one day of business: new rows, and claims, instalments and contracts that change. One transaction. The same
 * file, day and seed give the same rows; a day already played changes nothing.
 *
 * @param file made by createInsurerDatabase
 * @param options.day `YYYY-MM-DD`; days need not follow each other
 * @throws RangeError for a day that does not exist; SqliteError when the file is absent or holds no insurer
 */
export function evolveInsurerDatabase(file: string, options: { day: Day; seed: number }): EvolveOutcome {
  const { day, seed } = options
  assertDay(day, 'day')
  const database = new Database(file, { fileMustExist: true, timeout: lockTimeoutMs })
  try {
    const evolve = database.transaction((): EvolveOutcome => {
      const { changes } = database.prepare('INSERT OR IGNORE INTO JOURNEE VALUES (?)').run(day)
      if (changes === 0) return { kind: 'already-evolved', day }
      const random = createRandom(seed, `day/${day}`)
      return {
        kind: 'evolved',
        day,
        events: playDay({ database, write: createWriter(database), random, day }),
      }
    })
    return evolve.immediate()
  } finally {
    database.close()
  }
}

/** Each step chooses among what the day began with, except that new contracts come last. */
function playDay(work: DayWork): DayEvents {
  return {
    endorsements: endorse(work),
    renewals: renew(work),
    instalmentsPaid: payInstalments(work),
    claimsSettled: settleClaims(work),
    claimsDeclared: declareClaims(work),
    subscriptions: subscribe(work),
  }
}

function endorse({ database, write, random, day }: DayWork): number {
  const nextNumber = database
    .prepare('SELECT coalesce(max(NUMEAVEN), 0) + 1 FROM AVENANT WHERE CODEINTE = ? AND NUMEPOLI = ?')
    .pluck()
  return forSome(random, { min: 4, max: 9 }, runningPolicies(database, day), ({ agencyCode, policy }) => {
    const number = nextNumber.get(agencyCode, policy) as number
    const label = random.pick(endorsementKinds)
    write.endorsement({ agencyCode, policy, number, label, effect: addDays(day, 1), entered: day })
  })
}

function renew({ database, write, random, day }: DayWork): number {
  const due = database
    .prepare(
      `SELECT CODEINTE AS agencyCode, NUMEPOLI AS policy, DATEECHE AS expiry, PRIMNETT AS netPremium FROM POLICE
       WHERE ETATPOLI = 'A' AND DATEECHE GLOB '????-??-??' AND DATEECHE BETWEEN ? AND ? ORDER BY NUMEPOLI`,
    )
    .all(addDays(day, -10), addDays(day, 5)) as (PolicyKey & { expiry: Day; netPremium: number })[]
  const move = database.prepare(
    `UPDATE POLICE SET DATEEFFE = ?, DATEECHE = ?, FRACPOLI = 'A' WHERE CODEINTE = ? AND NUMEPOLI = ?`,
  )
  return forSome(random, { min: 4, max: 8 }, due, ({ agencyCode, policy, expiry, netPremium }) => {
    // A lapsed contract starts again on the day it is paid: nothing covers the days between.
    const effect = expiry < day ? day : addDays(expiry, 1)
    move.run(effect, addDays(addMonths(effect, 12), -1), agencyCode, policy)
    const amount = Math.round((netPremium * 1.145) / 5) * 5
    write.instalment({ agencyCode, policy, number: 1, of: 1, amount, due: effect, paid: day })
  })
}

function payInstalments({ database, random, day }: DayWork): number {
  const owed = database
    .prepare(
      'SELECT NUMEQUIT FROM QUITTANCE WHERE DATEENCA IS NULL AND SORTQUIT = 0 AND DATEEXIG <= ? ORDER BY 1',
    )
    .pluck()
    .all(day) as number[]
  const pay = database.prepare('UPDATE QUITTANCE SET DATEENCA = ? WHERE NUMEQUIT = ?')
  return forSome(random, { min: 5, max: 12 }, owed, receipt => pay.run(day, receipt))
}

function settleClaims({ database, random, day }: DayWork): number {
  const assessed = database
    .prepare(
      `SELECT rowid AS id, MONTEVAL AS estimate FROM SINISTRE WHERE ETATSINI = 'EVAL' AND DATEDECL < ? ORDER BY rowid`,
    )
    .all(day) as { id: number; estimate: number }[]
  const update = database.prepare(
    `UPDATE SINISTRE SET ETATSINI = 'REGLE', MONTREGL = ?, DATEREGL = ?, REFEREGL = ? WHERE rowid = ?`,
  )
  return forSome(random, { min: 3, max: 6 }, assessed, ({ id, estimate }) => {
    const { amount, settled, receipt } = settle(random, { estimate }, day)
    update.run(amount, settled, receipt, id)
  })
}

/** New claims come in, and as many older ones are assessed, so that there is always one to settle. */
function declareClaims({ database, write, random, day }: DayWork): number {
  const declared = database
    .prepare(`SELECT rowid FROM SINISTRE WHERE ETATSINI = 'DECLARE' ORDER BY rowid LIMIT 4`)
    .pluck()
    .all() as number[]
  const assess = database.prepare(`UPDATE SINISTRE SET ETATSINI = 'EVAL' WHERE rowid = ?`)
  for (const id of declared) assess.run(id)
  return forSome(random, { min: 3, max: 5 }, runningPolicies(database, day), ({ agencyCode, policy }) =>
    write.claim({
      ...{ agencyCode, policy, kind: random.pick(claimKinds) },
      ...{ occurred: addDays(day, -random.integer(0, 4)), declared: day, state: 'DECLARE' },
      ...{ estimate: random.integer(9, 700) * 5000, amount: null, settled: null, receipt: null },
    }),
  )
}

function subscribe({ database, write, random, day }: DayWork): number {
  const count = (table: string): number =>
    database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
  const [insuredBefore, contractsBefore] = [count('ASSURE'), count('POLICE')]
  const subscriptions = random.integer(3, 8)
  for (let n = 1; n <= subscriptions; n++) {
    const insured = makeInsured(random, insuredBefore + n, day)
    const months = pickMonths(random)
    const expiry = addDays(addMonths(day, months), -1)
    const contract = makeContract(random, {
      ...{ ordinal: contractsBefore + n, insuredIndex: insuredBefore + n - 1 },
      ...{ expiry, months, subscribed: day },
    })
    write.insured(insured)
    write.contract(contract, insured.code)
    write.instalment(firstInstalment(contract))
  }
  return subscriptions
}

/** Policies in force since a week at least. */
function runningPolicies(database: Database.Database, day: Day): PolicyKey[] {
  return database
    .prepare(
      `SELECT CODEINTE AS agencyCode, NUMEPOLI AS policy FROM POLICE WHERE ETATPOLI = 'A'
       AND DATEEFFE GLOB '????-??-??' AND DATEECHE GLOB '????-??-??' AND DATEEFFE <= ? AND DATEECHE > ?
       ORDER BY NUMEPOLI`,
    )
    .all(addDays(day, -7), day) as PolicyKey[]
}

/** @returns how many of the candidates were drawn: between both bounds, fewer when there are not so many */
function forSome<T>(
  random: Random,
  { min, max }: { min: number; max: number },
  candidates: readonly T[],
  run: (candidate: T) => void,
): number {
  const drawn = random.shuffle(candidates).slice(0, random.integer(min, max))
  for (const candidate of drawn) run(candidate)
  return drawn.length
}
