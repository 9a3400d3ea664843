import test from 'ava'
import fc from 'fast-check'
import type { SourceRow } from '../../../../connectors/source.ts'
import { guessByName, wordsOf } from '../../../../connectors/sources/guessing/column-names.ts'
import { readContent } from '../../../../connectors/sources/guessing/column-values.ts'
import { guessMapping } from '../../../../connectors/sources/guessing/guess-mapping.ts'
import { type ColumnRole, columnRoles } from '../../../../connectors/sources/guessing/roles.ts'

/** The proposal: role -> column. */
function best(
  columns: readonly string[],
  rows: readonly SourceRow[] = [],
): Partial<Record<ColumnRole, string>> {
  const guesses = guessMapping(columns, rows, 'BF').filter(({ isBest }) => isBest)
  return Object.fromEntries(guesses.map(({ role, column }) => [role, column]))
}

function rowsOf(columns: Readonly<Record<string, readonly (string | number | null)[]>>): SourceRow[] {
  const length = Math.max(...Object.values(columns).map(values => values.length))
  return Array.from({ length }, (_, index) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[index] ?? null])),
  )
}

const phones = ['70 00 00 01', '+226 70.00.00.02', 70000003, '70000004/76000005', '0022670000006']
const names = ['OUEDRAOGO', 'SAWADOGO', "N'DRI", 'TRAORE', 'KABORE']
const firstNames = ['Abdoul Rasmane', 'Awa', 'Zoé', 'Koffi', 'Marie-Claire']
const plates = ['11 HH 1234 BF', '11GJ4567', '03-KL-2211', '12 JJ 0001 BF', '11 HA 987']

test('the columns of an Access file as insurers keep them are found', t => {
  const rows = rowsOf({
    Telephone: phones,
    nom: names,
    prenom: firstNames,
    IMAT: plates,
    datesaisie: ['01/02/2027', '02/02/2027', '03/02/2027', '04/02/2027', '05/02/2027'],
    etat: ['0', '0', '1', '0', '1'],
  })
  t.deepEqual(best(Object.keys(rows[0]!), rows), {
    phone: 'Telephone',
    lastName: 'nom',
    firstName: 'prenom',
    plate: 'IMAT',
    state: 'etat',
  })
})

test('eight letters in the manner of ORASS are found by name alone', t => {
  const columns = [
    'CODEINTE',
    'NUMEPOLI',
    'NUMEAVEN',
    'CODEASSU',
    'NOM_ASSU',
    'PRENASSU',
    'TELEASSU',
    'TELEINTE',
  ]
  t.deepEqual(best([...columns, 'NUMEIMMA', 'DATEEFFE', 'DATEECHE', 'PRIM_TTC', 'ETATPOLI', 'DATENAIS']), {
    phone: 'TELEASSU',
    lastName: 'NOM_ASSU',
    firstName: 'PRENASSU',
    plate: 'NUMEIMMA',
    dueDate: 'DATEECHE',
    amount: 'PRIM_TTC',
    state: 'ETATPOLI',
    policyNumber: 'NUMEPOLI',
    agency: 'CODEINTE',
  })
})

test('English names are found, and French ones with accents and signs', t => {
  t.deepEqual(
    best([
      'POLICY_NUMBER',
      'VEHICLE_REGISTRATION',
      'SUBSCRIBER_PHONE',
      'CONTRACT_END_DATE',
      'EmailAddress',
      'currencyCode',
    ]),
    {
      phone: 'SUBSCRIBER_PHONE',
      plate: 'VEHICLE_REGISTRATION',
      dueDate: 'CONTRACT_END_DATE',
      policyNumber: 'POLICY_NUMBER',
      email: 'EmailAddress',
      currency: 'currencyCode',
    },
  )
  t.deepEqual(
    best(['N° Police', 'Nom & Prénoms', 'Téléphone portable', 'Date d’échéance', 'Prime TTC', 'Agence']),
    {
      phone: 'Téléphone portable',
      fullName: 'Nom & Prénoms',
      dueDate: 'Date d’échéance',
      amount: 'Prime TTC',
      policyNumber: 'N° Police',
      agency: 'Agence',
    },
  )
})

test('values find columns whose names say nothing', t => {
  const rows = rowsOf({
    c1: phones,
    c2: plates,
    c3: ['a@exemple.bf', 'b@exemple.bf', 'c@exemple.bf', 'd@exemple.bf', null],
    c4: ['XOF', 'XOF', 'XOF', 'XOF', 'XOF'],
    c5: ['145 500 F CFA', '90 000 F CFA', '1 250 000 F CFA', '75 000 F CFA', '60 000 F CFA'],
    c6: [1, 2, 3, 4, 5],
  })
  t.deepEqual(best(Object.keys(rows[0]!), rows), {
    phone: 'c1',
    plate: 'c2',
    email: 'c3',
    currency: 'c4',
    amount: 'c5',
  })
})

test('a name that its values contradict is doubted, with the reason', t => {
  const rows = rowsOf({ contact: ['M. Kaboré', 'Mme Traoré', 'le gérant', 'la caisse'], gsm2: phones })
  const guesses = guessMapping(['contact', 'gsm2'], rows, 'BF')
  t.is(guesses.find(({ isBest, role }) => isBest && role === 'phone')?.column, 'gsm2')
  const doubted = guesses.find(({ column, role }) => column === 'contact' && role === 'phone')
  t.true(doubted === undefined || doubted.reasons.some(({ code }) => code === 'content-contradicts'))
  const [only] = guessMapping(['telephone'], rowsOf({ telephone: ['a', 'b', 'c', 'd'] }), 'BF').filter(
    g => g.role === 'phone',
  )
  t.deepEqual(only?.reasons.at(-1), { code: 'content-contradicts' })
  t.true((only?.confidence ?? 1) < 0.5)
})

test('one or two values speak neither for a name nor against it', t => {
  const confidences = [phones.slice(0, 1), phones.slice(0, 2), [null, null, 'a', null, 'b', null]].map(
    tel => {
      const [guess] = guessMapping(['tel'], rowsOf({ tel }), 'BF').filter(({ role }) => role === 'phone')
      t.is(guess?.reasons.at(-1)?.code, 'content-few')
      return guess?.confidence
    },
  )
  const [byName] = guessMapping(['tel'], [], 'BF').filter(({ role }) => role === 'phone')
  t.deepEqual(new Set(confidences), new Set([byName?.confidence]))
  t.true((byName?.confidence ?? 0) >= 0.5)
})

test('the phone of the agency is not the phone of the insured', t => {
  t.is(best(['TEL_AGENCE', 'TELEPHONE']).phone, 'TELEPHONE')
  const same = Array.from({ length: 20 }, () => '70 00 00 99')
  const own = Array.from({ length: 20 }, (_, index) => `70 00 01 ${String(index).padStart(2, '0')}`)
  t.is(best(['a', 'b'], rowsOf({ a: same, b: own })).phone, 'b')
})

test('a name beside no first name holds both when its values do', t => {
  t.is(best(['nom'], rowsOf({ nom: ['OUEDRAOGO Awa', 'TRAORE Issa', 'KABORE Paul'] })).fullName, 'nom')
  t.is(best(['nom'], rowsOf({ nom: names })).lastName, 'nom')
})

test('other dates than the one a contract ends on are not proposed', t => {
  const dates = ['2027-01-01', '2027-02-01', '2027-03-01', '2027-04-01']
  const columns = ['date_effet', 'date_naissance', 'datesaisie', 'DATE_MEC', 'DATESURV']
  t.is(best(columns, rowsOf(Object.fromEntries(columns.map(name => [name, dates])))).dueDate, undefined)
  const guess = guessMapping(
    ['echeance'],
    rowsOf({ echeance: ['15/03/2027', '16/03/2027', '1/4/2027'] }),
    'BF',
  )
  t.like(guess[0], { role: 'dueDate', confidence: 0.93 })
  t.like(guess[0]?.reasons.at(-1), { code: 'content', share: 1, detail: 'dd/mm/yyyy' })
})

const forms: [string, ColumnRole, (string | number)[]][] = [
  ['plates of Côte d’Ivoire', 'plate', ['1234 AB 01', '9876HG01', 'AA-123-BB', 'AB 456 CD 01']],
  ['plates of Senegal, Togo and Cameroon', 'plate', ['DK-1234-A', 'TG-1234-AA', 'LT-123-AB', 'AA-123-BB']],
  ['compact dates', 'dueDate', ['20270315', 20270401, '20271231']],
  ['amounts with decimals', 'amount', ['1 234,50', '145.500,00', '99,90']],
  ['states in words', 'state', ['A ENVOYER', 'ENVOYE', 'envoyé', 'A ENVOYER']],
]
for (const [title, role, values] of forms) {
  test(`${title} are recognised`, t => {
    const guess = readContent(values, 'BF').guesses.find(one => one.role === role)
    t.is(guess?.share, 1, JSON.stringify(readContent(values, 'BF')))
  })
}

test('names are cut into words', t => {
  t.deepEqual(wordsOf('NomEtPrénoms_2'), ['nom', 'et', 'prenoms'])
  t.deepEqual(wordsOf('N° 12'), ['n'])
  t.deepEqual(guessByName('constructor'), [])
  t.deepEqual(guessByName('__proto__'), [])
})

test('anything at all is guessed at without a crash, and no column is proposed twice', t => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }),
  )
  const column = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('tel', 'NOM', 'DATEECHE', 'montant_prime', 'toString'),
  )
  fc.assert(
    fc.property(
      fc.uniqueArray(column, { maxLength: 12 }),
      fc.array(fc.array(value, { maxLength: 12 }), { maxLength: 8 }),
      (columns, cells) => {
        const rows = cells.map(row =>
          Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])),
        )
        const guesses = guessMapping(columns, rows as SourceRow[], 'CI')
        const proposed = guesses.filter(({ isBest }) => isBest)
        return (
          guesses.every(
            ({ confidence, role, column: name, reasons }) =>
              confidence >= 0.3 &&
              confidence < 1 &&
              columnRoles.includes(role) &&
              columns.includes(name) &&
              reasons.length > 0,
          ) &&
          new Set(proposed.map(one => one.column)).size === proposed.length &&
          new Set(proposed.map(one => one.role)).size === proposed.length
        )
      },
    ),
  )
  t.pass()
})

test('forty thousand columns of names are read at once', t => {
  const columns = Array.from({ length: 40_000 }, (_, index) => `COLONNE_${index}_TELEPHONE_ASSURE`)
  t.true(guessMapping(columns, [], 'BF').length <= columnRoles.length * 3)
})
