import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import iconv from 'iconv-lite'
import { checkSelect } from '../../connectors/sources/select-guard.ts'
import { type AlertQuery, alertQueries } from '../../server/demo/insurer/alert-queries.ts'
import { reminderOffsets } from '../../server/demo/insurer/contracts.ts'
import { createInsurerDatabase } from '../../server/demo/insurer/create.ts'
import { addDays, asExcelSerial, daysBetween } from '../../server/demo/insurer/days.ts'
import { countDirt, dirtCounts, dirtKinds, insuredCount } from '../../server/demo/insurer/dirt.ts'
import { evolveInsurerDatabase } from '../../server/demo/insurer/evolve.ts'
import { mobileNumber } from '../../server/demo/insurer/phones.ts'
import { tempDir } from '../support/temp-dir.ts'

const today = '2026-11-21'
const seed = 1
type Row = Record<string, string | number | null>

test('a file of 5,000 contracts holds exactly the dirt that the table promises', t => {
  const file = join(tempDir(t), 'insurer.db')
  const summary = createInsurerDatabase(file, { today, seed })
  const database = openReadOnly(t, file)

  t.deepEqual(countDirt(database), dirtCounts(5000))
  t.deepEqual(summary.dirt, dirtCounts(5000))
  t.is(summary.contracts, 5000)
  t.is(count(database, 'POLICE'), 5000)
  t.is(count(database, 'ASSURE'), insuredCount(5000))
  t.is(count(database, 'RISQUE WHERE MARQVEHI IS NOT NULL'), summary.vehicles)
  t.deepEqual(database.pragma('foreign_key_check'), [])
})

test('a phone cell without dirt is eight digits of a mobile operator, and nobody else has it', t => {
  const database = insurer(t)
  const phones = database.prepare('SELECT TELEASSU FROM ASSURE').pluck().all() as (string | null)[]
  const clean = phones.filter(phone => phone !== null && /^(\d{8}|\d\d( \d\d){3})$/.test(phone)).map(String)
  const mobiles = clean.map(phone => phone.replaceAll(' ', '')).filter(phone => !phone.startsWith('2'))

  const counts = dirtCounts(5000)
  const misspelt = dirtKinds.map(({ kind }) => kind).filter(kind => kind.startsWith('phone-'))
  t.is(mobiles.length, phones.length - misspelt.reduce((sum, kind) => sum + counts[kind], 0))
  t.true(mobiles.every(phone => /^(0[1-7]|4[4-6]|5[0-8]|[67]\d)00\d{4}$/.test(phone)))
  const shared = mobiles.length - new Set(mobiles).size
  t.is(shared, counts['same-phone-two-insured'] + counts['same-person-twice'])
})

test('the three operators all have subscribers', t => {
  const database = insurer(t)
  const prefixes = new Set(
    (database.prepare('SELECT substr(TELEASSU, 1, 2) FROM ASSURE').pluck().all() as string[]).map(String),
  )
  for (const prefix of ['70', '76', '78', '04', '50', '58']) t.true(prefixes.has(prefix), prefix)
})

test('invented phones stay distinct when the file is large', t => {
  const numbers = Array.from({ length: 60_000 }, (_, index) => mobileNumber(index + 1))
  t.is(new Set(numbers).size, numbers.length)
})

test('every usual reminder finds a few dozen contracts today', t => {
  const rows = ask(insurer(t), alertQueries.dueDate)
  for (const offset of reminderOffsets) {
    const due = rows.filter(row => row.echeance === addDays(today, offset))
    t.true(due.length >= 24 && due.length <= 80, `${offset}: ${due.length}`)
    t.true(due.every(row => row.jours === Math.abs(offset)))
  }
})

test('contracts end from 60 days ago to 400 days ahead', t => {
  const days = insurer(t)
    .prepare("SELECT DATE_ECHEANCE FROM V_ECHEANCES WHERE DATE_ECHEANCE GLOB '????-??-??'")
    .pluck()
    .all() as string[]
  const ages = days.map(day => daysBetween(today, day))
  t.true(Math.min(...ages) >= -60 && Math.min(...ages) <= -50)
  t.true(Math.max(...ages) <= 400 && Math.max(...ages) >= 390)
})

test('a contract is signed before it takes effect or soon after, and takes effect within 40 days of today', t => {
  const database = insurer(t)
  const effect = "DATEEFFE GLOB '????-??-??'"
  t.is(count(database, `POLICE WHERE ${effect} AND DATEEFFE > '${addDays(today, 40)}'`), 0)
  t.is(count(database, `POLICE WHERE DATESOUS > '${today}'`), 0)
  t.is(count(database, `POLICE WHERE ${effect} AND DATEECHE GLOB '????-??-??' AND DATEEFFE >= DATEECHE`), 0)
})

test('days come out as YYYY-MM-DD whatever their spelling, and impossible ones as they were typed', t => {
  const database = insurer(t)
  const spelled = database
    .prepare(
      'SELECT DATEECHE AS typed, DATE_ECHEANCE AS published FROM POLICE p JOIN V_ECHEANCES v ON v.POLICE = NUMEPOLI',
    )
    .all() as { typed: string; published: string }[]
  const impossible = new Set<string>()
  for (const { typed, published } of spelled) {
    if (typed === published && !/^\d{4}-/.test(typed)) impossible.add(typed)
    else if (/^\d{5}$/.test(typed)) t.is(asExcelSerial(published), typed)
    else if (typed.includes('/')) t.is(published.split('-').reverse().join('/'), typed)
    else t.is(published.replaceAll('-', ''), typed.replaceAll('-', ''))
  }
  t.true(impossible.size > 0)
  t.true(
    [...impossible].every(day => /^(3[01]\/(02|04|06|09|11))\/\d{4}$/.test(day)),
    [...impossible].join(),
  )

  const asked = ask(database, alertQueries.dueDate)
  t.true(
    asked.some(row => impossible.has(String(row.echeance))),
    'the due-date query lets them through',
  )
})

test('a Windows-1252 name is in the file as bytes that are not UTF-8', t => {
  const names = insurer(t)
    .prepare(
      "SELECT CAST(NOM_ASSU AS BLOB) FROM ASSURE WHERE hex(NOM_ASSU) GLOB '*C9' AND typeof(NOM_ASSU) = 'text'",
    )
    .pluck()
    .all() as Buffer[]
  t.true(names.length > 0)
  for (const name of names) {
    t.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(name))
    t.regex(iconv.decode(name, 'win1252'), /^(KABORÉ|TRAORÉ|KONATÉ|COMPAORÉ|N’DIAYÉ)$/)
  }
})

test('today and yesterday have subscriptions, endorsements and claim payments', t => {
  const database = insurer(t)
  for (const query of [alertQueries.newSubscription, alertQueries.endorsement, alertQueries.claimPayment]) {
    const rows = ask(database, query)
    for (const day of [today, addDays(today, -1)]) {
      const fresh = rows.filter(row => row.date === day)
      t.true(fresh.length >= 8 && fresh.length <= 30, `${query.name} ${day}: ${fresh.length}`)
    }
  }
  const payments = ask(database, alertQueries.claimPayment)
  t.true(payments.every(row => Number(row.montant) > 0 && /^R-\d{5}$/.test(String(row.recu))))
  t.true(payments.every(row => /^S2026-\d{5}$|^S2025-\d{5}$/.test(String(row.sinistre))))
})

test('unpaid instalments are 5 to 60 days old, with several at each dunning day', t => {
  const rows = ask(insurer(t), alertQueries.unpaidInstalment)
  const ages = rows.map(row => Number(row.retard))
  t.is(rows.length, 260)
  t.true(Math.min(...ages) >= 5 && Math.max(...ages) <= 60)
  for (const age of [5, 15, 30]) t.true(ages.filter(one => one === age).length >= 10)
  t.true(rows.every(row => /^[2-4]\/[24]$/.test(String(row.traite))))
})

test('somebody has a birthday today', t => {
  const rows = ask(insurer(t), alertQueries.birthday)
  t.true(rows.some(row => String(row.naissance).slice(5) === today.slice(5)))
})

test('8 March reaches women only, and each insured stands once', t => {
  const database = insurer(t)
  const women = ask(database, alertQueries.insuredWomen)
  const everybody = ask(database, alertQueries.allInsured)
  t.true(women.length > 500 && women.length < everybody.length / 2)
  t.true(women.every(row => row.civilite === 'Mme' || row.civilite === 'Mlle'))
  t.is(new Set(everybody.map(row => row.code_assure)).size, everybody.length)
})

test('every alert query is one SELECT whose key columns tell its rows apart', t => {
  const database = insurer(t)
  for (const query of Object.values(alertQueries)) {
    const verdict = checkSelect(query.sql, 'sqlite')
    t.is(verdict.kind, 'select', query.name)
    if (verdict.kind === 'select') t.true(verdict.parameterNames.every(name => name === 'today'))

    const rows = ask(database, query)
    const keys = rows.map(row => query.keyColumns.map(column => row[column]).join('|'))
    t.true(rows.length > 0, query.name)
    t.is(new Set(keys).size, rows.length, query.name)
    const expected = [...query.keyColumns, query.phoneColumn, query.dateColumn, query.watchedColumn]
    t.true(
      expected.every(column => column === null || column in rows[0]!),
      query.name,
    )
    t.true(
      rows.every(row => row.agence && row.tel && row.cie),
      query.name,
    )
  }
})

test('today’s reminders show every kind of misspelt phone, whatever the seed', t => {
  const spellings = {
    twoInCell: /\d.*[/;-].*\d/,
    float: /\.0$/,
    empty: /^ *$/,
    fixedLine: /^25 30/,
    dotted: /\..*\./,
  }
  const others = {
    plus: /^\+226/,
    doubleZero: /^00226/,
    scientific: /E\+07/,
    letters: /[A-DF-Z]/,
    padded: /\d +$/,
  }
  for (const otherSeed of [seed, 2, 3, -4, 2.5]) {
    const database = openReadOnly(t, small(t, { today, seed: otherSeed, contracts: 1000 }))
    const phones = ask(database, alertQueries.dueDate)
      .filter(row => reminderOffsets.some(offset => row.echeance === addDays(today, offset)))
      .map(row => String(row.telephone ?? ''))
    for (const [name, spelling] of Object.entries({ ...spellings, ...others })) {
      t.true(
        phones.some(phone => spelling.test(phone)),
        `${name}, seed ${otherSeed}`,
      )
    }
    t.deepEqual(countDirt(database), dirtCounts(1000))
  }
})

test('the same seed and day give the same rows, another seed gives others', t => {
  const options = { today, seed, contracts: 300 }
  const first = dump(small(t, options))
  t.deepEqual(dump(small(t, options)), first)
  t.notDeepEqual(dump(small(t, { ...options, seed: 2 })), first)
})

test('another day gives that day’s world with the same insured', t => {
  for (const day of ['2027-01-01', '2028-02-29', '2026-12-31']) {
    const database = openReadOnly(t, small(t, { today: day, seed, contracts: 300 }))
    const here = openReadOnly(t, small(t, { today, seed, contracts: 300 }))
    const names = (one: Database.Database): unknown[] =>
      one.prepare('SELECT NOM_ASSU, TELEASSU FROM ASSURE').all()
    t.deepEqual(names(database), names(here))
    t.deepEqual(countDirt(database), dirtCounts(300))
    for (const offset of reminderOffsets) {
      t.true(count(database, `POLICE WHERE DATEECHE = '${addDays(day, offset)}'`) > 0, `${day} ${offset}`)
    }
    t.true(count(database, `POLICE WHERE DATESOUS = '${day}'`) > 0)
    t.is(count(database, `POLICE WHERE DATESOUS > '${day}'`), 0)
    t.is(
      count(database, `SINISTRE WHERE DATEREGL > '${day}' OR DATESURV > DATEDECL OR DATEDECL > DATEREGL`),
      0,
    )
  }
})

test('a day that passes adds rows and settles claims', t => {
  const file = small(t, { today, seed, contracts: 1000 })
  const day = addDays(today, 1)
  const before = ask(openReadOnly(t, file), alertQueries.claimState)
  const outcome = evolveInsurerDatabase(file, { day, seed })
  const database = openReadOnly(t, file)

  if (outcome.kind !== 'evolved') return t.fail(outcome.kind)
  const { events } = outcome
  t.true(Object.values(events).every(number => number > 0))
  const onDay = (query: AlertQuery): number =>
    ask(database, query, day).filter(row => row.date === day).length
  t.is(onDay(alertQueries.newSubscription), events.subscriptions)
  t.is(onDay(alertQueries.endorsement), events.endorsements)
  t.is(onDay(alertQueries.claimPayment), events.claimsSettled)
  t.is(
    count(database, `QUITTANCE WHERE DATEENCA = '${day}' AND DATEEXIG < '${addDays(day, -4)}'`),
    events.instalmentsPaid,
  )
  t.deepEqual(database.pragma('foreign_key_check'), [])

  const stateBefore = new Map(before.map(row => [`${row.code_agence}|${row.sinistre}`, row.etat]))
  const settled = ask(database, alertQueries.claimState, day).filter(
    row => row.etat === 'REGLE' && stateBefore.get(`${row.code_agence}|${row.sinistre}`) === 'EVAL',
  )
  t.is(settled.length, events.claimsSettled)
})

test('a day played twice changes nothing the second time', t => {
  const file = small(t, { today, seed, contracts: 300 })
  evolveInsurerDatabase(file, { day: today, seed })
  const once = dump(file)
  t.deepEqual(evolveInsurerDatabase(file, { day: today, seed }), { kind: 'already-evolved', day: today })
  t.deepEqual(dump(file), once)
})

test('the same days give the same file on two machines, for a month', t => {
  const files = [1, 2].map(() => small(t, { today, seed, contracts: 300 }))
  for (const file of files) {
    for (let age = 0; age < 30; age++) {
      const outcome = evolveInsurerDatabase(file, { day: addDays(today, age), seed })
      t.true(outcome.kind === 'evolved' && outcome.events.subscriptions > 0)
    }
  }
  t.deepEqual(dump(files[0]!), dump(files[1]!))
})

test('a day that does not exist and a number of contracts out of bounds are refused before any file is made', t => {
  const file = join(tempDir(t), 'insurer.db')
  for (const day of ['2026-02-31', '21/11/2026', '', '2026-11-21T00:00', '20261121']) {
    t.throws(() => createInsurerDatabase(file, { today: day, seed }), {
      instanceOf: RangeError,
      message: /today: expected/,
    })
  }
  for (const contracts of [0, -5, 199, 200_001, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => createInsurerDatabase(file, { today, seed, contracts }), {
      message: /contracts: expected/,
    })
  }
  t.false(existsSync(file))
})

test('a file that already holds an insurer is left as it is', t => {
  const file = small(t, { today, seed, contracts: 300 })
  const before = dump(file)
  t.throws(() => createInsurerDatabase(file, { today, seed: 2, contracts: 300 }), {
    message: /already exists/,
  })
  t.deepEqual(dump(file), before)
})

test('a day is not played on a file that is absent or holds something else', t => {
  const folder = tempDir(t)
  const absent = join(folder, 'absent.db')
  t.throws(() => evolveInsurerDatabase(absent, { day: today, seed }))
  t.false(existsSync(absent))
  const other = join(folder, 'other.db')
  writeFileSync(other, 'not a database, but long enough to be looked at as one: '.repeat(40))
  t.throws(() => evolveInsurerDatabase(other, { day: today, seed }), { message: /not a database/ })
  t.throws(
    () => evolveInsurerDatabase(small(t, { today, seed, contracts: 200 }), { day: '2026-13-01', seed }),
    {
      instanceOf: RangeError,
    },
  )
})

/** The usual file: 5,000 contracts around `today`. */
function insurer(t: ExecutionContext): Database.Database {
  return openReadOnly(t, small(t, { today, seed, contracts: 5000 }))
}

function small(t: ExecutionContext, options: { today: string; seed: number; contracts: number }): string {
  const file = join(tempDir(t), 'insurer.db')
  createInsurerDatabase(file, options)
  return file
}

function openReadOnly(t: ExecutionContext, file: string): Database.Database {
  const database = new Database(file, { readonly: true })
  t.teardown(() => {
    database.close()
  })
  return database
}

function ask(database: Database.Database, query: AlertQuery, day = today): Row[] {
  return database.prepare(query.sql).all({ today: day }) as Row[]
}

function count(database: Database.Database, from: string): number {
  return database.prepare(`SELECT count(*) FROM ${from}`).pluck().get() as number
}

/** Every row of every table, text as bytes. */
function dump(file: string): unknown[] {
  const database = new Database(file, { readonly: true })
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
      .pluck()
      .all()
    return tables.map(table => [table, database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all()])
  } finally {
    database.close()
  }
}
