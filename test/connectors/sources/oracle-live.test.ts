/**
 * Oracle itself, where RAPPEL_TEST_ORACLE_URL names a server to play with:
 * `oracle://user:password@host:1521/service`, `?sid=1` for a SID, `?thick=/folder/of/instantclient`. The account needs
 * CREATE TABLE and CREATE VIEW; what the tests make is dropped. Nothing stands in for it: without the variable the
 * tests are left out, and ARCHITECTURE.md says so.
 */
import test, { type ExecutionContext } from 'ava'
import { connectDescriptor, oracleConfigSchema } from '../../../connectors/sources/oracle-connection.ts'
import { loadOracleDriver } from '../../../connectors/sources/oracle-driver.ts'
import { testSourceContract } from './contract.ts'
import type { Fixture } from './contract-fixture.ts'

const address = process.env.RAPPEL_TEST_ORACLE_URL

if (address === undefined) {
  test('oracle live: left out, RAPPEL_TEST_ORACLE_URL names no server', t => {
    t.log('what was not verified on a live server is listed in ARCHITECTURE.md')
    t.pass()
  })
} else testSourceContract(liveFixture(new URL(address)))

function liveFixture(url: URL): Fixture {
  const thick = url.searchParams.get('thick')
  const config = {
    host: url.hostname,
    port: Number(url.port || 1521),
    database: url.pathname.slice(1),
    naming: url.searchParams.has('sid') ? 'sid' : 'service',
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    ...(thick !== null && { mode: 'thick', instantClient: thick }),
  }
  return {
    kind: 'oracle',
    label: 'oracle live',
    serverTest: test.serial,
    database: t => emptySchema(t, config),
    typesTable: [
      `CREATE TABLE contract_types (code CHAR(6), due DATE, seen DATE, premium NUMBER(30,2), policy NUMBER(19),
        age NUMBER(9), active NUMBER(1), absent VARCHAR2(10), photo RAW(10), rate BINARY_FLOAT, name VARCHAR2(40 CHAR))`,
      `INSERT INTO contract_types VALUES ('AB', DATE '2027-01-01', TIMESTAMP '2027-03-28 02:30:00',
        12345678901234567.89, 9007199254740993, 42, 1, NULL, HEXTORAW('00ff80'), 0.1, 'Ouédraogo œ ’')`,
    ],
    yes: 1,
    differs: { rate: { value: 0.10000000149011612, why: 'a BINARY_FLOAT is not the nearest double' } },
    numbers: count =>
      `SELECT LEVEL AS n, LPAD(TO_CHAR(LEVEL), 200, '0') AS pad FROM DUAL CONNECT BY LEVEL <= ${count}`,
    silent: `SELECT COUNT(*) AS n FROM (SELECT LEVEL AS a FROM DUAL CONNECT BY LEVEL <= 100000),
      (SELECT LEVEL AS b FROM DUAL CONNECT BY LEVEL <= 100000)`,
    fromNothing: ' FROM DUAL',
    spelled: name => name.toUpperCase(),
    lacks: {
      cp1252: 'only a database that claims US7ASCII holds such bytes, and a test server does not',
      cp850: 'only a database that claims US7ASCII holds such bytes, and a test server does not',
    },
  }
}

async function emptySchema(t: ExecutionContext, settings: Record<string, unknown>) {
  const config = oracleConfigSchema.parse(settings)
  const { user, password, connectTimeoutMs, mode, instantClient } = config
  const connection = await loadOracleDriver().connect({
    user,
    password,
    connectString: connectDescriptor(config),
    connectTimeoutMs,
    ...(mode === 'thick' && { thick: { instantClient } }),
  })
  const drop = async (): Promise<void> => {
    for (const what of ['VIEW names', 'TABLE people', 'TABLE contract_types']) {
      await connection.run(`DROP ${what}`, {}).catch(() => undefined)
    }
  }
  await drop()
  t.teardown(async () => {
    await drop()
    await connection.close()
  })
  return {
    config: settings,
    async execute(sql: string) {
      await connection.run(sql, {})
      await connection.commit()
    },
  }
}
