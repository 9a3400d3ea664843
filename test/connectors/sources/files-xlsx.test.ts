import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import { filesConfigSchema, openFiles } from '../../../connectors/sources/files.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { type XmlCell, xlsx, zip } from '../../support/xlsx.ts'
import { collect, enoughMs, failureOf } from './contract-fixture.ts'

/** A zone far from UTC, so that a date which passes through an instant shows up as the day before. */
process.env.TZ = 'Pacific/Auckland'

const text = (value: string): XmlCell => ({ type: 'inlineStr', value })
const number = (value: string, style?: number): XmlCell => ({ value, ...(style !== undefined && { style }) })

function openFolder(t: ExecutionContext, files: Record<string, Buffer | string>, more = {}): Source {
  const folder = tempDir(t)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return openFiles(filesConfigSchema.parse({ folder, stableSeconds: 0, timeoutMs: enoughMs, ...more }), {
    clock: systemClock,
  })
}

const header = {
  A: text(' Police '),
  B: text('Effet'),
  C: text('Saisie'),
  D: text('Prime'),
  E: text('Actif'),
}
const sheet: Record<string, XmlCell>[] = [
  header,
  {
    A: text('P-1 é'),
    B: number('46388', 1),
    C: number('46474.104166666664', 2),
    D: number('145500.5'),
    E: { type: 'b', value: '1' },
  },
  {},
  { A: { type: 'str', value: 'P-2' }, D: number('9007199254740993'), E: { type: 'e', value: '#N/A' } },
  { A: number('70000001') },
]

test('files: an Excel sheet is a table: dates are not shifted, numbers are numbers, empty rows are passed over', async t => {
  const source = openFolder(t, { 'contrats.xlsx': xlsx({ Contrats: sheet }) })
  t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM files' })), [
    {
      Police: 'P-1 é',
      Effet: '2027-01-01',
      Saisie: '2027-03-28 02:30:00',
      Prime: 145500.5,
      Actif: 1,
      _file: 'contrats.xlsx',
      _row: 2,
    },
    {
      Police: 'P-2',
      Effet: null,
      Saisie: null,
      Prime: '9007199254740993',
      Actif: null,
      _file: 'contrats.xlsx',
      _row: 4,
    },
    {
      Police: 70000001,
      Effet: null,
      Saisie: null,
      Prime: null,
      Actif: null,
      _file: 'contrats.xlsx',
      _row: 5,
    },
  ])
  const dear = { sql: "SELECT police FROM contrats WHERE prime > 100000 AND effet >= '2027-01-01'" }
  t.deepEqual(await collect(source.read(dear)), [{ Police: 'P-1 é' }])
  const select = (await source.test()).at(-1)
  t.is(select?.detail, 'contrats.xlsx: Excel, first sheet, 5 columns, 3 rows')
})

test('files: a sheet is chosen by its name, and a wrong name is told with those there are', async t => {
  const files = { 'x.xlsx': xlsx({ Notes: [{ A: text('note') }], Contrats: sheet }) }
  const rows = openFolder(t, files, { sheet: 'Contrats' }).read({ sql: 'SELECT Police FROM x' })
  t.is((await collect(rows)).length, 3)
  const wrong = await failureOf(t, openFolder(t, files, { sheet: 'Juin' }).read({ sql: 'SELECT * FROM x' }))
  t.regex(wrong.error.message, /x\.xlsx: there is no sheet "Juin".*Notes, Contrats/)
})

test('files: Excel and CSV files of one folder are read together', async t => {
  const source = openFolder(t, {
    'a.csv': 'effet;police\n2027-05-01;P-9\n',
    'b.xlsx': xlsx({ Contrats: sheet }),
    'c.xlsx': xlsx({ Contrats: sheet }),
  })
  const rows = await collect(
    source.read({ sql: 'SELECT police, effet, _file FROM files WHERE effet IS NOT NULL' }),
  )
  t.deepEqual(rows, [
    { police: 'P-9', effet: '2027-05-01', _file: 'a.csv' },
    { police: 'P-1 é', effet: '2027-01-01', _file: 'b.xlsx' },
    { police: 'P-1 é', effet: '2027-01-01', _file: 'c.xlsx' },
  ])
})

test('files: what only claims to be an Excel file is told in plain words', async t => {
  const good = xlsx({ Contrats: sheet })
  const old = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2_000)])
  for (const [content, words] of [
    ['police;nom\nP-1;AWA\n', /not an Excel file/],
    [old, /old Excel file \(\.xls\)/],
    [good.subarray(0, good.length / 2), /only half of one/],
    [zip([{ name: 'word/document.xml', content: '<w/>' }]), /x\.xlsx: \S+/],
    [Buffer.alloc(0), /not an Excel file/],
  ] as const) {
    const { error } = await failureOf(
      t,
      openFolder(t, { 'x.xlsx': content }).read({ sql: 'SELECT * FROM x' }),
    )
    t.is(error.code, 'source-query-failed', error.message)
    t.regex(error.message, words)
  }
})

test('files: a file made to fill a memory is refused by what it says, and stopped when it lies', async t => {
  const spaces = Buffer.alloc(450 * 2 ** 20, 0x20)
  const honest = xlsx({ Contrats: sheet }, { content: spaces })
  t.true(honest.length < 2 ** 20)
  const told = await failureOf(t, openFolder(t, { 'x.xlsx': honest }).read({ sql: 'SELECT * FROM x' }))
  t.is(told.error.code, 'source-query-failed')
  t.regex(told.error.message, /x\.xlsx: it unpacks to \d+ MiB; 400 are the limit/)
  const farRow = `<worksheet><sheetData><row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData></worksheet>`
  const liar = xlsx({ Contrats: sheet }, { content: farRow })
  const caught = await failureOf(t, openFolder(t, { 'x.xlsx': liar }).read({ sql: 'SELECT * FROM x' }))
  t.is(caught.error.code, 'source-query-failed', caught.error.message)
})

test('files: a moved Excel file is the one that was read', async t => {
  const folder = tempDir(t)
  writeFileSync(join(folder, 'x.xlsx'), xlsx({ Contrats: sheet }))
  const config = { folder, stableSeconds: 0, whenRead: 'move', processedFolder: join(folder, 'lus') }
  const source = openFiles(filesConfigSchema.parse(config), { clock: systemClock })
  await collect(source.read({ sql: 'SELECT police FROM files' }))
  await source.acknowledge?.()
  t.deepEqual(readdirSync(folder), ['lus'])
})
