import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { fakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type ApiUnderTest, addOperator, startApi } from './api-under-test.ts'

/** Four contracts due on 15 March 2027, one of them without a usable phone; a Monday morning fifteen days before. */
async function insurerApi(
  t: ExecutionContext,
): Promise<{ api: ApiUnderTest; definition: Record<string, unknown> }> {
  const path = join(tempDir(t), 'insurer.db')
  const database = new Database(path)
  database.exec('create table contrats (police text, nom text, tel text, echeance text)')
  const insert = database.prepare('insert into contrats values (?, ?, ?, ?)')
  for (const index of [1, 2, 3]) insert.run(`P-${index}`, 'OUEDRAOGO', `7000000${index}`, '2027-03-16')
  insert.run('P-4', 'ZONGO', 'néant', '2027-03-16')
  database.close()
  const api = await startApi(t, { clock: fakeClock('2027-03-01T09:00:00Z') })
  await addOperator(api)
  const source = await api.call('POST', '/api/v1/sources', {
    body: { name: 'A', kind: 'sqlite', config: { path } },
  })
  const template = await api.call('POST', '/api/v1/templates', {
    body: { name: 'Échéance', language: 'fr', source: 'Cher {{nom}}, contrat {{police}}.' },
  })
  const definition = {
    sourceId: source.body.sourceId,
    sql: 'select police, nom, tel, echeance from contrats order by police',
    keyColumns: ['police'],
    phoneColumn: 'tel',
    country: 'BF',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-15] },
    templates: [{ templateId: template.body.templateId }],
    schedule: { cron: '0 9 * * *', zone: 'Africa/Ouagadougou' },
  }
  return { api, definition }
}

test('an alert is tried, saved, activated, run once and never again for the same rows', async t => {
  const { api, definition } = await insurerApi(t)
  const tried = await api.call('POST', '/api/v1/alerts/dry-run', { body: { definition, sampleSize: 2 } })
  t.is(tried.status, 200)
  t.is(tried.body.sample.length, 2)
  t.is(tried.body.sample[0].text, 'Cher OUEDRAOGO, contrat P-1.')
  t.is(tried.body.issues.length, 1)
  const added = await api.call('POST', '/api/v1/alerts', { body: { name: 'Échéance J-15', definition } })
  t.like(added, { status: 201, body: { isActive: false, nextRunAt: null } })
  const path = `/api/v1/alerts/${added.body.alertId}`
  t.is((await api.call('POST', `${path}/activate`)).body.nextRunAt, '2027-03-02T09:00:00.000Z')
  t.is((await api.call('POST', `${path}/dry-run`)).body.counts.matched, 3)
  const forecast = await api.call('GET', '/api/v1/forecast?days=3')
  t.is(forecast.status, 200)
  const ran = await api.call('POST', `${path}/run`)
  t.like(ran.body, { kind: 'finished', outcome: 'done-with-issues', counts: { enqueued: 3, rejected: 1 } })
  const again = await api.call('POST', `${path}/run`)
  t.like(again.body.counts, { enqueued: 0, duplicates: 3 })
  const runs = await api.call('GET', `${path}/runs?limit=1`)
  t.is(runs.body.runs.length, 1)
  t.is(runs.body.nextBefore, again.body.runId)
  const shown = await api.call('GET', `/api/v1/runs/${ran.body.runId}`)
  t.is(shown.body.issues[0].entityKey, 'P-4')
  t.is((await api.call('GET', `/api/v1/messages?alertId=${added.body.alertId}`)).body.messages.length, 3)
  t.is((await api.call('POST', `${path}/deactivate`)).body.nextRunAt, null)
  const used = await api.call('DELETE', `/api/v1/sources/${String(definition.sourceId)}`)
  t.is(used.body.error.code, 'conflict')
  t.is((await api.call('DELETE', path)).status, 204)
})

test('a ready-made template becomes an alert as it stands, trigger and category included', async t => {
  const { api, definition } = await insurerApi(t)
  const { body } = await api.call('GET', '/api/v1/templates/starters?language=fr')
  const alerts = body.starters.filter(({ trigger }: { trigger: unknown }) => trigger !== null)
  t.is(alerts.length, 17)
  for (const { starterId, name, language, source, category, trigger } of alerts) {
    const template = await api.call('POST', '/api/v1/templates', { body: { name, language, source } })
    const templates = [{ templateId: template.body.templateId }]
    const added = await api.call('POST', '/api/v1/alerts', {
      body: { name, definition: { ...definition, category, trigger, templates } },
    })
    t.is(added.status, 201, `${starterId}: ${JSON.stringify(added.body)}`)
    t.like(added.body.definition.trigger, trigger)
  }
})

test('a run above its cap waits for an approver, once', async t => {
  const { api, definition } = await insurerApi(t)
  const added = await api.call('POST', '/api/v1/alerts', {
    body: { name: 'A', definition: { ...definition, runCap: 1 } },
  })
  const ran = await api.call('POST', `/api/v1/alerts/${added.body.alertId}/run`)
  t.is(ran.body.outcome, 'held-for-approval')
  const path = `/api/v1/runs/${ran.body.runId}`
  const writer = await api.newKey(['alerts:write', 'messages:write'])
  t.is((await api.call('POST', `${path}/approve`, { key: writer })).status, 403)
  t.deepEqual((await api.call('POST', `${path}/approve`)).body, { runId: ran.body.runId, messages: 3 })
  t.is((await api.call('POST', `${path}/reject`)).status, 409)
  t.is((await api.call('GET', '/api/v1/messages?state=queued')).body.messages.length, 3)
})

test('the messages of a rejected run are cancelled', async t => {
  const { api, definition } = await insurerApi(t)
  const added = await api.call('POST', '/api/v1/alerts', {
    body: { name: 'A', definition: { ...definition, runCap: 1 } },
  })
  const ran = await api.call('POST', `/api/v1/alerts/${added.body.alertId}/run`)
  t.is((await api.call('POST', `/api/v1/runs/${ran.body.runId}/reject`)).body.messages, 3)
  t.is((await api.call('GET', '/api/v1/messages?state=cancelled')).body.messages.length, 3)
})

test('an alert with a misspelt field, an unreadable schedule or a missing template is refused', async t => {
  const { api, definition } = await insurerApi(t)
  const refuse = async (changes: object) =>
    (
      await api.call('POST', '/api/v1/alerts', {
        body: { name: 'A', definition: { ...definition, ...changes } },
      })
    ).body.error
  t.like(await refuse({ audiance: { all: [] } }), {
    code: 'invalid-request',
    details: { issues: [{ path: 'body.definition.audiance' }] },
  })
  t.is((await refuse({ sql: '' })).details.issues[0].path, 'body.definition.sql')
  for (const [field, schedule] of [
    ['cron', { cron: 'noon', zone: 'Africa/Ouagadougou' }],
    ['zone', { cron: '0 9 * * *', zone: 'Mars/Olympus' }],
  ] as const) {
    t.is((await refuse({ schedule })).details.issues[0].path, `body.definition.schedule.${field}`)
  }
  t.is((await refuse({ templates: [{ templateId: 99 }] })).code, 'alert-invalid')
  t.is((await refuse({ sourceId: 99 })).code, 'alert-invalid')
  const dry = await api.call('POST', '/api/v1/alerts/dry-run', {
    body: { definition: { ...definition, templates: [{ templateId: 99 }] } },
  })
  t.is(dry.body.error.code, 'alert-invalid')
  for (const path of ['/alerts/99/run', '/alerts/99/activate', '/alerts/99/dry-run', '/runs/99/approve']) {
    t.is((await api.call('POST', `/api/v1${path}`)).status, 404, path)
  }
})

test('a source whose password the key file cannot open fails alone, under its own code', async t => {
  const { api, definition } = await insurerApi(t)
  const { store } = api.application
  const config = { host: 'db.example', database: 'assur', user: 'rappel' }
  const lost = { name: 'Perdue', kind: 'postgres', config, sealedPassword: 'v1.00000000.lost' }
  const { sourceId } = await store.sources.create(lost, { actor: 'test', nowMs: 1 })
  const ids: number[] = []
  for (const [name, id] of [
    ['Bonne', definition.sourceId],
    ['Perdue', sourceId],
  ]) {
    const added = await api.call('POST', '/api/v1/alerts', {
      body: { name, definition: { ...definition, sourceId: id } },
    })
    ids.push(added.body.alertId)
    await api.call('POST', `/api/v1/alerts/${added.body.alertId}/activate`)
  }
  const refused = { status: 502, body: { error: { code: 'source-login-refused' } } }
  t.like(await api.call('POST', `/api/v1/sources/${sourceId}/test`), refused)
  t.like(await api.call('POST', `/api/v1/alerts/${ids[1]}/dry-run`), refused)
  t.is((await api.call('POST', `/api/v1/alerts/${ids[1]}/run`)).body.outcome, 'source-failed')
  const forecast = await api.call('GET', '/api/v1/forecast?days=3')
  t.is(forecast.status, 200)
  t.deepEqual(
    forecast.body.unforeseen.map(({ alertName }: { alertName: string }) => alertName),
    ['Perdue'],
  )
})

test('an alert that lacks a column of its rows is refused when it is tried', async t => {
  const { api, definition } = await insurerApi(t)
  const added = await api.call('POST', '/api/v1/alerts', {
    body: { name: 'A', definition: { ...definition, phoneColumn: 'portable' } },
  })
  const tried = await api.call('POST', `/api/v1/alerts/${added.body.alertId}/dry-run`)
  t.like(tried, { status: 422, body: { error: { code: 'alert-invalid' } } })
})
