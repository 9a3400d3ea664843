/** Files of Access 97, which no library writes: test/support/jet3.ts does, and mdbtools reads them too. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import iconv from 'iconv-lite'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import { accessConfigSchema, openAccess } from '../../../connectors/sources/access.ts'
import { withPageKey } from '../../support/access-encryption.ts'
import { type Jet3Table, jet3File } from '../../support/jet3.ts'
import {
  mdbtoolsAvailable,
  toolsRows,
  toolsSchema,
  toolsTables,
  toolsVersion,
} from '../../support/mdbtools.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, enoughMs } from './contract-fixture.ts'

const toolsTest = mdbtoolsAvailable() ? test : test.skip

const deleted = 0xc000
/** A row that outgrew its place and was deleted later. */
const movedAndDeleted = 0x8000

const clients: Jet3Table = {
  name: 'ASSURES',
  columns: [
    { name: 'CODEASSU', type: 'long' },
    { name: 'Telephone', type: 'text', size: 40 },
    { name: 'nom', type: 'text', size: 50 },
    { name: "Date d'effet", type: 'datetime' },
    { name: 'adresse', type: 'text', size: 255 },
    { name: 'ville', type: 'text', size: 255 },
    { name: 'note', type: 'memo' },
  ],
  rows: [
    [1, '70 00 00 11/76 00 00 12', 'Ouédraogo Françoise', 46_388, 'Secteur 4', 'Ouagadougou', 'réglée'],
    [2, '00226.54.00.00.02', 'Zoé Çà', 46_388.75, 'è'.repeat(255), 'à'.repeat(255), 'ç'.repeat(900)],
    // The last column begins where 256 bytes are full; the row is longer than its texts.
    [3, '', "D'Almeida", -1.25, 'a'.repeat(200), 'b'.repeat(22), 'long, '.repeat(1_500)],
    [4, null, null, null, null, null, null],
  ],
  gone: [{ row: [5, '70000005', 'deleted', 46_388, null, null, null], flags: deleted }],
}
const receipts: Jet3Table = {
  name: 'QUITTANCES',
  columns: [
    { name: 'CODEASSU', type: 'long' },
    { name: 'prime', type: 'currency' },
    { name: 'payee', type: 'boolean' },
    { name: 'mois', type: 'byte' },
    { name: 'exercice', type: 'integer' },
    { name: 'bonus', type: 'float' },
    { name: 'indice', type: 'double' },
    { name: 'ident', type: 'repid' },
  ],
  rows: [
    [1, 1_455_000_000n, true, 12, 2027, 0.5, 0.1, Buffer.from('33221100554477668899aabbccddeeff', 'hex')],
    [2, -2_377_635_000n, false, 255, -5, -1.25, 1e300, null],
    [3, 9_223_372_036_854_775_807n, true, 0, 0, 0, -0.5, null],
    [99, null, null, null, null, null, null, null],
  ],
}
const numbers: Jet3Table = {
  name: 'NUMEROS',
  columns: [{ name: 'n', type: 'long' }],
  rows: Array.from({ length: 5_000 }, (_, n) => [n]),
}

function fileIn(encoding: 'cp1252' | 'cp850', tables = [clients, receipts, numbers]): Buffer {
  return jet3File(tables, {
    encode: text => iconv.encode(text, encoding),
    codePage: Number(encoding.slice(2)),
  })
}

function pathOf(t: ExecutionContext, content: Buffer): string {
  const path = join(tempDir(t), 'assures.mdb')
  writeFileSync(path, content)
  return path
}

function open(t: ExecutionContext, content: Buffer, more: Record<string, unknown> = {}): Source {
  return openAccess(accessConfigSchema.parse({ path: pathOf(t, content), timeoutMs: enoughMs, ...more }), {
    clock: systemClock,
  })
}

const expectedClients = [
  {
    CODEASSU: 1,
    Telephone: '70 00 00 11/76 00 00 12',
    nom: 'Ouédraogo Françoise',
    "Date d'effet": '2027-01-01',
    adresse: 'Secteur 4',
    ville: 'Ouagadougou',
    note: 'réglée',
  },
  {
    CODEASSU: 2,
    Telephone: '00226.54.00.00.02',
    nom: 'Zoé Çà',
    "Date d'effet": '2027-01-01 18:00:00',
    adresse: 'è'.repeat(255),
    ville: 'à'.repeat(255),
    note: 'ç'.repeat(900),
  },
  {
    CODEASSU: 3,
    Telephone: '',
    nom: "D'Almeida",
    "Date d'effet": '1899-12-29 06:00:00',
    adresse: 'a'.repeat(200),
    ville: 'b'.repeat(22),
    note: 'long, '.repeat(1_500).trimEnd(),
  },
  { CODEASSU: 4, Telephone: null, nom: null, "Date d'effet": null, adresse: null, ville: null, note: null },
]

test.serial('Access 97: the version, the tables and their types are told', async t => {
  const source = open(t, fileIn('cp1252'))
  const steps = await source.test()
  t.true(steps.every(step => step.outcome === 'ok'))
  t.is(steps.at(-1)?.detail, 'Access 97, tables: ASSURES, QUITTANCES, NUMEROS')
  const [clientsTable, receiptsTable] = await source.describe()
  t.is(
    clientsTable?.columns.map(({ name, type }) => `${name} ${type}`).join(', '),
    "CODEASSU Long Integer, Telephone Short Text (40), nom Short Text (50), Date d'effet Date/Time, " +
      'adresse Short Text (255), ville Short Text (255), note Long Text',
  )
  t.is(
    receiptsTable?.columns.map(column => column.type).join(', '),
    'Long Integer, Currency, Yes/No, Byte, Integer, Single, Double, Replication ID',
  )
})

for (const [encoding, more] of [
  ['cp1252', {}],
  ['cp850', { encoding: 'cp850' }],
] as const) {
  test.serial(`Access 97: text of ${encoding}, long rows, long texts and dates are read`, async t => {
    const source = open(t, fileIn(encoding), more)
    t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM ASSURES' })), expectedClients)
  })
}

test.serial('Access 97: the Windows signs that DOS does not have are read', async t => {
  const table: Jet3Table = {
    name: 'NOMS',
    columns: [{ name: 'nom', type: 'text', size: 50 }],
    rows: [['N’Guessan Cœur €']],
  }
  const rows = await collect(open(t, fileIn('cp1252', [table])).read({ sql: 'SELECT * FROM NOMS' }))
  t.deepEqual(rows, [{ nom: 'N’Guessan Cœur €' }])
})

test.serial('Access 97: amounts, numbers and yes/no are exact, and tables are joined', async t => {
  const source = open(t, fileIn('cp1252'))
  const sql = `SELECT a.nom, q.* FROM QUITTANCES q LEFT JOIN ASSURES a ON a.CODEASSU = q.CODEASSU
    JOIN NUMEROS ON n = q.CODEASSU WHERE n < :before`
  t.deepEqual((await collect(source.read({ sql, params: { before: 5_000 } }))).map(Object.values), [
    ['Ouédraogo Françoise', 1, 145_500, 1, 12, 2027, 0.5, 0.1, '00112233-4455-6677-8899-aabbccddeeff'],
    ['Zoé Çà', 2, -237_763.5, 0, 255, -5, -1.25, 1e300, null],
    ["D'Almeida", 3, '922337203685477.5807', 1, 0, 0, 0, -0.5, null],
    [null, 99, null, 0, null, null, null, null, null],
  ])
})

test.serial('Access 97: an encoded file is read, and a row deleted after it had moved is not', async t => {
  const row = [7, '70000007', 'moved, then deleted', 46_388, null, null, null]
  const gone = [...clients.gone!, { row, flags: movedAndDeleted }]
  const file = withPageKey(fileIn('cp1252', [{ ...clients, gone }]), 2_048)
  t.deepEqual(await collect(open(t, file).read({ sql: 'SELECT * FROM ASSURES' })), expectedClients)
})

toolsTest('Access 97: mdbtools reads the same', t => {
  for (const file of [fileIn('cp1252'), fileIn('cp850'), withPageKey(fileIn('cp1252'), 2_048)]) {
    const path = pathOf(t, file)
    t.is(toolsVersion(path), 'JET3')
    t.deepEqual(toolsTables(path), ['ASSURES', 'QUITTANCES', 'NUMEROS'])
    t.regex(toolsSchema(path), /\[nom\]\s+Text \(50\)/)
    t.deepEqual(
      toolsRows(path, 'ASSURES').map(([code, phone, name, , address, town, note]) => [
        Number(code),
        phone,
        name,
        address,
        town,
        note?.trimEnd(),
      ]),
      expectedClients.map(row => [
        row.CODEASSU,
        // mdbtools takes an empty text for NULL.
        row.Telephone || '∅',
        row.nom ?? '∅',
        row.adresse ?? '∅',
        row.ville ?? '∅',
        row.note ?? '∅',
      ]),
    )
    t.deepEqual(toolsRows(path, 'ASSURES')[1]?.[3], '2027-01-01 18:00:00')
    t.deepEqual(toolsRows(path, 'QUITTANCES')[1]?.slice(0, 7), [
      '2',
      '-237763.5000',
      '0',
      '255',
      '-5',
      '-1.25',
      '1e+300',
    ])
    t.deepEqual(
      toolsRows(path, 'NUMEROS').map(([n]) => Number(n)),
      numbers.rows.map(([n]) => n),
    )
  }
})
