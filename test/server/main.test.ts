import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { stateCodes } from '../../server/store/codes.ts'
import { tempDir } from '../support/temp-dir.ts'
import { addContracts, furnish, openPlace, placeIn, runAlert } from './backup-support.ts'
import { runRappel, spawnRappel, startRappel } from './cli-support.ts'

test.serial('a start makes everything it needs, serves, and SIGTERM ends it with code 0', async t => {
  const data = join(tempDir(t), 'data')
  const server = await startRappel(t, data)
  const live = await fetch(`${server.url}/health/live`)
  t.is(live.status, 200)
  t.deepEqual(
    readdirSync(data)
      .filter(name => !name.includes('db-'))
      .sort(),
    ['compile-cache', 'journal', 'lock.db', 'lock.json', 'rappel.db', 'secret.key', 'server.json'],
  )
  server.child.kill('SIGTERM')
  const { code, stdout, stderr } = await server.ended
  t.is(code, 0, stderr)
  t.regex(stdout, /"event":"server.stopped","reason":"SIGTERM"/)
  t.false(existsSync(join(data, 'server.json')))
  t.false(existsSync(join(data, 'lock.json')))
})

test.serial('SIGTERM drains: every part that the operator took is known as sent afterwards', async t => {
  const place = placeIn(tempDir(t))
  const operator = await startSimulator({
    faults: [{ fault: { kind: 'delay-answer', ms: 300 } }],
    receipts: { enabled: false },
  })
  t.teardown(() => operator.stop())
  addContracts(place, 1, 400)
  const setup = await openPlace(t, place)
  const alertId = await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
  await runAlert(setup.application, alertId)
  await setup.close()

  const server = await startRappel(t, place.dataDirectory)
  await operator.when(({ partsAccepted }) => partsAccepted >= 100)
  server.child.kill('SIGTERM')
  t.is((await server.ended).code, 0)
  const states = statesIn(place.databaseFile)
  t.is(states.get('sent'), operator.received.total)
  t.is(states.get('sending'), undefined)
  t.is(states.get('unknown'), undefined)
  t.is((states.get('sent') ?? 0) + (states.get('queued') ?? 0), 400)
})

test.serial('a second signal ends a drain at once with code 1', async t => {
  const place = placeIn(tempDir(t))
  const operator = await startSimulator({ faults: [{ fault: { kind: 'lose-answer' } }] })
  t.teardown(() => operator.stop())
  addContracts(place, 1, 10)
  const setup = await openPlace(t, place)
  const alertId = await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
  await runAlert(setup.application, alertId)
  await setup.close()

  const server = await startRappel(t, place.dataDirectory)
  await operator.when(({ partsAccepted }) => partsAccepted === 10)
  server.child.kill('SIGTERM')
  await server.line(/"event":"server.stopping"/)
  const refused = await fetch(`${server.url}/api/v1/alerts`)
  t.is(refused.status, 503)
  t.like(await refused.json(), { error: { code: 'stopping' } })
  server.child.kill('SIGINT')
  t.is((await server.ended).code, 1)
})

test.serial('after kill -9 the next start takes the directory and calls open submits unknown', async t => {
  const place = placeIn(tempDir(t))
  const operator = await startSimulator({
    faults: [{ fault: { kind: 'lose-answer' } }],
    // A receipt would settle what nobody answered.
    receipts: { enabled: false },
  })
  t.teardown(() => operator.stop())
  addContracts(place, 1, 10)
  const setup = await openPlace(t, place)
  const alertId = await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
  await runAlert(setup.application, alertId)
  await setup.close()

  const killed = await startRappel(t, place.dataDirectory)
  await operator.when(({ partsAccepted }) => partsAccepted === 10)
  killed.child.kill('SIGKILL')
  t.is((await killed.ended).signal, 'SIGKILL')
  t.true(existsSync(join(place.dataDirectory, 'lock.json')))

  const next = await startRappel(t, place.dataDirectory)
  await next.line(/"event":"recovery.unknown","messages":10/)
  next.child.kill('SIGTERM')
  t.is((await next.ended).code, 0)
  t.is(statesIn(place.databaseFile).get('unknown'), 10)
  t.is(operator.received.total, 10)
})

test.serial('a directory in use, a port in use and a lost key are one readable line each', async t => {
  const data = join(tempDir(t), 'data')
  const server = await startRappel(t, data)
  const second = await runRappel(t, ['start', '--data', data, '--port', '0'])
  t.is(second.code, 1)
  t.regex(second.stderr, /^data directory .* is in use by process \d+ on .*; stop it first\n$/)
  server.child.kill('SIGTERM')
  await server.ended

  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => blocker.once('listening', resolve))
  t.teardown(() => void blocker.close())
  const { port } = blocker.address() as AddressInfo
  const taken = await runRappel(t, ['start', '--data', data, '--port', String(port)])
  t.is(taken.code, 1)
  t.regex(
    taken.stderr,
    new RegExp(`^http.host 127.0.0.1, http.port ${port}: another program listens there; .*\n$`),
  )

  writeFileSync(join(data, 'secret.key'), 'not a key')
  const noKey = await runRappel(t, ['start', '--data', data, '--port', '0'])
  t.is(noKey.code, 1)
  t.regex(noKey.stderr, /^key file .* is not a key, expected 32 bytes in base64.*\n$/)
})

test.serial('a wrong configuration is refused with one line per problem and touches nothing', async t => {
  const directory = tempDir(t)
  const file = join(directory, 'rappel.yaml')
  writeFileSync(file, 'http:\n  prot: 8480\nlogLevel: loud\n')
  const { code, stdout, stderr } = await runRappel(t, ['start', '--config', file])
  t.is(code, 1)
  t.is(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  t.is(lines.length, 2, stderr)
  t.true(lines.some(line => /^http\.prot: unknown setting; did you mean http\.port\?/.test(line)))
  t.true(lines.some(line => /^logLevel: found "loud", expected trace, debug/.test(line)))
  t.deepEqual(readdirSync(directory), ['rappel.yaml'])

  const open = join(directory, 'open')
  mkdirSync(open)
  chmodSync(open, 0o755)
  const shared = await runRappel(t, ['start', '--data', open, '--port', '0'])
  t.regex(shared.stderr, /^data directory .* has mode 0755: .*\n$/)
  rmSync(open, { recursive: true })

  const country = await runRappel(t, ['start', '--data', open, '--port', '0'], { RAPPEL_COUNTRY: 'JP' })
  t.regex(country.stderr, /^country: found JP, expected one of BF, CI/)
})

/** The certificate is made by the openssl command. */
const tlsTest = spawnSync('openssl', ['version']).status === 0 ? test.serial : test.serial.skip

tlsTest(
  'with a certificate it serves HTTPS, and the commands reach it; a broken one is one line',
  async t => {
    const directory = tempDir(t)
    const keyPath = join(directory, 'key.pem')
    const certificatePath = join(directory, 'certificate.pem')
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const out = ['-keyout', keyPath, '-out', certificatePath, '-subj', '/CN=sms.example']
    execFileSync('openssl', ['req', '-x509', ...curve, ...out], { stdio: 'ignore' })
    const file = join(directory, 'rappel.yaml')
    const settings = `http: {port: 0, tls: {certFile: ${certificatePath}, keyFile: ${keyPath}}}\ndataDirectory: data\n`
    writeFileSync(file, settings)
    const server = spawnRappel(t, ['start', '--config', file])
    const { url } = JSON.parse(await server.line(/"event":"server.started"/))
    t.regex(url, /^https:\/\/127\.0\.0\.1:\d+$/)
    const sent = await runRappel(t, ['send', '70 00 00 01', 'Bonjour', '--key', 'wrong', '--config', file])
    t.regex(sent.stderr, /^the server refused: not-authenticated/)
    server.child.kill('SIGTERM')
    t.is((await server.ended).code, 0)
    writeFileSync(certificatePath, 'no certificate')
    const broken = await runRappel(t, ['start', '--config', file])
    t.is(broken.code, 1)
    t.regex(broken.stderr, /^http\.tls cannot be used \(.*certificate\.pem, .*\): .*\n$/)
    t.is(broken.stderr.trimEnd().split('\n').length, 1)
  },
)

test.serial('SIGINT ends a server as SIGTERM does', async t => {
  const server = spawnRappel(t, ['start', '--data', join(tempDir(t), 'data'), '--port', '0'])
  await server.line(/"event":"server.started"/)
  server.child.kill('SIGINT')
  t.is((await server.ended).code, 0)
})

function statesIn(file: string): Map<string, number> {
  const database = new Database(file, { readonly: true })
  const rows = database.prepare('select state, count(*) as many from messages group by state').all() as {
    state: number
    many: number
  }[]
  database.close()
  return new Map(rows.map(({ state, many }) => [stateCodes.wordOf(state), many]))
}
