/** Setting a source up without an engineer, and telling it what became of its messages. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { columnRoles } from '../../connectors/sources/guessing/roles.ts'
import { readyQueryCodes } from '../../connectors/sources/ready-queries/ready-query.ts'
import { guessedRoles, sourceQueries } from '../../server/api/contract/sources.ts'
import { toldStates, writtenStates } from '../../server/api/contract/write-backs.ts'
import { finalStates } from '../../server/gateway/message-state.ts'
import { writeBackStates } from '../../server/store/write-backs.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

interface Room {
  api: ApiUnderTest
  /** The insurer's file, open for writing. */
  customer: Database.Database
  path: string
  sourceId: number
}

async function room(t: ExecutionContext): Promise<Room> {
  const api = await startApi(t)
  const file = join(tempDir(t), 'insurer.db')
  const customer = new Database(file)
  t.teardown(() => void customer.close())
  customer.exec(`create table contrats (id integer, Telephone text, nom text, prenom text, IMAT text, datesaisie text, etat text);
    create table "Références" (libellé text);
    create table quittances (quittance integer, TELEASSU text, montant real)`)
  const insert = customer.prepare('insert into contrats values (?, ?, ?, ?, ?, ?, ?)')
  for (let n = 1; n <= 30; n += 1) {
    const phone = `70 00 00 ${String(n).padStart(2, '0')}`
    insert.run(
      n,
      phone,
      `NOM ${n % 7}`,
      'Awa',
      `11 HH ${1_000 + n} BF`,
      `2027-01-0${(n % 9) + 1} 08:00:00`,
      'A ENVOYER',
    )
  }
  const body = { name: 'Production', kind: 'sqlite', config: { path: file } }
  const { sourceId } = (await api.call('POST', '/api/v1/sources', { body })).body
  return { api, customer, path: `/api/v1/sources/${sourceId}`, sourceId }
}

test('tables are searched by table and by column, whatever the capitals and accents', async t => {
  const { api, path } = await room(t)
  const all = (await api.call('GET', `${path}/tables`)).body
  t.deepEqual(all.schemas, [{ schema: null, tables: 3 }])
  t.false(all.hasMore)
  const byTable = (await api.call('GET', `${path}/tables?table=REFERENCE`)).body
  t.deepEqual(byTable.tables, [
    { schema: null, name: 'Références', columns: [{ name: 'libellé', type: 'TEXT' }] },
  ])
  const byColumn = (await api.call('GET', `${path}/tables?column=tel`)).body
  t.deepEqual(
    byColumn.tables.map((table: { name: string; columns: { name: string }[] }) => [
      table.name,
      ...table.columns.map(({ name }) => name),
    ]),
    [
      ['contrats', 'Telephone'],
      ['quittances', 'TELEASSU'],
    ],
  )
  const cut = (await api.call('GET', `${path}/tables?limit=8`)).body
  t.true(cut.hasMore)
  t.deepEqual(
    cut.tables.map((table: { columns: unknown[] }) => table.columns.length),
    [1, 7],
  )
  t.deepEqual((await api.call('GET', `${path}/tables?schema=dbo`)).body, {
    schemas: [],
    hasMore: false,
    tables: [],
  })
  t.is((await api.call('GET', `${path}/tables?limit=0`)).status, 400)
})

test('a preview shows twenty rows, and a query of an alert can be tried as it is', async t => {
  const { api, path } = await room(t)
  const sql =
    'select * from contrats where :today > :since and id > :lastId and datesaisie > :watermark order by id'
  const { body } = await api.call('POST', `${path}/preview`, { body: { sql } })
  t.is(body.rows.length, 20)
  t.true(body.hasMore)
  const from = await api.call('POST', `${path}/preview`, { body: { sql, params: { lastId: 29 } } })
  t.is(from.body.rows.length, 1)
})

test('the columns of a query are guessed with reasons', async t => {
  const { api, path } = await room(t)
  const { status, body } = await api.call('POST', `${path}/guess`, {
    body: { sql: 'select * from contrats' },
  })
  t.is(status, 200)
  t.is(body.rows, 30)
  const best = body.guesses.filter((guess: { isBest: boolean }) => guess.isBest)
  t.deepEqual(
    Object.fromEntries(best.map((one: { role: string; column: string }) => [one.role, one.column])),
    {
      phone: 'Telephone',
      lastName: 'nom',
      firstName: 'prenom',
      plate: 'IMAT',
      state: 'etat',
    },
  )
  t.deepEqual(best[0].reasons, [
    { code: 'name-exact', detail: 'telephone' },
    { code: 'content', share: 1 },
  ])
  const empty = await api.call('POST', `${path}/guess`, {
    body: { sql: 'select * from quittances', country: 'CI' },
  })
  t.deepEqual(empty.body, { rows: 0, columns: [], guesses: [] })
})

test('ready-made queries come in the SQL of the source', async t => {
  const { api, path } = await room(t)
  const { body } = await api.call('GET', `${path}/queries`)
  t.is(body.dialect, 'sqlite')
  t.true(sourceQueries.safeParse(body).success)
  t.is(body.queries.length, 10)
  const config = { host: 'ora.example', user: 'lecteur', database: 'ORCL' }
  const oracle = await api.call('POST', '/api/v1/sources', { body: { name: 'O', kind: 'oracle', config } })
  t.is(oracle.status, 201, JSON.stringify(oracle.body))
  const queries = (await api.call('GET', `/api/v1/sources/${oracle.body.sourceId}/queries`)).body
  t.regex(queries.queries[0].sql, /TO_DATE\(:today, 'YYYY-MM-DD'\) - 45/)
})

test('what the contract lists is what the product has', t => {
  t.deepEqual([...guessedRoles], [...columnRoles])
  t.deepEqual([...toldStates], [...finalStates])
  t.deepEqual([...writtenStates], [...writeBackStates])
  const { queries } = sourceQueries.shape
  t.deepEqual([...queries.element.shape.code.options], [...readyQueryCodes])
})

const sql = 'UPDATE contrats SET etat = :state WHERE id = :id'

test('a write-back is off until it is set, is tried without a trace, and is switched off', async t => {
  const { api, customer, path } = await room(t)
  t.is((await api.call('GET', `${path}/write-back`)).status, 404)
  const set = await api.call('PUT', `${path}/write-back`, { body: { sql } })
  t.like(set.body, { user: null, hasPassword: false, sql, states: [...toldStates] })
  t.deepEqual(set.body.counts, { waiting: 0, retrying: 0, done: 0, noRow: 0, failed: 0 })
  const tried = await api.call('POST', `${path}/write-back/test`, { body: { params: { id: 7 } } })
  t.deepEqual(tried.body, { rowsChanged: 1 })
  t.deepEqual((await api.call('POST', `${path}/write-back/test`, { body: { params: { id: 99 } } })).body, {
    rowsChanged: 0,
  })
  t.is(customer.prepare("select count(*) from contrats where etat <> 'A ENVOYER'").pluck().get(), 0)
  const missing = await api.call('POST', `${path}/write-back/test`)
  t.is(missing.body.error.code, 'source-query-refused')
  t.is(missing.body.error.details.parameter, 'id')
  t.is((await api.call('DELETE', `${path}/write-back`)).status, 204)
  t.is((await api.call('DELETE', `${path}/write-back`)).status, 404)
  t.is((await api.call('POST', `${path}/write-back/test`)).status, 404)
})

test('anything but one UPDATE is refused with its place', async t => {
  const { api, path } = await room(t)
  const wrong = await api.call('PUT', `${path}/write-back`, { body: { sql: `${sql}; DROP TABLE contrats` } })
  t.is(wrong.status, 422)
  t.like(wrong.body.error, { code: 'source-query-refused' })
  t.like(wrong.body.error.details, { reason: 'several-statements', position: sql.length })
  for (const statement of ['UPDATE contrats SET etat = 1', 'DELETE FROM contrats WHERE id = :id']) {
    t.is((await api.call('PUT', `${path}/write-back`, { body: { sql: statement } })).status, 422)
  }
  t.is((await api.call('PUT', `${path}/write-back`, { body: { sql, states: [] } })).status, 400)
  t.is((await api.call('PUT', `${path}/write-back`, { body: { sql, states: ['sent'] } })).status, 400)
  t.is(
    (await api.call('PUT', `${path}/write-back`, { body: { sql, user: 'x' } })).status,
    400,
    'a file has no accounts',
  )
})

test('a server is written to by another account, whose password stays with it', async t => {
  const { api } = await room(t)
  const config = { host: 'db.example', database: 'assur', user: 'lecteur', password: 'reads only' }
  const body = { name: 'Serveur', kind: 'postgres', config }
  const { sourceId } = (await api.call('POST', '/api/v1/sources', { body })).body
  const path = `/api/v1/sources/${sourceId}`
  const put = (more: object) => api.call('PUT', `${path}/write-back`, { body: { sql, ...more } })
  t.is((await put({})).status, 400, 'an account is needed')
  t.is((await put({ user: 'Lecteur', password: 'x' })).status, 400, 'not the one that reads')
  const set = await put({ user: 'ecrivain', password: 'may write' })
  t.like(set.body, { user: 'ecrivain', hasPassword: true })
  t.false(JSON.stringify(set.body).includes('may write'))
  t.like((await put({ user: 'ecrivain', states: ['delivered'] })).body, {
    hasPassword: true,
    states: ['delivered'],
  })
  t.is((await put({ user: 'autre' })).status, 400, 'another account needs its own password')
  const stored = await api.application.store.writeBackSettings.find(sourceId)
  t.false(JSON.stringify(stored).includes('may write'))

  const moved = { ...config, host: 'elsewhere.example' }
  await api.call('PUT', path, { body: { ...body, config: moved } })
  t.like((await api.call('GET', `${path}/write-back`)).body, { user: 'ecrivain', hasPassword: false })
})

test('a kept password follows to no other place, whatever the kind calls it', async t => {
  const { api } = await room(t)
  const config = {
    baseUrl: 'https://service.example/api',
    auth: { kind: 'basic', user: 'lecteur' },
    password: 'reads only',
    requests: { contrats: { path: '/contrats' } },
  }
  const body = { name: 'Service', kind: 'rest', config }
  const added = await api.call('POST', '/api/v1/sources', { body })
  t.is(added.status, 201, JSON.stringify(added.body))
  const path = `/api/v1/sources/${added.body.sourceId}`
  const { password: _password, ...kept } = config
  const moved = await api.call('PUT', path, {
    body: { ...body, config: { ...kept, baseUrl: 'https://other.example' } },
  })
  t.is(moved.body.error?.details.issues[0].path, 'body.config.password')
  const more = {
    ...kept,
    maxRows: 10,
    requests: { contrats: { path: '/contrats?'.slice(0, -1) }, sinistres: { path: '/sinistres' } },
  }
  t.is((await api.call('PUT', path, { body: { ...body, config: more } })).status, 200)
})

test('a kind that only reads has no write-back', async t => {
  const { api } = await room(t)
  const config = { path: join(tempDir(t), 'contrats.accdb') }
  const { body } = await api.call('POST', '/api/v1/sources', {
    body: { name: 'Access', kind: 'access', config },
  })
  const answer = await api.call('PUT', `/api/v1/sources/${body.sourceId}/write-back`, { body: { sql } })
  t.is(answer.body.error.code, 'conflict')
})

test('what was written back is listed by state and retried', async t => {
  const { api, customer, path, sourceId } = await room(t)
  const early = await api.call('PUT', `${path}/write-back`, { body: { sql } })
  t.deepEqual(early.body.missingParameters, ['id'], 'a warning while no alert is there to give it')
  const templateBody = { name: 'T', language: 'fr', source: 'Police {{id}}' }
  const { templateId } = (await api.call('POST', '/api/v1/templates', { body: templateBody })).body
  const definition = {
    sourceId,
    sql: 'select * from contrats where id > :watermark',
    incremental: { kind: 'number', column: 'id' },
    keyColumns: ['id'],
    phoneColumn: 'Telephone',
    country: 'BF',
    trigger: { kind: 'once' },
    templates: [{ templateId }],
    schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou' },
  }
  const alert = await api.call('POST', '/api/v1/alerts', { body: { name: 'A', definition } })
  t.is(alert.status, 201, JSON.stringify(alert.body))
  t.deepEqual((await api.call('GET', `${path}/write-back`)).body.missingParameters, [])
  for (const name of ['nosuch', 'key2', 'ID']) {
    const wrong = { sql: `UPDATE contrats SET etat = :state WHERE id = :${name}` }
    const refused = await api.call('PUT', `${path}/write-back`, { body: wrong })
    t.is(refused.status, 422, name)
    t.like(refused.body.error.details, { reason: 'missing-parameter', parameter: name })
  }
  t.is(alert.body.watermark, null)
  const alertPath = `/api/v1/alerts/${alert.body.alertId}`
  t.is((await api.call('PUT', `${alertPath}/watermark`, { body: { watermark: '27' } })).body.watermark, '27')
  // Without an operator every message is blocked for want of a route: that is an end too.
  const run = await api.call('POST', `${alertPath}/run`)
  t.is(run.body.outcome, 'done-with-issues', api.logLines.join(' '))
  t.is((await api.call('GET', alertPath)).body.watermark, '30')
  customer.exec('delete from contrats where id = 29')
  const waiting = (await api.call('GET', '/api/v1/write-backs?state=waiting')).body
  t.deepEqual(
    waiting.writeBacks.map(
      (one: { entityKey: string; messageState: string }) => `${one.entityKey} ${one.messageState}`,
    ),
    ['30 blocked', '29 blocked', '28 blocked'],
  )
  await api.application.writeBacks.run()
  const done = (await api.call('GET', `/api/v1/write-backs?state=done&sourceId=${sourceId}&limit=1`)).body
  t.like(done.writeBacks[0], { entityKey: '30', rowsChanged: 1, attempts: 1, error: '' })
  t.is(done.nextBefore, done.writeBacks[0].messageId)
  t.is(customer.prepare('select etat from contrats where id = 30').pluck().get(), 'blocked')
  const gone = (await api.call('GET', '/api/v1/write-backs?state=no-row')).body.writeBacks
  t.like(gone[0], { entityKey: '29', rowsChanged: 0, dueAt: null })
  const retry = { messageIds: [gone[0].messageId] }
  t.deepEqual((await api.call('POST', '/api/v1/write-backs/retry', { body: retry })).body, { retried: 1 })
  t.deepEqual((await api.call('POST', '/api/v1/write-backs/retry', { body: { sourceId } })).body, {
    retried: 1,
  })
  t.is((await api.call('POST', '/api/v1/write-backs/retry', { body: {} })).status, 400)
  t.like((await api.call('GET', `${path}/write-back`)).body.counts, { waiting: 1, done: 2 })
})

test('a watermark is set and taken back by hand, and only where there is one', async t => {
  const { api, sourceId } = await room(t)
  const { templateId } = (
    await api.call('POST', '/api/v1/templates', { body: { name: 'T', language: 'fr', source: 'x' } })
  ).body
  const definition = {
    sourceId,
    sql: 'select * from contrats where datesaisie > :since',
    incremental: { kind: 'time', column: 'datesaisie' },
    keyColumns: ['id'],
    phoneColumn: 'Telephone',
    country: 'BF',
    trigger: { kind: 'new-row' },
    templates: [{ templateId }],
    schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou' },
  }
  const { body } = await api.call('POST', '/api/v1/alerts', { body: { name: 'A', definition } })
  const path = `/api/v1/alerts/${body.alertId}/watermark`
  t.is(
    (await api.call('PUT', path, { body: { watermark: '2027-01-05 08:00:00' } })).body.watermark,
    '2027-01-05 08:00:00',
  )
  const wrong = await api.call('PUT', path, { body: { watermark: '5' } })
  t.regex(wrong.body.error.details.issues[0].expected, /a time such as/)
  t.is((await api.call('PUT', path, { body: { watermark: null } })).body.watermark, null)
  const { incremental: _incremental, ...whole } = definition
  const plain = { name: 'A', definition: { ...whole, sql: 'select * from contrats' } }
  await api.call('PUT', `/api/v1/alerts/${body.alertId}`, { body: plain })
  t.is((await api.call('PUT', path, { body: { watermark: null } })).status, 409)
})

test('a key that only reads may look and change nothing', async t => {
  const { api, path } = await room(t)
  const key = await api.newKey(['sources:read'])
  t.is((await api.call('GET', `${path}/queries`, { key })).status, 200)
  t.is((await api.call('GET', '/api/v1/write-backs', { key })).status, 200)
  t.is((await api.call('PUT', `${path}/write-back`, { key, body: { sql } })).status, 403)
  t.is((await api.call('POST', '/api/v1/write-backs/retry', { key, body: { sourceId: 1 } })).status, 403)
})
