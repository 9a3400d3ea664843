import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { systemClock } from '../../connectors/clock.ts'
import { openPrivateKey, PasswordNotReadable } from '../../server/sealed-passwords.ts'
import { tempDir } from '../support/temp-dir.ts'
import { addOperator, phone, startApi } from './api-under-test.ts'

/** An insurer's database with three contracts. */
function insurerFile(t: ExecutionContext): string {
  const path = join(tempDir(t), 'insurer.db')
  const database = new Database(path)
  database.exec(
    'create table contrats (police text, nom text, tel text, echeance text, prime real, photo blob)',
  )
  const insert = database.prepare('insert into contrats values (?, ?, ?, ?, ?, ?)')
  for (const index of [1, 2, 3]) {
    insert.run(
      `P-${index}`,
      'OUEDRAOGO',
      `7000000${index}`,
      '2027-03-15',
      index === 2 ? null : 145_500.5,
      Buffer.from('x'),
    )
  }
  database.close()
  return path
}

test('a source is added, tested, looked into, changed and deleted', async t => {
  const api = await startApi(t)
  const config = { path: insurerFile(t) }
  const draft = await api.call('POST', '/api/v1/sources/test', { body: { kind: 'sqlite', config } })
  t.true(draft.body.isOk)
  const added = await api.call('POST', '/api/v1/sources', {
    body: { name: 'Production', kind: 'sqlite', config },
  })
  t.is(added.status, 201)
  const path = `/api/v1/sources/${added.body.sourceId}`
  t.true((await api.call('POST', `${path}/test`)).body.isOk)
  const tables = await api.call('GET', `${path}/tables`)
  t.is(tables.body.tables[0].name, 'contrats')
  const preview = await api.call('POST', `${path}/preview`, {
    body: {
      sql: 'select police, prime, photo from contrats where police <> :none order by police',
      params: { none: '' },
      rows: 2,
    },
  })
  t.deepEqual(preview.body, {
    columns: [
      { name: 'police', types: ['text'] },
      { name: 'prime', types: ['number', 'null'] },
      { name: 'photo', types: ['binary'] },
    ],
    rows: [
      ['P-1', 145_500.5, 'eA=='],
      ['P-2', null, 'eA=='],
    ],
    hasMore: true,
  })
  const changed = await api.call('PUT', path, {
    body: { name: 'Copie', kind: 'sqlite', config: { ...config, maxRows: 10 } },
  })
  t.like(changed.body, { name: 'Copie', config: { maxRows: 10 }, hasPassword: false })
  t.is((await api.call('DELETE', path)).status, 204)
  t.is((await api.call('GET', path)).status, 404)
})

test('a query that writes is refused, and a source that fails answers its own code', async t => {
  const api = await startApi(t)
  const config = { path: insurerFile(t) }
  const added = await api.call('POST', '/api/v1/sources', { body: { name: 'A', kind: 'sqlite', config } })
  const path = `/api/v1/sources/${added.body.sourceId}/preview`
  for (const sql of [
    'delete from contrats',
    'select 1; drop table contrats',
    'update contrats set nom = 1',
  ]) {
    const { status, body } = await api.call('POST', path, { body: { sql } })
    t.like({ status, code: body.error.code }, { status: 422, code: 'source-query-refused' })
  }
  const failed = await api.call('POST', path, { body: { sql: 'select nothing from nowhere' } })
  t.like(failed, { status: 502, body: { error: { code: 'source-query-failed' } } })
  t.is((await api.call('POST', path, { body: { sql: 'select 1', rows: 51 } })).status, 400)
  t.is((await api.call('POST', '/api/v1/sources/999/preview', { body: { sql: 'select 1' } })).status, 404)
})

test('a password is sealed, never shown, kept for its server and for no other', async t => {
  const api = await startApi(t)
  const config = { host: 'db.example', database: 'assur', user: 'rappel' }
  const name = 'Production'
  const added = await api.call('POST', '/api/v1/sources', {
    body: { name, kind: 'postgres', config: { ...config, password: 'secret-1' } },
  })
  t.true(added.body.hasPassword)
  t.is(added.body.config.password, undefined)
  const path = `/api/v1/sources/${added.body.sourceId}`
  const kept = await api.call('PUT', path, { body: { name: 'Autre nom', kind: 'postgres', config } })
  t.true(kept.body.hasPassword)
  const moved = await api.call('PUT', path, {
    body: { name, kind: 'postgres', config: { ...config, host: 'attacker.example' } },
  })
  t.is(moved.status, 400)
  t.is(moved.body.error.details.issues[0].path, 'body.config.password')
  const again = await api.call('PUT', path, {
    body: { name, kind: 'postgres', config: { ...config, host: 'db2.example', password: 'secret-2' } },
  })
  t.is(again.body.config.host, 'db2.example')
  const record = await api.application.store.sources.find(added.body.sourceId)
  t.false(JSON.stringify(record).includes('secret-'))
  t.deepEqual(api.application.secrets.open(record!.sealedPassword!, `source:${added.body.sourceId}`), {
    kind: 'opened',
    plaintext: 'secret-2',
  })
  const shown = await api.call('GET', '/api/v1/audit')
  t.false(JSON.stringify(shown.body).includes('secret-'))
})

test('settings of a source or operator are checked field by field', async t => {
  const api = await startApi(t)
  const source = await api.call('POST', '/api/v1/sources', {
    body: {
      name: 'A',
      kind: 'postgres',
      config: { host: 'db', database: 'a', user: 'u', port: 0, colour: 'red' },
    },
  })
  t.is(source.status, 400)
  t.deepEqual(source.body.error.details.issues.map((issue: { path: string }) => issue.path).sort(), [
    'body.config.colour',
    'body.config.port',
  ])
  const operator = await api.call('POST', '/api/v1/operators', {
    body: { name: 'A', protocol: 'smpp', config: { host: 'smsc' }, sender: 'ASSUR' },
  })
  t.is(operator.body.error.details.issues[0].path, 'body.config.systemId')
})

test('an operator is added, started, stopped and deleted, with the state of its link', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const path = `/api/v1/operators/${operatorId}`
  const stopped = await api.call('GET', path)
  t.like(stopped.body, { isStarted: false, link: null, hasPassword: true })
  t.is(stopped.body.config.password, undefined)
  const started = await api.call('POST', `${path}/start`)
  t.true(started.body.isStarted)
  t.not(started.body.link.state, 'bound')
  const listed = await api.call('GET', '/api/v1/operators')
  t.is(listed.body.operators[0].link.window, 10)
  t.is((await api.call('POST', `${path}/stop`)).body.link, null)
  const { config } = stopped.body
  const body = { name: 'Opérateur B', protocol: 'smpp', config: { ...config, window: 50 }, sender: 'ASSUR' }
  t.is((await api.call('PUT', path, { body })).body.config.window, 50)
  const moved = { ...body, config: { ...config, host: '192.0.2.1' } }
  t.is((await api.call('PUT', path, { body: moved })).status, 400)
  const unverified = { ...body, config: { ...config, tls: { verifyPeer: false } } }
  t.is((await api.call('PUT', path, { body: unverified })).status, 400)
  const routed = await api.call('DELETE', path)
  t.like(routed, { status: 409, body: { error: { code: 'conflict' } } })
  await api.call('PUT', '/api/v1/routes', { body: { rules: [] } })
  t.is((await api.call('DELETE', path)).status, 204)
})

test('certificates, keys and addresses that cannot be used are refused when they are saved', async t => {
  const api = await startApi(t)
  const config = {
    host: '127.0.0.1',
    systemId: 'rappel',
    localAddress: 'eth0',
    tls: { caPem: 'x', certPem: 'x', keyPem: 'x' },
  }
  const operator = await api.call('POST', '/api/v1/operators', {
    body: { name: 'A', protocol: 'smpp', sender: 'ASSUR', config },
  })
  const paths = (answer: { body: { error: { details: { issues: { path: string }[] } } } }) =>
    answer.body.error.details.issues.map(issue => issue.path).sort()
  t.deepEqual(paths(operator), [
    'body.config.localAddress',
    'body.config.tls.caPem',
    'body.config.tls.certPem',
    'body.config.tls.keyPem',
  ])
  const tls = { mode: 'verify', caPem: 'x' }
  const source = await api.call('POST', '/api/v1/sources', {
    body: { name: 'A', kind: 'postgres', config: { host: 'db', database: 'a', user: 'u', tls } },
  })
  t.deepEqual(paths(source), ['body.config.tls.caPem'])
})

test('an operator keeps password and private key when its settings come back as they were shown', async t => {
  const api = await startApi(t)
  const { privateKey } = generateKeyPairSync('ed25519')
  const tls = { keyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) }
  const request = { name: 'A', protocol: 'smpp', sender: 'ASSUR', isStarted: false }
  const config = { host: '127.0.0.1', port: 1, systemId: 'rappel', password: 'secret-a', tls }
  const added = await api.call('POST', '/api/v1/operators', { body: { ...request, config } })
  t.is(added.body.config.tls.keyPem, undefined)
  const path = `/api/v1/operators/${added.body.operatorId}`
  const kept = await api.call('PUT', path, { body: { ...request, name: 'B', config: added.body.config } })
  t.like(kept, { status: 200, body: { name: 'B', hasPassword: true } })
  const record = await api.application.store.operators.find(added.body.operatorId)
  t.false(JSON.stringify(record).includes('PRIVATE KEY'), 'nothing of the key stands in the database')
  t.like(openPrivateKey(api.application.secrets, record!).tls, tls)
  t.throws(() => openPrivateKey(api.application.secrets, { ...record!, operatorId: 99 }), {
    instanceOf: PasswordNotReadable,
  })
})

test('an operator whose password the key file cannot open says so when it is started', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  await api.application.store.operators.update(
    operatorId,
    { sealedPassword: 'v1.00000000.lost' },
    { actor: 'test', nowMs: 1 },
  )
  const started = await api.call('POST', `/api/v1/operators/${operatorId}/start`)
  t.like(started, { status: 409, body: { error: { code: 'conflict' } } })
})

test('routes are replaced as a whole or not at all', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const rules = [{ name: 'Seventy', when: { prefixes: ['22670'] }, operators: [{ operatorId }] }]
  const stored = [{ ...rules[0], isActive: true, operators: [{ operatorId, rank: 1, weight: 1 }] }]
  t.deepEqual((await api.call('PUT', '/api/v1/routes', { body: { rules } })).body.rules, stored)
  const wrong = await api.call('PUT', '/api/v1/routes', {
    body: { rules: [{ name: 'Other', operators: [{ operatorId: 99 }] }] },
  })
  t.is(wrong.status, 400)
  t.deepEqual((await api.call('GET', '/api/v1/routes')).body.rules, stored)
  const out = await api.call('POST', '/api/v1/messages', { body: { to: '+22507000001', text: 'a' } })
  t.like(out.body.error, { code: 'message-blocked', details: { reason: 'no-route' } })
})

test('a template is compiled when saved, numbered by version and previewed with its cost', async t => {
  const api = await startApi(t)
  const body = { name: 'Échéance', language: 'fr', source: 'Cher {{nom}}' }
  const added = await api.call('POST', '/api/v1/templates', { body })
  t.is(added.body.version, 1)
  const path = `/api/v1/templates/${added.body.templateId}`
  t.is((await api.call('PUT', path, { body: { ...body, source: 'Chère {{nom}}' } })).body.version, 2)
  t.is((await api.call('POST', '/api/v1/templates', { body })).body.error.code, 'name-taken')
  const broken = await api.call('PUT', path, { body: { ...body, source: 'Cher {{nom' } })
  t.is(broken.body.error.code, 'template-invalid')
  t.is(broken.body.error.details.line, 1)
  const preview = await api.call('POST', '/api/v1/templates/preview', {
    body: {
      language: 'fr',
      source: 'Cher {{nom}} ê',
      rows: [{ nom: 'ZONGO' }, {}, { nom: 'x'.repeat(200) }],
    },
  })
  t.deepEqual(preview.body.variables, ['nom'])
  t.like(preview.body.rows[0], { kind: 'ready', text: 'Cher ZONGO e', parts: 1, encoding: 'gsm7' })
  t.deepEqual(preview.body.rows[1], { kind: 'missing', variables: ['nom'] })
  t.is(preview.body.rows[2].parts, 2)
  t.is(preview.body.worstCase.maxParts, 2)
  const starters = await api.call('GET', '/api/v1/templates/starters?language=fr')
  t.is(starters.body.starters.length, 18)
  t.is((await api.call('DELETE', path)).status, 204)
})

test('numbers enter the stop list once, are paged, and leave it', async t => {
  const api = await startApi(t)
  const entries = [1, 2, 3, 3].map(index => ({ recipient: phone(index) }))
  t.deepEqual((await api.call('POST', '/api/v1/stop-list', { body: { entries } })).body, {
    added: 3,
    known: 1,
  })
  await api.call('POST', '/api/v1/stop-list', {
    body: { entries: [{ recipient: phone(2), service: 'auto' }] },
  })
  const seen: string[] = []
  let after = ''
  do {
    const page = await api.call('GET', `/api/v1/stop-list?limit=2${after}`)
    for (const entry of page.body.entries) seen.push(`${entry.recipient} ${entry.service}`)
    after = page.body.nextAfter === null ? '' : `&after=${page.body.nextAfter}`
  } while (after !== '')
  t.deepEqual(seen, ['22670000001 *', '22670000002 *', '22670000002 auto', '22670000003 *'])
  const one = `/api/v1/stop-list?recipient=${encodeURIComponent(phone(1))}`
  t.is((await api.call('DELETE', one)).status, 204)
  t.is((await api.call('DELETE', one)).status, 404)
  t.is((await api.call('POST', '/api/v1/stop-list', { body: { entries: [{ recipient: 'x' }] } })).status, 422)
})

test('statistics, backlog, alarms and audit tell what happened', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'a' } })
  const by = async (grouping: string) => (await api.call('GET', `/api/v1/statistics?by=${grouping}`)).body
  t.deepEqual((await by('operator')).groups, [
    { group: operatorId, state: 'queued', messages: 1, parts: 1, costMilli: 0 },
  ])
  for (const grouping of ['hour', 'day']) t.regex((await by(grouping)).groups[0].group, /^\d{4}-.*Z$/)
  t.is((await by('alert')).groups[0].group, 0)
  t.is(
    (await api.call('GET', '/api/v1/statistics?from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z')).status,
    400,
  )
  t.is((await api.call('GET', '/api/v1/statistics?by=hour&from=2000-01-01T00:00:00Z')).status, 400)
  t.like((await api.call('GET', '/api/v1/backlog')).body.operators[0], { operatorId, queued: 1, held: 0 })
  await api.application.store.alarms.raise(
    { kind: 'bind-down', subject: 'A', detail: 'test' },
    systemClock.nowMs(),
  )
  for (const which of ['open', 'all']) {
    t.is((await api.call('GET', `/api/v1/alarms?which=${which}`)).body.alarms[0].kind, 'bind-down')
  }
  const audit = await api.call('GET', '/api/v1/audit?noun=operators&limit=1')
  t.like(audit.body.entries[0], { noun: 'operators', actor: 'api:key 1', nounId: String(operatorId) })
  t.is(typeof audit.body.nextBefore, 'number')
})

test('confirmed feasts are stored whole, and unknown fields refused', async t => {
  const api = await startApi(t)
  t.deepEqual((await api.call('GET', '/api/v1/feasts')).body, {
    confirmedDays: [],
    extraDays: [],
    hijriShiftDays: {},
  })
  const body = { extraDays: [{ country: 'BF', date: '2027-03-17', name: 'Élection' }] }
  const put = await api.call('PUT', '/api/v1/feasts', { body })
  t.deepEqual(put.body, { confirmedDays: [], hijriShiftDays: {}, ...body })
  t.deepEqual((await api.call('GET', '/api/v1/feasts')).body, put.body)
  t.is((await api.call('PUT', '/api/v1/feasts', { body: { extraDay: [] } })).status, 400)
  t.is(
    (
      await api.call('PUT', '/api/v1/feasts', {
        body: { extraDays: [{ country: 'BF', date: '2027-02-31', name: 'x' }] },
      })
    ).status,
    400,
  )
})
