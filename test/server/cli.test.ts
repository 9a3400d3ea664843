import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { scopes } from '../../server/api/contract/scopes.ts'
import { createDatabase, postgresAvailable } from '../support/postgres.ts'
import { tempDir } from '../support/temp-dir.ts'
import { addContracts, furnish, openPlace, placeIn, runAlert } from './backup-support.ts'
import { runRappel, spawnRappel, startRappel } from './cli-support.ts'

const verbs = [
  'start',
  'demo',
  'doctor',
  'backup',
  'restore',
  'user',
  'send',
  'alert',
  'simulator',
  'version',
]

test.serial('help names every verb, and version is that of the package', async t => {
  const help = await runRappel(t, ['--help'])
  t.is(help.code, 0)
  for (const verb of verbs) t.regex(help.stdout, new RegExp(`^  ${verb}\\b`, 'm'))
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  t.is((await runRappel(t, ['version'])).stdout, `${version}\n`)
})

test.serial('a key is printed once, opens the API with its scopes, and stops at its revocation', async t => {
  const data = join(tempDir(t), 'data')
  const made = await runRappel(t, ['user', 'create', 'agency', '--scopes', 'alerts:read', '--data', data])
  t.is(made.code, 0, made.stderr)
  const key = made.stdout.trim()
  t.regex(key, /^rpl_[0-9A-Za-z]{43}$/)
  const listed = await runRappel(t, ['user', 'list', '--data', data])
  t.regex(listed.stdout, /^agency {2}rpl_\w{8}… {2}alerts:read/)
  t.false(listed.stdout.includes(key))

  const server = await startRappel(t, data)
  const ask = (path: string) =>
    fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } })
  t.is((await ask('/alerts')).status, 200)
  t.is((await ask('/sources')).status, 403)
  t.is((await runRappel(t, ['user', 'revoke', 'agency', '--data', data])).code, 0)
  t.regex((await runRappel(t, ['user', 'list', '--data', data])).stdout, /revoked 20/)
})

test.serial('user refuses unknown scopes, taken names and names that are not there', async t => {
  const data = join(tempDir(t), 'data')
  const unknown = await runRappel(t, ['user', 'create', 'a', '--scopes', 'everything', '--data', data])
  t.is(unknown.code, 1)
  t.is(unknown.stderr, `--scopes: found everything, expected some of ${scopes.join(', ')}\n`)
  await runRappel(t, ['user', 'create', 'a', '--scopes', 'admin', '--data', data])
  const taken = await runRappel(t, ['user', 'create', 'a', '--scopes', 'admin', '--data', data])
  t.regex(taken.stderr, /^there is a key named a already.*\n$/)
  const absent = await runRappel(t, ['user', 'revoke', 'b', '--data', data])
  t.is(absent.stderr, 'there is no key named b\n')
})

test.serial('a message goes out through the running server, and without one it is refused', async t => {
  const place = placeIn(tempDir(t))
  const operator = await startSimulator()
  t.teardown(() => operator.stop())
  const setup = await openPlace(t, place)
  await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
  await setup.close()
  const data = place.dataDirectory
  const alone = await runRappel(t, ['send', '70 00 00 01', 'Bonjour', '--data', data])
  t.is(alone.code, 1)
  t.regex(alone.stderr, /^no server runs on this data directory, and only it may send.*\n$/)

  const args = ['user', 'create', 'k', '--scopes', 'messages:write', '--data', data]
  const key = (await runRappel(t, args)).stdout.trim()
  await startRappel(t, data)
  const send = ['send', '70 00 00 01', 'Bonjour', '--data', data]
  t.regex((await runRappel(t, send)).stderr, /^the server needs a key: --key/)
  const refused = await runRappel(t, [...send, '--key', 'rpl_wrong'])
  t.regex(refused.stderr, /^the server refused: not-authenticated/)
  const sent = await runRappel(t, [...send, '--key', key])
  t.is(sent.code, 0, sent.stderr)
  t.regex(sent.stdout, /^message \d+ to \+22670000001: queued, 1 SMS, gsm7\n$/)
  await operator.when(({ partsAccepted }) => partsAccepted === 1)
  t.is(operator.received.parts()[0]?.text, 'Bonjour')
})

test.serial('the way of a number is asked of the running server', async t => {
  const place = placeIn(tempDir(t))
  const operator = await startSimulator()
  t.teardown(() => operator.stop())
  const setup = await openPlace(t, place)
  await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
  await setup.close()
  const data = place.dataDirectory
  const way = ['operator', 'way', '70 11 22 33', '--data', data]
  t.regex((await runRappel(t, way)).stderr, /^no server runs on this data directory/)
  const args = ['user', 'create', 'k', '--scopes', 'operators:read', '--data', data]
  const key = (await runRappel(t, args)).stdout.trim()
  await startRappel(t, data)
  t.regex((await runRappel(t, way)).stderr, /^the server needs a key: --key/)
  const told = await runRappel(t, [...way, '--key', key])
  t.is(told.code, 0, told.stderr)
  t.regex(told.stdout, /^\+22670112233 at .*: BF, network BF:moov, by its prefix 22670\n/)
  t.regex(told.stdout, /\nrule 1 {2}Test {2}applies\n/)
  t.regex(told.stdout, /\nit would go to .*, the first choice\n$/)
  const wrong = await runRappel(t, [...way.with(2, '25 33 22 44'), '--key', key])
  t.regex(wrong.stderr, /^the server refused: invalid-recipient/)
  const refused = await runRappel(t, [...way, '--key', key, '--category', 'loud'])
  t.is(refused.code, 1)
})

test.serial(
  'alerts are listed, tried, foreseen and run without a server; what is queued leaves with the next start',
  async t => {
    const place = placeIn(tempDir(t))
    const operator = await startSimulator()
    t.teardown(() => operator.stop())
    addContracts(place, 1, 12)
    const setup = await openPlace(t, place)
    await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
    await setup.close()
    const data = ['--data', place.dataDirectory]
    t.regex(
      (await runRappel(t, ['alert', 'list', ...data])).stdout,
      /^1 {2}renewals {2}inactive {2}0 9 \* \* \*/,
    )
    const dry = await runRappel(t, ['alert', 'dry-run', 'renewals', '--sample', '2', ...data])
    t.regex(dry.stdout, /matched 12/)
    t.is(dry.stdout.match(/^ {2}\+226/gm)?.length, 2)
    t.is((await runRappel(t, ['alert', 'forecast', '--days', '3', ...data])).code, 0)
    t.regex(
      (await runRappel(t, ['alert', 'dry-run', 'nothing', ...data])).stderr,
      /^there is no alert nothing; there are: renewals\n$/,
    )
    t.regex(
      (await runRappel(t, ['alert', 'forecast', '--days', '0', ...data])).stderr,
      /^--days: found 0, expected/,
    )

    const ran = await runRappel(t, ['alert', 'run', '1', ...data])
    t.is(ran.code, 0, ran.stderr)
    t.regex(ran.stdout, /enqueued 12.*\nno server runs here/)
    t.is(operator.received.total, 0)
    await startRappel(t, place.dataDirectory)
    await operator.when(({ partsAccepted }) => partsAccepted === 12)
    t.regex(
      (await runRappel(t, ['alert', 'run', '1', ...data])).stderr,
      /^a server runs here and needs a key/,
    )
    const key = (
      await runRappel(t, ['user', 'create', 'k', '--scopes', 'alerts:write', ...data])
    ).stdout.trim()
    const again = await runRappel(t, ['alert', 'run', '1', '--key', key, ...data])
    t.regex(again.stdout, /^done.*duplicates 12/)
  },
)

test.serial(
  'the doctor finds a good installation good, in both languages, beside a running server',
  async t => {
    const place = placeIn(tempDir(t))
    const operator = await startSimulator()
    t.teardown(() => operator.stop())
    addContracts(place, 1, 1)
    const setup = await openPlace(t, place)
    await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
    await setup.close()
    const good = await runRappel(t, ['doctor', '--data', place.dataDirectory])
    t.is(good.code, 0, good.stdout)
    t.regex(good.stdout, /^ok {8}source insurer: answers$/m)
    t.regex(good.stdout, /^ok {8}operator simulator: 127\.0\.0\.1:\d+ answers$/m)
    t.regex(good.stdout, /everything is in order\n$/)
    await startRappel(t, place.dataDirectory)
    const french = await runRappel(t, ['doctor', '--lang', 'fr', '--data', place.dataDirectory])
    t.is(french.code, 0, french.stdout)
    t.regex(french.stdout, /répertoire de données\u00a0: .*, pid \d+ \(un serveur l’utilise\)/)
    t.regex(french.stdout, /tout est en ordre\n$/)
  },
)

test.serial('the doctor names what fails and ends with code 1', async t => {
  const place = placeIn(tempDir(t))
  const setup = await openPlace(t, place)
  await furnish(setup.application, place, { port: 9, partsPerSecond: 0 })
  await setup.close()
  const { code, stdout } = await runRappel(t, ['doctor', '--json', '--data', place.dataDirectory])
  t.is(code, 1)
  const findings: { outcome: string; organ: string }[] = JSON.parse(stdout)
  const failed = findings.filter(({ outcome }) => outcome === 'failed').map(({ organ }) => organ)
  t.deepEqual(failed.sort(), ['operator', 'source'])

  const before = await openPlace(t, place)
  await before.application.store.alarms.raise(
    { kind: 'bind-refused', subject: 'x', detail: 'bind refused' },
    1,
  )
  await before.close()
  const warned = await runRappel(t, ['doctor', '--data', place.dataDirectory])
  t.regex(warned.stdout, /^warning {3}standing alarm bind-refused x: bind refused$/m)

  const file = join(place.dataDirectory, 'rappel.yaml')
  writeFileSync(file, 'http: {port: many}\n')
  const wrong = await runRappel(t, ['doctor', '--config', file])
  t.is(wrong.code, 1)
  t.regex(wrong.stdout, /^failed {4}configuration: http\.port: found "many"/m)
})

test.serial(
  'a backup is taken beside a running server, restored only without it, and nobody is written to twice',
  async t => {
    const place = placeIn(tempDir(t))
    const operator = await startSimulator()
    t.teardown(() => operator.stop())
    addContracts(place, 1, 10)
    const setup = await openPlace(t, place)
    const alertId = await furnish(setup.application, place, { port: operator.port, partsPerSecond: 0 })
    await runAlert(setup.application, alertId)
    await setup.close()
    const data = ['--data', place.dataDirectory]
    const copies = tempDir(t)
    const copy = join(copies, 'copy.db')
    const before = await runRappel(t, ['backup', copy, '--with-key', '--json', ...data])
    t.is(before.code, 0, before.stderr)
    t.like(JSON.parse(before.stdout), { messages: 10, ledger: 10, alerts: 1 })
    t.is(statSync(copy).mode & 0o777, 0o600)
    t.is(statSync(`${copy}.key`).mode & 0o777, 0o600)
    t.regex((await runRappel(t, ['backup', copy, ...data])).stderr, /exists already; choose another name\n$/)

    const server = await startRappel(t, place.dataDirectory)
    await operator.when(({ partsAccepted }) => partsAccepted === 10)
    const beside = await runRappel(t, ['backup', join(copies, 'beside.db'), ...data])
    t.regex(beside.stdout, /checked; 10 messages, 10 ledger entries, 1 alerts\nthe key file .* is not in it/)
    t.regex(
      (await runRappel(t, ['restore', copy, ...data])).stderr,
      /is in use by process \d+ .*; stop it first\n$/,
    )
    server.child.kill('SIGTERM')
    await server.ended

    const restored = await runRappel(t, ['restore', copy, ...data])
    t.is(restored.code, 0, restored.stderr)
    t.regex(
      restored.stdout,
      /10 messages left after the backup and will not leave again; all of them: (.*\.csv)/,
    )
    t.regex(restored.stdout, /^ {2}\+22670000001 P-1$/m)
    const list = /all of them: (.*\.csv)/.exec(restored.stdout)?.[1] ?? ''
    t.is(readFileSync(list, 'utf8').trimEnd().split('\r\n').length, 11)
    const database = new Database(place.databaseFile, { readonly: true })
    t.is(database.prepare("select count(*) from settings where name = 'backup-note'").pluck().get(), 0)
    database.close()

    const next = await startRappel(t, place.dataDirectory)
    await runRappel(t, ['doctor', ...data])
    next.child.kill('SIGTERM')
    t.is((await next.ended).code, 0)
    t.is(operator.received.total, 10)
  },
)

test.serial('a store in PostgreSQL is sent to its own tools, without its password', async t => {
  const data = join(tempDir(t), 'data')
  const url = 'postgres://rappel:invented@db.example:5432/rappel'
  const variables = { RAPPEL_DATABASE_KIND: 'postgres', RAPPEL_DATABASE_URL: url }
  const { code, stderr } = await runRappel(t, ['backup', 'copy.dump', '--data', data], variables)
  t.is(code, 1)
  t.regex(stderr, /pg_dump --format=custom --file=.*copy\.dump postgres:\/\/rappel@db\.example:5432\/rappel/)
  t.false(stderr.includes('invented'))
})

const postgresTest = postgresAvailable() ? test.serial : test.serial.skip
postgresTest('after pg_restore the journal is played on PostgreSQL from the time of the dump', async t => {
  const data = join(tempDir(t), 'data')
  const { url } = await createDatabase(t)
  const variables = { RAPPEL_DATABASE_KIND: 'postgres', RAPPEL_DATABASE_URL: url }
  const restore = ['restore', 'copy.dump', '--data', data]
  const without = await runRappel(t, restore, variables)
  t.is(without.code, 1)
  t.regex(
    without.stderr,
    /pg_restore --clean --if-exists .*copy\.dump\nthen this command again, with --since/,
  )
  const wrong = await runRappel(t, [...restore, '--since', 'yesterday'], variables)
  t.regex(wrong.stderr, /^--since: found yesterday, expected a time such as/)
  const played = await runRappel(t, [...restore, '--since', '2027-01-04T09:00:00Z'], variables)
  t.is(played.code, 0, played.stderr)
  t.is(
    played.stdout,
    'the journal is played from 2027-01-04T09:00:00.000Z on\nnothing left after the backup\n',
  )
})

test.serial('the simulator listens, counts, and refuses a plan that it cannot read', async t => {
  const directory = tempDir(t)
  const plan = join(directory, 'plan.json')
  writeFileSync(plan, JSON.stringify([{ fault: { kind: 'throttle' } }]))
  const simulator = spawnRappel(t, ['simulator', '--port', '0', '--faults', plan])
  await simulator.line(/^simulated operator on 127\.0\.0\.1:\d+/)
  await simulator.line(/^sessions 0, accepted 0/)
  simulator.child.kill('SIGTERM')
  t.is((await simulator.ended).code, 0)
  writeFileSync(plan, JSON.stringify([{ fault: { kind: 'explode' } }]))
  const refused = await runRappel(t, ['simulator', '--port', '0', '--faults', plan])
  t.is(refused.code, 1)
  t.regex(refused.stderr, /^--faults: 0\.fault/)
})

test.serial('the simulator speaks UCP when it is told to, and no third protocol', async t => {
  const simulator = spawnRappel(t, ['simulator', '--protocol', 'ucp', '--port', '0'])
  await simulator.line(/^simulated operator on 127\.0\.0\.1:\d+, UCP/)
  simulator.child.kill('SIGTERM')
  t.is((await simulator.ended).code, 0)
  const refused = await runRappel(t, ['simulator', '--protocol', 'telex'])
  t.is(refused.code, 1)
  t.regex(refused.stderr, /^--protocol: found telex, expected smpp or ucp/)
})

test.serial('an error is one line; RAPPEL_DEBUG=1 adds its stack', async t => {
  const data = join(tempDir(t), 'data')
  mkdirSync(data, { mode: 0o700 })
  const plain = await runRappel(t, ['alert', 'list', '--data', data])
  t.is(plain.code, 1)
  t.is(plain.stderr.trimEnd().split('\n').length, 1)
  const debugged = await runRappel(t, ['alert', 'list', '--data', data], { RAPPEL_DEBUG: '1' })
  t.regex(debugged.stderr, /\n {4}at /)
  t.is((await runRappel(t, ['nonsense'])).code, 1)
})
