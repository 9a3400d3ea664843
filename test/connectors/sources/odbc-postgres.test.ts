import test, { type ExecutionContext } from 'ava'
import pg from 'pg'
import { odbcAvailable } from '../../support/odbc.ts'
import {
  createDatabase,
  type PostgresDatabase,
  postgresAvailable,
  startPostgres,
} from '../../support/postgres.ts'
import { testSourceContract } from './contract.ts'
import { collect, openFixture } from './contract-fixture.ts'
import { bytesTables, createAsciiDatabase } from './postgres-ascii.ts'
import { type ServerFixture, testServerContract } from './server-contract.ts'
import { testWriterContract } from './writer-contract.ts'

const isAvailable = [postgresAvailable(), odbcAvailable('PostgreSQL Unicode')].every(Boolean)
// One after the other: each read starts a process, and two dozen at once would only measure the machine.
const serverTest = isAvailable ? test.serial : test.skip

const fixture: ServerFixture = {
  kind: 'odbc',
  label: 'odbc with psqlodbc',
  serverTest,
  database: async t => connect(t, await createDatabase(t)),
  legacyDatabase: async t => connect(t, await createAsciiDatabase(t)),
  async startServer(t) {
    const server = await startPostgres(t)
    return { config: settingsOf(server), caPem: server.caPem, stop: server.stop }
  },
  typesTable: [
    `CREATE TABLE contract_types (code CHAR(6), due DATE, seen TIMESTAMP, premium NUMERIC(30,2), policy BIGINT,
      age INT, active BOOLEAN, absent TEXT, photo BYTEA, rate REAL, name VARCHAR(40))`,
    `INSERT INTO contract_types VALUES ('AB', '2027-01-01', '2027-03-28 02:30:00', 12345678901234567.89,
      9007199254740993, 42, TRUE, NULL, '\\x00ff80', 0.1, 'Ouédraogo œ ’')`,
  ],
  yes: true,
  numbers: count => `SELECT n, lpad(n::text, 200, '0') AS pad FROM generate_series(1, ${count}) AS n`,
  streamedRows: 100_000,
  silent: 'SELECT count(*) AS n FROM generate_series(1, 2000000000) AS a',
  ...bytesTables,
  writingFunction: [
    `CREATE FUNCTION write_row() RETURNS INT VOLATILE LANGUAGE sql AS
      'INSERT INTO people (id) VALUES (9) RETURNING id'`,
  ],
  async readerConfig({ config, execute }) {
    await execute("CREATE ROLE odbc_reader LOGIN PASSWORD 'only; reads}'")
    await execute('GRANT SELECT ON ALL TABLES IN SCHEMA public TO odbc_reader')
    return { ...config, user: 'odbc_reader', password: 'only; reads}' }
  },
  async runningCount({ config, execute }) {
    const running = `SELECT count(*)::int AS running FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND state = 'active' AND datname = '${config.database}'`
    const result = (await execute(running)) as pg.QueryResult<{ running: number }>
    return result.rows[0]?.running ?? 0
  },
  lacks: { tls: 'TLS is a matter of the driver, by its own key in the options (here SSLmode)' },
}

testSourceContract(fixture)
testServerContract(fixture)

const hidden = [
  "SELECT $$'$$ as a; commit; drop table victim; commit; --'",
  "SELECT E'\\'' as a; commit; drop table victim; commit; --'",
  "SELECT '\\' as a; commit; drop table victim; commit; --'",
  "SELECT 1 /* /* ' */ */; commit; drop table victim; commit; --'",
  'SELECT 1 as a; commit; drop table victim; commit',
]
for (const dialect of ['ansi', 'postgres']) {
  serverTest(`odbc with psqlodbc: an own connection string read as ${dialect} drops no table`, async t => {
    const { config, execute } = await fixture.database(t)
    await execute('CREATE TABLE victim (id INT)')
    await execute('INSERT INTO victim VALUES (7)')
    const { host, port, database, user, password } = config as unknown as PostgresDatabase
    const source = openFixture(t, fixture, {
      preset: 'own',
      dialect,
      connectionString: `Driver=PostgreSQL Unicode;Servername=${host};Port=${port};Database=${database}`,
      user,
      password,
      connectTimeoutMs: 60_000,
    })
    t.deepEqual(await collect(source.read({ sql: 'SELECT id FROM victim' })), [{ id: 7 }])
    for (const sql of hidden) {
      await t.throwsAsync(collect(source.read({ sql })), undefined, sql)
    }
    const { rows } = (await execute('SELECT id FROM victim')) as pg.QueryResult<{ id: number }>
    t.deepEqual(rows, [{ id: 7 }])
  })
}

testWriterContract({
  kind: 'odbc',
  serverTest,
  async database(t) {
    const { config, execute } = await fixture.database(t)
    await execute('CREATE TABLE sms (id INTEGER, etat VARCHAR(20), envoi VARCHAR(30))')
    const role = `odbc_writer_${config.database}`
    await execute(`CREATE ROLE ${role} LOGIN PASSWORD 'only reads'`)
    await execute(`GRANT SELECT ON sms TO ${role}`)
    t.teardown(async () => void (await execute(`DROP OWNED BY ${role}; DROP ROLE ${role}`)))
    return {
      config,
      execute,
      async rows() {
        const result = (await execute('SELECT id, etat FROM sms ORDER BY id')) as pg.QueryResult<{
          id: number
          etat: string
        }>
        return result.rows.map(({ id, etat }) => `${id} ${etat}`)
      },
      readerConfig: { ...config, user: role, password: 'only reads' },
      async lock() {
        await execute('BEGIN')
        await execute('SELECT * FROM sms WHERE id = 1 FOR UPDATE')
        return { release: async () => void (await execute('ROLLBACK')) }
      },
    }
  },
})

async function connect(t: ExecutionContext, database: PostgresDatabase) {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  t.teardown(() => client.end())
  return { config: settingsOf(database), execute: async (sql: string) => await client.query(sql) }
}

function settingsOf({ host, port, user, password, database }: PostgresDatabase): Record<string, unknown> {
  return { preset: 'postgres', host, port, user, password, database, connectTimeoutMs: 60_000 }
}
