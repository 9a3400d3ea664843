/**
 * The contract against a real SQL Server, when RAPPEL_TEST_MSSQL_URL names one (see test/support/mssql.ts). Tests of a
 * server that is stopped or started run on the TDS responder only (mssql.test.ts).
 */
import test, { type ExecutionContext } from 'ava'
import { Connection, Request } from 'tedious'
import { driverConfiguration, mssqlConfigSchema } from '../../../connectors/sources/mssql-config.ts'
import { liveMssqlConfig } from '../../support/mssql.ts'
import { testSourceContract } from './contract.ts'
import { collect, type FixtureDatabase, openFixture } from './contract-fixture.ts'

test('the URL of a live SQL Server becomes the settings of a source', t => {
  const config = liveMssqlConfig('mssql://sa:p%40ss@10.0.0.7:1434/rappel_test?tls=require&allowOldTls=true')
  t.like(mssqlConfigSchema.parse(config), {
    host: '10.0.0.7',
    port: 1434,
    user: 'sa',
    password: 'p@ss',
    database: 'rappel_test',
    allowOldTls: true,
  })
  t.is(liveMssqlConfig(''), undefined)
  t.throws(() => liveMssqlConfig('postgres://u@h/d'), { message: /mssql:/ })
})

const live = liveMssqlConfig()
if (live === undefined) {
  test('mssql live: left out, RAPPEL_TEST_MSSQL_URL names no server', t => {
    t.log('what was not verified on a live server is listed in ARCHITECTURE.md')
    t.pass()
  })
} else testLive(live)

function testLive(config: Record<string, unknown>): void {
  const tables = ['people', 'contract_types', 'legacy', 'dos']
  const database = async (t: ExecutionContext): Promise<FixtureDatabase> => {
    const settings = mssqlConfigSchema.parse(config)
    const connection = new Connection(driverConfiguration(settings, settings.port ?? 1433))
    await new Promise<void>((resolve, reject) =>
      connection.connect(error => (error ? reject(error) : resolve())),
    )
    t.teardown(() => connection.close())
    const execute = (sql: string): Promise<void> =>
      new Promise((resolve, reject) => {
        connection.execSqlBatch(new Request(sql, error => (error ? reject(error) : resolve())))
      })
    await execute("IF OBJECT_ID('names') IS NOT NULL DROP VIEW names")
    for (const table of tables) await execute(`IF OBJECT_ID('${table}') IS NOT NULL DROP TABLE ${table}`)
    return { config, execute }
  }
  const numbers = `(SELECT TOP 5000000 ROW_NUMBER() OVER (ORDER BY (SELECT 1)) AS n
    FROM sys.all_columns a CROSS JOIN sys.all_columns b CROSS JOIN (VALUES (1), (2), (3)) c(x)) AS numbers`
  testSourceContract({
    kind: 'mssql',
    label: 'mssql live',
    // One database: the tests take turns.
    serverTest: test.serial,
    database,
    typesTable: [
      `CREATE TABLE contract_types (code CHAR(6), due DATE, seen DATETIME, premium DECIMAL(30,2), policy BIGINT,
        age INT, active BIT, absent TEXT, photo VARBINARY(MAX), rate REAL, name VARCHAR(40) COLLATE French_CI_AS)`,
      `INSERT INTO contract_types VALUES ('AB', '20270101', '2027-03-28T02:30:00', 12345678901234567.89,
        9007199254740993, 42, 1, NULL, 0x00ff80, 0.1, N'Ouédraogo œ ’')`,
    ],
    yes: true,
    numbers: count => `SELECT TOP ${count} n, RIGHT(REPLICATE('0', 200) + CAST(n AS VARCHAR(20)), 200) AS pad
      FROM ${numbers} ORDER BY n`,
    silent: `SELECT COUNT_BIG(a.column_id + b.column_id + c.column_id + d.column_id) AS n
      FROM sys.all_columns a, sys.all_columns b, sys.all_columns c, sys.all_columns d`,
    legacyTable: [
      'CREATE TABLE legacy (id INT, name VARCHAR(40) COLLATE French_CI_AS)',
      "INSERT INTO legacy VALUES (1, N'Aïcha N’Guessan œ €')",
      'INSERT INTO legacy VALUES (2, CAST(0x5a6fc3a9 AS VARCHAR(40)))',
    ],
    dosTable: [
      'CREATE TABLE dos (id INT, name VARCHAR(40) COLLATE French_CI_AS)',
      'INSERT INTO dos VALUES (1, CAST(0x5a6f822080872081 AS VARCHAR(40)))',
      'INSERT INTO dos VALUES (2, CAST(0x41c3af636861 AS VARCHAR(40)))',
    ],
  })

  test.serial('mssql live: every type comes out as the server itself writes it', async t => {
    const sql = `SELECT CAST('922337203685477.5807' AS MONEY) AS m, CAST('23:59:59.1234567' AS TIME(7)) AS t,
      CAST('2027-01-01 00:30:00 +01:00' AS DATETIMEOFFSET(0)) AS o, CAST('0001-01-01' AS DATETIME2(0)) AS d,
      CAST('01234567-89AB-CDEF-0123-456789ABCDEF' AS UNIQUEIDENTIFIER) AS g, CAST(N'Koné 😀' AS SQL_VARIANT) AS v`
    t.deepEqual(await collect(openFixture(t, { kind: 'mssql' }, config).read({ sql })), [
      {
        m: '922337203685477.5807',
        t: '23:59:59.1234567',
        o: '2027-01-01 00:30:00 +01:00',
        d: '0001-01-01 00:00:00',
        g: '01234567-89AB-CDEF-0123-456789ABCDEF',
        v: 'Koné 😀',
      },
    ])
  })

  test.serial('mssql live: the connection test goes through to its last step', async t => {
    const steps = await openFixture(t, { kind: 'mssql' }, config).test()
    t.is(`${steps.at(-1)?.step} ${steps.at(-1)?.outcome}`, 'select ok', JSON.stringify(steps))
  })
}
