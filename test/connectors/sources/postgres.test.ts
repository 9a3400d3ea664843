import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import pg from 'pg'
import { systemClock } from '../../../connectors/clock.ts'
import { explain } from '../../../connectors/sources/postgres-connection.ts'
import { testServer } from '../../../connectors/sources/server-place.ts'
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

const serverTest = postgresAvailable() ? test : test.skip

const fixture: ServerFixture = {
  kind: 'postgres',
  serverTest,
  database: async t => connect(t, await createDatabase(t)),
  legacyDatabase: async t => connect(t, await createAsciiDatabase(t)),
  async startServer(t, options) {
    const server = await startPostgres(t, options)
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
  silent: 'SELECT count(*) AS n FROM generate_series(1, 2000000000) AS a',
  ...bytesTables,
  writingFunction: [
    `CREATE FUNCTION write_row() RETURNS INT VOLATILE LANGUAGE sql AS
      'INSERT INTO people (id) VALUES (9) RETURNING id'`,
  ],
  async readerConfig({ config, execute }) {
    await execute("CREATE ROLE reader LOGIN PASSWORD 'only reads'")
    await execute('GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader')
    return { ...config, user: 'reader', password: 'only reads' }
  },
  async runningCount({ config, execute }) {
    const running = `SELECT count(*)::int AS running FROM pg_stat_activity
      WHERE application_name = 'rappel' AND state = 'active' AND datname = '${config.database}'`
    const result = (await execute(running)) as pg.QueryResult<{ running: number }>
    return result.rows[0]?.running ?? 0
  },
}

testSourceContract(fixture)
testServerContract(fixture)

serverTest(
  'postgres: instants are written in the time zone of the source, and odd values stay words',
  async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { timeZone: 'Africa/Lagos' })
    const sql = `SELECT timestamptz '2027-01-01 23:30:00Z' AS instant, date 'infinity' AS forever,
    float8 'NaN' AS unknown, ARRAY[1, 2] AS list, '{"a": 1}'::jsonb AS document, interval '1 day' AS span`
    t.deepEqual(await collect(source.read({ sql })), [
      {
        instant: '2027-01-02 00:30:00+01',
        forever: 'infinity',
        unknown: 'NaN',
        list: '{1,2}',
        document: '{"a": 1}',
        span: '1 day',
      },
    ])
  },
)

serverTest('postgres: a server without TLS refuses a source that requires it', async t => {
  const { config } = await fixture.database(t)
  const steps = await openFixture(t, fixture, config, { tls: { mode: 'require' } }).test()
  t.is(steps.at(-1)?.step, 'tls')
  t.regex(steps.at(-1)?.detail ?? '', /SSL.*TLS mode/)
})

serverTest('postgres: an account that was granted no table is told so at the last step', async t => {
  const { config, execute } = await fixture.database(t)
  await execute('CREATE TABLE people (id INTEGER)')
  const user = `nobody_${config.database}`
  await execute(`CREATE ROLE "${user}" LOGIN PASSWORD 'reads nothing'`)
  t.teardown(() => execute(`DROP ROLE "${user}"`))
  const steps = await openFixture(t, fixture, config, { user, password: 'reads nothing' }).test()
  t.deepEqual(
    steps.map(({ step, outcome }) => `${step} ${outcome}`),
    ['resolve ok', 'connect ok', 'tls ok', 'login ok', 'read-only ok', 'select failed'],
  )
  t.regex(steps.at(-1)?.detail ?? '', /none of the 1 tables.*Grant USAGE/)
})

test('a connection over a network without TLS is a warning, at home it is none', async t => {
  const place = {
    product: 'PostgreSQL',
    port: 1,
    user: 'reader',
    database: 'assur',
    connectTimeoutMs: 60_000,
  }
  const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.2')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const port = (server.address() as AddressInfo).port
  const session = {
    findWriteRights: async () => '',
    select: async () => undefined,
    close: async () => undefined,
  }
  const login = async () => session
  const stepOf = async (host: string, tlsMode: 'off' | 'require') => {
    const attempts = {
      place: { ...place, host, port },
      clock: systemClock,
      signal: undefined,
      tls: { mode: tlsMode },
      login,
    }
    return (await testServer(attempts)).find(({ step }) => step === 'tls')?.outcome
  }
  t.is(await stepOf('127.0.0.2', 'off'), 'ok')
  t.is(await stepOf('127.0.0.2', 'require'), 'ok')
  t.is(await stepOf('0x7f000002', 'off'), 'warning', 'any name that is not plainly this machine')
})

serverTest('postgres: a certificate for another name is refused when verified', async t => {
  const { config, caPem } = await fixture.startServer(t, { tls: true })
  const source = openFixture(t, fixture, config, { host: '127.0.0.1', tls: { mode: 'verify', caPem } })
  t.regex((await source.test()).at(-1)?.detail ?? '', /127\.0\.0\.1 is not in the cert/)
})

async function connect(t: ExecutionContext, database: PostgresDatabase) {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  t.teardown(() => client.end())
  return { config: settingsOf(database), execute: async (sql: string) => await client.query(sql) }
}

function settingsOf({ host, port, user, password, database }: PostgresDatabase): Record<string, unknown> {
  return { host, port, user, password, database }
}

test('a connection cut while we write is a server out of reach, not a wrong query', t => {
  const place = {
    product: 'PostgreSQL',
    host: 'db.example',
    port: 5432,
    user: 'reader',
    database: 'assur',
    connectTimeoutMs: 1_000,
  }
  for (const code of ['EPIPE', 'ECONNRESET']) {
    const error = explain(Object.assign(new Error(`write ${code}`), { code }), place)
    t.is(error.code, 'source-unreachable', code)
  }
})
