/**
 * The dirt of real files: which kinds the demo's database holds, how much of each, and how to find it again.
 *
 * The shares are our estimate of a client file typed by hand in a dozen agencies over ten years: about one phone
 * in five misspelt, one in fourteen of no use. No public measurement was found. The test counts every kind in a
 * finished file with `countSql` and expects exactly `dirtCounts`.
 */

import type Database from 'better-sqlite3'

interface DirtKindShape {
  kind: string
  /** What `perThousand` is a share of. */
  of: 'insured' | 'contracts'
  perThousand: number
  example: string
  /** One SELECT of one number: how often the kind stands in the file. */
  countSql: string
}

const insuredWhere = (condition: string): string => `SELECT count(*) FROM ASSURE WHERE ${condition}`
const policiesWhere = (condition: string): string => `SELECT count(*) FROM POLICE WHERE ${condition}`
const fullName = "(NOM_ASSU || ' ' || coalesce(PRENASSU, ''))"
const digits = (count: number): string => '[0-9]'.repeat(count)
const frenchDate = `${digits(2)}/${digits(2)}/${digits(4)}`
/** Days that no year has. */
export const impossibleDays = ['31/02', '30/02', '31/04', '31/06', '31/09', '31/11'] as const
const isImpossible = `substr(DATEECHE, 1, 5) IN (${impossibleDays.map(day => `'${day}'`).join(', ')})`
const barePhone = "replace(TELEASSU, ' ', '')"

export const dirtKinds = [
  {
    kind: 'phone-two-in-cell',
    of: 'insured',
    perThousand: 25,
    example: '70 00 22 33/76 00 22 33',
    countSql: insuredWhere("TELEASSU GLOB '*[0-9]*[/;-]*[0-9]*'"),
  },
  {
    kind: 'phone-decimal-point',
    of: 'insured',
    perThousand: 20,
    example: '70002233.0',
    countSql: insuredWhere(`TELEASSU GLOB '${digits(8)}.0'`),
  },
  {
    kind: 'phone-empty',
    of: 'insured',
    perThousand: 30,
    example: 'NULL, empty text or spaces',
    countSql: insuredWhere("trim(coalesce(TELEASSU, '')) = ''"),
  },
  {
    kind: 'phone-fixed-line',
    of: 'insured',
    perThousand: 20,
    example: '25 30 12 34',
    countSql: insuredWhere("TELEASSU GLOB '2*'"),
  },
  {
    kind: 'phone-dotted',
    of: 'insured',
    perThousand: 20,
    example: '70.00.22.33',
    countSql: insuredWhere("TELEASSU GLOB '*.*.*.*'"),
  },
  {
    kind: 'phone-plus-226',
    of: 'insured',
    perThousand: 25,
    example: '+226 70 00 22 33',
    countSql: insuredWhere("TELEASSU GLOB '+226*'"),
  },
  {
    kind: 'phone-00226',
    of: 'insured',
    perThousand: 15,
    example: '0022670002233',
    countSql: insuredWhere("TELEASSU GLOB '00226*'"),
  },
  {
    kind: 'phone-scientific',
    of: 'insured',
    perThousand: 5,
    example: '7,00E+07',
    countSql: insuredWhere("TELEASSU GLOB '[0-9],[0-9][0-9]E+07'"),
  },
  {
    kind: 'phone-letters',
    of: 'insured',
    perThousand: 8,
    example: 'VOIR AGENT, or the letter O for zero',
    countSql: insuredWhere("TELEASSU GLOB '*[A-DF-Z]*'"),
  },
  {
    kind: 'phone-wrong-length',
    of: 'insured',
    perThousand: 10,
    example: '7000223, 700022334',
    countSql: insuredWhere(`${barePhone} GLOB '${digits(7)}' OR ${barePhone} GLOB '${digits(9)}'`),
  },
  {
    kind: 'phone-padded',
    of: 'insured',
    perThousand: 10,
    example: '70002233 and twelve spaces',
    countSql: insuredWhere(`TELEASSU GLOB '${digits(8)} *'`),
  },
  {
    kind: 'same-phone-two-insured',
    of: 'insured',
    perThousand: 15,
    example: 'two names under two codes, one phone',
    countSql: twinsSql('<>'),
  },
  {
    kind: 'same-person-twice',
    of: 'insured',
    perThousand: 10,
    example: 'one name, birth date and phone under two codes',
    countSql: twinsSql('='),
  },
  {
    kind: 'name-french-letter',
    of: 'insured',
    perThousand: 30,
    example: 'Jean-François, Sœur Odile',
    countSql: insuredWhere(`${fullName} GLOB '*[âçêëîïôœûÊÇŒ]*'`),
  },
  {
    kind: 'name-typographic-apostrophe',
    of: 'insured',
    perThousand: 10,
    example: 'D’ALMEIDA',
    countSql: insuredWhere("NOM_ASSU GLOB '*’*'"),
  },
  {
    kind: 'name-west-african-letter',
    of: 'insured',
    perThousand: 8,
    example: 'Wɛdraogo Wɛndkuni',
    countSql: insuredWhere(`${fullName} GLOB '*[ɛɔŋŊɲƝɩɓƁã]*'`),
  },
  {
    kind: 'name-windows-1252',
    of: 'insured',
    perThousand: 10,
    example: 'KABOR and the byte C9, which is not UTF-8',
    countSql: insuredWhere("hex(NOM_ASSU) GLOB '*C9'"),
  },
  {
    kind: 'name-padded',
    of: 'insured',
    perThousand: 15,
    example: 'SAWADOGO and 22 spaces',
    countSql: insuredWhere("NOM_ASSU GLOB '* '"),
  },
  {
    kind: 'company-name-of-70',
    of: 'insured',
    perThousand: 15,
    example: 'a company name cut by its column at 70 characters',
    countSql: insuredWhere('length(NOM_ASSU) = 70'),
  },
  {
    kind: 'civility-missing',
    of: 'insured',
    perThousand: 5,
    example: 'NULL',
    countSql: insuredWhere('CIVIASSU IS NULL'),
  },
  {
    kind: 'premium-missing',
    of: 'contracts',
    perThousand: 10,
    example: 'NULL',
    countSql: policiesWhere('PRIM_TTC IS NULL'),
  },
  {
    kind: 'premium-spaced-text',
    of: 'contracts',
    perThousand: 20,
    example: '145 500',
    countSql: policiesWhere("typeof(PRIM_TTC) = 'text' AND PRIM_TTC NOT GLOB '*F'"),
  },
  {
    kind: 'premium-currency-text',
    of: 'contracts',
    perThousand: 10,
    example: '145500,00 F',
    countSql: policiesWhere("PRIM_TTC GLOB '*,00 F'"),
  },
  {
    kind: 'date-dd-mm-yyyy',
    of: 'contracts',
    perThousand: 60,
    example: '15/03/2027',
    countSql: policiesWhere(`DATEECHE GLOB '${frenchDate}' AND NOT ${isImpossible}`),
  },
  {
    kind: 'date-yyyymmdd',
    of: 'contracts',
    perThousand: 20,
    example: '20270315',
    countSql: policiesWhere(`DATEECHE GLOB '${digits(8)}'`),
  },
  {
    kind: 'date-excel-serial',
    of: 'contracts',
    perThousand: 10,
    example: '46461',
    countSql: policiesWhere(`DATEECHE GLOB '${digits(5)}'`),
  },
  {
    kind: 'date-impossible',
    of: 'contracts',
    perThousand: 3,
    example: '31/02/2027',
    countSql: policiesWhere(`DATEECHE GLOB '${frenchDate}' AND ${isImpossible}`),
  },
  {
    kind: 'plate-blank',
    of: 'contracts',
    perThousand: 15,
    example: 'NULL, empty text or spaces on a vehicle',
    countSql: "SELECT count(*) FROM RISQUE WHERE MARQVEHI IS NOT NULL AND trim(coalesce(NUMEIMMA, '')) = ''",
  },
  {
    kind: 'plate-padded',
    of: 'contracts',
    perThousand: 10,
    example: '11 HH 1234 and spaces',
    countSql: "SELECT count(*) FROM RISQUE WHERE NUMEIMMA GLOB '*[0-9] *' AND NUMEIMMA GLOB '* '",
  },
] as const satisfies readonly DirtKindShape[]

export type DirtKind = (typeof dirtKinds)[number]['kind']
export type DirtCounts = Record<DirtKind, number>

/** Insured persons and companies in a file of so many contracts: some have several contracts. */
export function insuredCount(contracts: number): number {
  return Math.round(contracts * 0.88)
}

/** How often each kind stands in a file of so many contracts; at least once. */
export function dirtCounts(contracts: number): DirtCounts {
  const population = { insured: insuredCount(contracts), contracts }
  const counts = dirtKinds.map(
    ({ kind, of, perThousand }) =>
      [kind, Math.max(1, Math.round((population[of] * perThousand) / 1000))] as const,
  )
  return Object.fromEntries(counts) as DirtCounts
}

/** Counts each kind in an existing file, by looking. */
export function countDirt(database: Database.Database): DirtCounts {
  const counts = dirtKinds.map(
    ({ kind, countSql }) => [kind, database.prepare(countSql).pluck().get()] as const,
  )
  return Object.fromEntries(counts) as DirtCounts
}

/** Pairs of insured with the same phone in the same spelling; the file writes both alike. */
function twinsSql(nameComparison: '=' | '<>'): string {
  const name = (insured: string): string => `${insured}.NOM_ASSU || coalesce(${insured}.PRENASSU, '')`
  return `SELECT count(*) FROM ASSURE first JOIN ASSURE second
    ON first.TELEASSU = second.TELEASSU AND first.CODEASSU < second.CODEASSU
    WHERE first.TELEASSU GLOB '${digits(2)}*${digits(2)}' AND ${name('first')} ${nameComparison} ${name('second')}`
}
