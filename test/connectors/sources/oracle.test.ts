/**
 * Oracle as far as it goes without a server: the real driver in its real process, up to the listener's answer. What a
 * session does is tested in oracle-session.test.ts on a double of the driver; a live server by RAPPEL_TEST_ORACLE_URL.
 */
import test, { type ExecutionContext } from 'ava'
import type { SourceError } from '../../../connectors/source.ts'
import {
  connectDescriptor,
  oracleConfigSchema,
  oraclePlace,
} from '../../../connectors/sources/oracle-connection.ts'
import {
  acceptPacket,
  redirectPacket,
  refusePacket,
  startOracleListener,
} from '../../support/oracle-listener.ts'
import { freePort } from '../../support/server-process.ts'
import { failureOf, openFixture } from './contract-fixture.ts'

const login = { user: 'lecteur', password: 'Secret-77' }
const anything = { sql: 'SELECT 1 AS ONE FROM DUAL' }

async function failure(t: ExecutionContext, config: Record<string, unknown>): Promise<SourceError> {
  const source = openFixture(t, { kind: 'oracle' }, { ...login, connectTimeoutMs: 60_000, ...config })
  const { error, before } = await failureOf(t, source.read(anything))
  t.deepEqual(before, [])
  t.false(`${error.message}${JSON.stringify(error.details)}`.includes(login.password))
  return error
}

test('oracle: service name, SID and TLS stand in the descriptor that we build', t => {
  const parse = (more: Record<string, unknown>) =>
    connectDescriptor(oracleConfigSchema.parse({ ...login, host: 'db.example', database: 'ORASS', ...more }))
  const limits = '(CONNECT_TIMEOUT=10)(TRANSPORT_CONNECT_TIMEOUT=10)(RETRY_COUNT=0)'
  t.is(
    parse({}),
    `(DESCRIPTION=${limits}(ADDRESS=(PROTOCOL=TCP)(HOST=db.example)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=ORASS)))`,
  )
  t.regex(parse({ naming: 'sid', port: 1526 }), /\(PORT=1526\)\)\(CONNECT_DATA=\(SID=ORASS\)\)\)$/)
  t.regex(parse({ tls: { mode: 'verify' } }), /PROTOCOL=TCPS.*SSL_SERVER_DN_MATCH=YES/)
})

test('oracle: a connect string of its own is used as it is, and names host and service in messages', t => {
  const placeOf = (connectString: string) => {
    const config = oracleConfigSchema.parse({ ...login, connectString })
    t.is(connectDescriptor(config), connectString)
    const { host, port, database } = oraclePlace(config)
    return `${host} ${port} ${database}`
  }
  t.is(placeOf('10.0.0.7:1526/orass'), '10.0.0.7 1526 orass')
  t.is(placeOf('tcps://db.example/orass.example?wallet_location=x'), 'db.example 1521 orass.example')
  t.is(
    placeOf('(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=old)(PORT=1600))(CONNECT_DATA=(SID=ORCL)))'),
    'old 1600 ORCL',
  )
})

test('oracle: settings that would end a descriptor, or that do nothing, are refused', t => {
  const good = { ...login, host: 'db.example', database: 'ORASS' }
  const refused: Record<string, unknown>[] = [
    { ...good, database: 'ORASS))(ADDRESS=(HOST=evil)' },
    { ...good, host: 'a)(b' },
    { ...good, connectString: 'db.example/orass' },
    { ...login, connectString: 'ORASS_ALIAS' },
    { ...login, host: 'db.example' },
    { ...good, tls: { mode: 'require' } },
    { ...good, instantClient: '/opt/oracle/instantclient' },
    { ...good, mode: 'thick', instantClient: 'relative' },
    { ...good, pasword: 'x' },
  ]
  for (const config of refused) t.false(oracleConfigSchema.safeParse(config).success, JSON.stringify(config))
  t.true(oracleConfigSchema.safeParse({ ...good, mode: 'thick', instantClient: '/opt/oracle' }).success)
})

test('oracle: an unknown service and an unknown SID are told as the listener refuses them', async t => {
  const service = await startOracleListener(t, () => refusePacket(12_514))
  const bad = await failure(t, { host: '127.0.0.1', port: service.port, database: 'NOTHERE' })
  t.is(bad.code, 'source-login-refused')
  t.regex(bad.message, /NOTHERE.*NJS-518.*service name or a SID/)
  t.regex(service.asked[0] ?? '', /SERVICE_NAME=NOTHERE/)
  t.false(service.asked.join().includes(login.password))

  const sid = await startOracleListener(t, () => refusePacket(12_505))
  const wrongSid = await failure(t, { host: '127.0.0.1', port: sid.port, database: 'ORCL', naming: 'sid' })
  t.is(wrongSid.code, 'source-login-refused')
  t.regex(sid.asked[0] ?? '', /SID=ORCL/)
})

test('oracle: a listener that is full is out of reach, not a wrong name', async t => {
  const listener = await startOracleListener(t, () => refusePacket(12_520))
  const error = await failure(t, { host: '127.0.0.1', port: listener.port, database: 'ORASS' })
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /12520/)
})

test('oracle: a redirect is followed, and one that never ends is given up', async t => {
  const second = await startOracleListener(t, () => refusePacket(12_514))
  const first = await startOracleListener(t, () => redirectPacket(second.port))
  const error = await failure(t, { host: '127.0.0.1', port: first.port, database: 'ORASS' })
  t.is(second.asked.length, 1)
  t.is(error.code, 'source-login-refused')

  const endless = await startOracleListener(t, port => redirectPacket(port))
  const lost = await failure(t, { host: '127.0.0.1', port: endless.port, database: 'ORASS' })
  t.is(lost.code, 'source-unreachable', lost.message)
  t.true(endless.asked.length < 10)
})

test('oracle: a server older than 12.1 is told with what to do', async t => {
  const listener = await startOracleListener(t, () => acceptPacket(314))
  const error = await failure(t, { host: '127.0.0.1', port: listener.port, database: 'ORASS' })
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /NJS-138.*Instant Client.*mode thick/)
})

test('oracle: what is no listener is out of reach', async t => {
  const port = await freePort()
  const nobody = await failure(t, { host: '127.0.0.1', port, database: 'ORASS' })
  t.is(nobody.code, 'source-unreachable')
  t.regex(nobody.message, /Nothing listens/)

  const unknown = await failure(t, { host: 'nowhere.invalid', database: 'ORASS' })
  t.is(unknown.code, 'source-unreachable')
  t.regex(unknown.message, /nowhere\.invalid.*DNS/)

  const answers: (Buffer | 'hang-up')[] = [
    'hang-up',
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.from([0, 3, 0, 0, 4, 0, 0, 0]),
    Buffer.alloc(64, 0xff),
  ]
  for (const bytes of answers) {
    const listener = await startOracleListener(t, () => bytes)
    const error = await failure(t, {
      host: '127.0.0.1',
      port: listener.port,
      database: 'ORASS',
      connectTimeoutMs: 3_000,
    })
    t.is(error.code, 'source-unreachable', error.message)
  }
})

test('oracle: a listener that keeps silent is left when the time for the login is over', async t => {
  const listener = await startOracleListener(t, () => undefined)
  const error = await failure(t, {
    host: '127.0.0.1',
    port: listener.port,
    database: 'ORASS',
    connectTimeoutMs: 1_500,
  })
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /no login within 1500 ms/)
})

test('oracle: a cancelled login ends at once with the reason of the signal', async t => {
  const listener = await startOracleListener(t, () => undefined)
  const source = openFixture(
    t,
    { kind: 'oracle' },
    { ...login, host: '127.0.0.1', port: listener.port, database: 'O' },
  )
  const cancel = new AbortController()
  const reason = new Error('run stopped')
  const reading = Array.fromAsync(source.read(anything, cancel.signal))
  cancel.abort(reason)
  t.is(await t.throwsAsync(reading), reason)
})

test('oracle: a missing Instant Client is told, and does not touch thin sources', async t => {
  const listener = await startOracleListener(t, () => refusePacket(12_514))
  const at = { host: '127.0.0.1', port: listener.port, database: 'ORASS' }
  const thick = await failure(t, { ...at, mode: 'thick', instantClient: '/nowhere/instantclient' })
  t.is(thick.code, 'source-unreachable')
  t.regex(thick.message, /(?:DPI-1047|NJS-045).*Instant Client cannot be loaded/)
  t.is((await failure(t, at)).code, 'source-login-refused')
})

test('oracle: the connection test stops at the step that fails', async t => {
  const listener = await startOracleListener(t, () => refusePacket(12_514))
  const at = { ...login, host: '127.0.0.1', port: listener.port, database: 'ORASS' }
  const steps = await openFixture(t, { kind: 'oracle' }, at).test()
  t.deepEqual(
    steps.map(step => `${step.step} ${step.outcome}`),
    ['resolve ok', 'connect ok', 'login failed'],
  )
  t.regex(steps.at(-1)?.detail ?? '', /ORASS/)
})

test('oracle: a write is refused before anything is sent', async t => {
  const listener = await startOracleListener(t, () => undefined)
  const at = { ...login, host: '127.0.0.1', port: listener.port, database: 'ORASS' }
  const source = openFixture(t, { kind: 'oracle' }, at)
  for (const sql of ['DELETE FROM CONTRATS', 'SELECT * FROM C FOR UPDATE', 'SELECT * FROM C@OTHER']) {
    t.is((await failureOf(t, source.read({ sql }))).error.code, 'source-query-refused')
  }
  t.deepEqual(listener.asked, [])
})
