import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { odbcAvailable } from '../../support/odbc.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { testSourceContract } from './contract.ts'
import { collect, type Fixture, failureOf, openFixture } from './contract-fixture.ts'

const fixture: Fixture = {
  kind: 'odbc',
  label: 'odbc with sqliteodbc',
  serverTest: odbcAvailable('SQLite3') ? test.serial : test.skip,
  async database(t) {
    const file = join(tempDir(t), 'insurer.db')
    const database = new Database(file)
    database.pragma('journal_mode = WAL')
    t.teardown(() => void database.close())
    return {
      config: { preset: 'sqlite', file, connectTimeoutMs: 60_000 },
      execute: async sql => database.exec(sql),
    }
  },
  typesTable: [
    `CREATE TABLE contract_types (code CHAR(6), due DATE, seen DATETIME, premium TEXT, policy BIGINT, age INT,
      active BOOLEAN, absent TEXT, photo BLOB, rate REAL, name TEXT)`,
    `INSERT INTO contract_types VALUES ('AB    ', '2027-01-01', '2027-03-28 02:30:00', '12345678901234567.89',
      9007199254740993, 42, TRUE, NULL, x'00ff80', 0.1, 'Ouédraogo œ ’')`,
  ],
  yes: true,
  numbers:
    count => `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    SELECT n, printf('%0200d', n) AS pad FROM numbers`,
  streamedRows: 100_000,
  silent: `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000000000)
    SELECT count(*) AS n FROM numbers`,
  legacyTable: [
    'CREATE TABLE legacy (id INTEGER, name TEXT)',
    "INSERT INTO legacy VALUES (1, CAST(x'41ef636861204e924775657373616e209c2080' AS TEXT))",
    "INSERT INTO legacy VALUES (2, 'Zoé')",
  ],
  dosTable: [
    'CREATE TABLE dos (id INTEGER, name TEXT)',
    "INSERT INTO dos VALUES (1, CAST(x'5a6f822080872081' AS TEXT))",
    "INSERT INTO dos VALUES (2, 'Aïcha')",
  ],
}

testSourceContract(fixture)

fixture.serverTest('odbc with sqliteodbc: the connection test knows that it cannot write', async t => {
  const { config } = await fixture.database(t)
  const steps = await openFixture(t, fixture, config).test()
  t.deepEqual(
    steps.map(step => `${step.step} ${step.outcome} ${step.detail}`),
    ['login ok ', 'read-only ok ', 'select ok '],
  )
})

fixture.serverTest(
  'odbc with sqliteodbc: a file that is not there is out of reach, and not made',
  async t => {
    const file = join(tempDir(t), 'missing.db')
    const source = openFixture(t, fixture, { preset: 'sqlite', file })
    t.is((await failureOf(t, source.read({ sql: 'SELECT 1 AS one' }))).error.code, 'source-unreachable')
    t.is((await source.test()).at(-1)?.outcome, 'failed')
  },
)

fixture.serverTest(
  'odbc with sqliteodbc: a binary longer than its driver said is told, not read past its end',
  async t => {
    const { config, execute } = await fixture.database(t)
    await execute(
      'CREATE TABLE scans (id INTEGER, scan BLOB); INSERT INTO scans VALUES (1, zeroblob(100000))',
    )
    const source = openFixture(t, fixture, config)
    const { error } = await failureOf(t, source.read({ sql: 'SELECT id, scan FROM scans' }))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /scan holds 100000 bytes.*leave the column out/)
    t.deepEqual(await collect(source.read({ sql: 'SELECT id FROM scans' })), [{ id: 1 }])
  },
)

fixture.serverTest(
  'odbc with sqliteodbc: a text longer than its column was declared is told, not cut',
  async t => {
    const { config, execute } = await fixture.database(t)
    await execute(`CREATE TABLE notes (note VARCHAR(10)); INSERT INTO notes VALUES ('${'x'.repeat(500)}')`)
    const { error } = await failureOf(
      t,
      openFixture(t, fixture, config).read({ sql: 'SELECT note FROM notes' }),
    )
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /note is longer than the 10 characters/)
  },
)
