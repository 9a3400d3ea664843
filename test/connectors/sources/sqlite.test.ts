import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import Database from 'better-sqlite3'
import { tempDir } from '../../support/temp-dir.ts'
import { testSourceContract } from './contract.ts'
import { collect, type Fixture, failureOf, openFixture } from './contract-fixture.ts'

const fixture: Fixture = {
  kind: 'sqlite',
  serverTest: test,
  async database(t) {
    const path = join(tempDir(t), 'insurer.db')
    const database = new Database(path)
    database.pragma('journal_mode = WAL')
    t.teardown(() => database.close())
    return { config: { path }, execute: async sql => database.exec(sql) }
  },
  typesTable: [
    `CREATE TABLE contract_types (code CHAR(6), due DATE, seen DATETIME, premium TEXT, policy BIGINT, age INT,
      active BOOLEAN, absent TEXT, photo BLOB, rate REAL, name TEXT)`,
    `INSERT INTO contract_types VALUES ('AB    ', '2027-01-01', '2027-03-28 02:30:00', '12345678901234567.89',
      9007199254740993, 42, TRUE, NULL, x'00ff80', 0.1, 'Ouédraogo œ ’')`,
  ],
  yes: 1,
  numbers:
    count => `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    SELECT n, printf('%0200d', n) AS pad FROM numbers`,
  silent: `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000000000)
    SELECT count(*) AS n FROM numbers`,
  legacyTable: [
    'CREATE TABLE legacy (id INTEGER, name TEXT)',
    "INSERT INTO legacy VALUES (1, CAST(x'41ef636861204e924775657373616e209c2080' AS TEXT))",
    "INSERT INTO legacy VALUES (2, 'Zoé')",
  ],
  dosTable: [
    'CREATE TABLE dos (id INTEGER, name TEXT)',
    "INSERT INTO dos VALUES (1, CAST(x'5a6f822080872081' AS TEXT)), (2, 'Aïcha')",
  ],
}

testSourceContract(fixture)

test('sqlite: Windows letters stored as bytes in a text column are text, in a BLOB column they stay bytes', async t => {
  const { config, execute } = await fixture.database(t)
  await execute("CREATE TABLE cells (name TEXT, raw BLOB); INSERT INTO cells VALUES (x'5a6fe9', x'5a6fe9')")
  const source = openFixture(t, fixture, config, { encoding: 'cp1252' })
  const bytes = new Uint8Array([0x5a, 0x6f, 0xe9])
  t.deepEqual(await collect(source.read({ sql: 'SELECT name, raw FROM cells' })), [
    { name: 'Zoé', raw: bytes },
  ])
  const dos = openFixture(t, fixture, config, { encoding: 'cp850' })
  t.deepEqual(await collect(dos.read({ sql: "SELECT CAST(x'5a6f82' AS TEXT) AS name" })), [{ name: 'Zoé' }])
})

test('sqlite: the order of the query survives the reading of bytes', async t => {
  const { config } = await fixture.database(t)
  const source = openFixture(t, fixture, config, { encoding: 'cp1252' })
  const rows = await collect(
    source.read({ sql: `SELECT n FROM (${fixture.numbers(2_000)}) ORDER BY n DESC` }),
  )
  t.deepEqual(
    rows.map(row => row.n),
    Array.from({ length: 2_000 }, (_, index) => 2_000 - index),
  )
})

test('sqlite: the reading process itself refuses what the guard would not see', async t => {
  const { config, execute } = await fixture.database(t)
  await execute('CREATE TABLE people (id INTEGER); INSERT INTO people VALUES (1)')
  for (const statement of [
    'DELETE FROM people RETURNING id',
    "ATTACH ':memory:' AS other",
    'PRAGMA user_version = 3',
  ]) {
    const reader = fork(
      fileURLToPath(new URL('../../../connectors/sources/sqlite-reader.ts', import.meta.url)),
      {
        serialization: 'advanced',
        execArgv: [],
      },
    )
    t.teardown(() => void reader.kill('SIGKILL'))
    reader.send({ path: config.path, statement, values: {}, encoding: 'utf8', batchRows: 10 })
    const [answer] = await once(reader, 'message')
    t.is(answer.kind, 'failed', statement)
  }
  t.deepEqual(await collect(openFixture(t, fixture, config).read({ sql: 'SELECT id FROM people' })), [
    { id: 1 },
  ])
})

test('sqlite: the connection test names what is wrong with the file', async t => {
  const { config } = await fixture.database(t)
  const good = await openFixture(t, fixture, config).test()
  t.deepEqual(
    good.map(step => `${step.step} ${step.outcome}`),
    ['connect ok', 'read-only ok', 'select ok'],
  )
  const directory = tempDir(t)
  const path = join(directory, 'missing.db')
  const missing = await openFixture(t, fixture, { path }).test()
  t.is(missing[0]?.outcome, 'failed')
  t.regex(missing[0]?.detail ?? '', /missing\.db.*ENOENT/)
  const { error } = await failureOf(t, openFixture(t, fixture, { path }).read({ sql: 'SELECT 1 AS one' }))
  t.is(error.code, 'source-unreachable')
})

test('sqlite: a file that is something else, a folder and a relative path are refused', async t => {
  const path = join(tempDir(t), 'letter.db')
  writeFileSync(path, 'Dear customer, this is a letter.')
  for (const wrong of [path, tempDir(t)]) {
    const { error } = await failureOf(
      t,
      openFixture(t, fixture, { path: wrong }).read({ sql: 'SELECT 1 AS one' }),
    )
    t.is(error.code, 'source-unreachable')
  }
  t.throws(() => openFixture(t, fixture, { path: ':memory:' }))
  t.throws(() => openFixture(t, fixture, { path: 'insurer.db' }))
  t.throws(() => openFixture(t, fixture, { path, pasword: 'x' }))
})

test('sqlite: a torn file is an error of the file, not of the query', async t => {
  const path = join(tempDir(t), 'torn.db')
  writeFileSync(path, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(5_000, 0x5a)]))
  const { error } = await failureOf(
    t,
    openFixture(t, fixture, { path }).read({ sql: 'SELECT 1 AS one FROM sqlite_master' }),
  )
  t.is(error.code, 'source-unreachable')
})
