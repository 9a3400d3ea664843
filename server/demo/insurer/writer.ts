/** Rows of the insurer's tables from the values of this folder: the only file that writes INSERT. */

import type Database from 'better-sqlite3'
import type { Contract } from './contracts.ts'
import type { Claim, Endorsement, Instalment } from './events.ts'
import type { Insured } from './insured.ts'
import { agencies, categories, insurerName } from './names.ts'

export interface Writer {
  references(): void
  insured(insured: Insured): void
  /** The policy and its risks. */
  contract(contract: Contract, insuredCode: string): void
  instalment(instalment: Instalment): void
  endorsement(endorsement: Endorsement): void
  claim(claim: Claim): void
}

/** @param database opened for writing, with the tables of schema.ts */
export function createWriter(database: Database.Database): Writer {
  // CAST turns the bytes of a Windows-1252 name into text that is not UTF-8, as a careless import does.
  const insertInsured = database.prepare(
    'INSERT INTO ASSURE VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?)',
  )
  const insertPolicy = database.prepare('INSERT INTO POLICE VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertRisk = database.prepare('INSERT INTO RISQUE VALUES (?, ?, ?, ?, ?)')
  const insertEndorsement = database.prepare('INSERT INTO AVENANT VALUES (?, ?, ?, ?, ?, ?)')
  const insertInstalment = database.prepare(
    `INSERT INTO QUITTANCE VALUES ((SELECT coalesce(max(NUMEQUIT), 880000) + 1 FROM QUITTANCE), ?, ?, ?, ?, ?, ?, ?, 0)`,
  )
  const insertClaim = database.prepare(
    `INSERT INTO SINISTRE VALUES (@agencyCode, @year,
      (SELECT coalesce(max(NUMESINI), 0) + 1 FROM SINISTRE WHERE EXERSINI = @year),
      @policy, @kind, @occurred, @declared, @state, @estimate, @amount, @settled, @receipt)`,
  )

  return {
    references() {
      const insertAgency = database.prepare(
        'INSERT INTO INTERMEDIAIRE VALUES (@code, @name, @kind, @town, @phone)',
      )
      const insertCategory = database.prepare('INSERT INTO CATEGORIE VALUES (?, ?, ?)')
      database.prepare('INSERT INTO SOCIETE VALUES (?)').run(insurerName)
      for (const agency of agencies) insertAgency.run(agency)
      for (const { code, label, isVehicle } of categories) insertCategory.run(code, label, isVehicle ? 1 : 0)
    },
    insured({ code, civility, surname, givenName, birthDay, phone }) {
      insertInsured.run(code, civility, surname, givenName, birthDay, phone)
    },
    contract(contract, insuredCode) {
      const { agencyCode, policy, category, subscribed, effectText, expiryText, netPremium, premium } =
        contract
      const { fraction, state, vehicles } = contract
      insertPolicy.run(
        ...[agencyCode, policy, insuredCode, category.code, subscribed, effectText, expiryText],
        ...[netPremium, premium, fraction, state],
      )
      if (vehicles.length === 0) insertRisk.run(agencyCode, policy, 1, null, null)
      for (const [index, { model, plate }] of vehicles.entries()) {
        insertRisk.run(agencyCode, policy, index + 1, model, plate)
      }
    },
    instalment({ agencyCode, policy, number, of, amount, due, paid }) {
      insertInstalment.run(agencyCode, policy, number, of, amount, due, paid)
    },
    endorsement({ agencyCode, policy, number, label, effect, entered }) {
      insertEndorsement.run(agencyCode, policy, number, label, effect, entered)
    },
    claim(claim) {
      insertClaim.run({ ...claim, year: Number(claim.occurred.slice(0, 4)) })
    },
  }
}
