import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import iconv from 'iconv-lite'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import { filesConfigSchema, openFiles } from '../../../connectors/sources/files.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, enoughMs, failureOf } from './contract-fixture.ts'

function folderOf(t: ExecutionContext, files: Record<string, string | Buffer>): string {
  const folder = tempDir(t)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

function openFolder(folder: string, more: Record<string, unknown> = {}, clock = systemClock): Source {
  return openFiles(filesConfigSchema.parse({ folder, stableSeconds: 0, timeoutMs: enoughMs, ...more }), {
    clock,
  })
}

const contracts = 'POLICE;NOM;TEL;PRIME\nP-1;OUEDRAOGO;0070000001;145500\nP-2;"SARL ""Bon; Prix""";;99,5\n'

test('files: a CSV file is a table with the values as they are written', async t => {
  const source = openFolder(folderOf(t, { 'contrats.csv': contracts }))
  t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM contrats' })), [
    { POLICE: 'P-1', NOM: 'OUEDRAOGO', TEL: '0070000001', PRIME: '145500' },
    { POLICE: 'P-2', NOM: 'SARL "Bon; Prix"', TEL: null, PRIME: '99,5' },
  ])
  const sql = 'SELECT nom FROM "contrats.csv" WHERE CAST(prime AS REAL) > :least AND police = :police'
  const params = { least: 1_000, police: 'P-1' }
  t.deepEqual(await collect(source.read({ sql, params })), [{ NOM: 'OUEDRAOGO' }])
})

test('files: all files together are the table files, in the order of their names, columns matched by name', async t => {
  const folder = folderOf(t, {
    'b.csv': 'tel,nom\n70000002,TRAORE\n',
    'a.csv': 'NOM;TEL;ETAT\n\nZONGO;70000001;0\n',
    'notes.md': 'nom;tel\nNOBODY;1\n',
    '~$a.csv': 'nom;tel\nNOBODY;1\n',
    'c.csv.part': 'nom;tel\nNOBODY;1\n',
  })
  mkdirSync(join(folder, 'sub.csv'))
  t.deepEqual(await collect(openFolder(folder).read({ sql: 'SELECT * FROM files' })), [
    { NOM: 'ZONGO', TEL: '70000001', ETAT: '0', _file: 'a.csv', _row: 3 },
    { NOM: 'TRAORE', TEL: '70000002', ETAT: null, _file: 'b.csv', _row: 2 },
  ])
})

test('files: columns are renamed, and without a header row they are numbered', async t => {
  const folder = folderOf(t, { 'export.txt': '70000001|AWA\n70000002|KOFFI\n' })
  const rename = { Column_1: 'Telephone', column_2: 'nom' }
  const source = openFolder(folder, { header: false, rename, pattern: 'EXP*.txt' })
  t.deepEqual(await collect(source.read({ sql: 'SELECT nom, Telephone FROM export' })), [
    { nom: 'AWA', Telephone: '70000001' },
    { nom: 'KOFFI', Telephone: '70000002' },
  ])
})

const accents = 'nom\tville\nZoé N’Guessan\tTénado\nÉLISE\tBobo\n'

for (const [encoding, bytes, told] of [
  ['UTF-8 with a mark', Buffer.from(`\ufeff${accents}`), 'UTF-8'],
  ['Windows-1252', iconv.encode(accents, 'cp1252'), 'Windows-1252'],
  ['CP850', iconv.encode(accents.replace('’', "'"), 'cp850'), 'DOS (CP850)'],
  ['UTF-16 as Excel saves it', Buffer.from(`\ufeff${accents}`, 'utf16le'), 'UTF-16'],
  ['UTF-16 without a mark', Buffer.from(accents, 'utf16le'), 'UTF-16'],
] as const) {
  test(`files: ${encoding} is detected, read and shown`, async t => {
    const source = openFolder(folderOf(t, { 'x.csv': bytes }))
    const rows = await collect(source.read({ sql: 'SELECT nom, ville FROM x' }))
    t.deepEqual(
      rows.map(row => String(row.nom).replace("'", '’')),
      ['Zoé N’Guessan', 'ÉLISE'],
    )
    const select = (await source.test()).at(-1)
    t.is(select?.outcome, 'ok')
    t.is(select?.detail, `x.csv: ${told}, separator tab, 2 columns`)
  })
}

test('files: an accent after a megabyte of plain letters still decides the encoding', async t => {
  const bytes = Buffer.concat([
    Buffer.from(`nom;n\n${'AWA;1\n'.repeat(200_000)}`),
    iconv.encode('Hélène;2\n', 'cp1252'),
  ])
  const source = openFolder(folderOf(t, { 'x.csv': bytes }), { maxRows: 300_000 })
  t.deepEqual(await collect(source.read({ sql: 'SELECT nom FROM x WHERE n = 2' })), [{ nom: 'Hélène' }])
})

test("files: quotes, line ends inside cells, Excel's sep line and stray quotes are read as spreadsheets do", async t => {
  const csv = 'sep=,\r\nnom,note\r\n"A\nB","say ""hi"""\r\nRésidence "Les Palmiers",x,\r\n,\r\n'
  const source = openFolder(folderOf(t, { 'x.csv': csv }))
  t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM files' })), [
    { nom: 'A\nB', note: 'say "hi"', _file: 'x.csv', _row: 2 },
    { nom: 'Résidence "Les Palmiers"', note: 'x', _file: 'x.csv', _row: 3 },
  ])
})

test('files: rows without a value are passed over, and count', async t => {
  const source = openFolder(folderOf(t, { 'x.csv': ';;\nnom;ville;note\n;;\nAWA;;\n;;\n;\n' }))
  const rows = await collect(source.read({ sql: 'SELECT nom, ville, _row FROM files' }))
  t.deepEqual(rows, [{ nom: 'AWA', ville: null, _row: 4 }])
})

test('files: messages end with one full stop', async t => {
  const source = openFolder(folderOf(t, { 'x.csv': 'a;b\n1;2;3\n' }))
  const { error } = await failureOf(t, source.read({ sql: 'SELECT a FROM x' }))
  t.regex(error.message, /stand in quotes\.$/)
})

test('files: a folder without files, or with an empty one, gives no rows to any query', async t => {
  for (const files of [{}, { 'x.csv': '' }] as Record<string, string>[]) {
    const source = openFolder(folderOf(t, files))
    t.deepEqual(await collect(source.read({ sql: 'SELECT Telephone, nom FROM files' })), [])
    t.deepEqual(await collect(source.read({ sql: "SELECT f.tel FROM files f WHERE f.etat = '0'" })), [])
  }
})

test('files: a row of another width is an error that names file and row, after the rows before it', async t => {
  for (const row of ['P-2;too;many', 'P-2']) {
    const source = openFolder(folderOf(t, { 'x.csv': `police;nom\nP-1;AWA\n${row}\nP-3;KOFFI\n` }))
    const { error, before } = await failureOf(t, source.read({ sql: 'SELECT police FROM x' }))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /x\.csv: row 3 has [13] cells, the first row 2/)
    t.true(before.length <= 1)
  }
})

test('files: a quote that never closes, and bytes that are no text, are told', async t => {
  const open = `nom;tel\nAWA;1\n"${'x;1\n'.repeat(400_000)}`
  const binary = Buffer.concat([Buffer.from('nom;tel\n'), Buffer.alloc(500)])
  for (const [content, words] of [
    [open, /a quote .* is not closed/],
    [open.slice(0, 100), /a quote .* is not closed/],
    [binary, /no text file/],
  ] as const) {
    const { error } = await failureOf(
      t,
      openFolder(folderOf(t, { 'x.csv': content })).read({ sql: 'SELECT * FROM x' }),
    )
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, words)
    t.true(error.message.includes('x.csv'))
  }
})

test('files: a table that is not there is told with the files there are', async t => {
  const source = openFolder(folderOf(t, { 'a.csv': 'n\n1\n' }))
  const { error } = await failureOf(t, source.read({ sql: 'SELECT * FROM contrats' }))
  t.regex(error.message, /contrats".*files, a/)
})

test('files: a file that still grows is waited for, and told when the wait is over', async t => {
  const folder = folderOf(t, { 'x.csv': 'nom;tel\nAWA;1\n' })
  const path = join(folder, 'x.csv')
  const clock = fakeClock(new Date())
  const source = openFolder(folder, { stableSeconds: 4, waitSeconds: 10 }, clock)
  const reading = collect(source.read({ sql: 'SELECT nom FROM x' }))
  for (let second = 0; second < 3; second += 1) {
    await untilWaiting(clock)
    appendFileSync(path, `KOFFI;${second}\n`)
    // Of the clock that the read goes by, however long the machine took until here.
    utimesSync(path, new Date(clock.nowMs()), new Date(clock.nowMs()))
    await clock.advance(500)
  }
  const looked = advanceUntil(clock, reading)
  t.is((await reading).length, 4)
  await looked

  const growing = failureOf(t, source.read({ sql: 'SELECT nom FROM x' }))
  let count = 0
  utimesSync(path, new Date(clock.nowMs()), new Date(clock.nowMs()))
  const stuck = advanceUntil(clock, growing, () => {
    appendFileSync(path, `ZOE;${count}\n`)
    count += 1
    utimesSync(path, new Date(clock.nowMs()), new Date(clock.nowMs()))
  })
  const { error } = await growing
  await stuck
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /x\.csv: it is still being written/)
})

type FakeClock = ReturnType<typeof fakeClock>

async function untilWaiting(clock: FakeClock): Promise<void> {
  // The deadline of the read is one timer; the second is the wait.
  while (clock.pending() < 2) await new Promise(resolve => setImmediate(resolve))
}

/** Lets half a second pass each time the read waits, until it is over. */
async function advanceUntil(clock: FakeClock, end: Promise<unknown>, eachTime = () => {}): Promise<void> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  end.then(over, over)
  while (!isOver) {
    await new Promise(resolve => setImmediate(resolve))
    if (clock.pending() < 2) continue
    eachTime()
    await clock.advance(500)
  }
}

test('files: a file that was read to its end is moved once its rows are said to be safe', async t => {
  const folder = folderOf(t, { 'a.csv': 'nom\nAWA\n', 'b.csv': 'nom\nKOFFI\n', 'empty.csv': '' })
  const processedFolder = join(folder, 'done', 'today')
  const source = openFolder(folder, { whenRead: 'move', processedFolder })
  t.is((await collect(source.read({ sql: 'SELECT nom FROM files' }))).length, 2)
  t.deepEqual(readdirSync(folder).toSorted(), ['a.csv', 'b.csv', 'empty.csv'], 'reading alone moves nothing')
  await source.acknowledge?.()
  t.deepEqual(readdirSync(folder).toSorted(), ['done', 'empty.csv'])
  t.deepEqual(readdirSync(processedFolder).toSorted(), ['a.csv', 'b.csv'])
  t.deepEqual(await collect(source.read({ sql: 'SELECT nom FROM files' })), [])

  writeFileSync(join(folder, 'a.csv'), 'nom\nZOE\n')
  await collect(source.read({ sql: "SELECT nom FROM files WHERE nom = 'nobody'" }))
  await source.acknowledge?.()
  const moved = readdirSync(processedFolder).toSorted()
  t.is(moved.length, 3, 'no processed file is written over')
  t.is(readFileSync(join(processedFolder, 'a.csv'), 'utf8'), 'nom\nAWA\n')
  t.regex(moved.find(name => name !== 'a.csv' && name.startsWith('a')) ?? '', /^a\.\d{8}T\d{6}\.csv$/)
})

test('files: what was not read to its end, or changed since, stays', async t => {
  const good = `nom\n${'AWA\n'.repeat(2_000)}`
  const folder = folderOf(t, { 'a.csv': good, 'bad.csv': 'nom;tel\n1;2;3\n' })
  const processedFolder = `${folder}/processed`
  const source = openFolder(folder, { whenRead: 'move', processedFolder })
  for await (const _ of source.read({ sql: 'SELECT nom FROM a' })) break
  await collect(source.read({ sql: 'SELECT nom FROM a LIMIT 3' }))
  await failureOf(t, source.read({ sql: 'SELECT nom FROM files' }))
  await failureOf(t, source.read({ sql: 'SELECT nom FROM a', maxRows: 10 }))
  await source.acknowledge?.()
  t.true(readdirSync(folder).includes('a.csv'))
  await collect(source.read({ sql: 'SELECT nom FROM a' }))
  appendFileSync(join(folder, 'a.csv'), 'KOFFI\n')
  await source.acknowledge?.()
  t.true(readdirSync(folder).includes('a.csv'), 'a row was added that nobody has read')
})

test('files: a file that changes while it is read ends the read with an error', async t => {
  const folder = folderOf(t, { 'a.csv': `nom\n${'AWA OUEDRAOGO\n'.repeat(30_000)}` })
  const rows = openFolder(folder).read({ sql: 'SELECT nom FROM a' })[Symbol.asyncIterator]()
  await rows.next()
  appendFileSync(join(folder, 'a.csv'), 'KOFFI\n')
  const { error } = await failureOf(t, { [Symbol.asyncIterator]: () => rows })
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /a\.csv: it was changed while it was read/)
})

test('files: a folder that is not there, and settings that contradict each other, are refused', async t => {
  const folder = tempDir(t)
  const gone = openFolder(join(folder, 'gone'))
  const { error } = await failureOf(t, gone.read({ sql: 'SELECT * FROM files' }))
  t.is(error.code, 'source-unreachable')
  t.deepEqual(
    (await gone.test()).map(step => `${step.step} ${step.outcome}`),
    ['connect failed'],
  )
  const empty = await openFolder(folder).test()
  t.deepEqual(
    empty.map(step => `${step.step} ${step.outcome}`),
    ['connect ok', 'read-only ok', 'select warning'],
  )
  t.throws(() => openFolder(folder, { whenRead: 'move' }))
  t.throws(() => openFolder(folder, { whenRead: 'move', processedFolder: `${folder}/.` }))
  t.throws(() => openFolder('relative'))
  t.throws(() => openFolder(folder, { folders: 'x' }))
})

test('files: a file above the limit is told before it is read', async t => {
  const folder = folderOf(t, { 'x.csv': 'a;b\n'.repeat(300_000) })
  t.true(statSync(join(folder, 'x.csv')).size > 2 ** 20)
  const { error } = await failureOf(t, openFolder(folder, { maxFileMiB: 1 }).read({ sql: 'SELECT * FROM x' }))
  t.regex(error.message, /x\.csv: it has \d+ bytes; the limit is 1 MiB/)
})
