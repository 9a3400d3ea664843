import test, { type ExecutionContext } from 'ava'
import mysql from 'mysql2/promise'
import {
  createDatabase,
  type MariadbDatabase,
  mariadbAvailable,
  startMariadb,
} from '../../support/mariadb.ts'
import { testSourceContract } from './contract.ts'
import { collect, failureOf, openFixture } from './contract-fixture.ts'
import { type ServerFixture, testServerContract } from './server-contract.ts'

const serverTest = mariadbAvailable() ? test : test.skip

const fixture: ServerFixture = {
  kind: 'mysql',
  serverTest,
  database: async t => connect(t, await createDatabase(t)),
  async startServer(t, options) {
    const server = await startMariadb(t, options)
    return { config: settingsOf(server), caPem: server.caPem, stop: server.stop }
  },
  typesTable: [
    `CREATE TABLE contract_types (code CHAR(6), due DATE, seen DATETIME, premium DECIMAL(30,2), policy BIGINT,
      age INT, active BOOLEAN, absent TEXT, photo BLOB, rate FLOAT, name VARCHAR(40))`,
    `INSERT INTO contract_types VALUES ('AB', '2027-01-01', '2027-03-28 02:30:00', 12345678901234567.89,
      9007199254740993, 42, TRUE, NULL, x'00ff80', 0.1, 'Ouédraogo œ ’')`,
  ],
  yes: 1,
  numbers: count => `SELECT seq AS n, lpad(seq, 200, '0') AS pad FROM seq_1_to_${count}`,
  silent: 'SELECT count(a.seq + b.seq) AS n FROM seq_1_to_100000 AS a, seq_1_to_1000000 AS b',
  legacyTable: [
    'CREATE TABLE legacy (id INT, name VARCHAR(40) CHARACTER SET latin1)',
    "INSERT INTO legacy VALUES (1, 'Aïcha N’Guessan œ €')",
    // What a program writes that sends UTF-8 over a connection declared latin1.
    "INSERT INTO legacy VALUES (2, CAST(x'5a6fc3a9' AS CHAR CHARACTER SET latin1))",
  ],
  dosTable: [
    'CREATE TABLE dos (id INT, name VARCHAR(40) CHARACTER SET latin1)',
    "INSERT INTO dos VALUES (1, x'5a6f822080872081'), (2, CAST(x'41c3af636861' AS CHAR CHARACTER SET latin1))",
  ],
  writingFunction: [
    'CREATE FUNCTION write_row() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO people (id) VALUES (9); RETURN 1; END',
  ],
  async readerConfig({ config, execute }) {
    await execute("CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'only reads'")
    await execute(`GRANT SELECT ON ${config.database}.* TO 'reader'@'127.0.0.1'`)
    return { ...config, user: 'reader', password: 'only reads' }
  },
  async runningCount({ config, execute }) {
    const running = `SELECT count(*) AS running FROM information_schema.PROCESSLIST
      WHERE DB = '${config.database}' AND INFO LIKE '%seq_1_to_100000 AS a%' AND ID <> CONNECTION_ID()`
    const [rows] = (await execute(running)) as [{ running: number }[]]
    return Number(rows[0]?.running ?? 0)
  },
}

testSourceContract(fixture)
testServerContract(fixture)

serverTest(
  'mysql: DOS letters in a column that claims latin1 are read with the encoding setting',
  async t => {
    const { config, execute } = await fixture.database(t)
    await execute(
      'CREATE TABLE insured (name VARCHAR(40) CHARACTER SET latin1, note TEXT CHARACTER SET latin1)',
    )
    await execute("INSERT INTO insured VALUES (x'5a6f82', x'8087')")
    const source = openFixture(t, fixture, config, { encoding: 'cp850' })
    t.deepEqual(await collect(source.read({ sql: 'SELECT name, note FROM insured' })), [
      { name: 'Zoé', note: 'Çç' },
    ])
  },
)

serverTest(
  'mysql: bits are integers, times and zero dates are text, unsigned integers are exact',
  async t => {
    const { config, execute } = await fixture.database(t)
    await execute(
      'CREATE TABLE odd (flag BIT(1), mask BIT(12), hour TIME, day DATE, big BIGINT UNSIGNED, doc JSON)',
    )
    await execute("SET SESSION sql_mode = ''")
    await execute(
      `INSERT INTO odd VALUES (b'1', b'100000000001', '26:03:04', '0000-00-00', 18446744073709551615, '{"a":1}')`,
    )
    t.deepEqual(await collect(openFixture(t, fixture, config).read({ sql: 'SELECT * FROM odd' })), [
      {
        flag: 1,
        mask: 2049,
        hour: '26:03:04',
        day: '0000-00-00',
        big: '18446744073709551615',
        doc: '{"a":1}',
      },
    ])
  },
)

serverTest('mysql: dates are text as the server itself writes them', async t => {
  const { config, execute } = await fixture.database(t)
  const columns = ['day DATE', 'at DATETIME', 'exactly DATETIME(6)', 'stamp TIMESTAMP(3) NULL']
  await execute(`CREATE TABLE dates (id INT, ${columns.join(', ')})`)
  await execute("SET SESSION sql_mode = ''")
  const days = ['0000-00-00', '0001-01-01', '2027-00-15', '2027-03-28', '1999-12-31', '9999-12-31']
  const times = ['00:00:00', '02:30:05', '23:59:59']
  const values = days.flatMap(day => times.map(time => `'${day}', '${day} ${time}', '${day} ${time}.120000'`))
  await execute(
    `INSERT INTO dates VALUES ${values.map((row, id) => `(${id}, ${row}, '2027-01-02 03:04:05.006')`).join(', ')}`,
  )
  const source = openFixture(t, fixture, config)
  const names = columns.map(column => column.split(' ')[0])
  const asText = names.map(name => `CAST(${name} AS CHAR) AS ${name}`).join(', ')
  const read = await collect(source.read({ sql: 'SELECT day, at, exactly, stamp FROM dates ORDER BY id' }))
  t.deepEqual(read, await collect(source.read({ sql: `SELECT ${asText} FROM dates ORDER BY id` })))
  t.is(read.length, values.length)
})

serverTest(
  'mysql: rows of every length arrive whole and in order, also across reads of the socket',
  async t => {
    const { config } = await fixture.database(t)
    const sql = `SELECT seq AS n, repeat(char(97 + seq % 26 USING utf8mb4), seq * 37 % 3000) AS pad, if(seq % 7 = 0, NULL, seq * 1.5) AS sum
    FROM seq_1_to_20000`
    let count = 0
    for await (const row of openFixture(t, fixture, config).read({ sql })) {
      count += 1
      const pad = String.fromCharCode(97 + (count % 26)).repeat((count * 37) % 3000)
      const sum = count % 7 === 0 ? null : (count * 1.5).toFixed(1)
      if (row.n !== count || row.pad !== pad || row.sum !== sum) t.deepEqual(row, { n: count, pad, sum })
    }
    t.is(count, 20_000)
  },
)

serverTest(
  'mysql: a result without rows has none, and a row of more than 4 MiB names its column',
  async t => {
    const { config, execute } = await fixture.database(t)
    await execute('CREATE TABLE documents (id INT, scan LONGTEXT)')
    const source = openFixture(t, fixture, config)
    t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM documents' })), [])
    await execute("INSERT INTO documents VALUES (1, 'small'), (2, repeat('x', 4194310)), (3, 'small')")
    const { error, before } = await failureOf(t, source.read({ sql: 'SELECT * FROM documents ORDER BY id' }))
    t.is(error.details.reason, 'row-too-large')
    t.regex(error.message, /column "scan"/)
    t.deepEqual(before, [{ id: 1, scan: 'small' }])
  },
)

serverTest(
  'mysql: the session reads quotes and backslashes as the guard does, whatever the server prefers',
  async t => {
    const { config, execute } = await fixture.database(t)
    await execute("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
    t.teardown(() => execute('SET GLOBAL sql_mode = DEFAULT'))
    const source = openFixture(t, fixture, config)
    const sql = `SELECT "it\\'s" AS quoted, 'a\\'b' AS slashed, :given AS given`
    t.deepEqual(await collect(source.read({ sql, params: { given: "\\' OR 1=1 -- x" } })), [
      { quoted: "it's", slashed: "a'b", given: "\\' OR 1=1 -- x" },
    ])
  },
)

serverTest('mysql: a server without TLS refuses a source that requires it', async t => {
  const { config } = await fixture.database(t)
  const steps = await openFixture(t, fixture, config, { tls: { mode: 'require' } }).test()
  t.is(steps.at(-1)?.step, 'tls')
  t.regex(steps.at(-1)?.detail ?? '', /TLS/)
})

serverTest('mysql: an account that was granted nothing is told so at the last step', async t => {
  const { config, execute } = await fixture.database(t)
  await execute("CREATE USER 'nobody'@'127.0.0.1' IDENTIFIED BY 'reads nothing'")
  await execute(`GRANT INSERT ON ${config.database}.* TO 'nobody'@'127.0.0.1'`)
  t.teardown(() => execute("DROP USER 'nobody'@'127.0.0.1'"))
  const steps = await openFixture(t, fixture, config, { user: 'nobody', password: 'reads nothing' }).test()
  t.is(steps.at(-1)?.step, 'select')
  t.regex(steps.at(-1)?.detail ?? '', /nobody.*SELECT on nothing/)
})

test('mysql: an address cannot be verified by the driver, so the settings ask for a name', t => {
  const config = { host: '127.0.0.1', database: 'insurer', user: 'reader', tls: { mode: 'verify' } }
  t.throws(() => openFixture(t, fixture, config), { message: /host name/ })
  t.notThrows(() => openFixture(t, fixture, { ...config, host: 'db.invalid' }))
})

async function connect(t: ExecutionContext, database: Settings) {
  const connection = await mysql.createConnection({ ...settingsOf(database), charset: 'utf8mb4' })
  t.teardown(() => connection.end())
  return { config: { ...settingsOf(database) }, execute: async (sql: string) => await connection.query(sql) }
}

type Settings = Pick<MariadbDatabase, 'host' | 'port' | 'user' | 'password' | 'database'>

function settingsOf({ host, port, user, password, database }: Settings): Settings & Record<string, unknown> {
  return { host, port, user, password, database }
}
