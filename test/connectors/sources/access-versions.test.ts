/** Files of Access 2000 to 2019; those of Access 97 are in access-97.test.ts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import { accessConfigSchema, openAccess } from '../../../connectors/sources/access.ts'
import { withColumnType, withVersion } from '../../support/jet.ts'
import { mdbtoolsAvailable, toolsRows, toolsTables, toolsVersion } from '../../support/mdbtools.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, enoughMs } from './contract-fixture.ts'

const toolsTest = mdbtoolsAvailable() ? test : test.skip

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/access/${name}`, import.meta.url))

const files = [
  { title: 'Access 2000', content: fixture('types-2000.mdb'), version: '2000-2003', tools: 'JET4' },
  { title: 'Access 2003', content: fixture('types-2003.mdb'), version: '2000-2003', tools: 'JET4' },
  { title: 'Access 2007', content: fixture('types-2007.accdb'), version: '2007', tools: 'ACE12' },
  { title: 'Access 2010', content: fixture('types-2010.accdb'), version: '2010', tools: 'ACE14' },
]
/** No library at hand writes these: they are the file of 2010 with the number of the later format. */
const laterFiles = [
  { title: 'format 2013', content: laterFile(4), version: '2013', tools: 'ACE15' },
  { title: 'format 2016', content: laterFile(5), version: '2016', tools: 'ACE16' },
  { title: 'format 2019', content: laterFile(6), version: '2019', tools: 'ACE17' },
]

function laterFile(version: number): Buffer {
  return withVersion(fixture('types-2010.accdb'), version)
}

function pathOf(t: ExecutionContext, content: Buffer): string {
  const path = join(tempDir(t), 'types.mdb')
  writeFileSync(path, content)
  return path
}

function open(t: ExecutionContext, content: Buffer): Source {
  return openAccess(accessConfigSchema.parse({ path: pathOf(t, content), timeoutMs: enoughMs }), {
    clock: systemClock,
  })
}

/** With the receipt of each. The clients 5 and 7 were deleted; 6 and 7 had been moved before. */
const joined = {
  sql: `SELECT a.CODEASSU, a."Téléphone", a.nom, a."Date d'effet", q.NUMEQUIT
    FROM ASSURES a LEFT JOIN QUITTANCES q ON q.CODEASSU = a.CODEASSU WHERE a.CODEASSU < :before ORDER BY 1`,
  params: { before: 9 },
}
const clients = [
  [1, '70 00 00 11/76 00 00 12', 'Ouédraogo Françoise', '2027-01-01', '2027-000001'],
  [2, '00226.54.00.00.02', 'N’Guessan Cœur', '2026-03-29 02:30:00', '2027-000002'],
  [3, '54000003.0', "D'Almeida Zoé", '1899-12-29 06:00:00', null],
  [4, '', 'Ψ Ωmega', '1970-01-01', null],
  [6, '70000006', "Kaboré née Sanou Marie-Thérèse de l'Enfant", '2027-01-06 08:15:30', '2027-000003'],
  [8, null, null, null, null],
]
const sentence = "Sinistre déclaré à l'agence, pièces reçues. "
const receipts = [
  {
    NUMEQUIT: '2027-000001',
    CODEASSU: 1,
    ECHEANCE: '2027-01-01',
    PRIME_TTC: 145_500,
    TAUX: 0.1,
    payee: 1,
    mois: 12,
    exercice: 2027,
    bonus: 0.5,
    indice: 0.1,
    note: 'réglée',
    ident: '00112233-4455-6677-8899-aabbccddeeff',
    sceau: new Uint8Array([0, 255, 128]),
    photo: new Uint8Array([1, 2, 3]),
  },
  {
    NUMEQUIT: '2027-000002',
    CODEASSU: 2,
    ECHEANCE: '2027-03-28 02:30:00',
    PRIME_TTC: -237_763.5,
    TAUX: '1234567890123456789012.345678',
    payee: 0,
    mois: 255,
    exercice: -5,
    bonus: -1.25,
    indice: 1e300,
    note: sentence.repeat(20).trimEnd(),
    ident: null,
    sceau: null,
    photo: null,
  },
  {
    NUMEQUIT: '2027-000003',
    CODEASSU: 6,
    ECHEANCE: '2027-12-31 23:59:59',
    PRIME_TTC: '922337203685477.5807',
    TAUX: -7.25,
    payee: 1,
    mois: 0,
    exercice: 0,
    bonus: 0,
    indice: -0.5,
    note: sentence.repeat(250).trimEnd(),
    ident: null,
    sceau: null,
    photo: null,
  },
  {
    NUMEQUIT: '2027-000004',
    CODEASSU: 99,
    ECHEANCE: null,
    PRIME_TTC: null,
    TAUX: null,
    payee: 0,
    mois: null,
    exercice: null,
    bonus: null,
    indice: null,
    note: null,
    ident: null,
    sceau: null,
    photo: null,
  },
]

// One after the other: each reads with processes of its own, and a hundred at once would starve.
for (const { title, content } of files) {
  test.serial(`${title}: the types of its tables are told and every value is read`, async t => {
    const source = open(t, content)
    const types = new Map((await source.describe()).map(({ name, columns }) => [name, columns]))
    t.deepEqual(types.get('ASSURES'), [
      { name: 'CODEASSU', type: 'Long Integer' },
      { name: 'Téléphone', type: 'Short Text (40)' },
      { name: 'nom', type: 'Short Text (50)' },
      { name: "Date d'effet", type: 'Date/Time' },
    ])
    const told = types.get('QUITTANCES')?.map(column => column.type)
    t.is(
      told?.join(', '),
      'Short Text (20), Long Integer, Date/Time, Currency, Decimal, Yes/No, Byte, Integer, Single, Double, Long Text, ' +
        'Replication ID, Binary, OLE Object',
    )
    t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM QUITTANCES ORDER BY NUMEQUIT' })), receipts)
  })
}

for (const { title, content, version, tools } of [...files, ...laterFiles]) {
  test.serial(`${title}: the version is told; tables are joined, without deleted rows`, async t => {
    const source = open(t, content)
    const steps = await source.test()
    t.true(steps.every(step => step.outcome === 'ok'))
    t.regex(steps.at(-1)?.detail ?? '', new RegExp(`^Access ${version}, tables: ASSURES, .*QUITTANCES`))
    t.deepEqual((await collect(source.read(joined))).map(Object.values), clients)
  })

  toolsTest(`${title}: mdbtools reads the same`, t => {
    const path = pathOf(t, content)
    t.is(toolsVersion(path), tools)
    t.true(toolsTables(path).includes('QUITTANCES'))
    t.deepEqual(toolsRows(path, 'QUITTANCES')[1]?.slice(0, 10), [
      '2027-000002',
      '2',
      '2027-03-28 02:30:00',
      '-237763.5000',
      '1234567890123456789012.345678',
      '0',
      '255',
      '-5',
      '-1.25',
      '1e+300',
    ])
    const names = toolsRows(path, 'ASSURES').map(row => row[2])
    for (const client of clients) t.true(names.includes(String(client[2] ?? '∅')))
  })
}

test.serial('Access 2010: a calculated column is told and empty, its neighbours are read', async t => {
  const source = open(t, fixture('types-2010.accdb'))
  const unread = 'Attachment, multi-valued or calculated (not read)'
  const table = (await source.describe()).find(({ name }) => name === 'CALCULS')
  t.deepEqual(
    table?.columns.map(column => column.type),
    ['Short Text (50)', unread, 'Currency', unread, 'Short Text (50)'],
  )
  t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM CALCULS' })), [
    { nom: 'Sanou', salutation: null, prime: 1_000, taxe: null, ville: 'Bobo-Dioulasso' },
  ])
})

test.serial('format 2016: a Large Number is exact', async t => {
  const largeNumber = 0x13
  const file = withColumnType(laterFile(5), 'QUITTANCES', { column: 3, type: largeNumber })
  const source = open(t, file)
  const [, receiptsTable] = await source.describe()
  t.is(receiptsTable?.columns[3]?.type, 'Large Number')
  const rows = await collect(source.read({ sql: 'SELECT PRIME_TTC AS n FROM QUITTANCES ORDER BY NUMEQUIT' }))
  t.deepEqual(
    rows.map(row => String(row.n)),
    ['1455000000', '-2377635000', '9223372036854775807', 'null'],
  )
})
