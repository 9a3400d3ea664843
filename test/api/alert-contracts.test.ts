/** What contracts would block of an alert is told when it is saved, not when its messages are blocked. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { fakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type Answer, type ApiUnderTest, addOperator, startApi } from './api-under-test.ts'

interface Room {
  api: ApiUnderTest
  operatorId: number
  template(source: string): Promise<number>
  /** Saves an alert that writes once to French phones as marketing from 36180, unless told otherwise. */
  save(changes: Record<string, unknown>): Promise<Answer>
  activate(saved: Answer): Promise<Answer>
}

/** A Monday at 09:00 in France. */
async function room(t: ExecutionContext): Promise<Room> {
  const clock = fakeClock('2027-01-11T08:00:00Z')
  const api = await startApi(t, { clock, settings: { country: 'FR', zone: 'Europe/Paris' } })
  const path = join(tempDir(t), 'insurer.db')
  new Database(path).exec('create table contrats (police text, nom text, tel text)').close()
  const operatorId = await addOperator(api)
  const source = { name: 'A', kind: 'sqlite', config: { path } }
  const { sourceId } = (await api.call('POST', '/api/v1/sources', { body: source })).body
  let made = 0
  return {
    api,
    operatorId,
    async template(text) {
      made += 1
      const body = { name: `T${made}`, language: 'fr', source: text }
      return (await api.call('POST', '/api/v1/templates', { body })).body.templateId
    },
    save(changes) {
      made += 1
      const definition = {
        sourceId,
        sql: 'select police, nom, tel from contrats',
        keyColumns: ['police'],
        phoneColumn: 'tel',
        country: 'FR',
        trigger: { kind: 'once' },
        schedule: { cron: '0 9 * * *', zone: 'Europe/Paris' },
        category: 'marketing',
        sender: '36180',
        ...changes,
      }
      return api.call('POST', '/api/v1/alerts', { body: { name: `A${made}`, definition } })
    },
    activate: saved => api.call('POST', `/api/v1/alerts/${saved.body.alertId}/activate`),
  }
}

const only = (templateId: number) => ({ templates: [{ templateId }] })

test('an alert that keeps to its contracts is saved and activated without a warning', async t => {
  const { save, activate, template } = await room(t)
  const saved = await save(only(await template('Cher {{nom}}, notre offre. STOP au 36180')))
  t.deepEqual(saved.body.warnings, [])
  t.like(await activate(saved), { status: 200, body: { isActive: true, warnings: [] } })
  const elsewhere = await save({ ...only(await template('Offre')), country: 'BF' })
  t.deepEqual(elsewhere.body.warnings, [])
})

test('a tranche that never carries the category warns when saved and refuses to activate, with what to change', async t => {
  const { api, save, activate, template, operatorId } = await room(t)
  const saved = await save({ ...only(await template('Offre. STOP')), sender: '38180' })
  t.is(saved.status, 201)
  const [warning, ...others] = saved.body.warnings
  t.deepEqual(others, [])
  t.like(warning, {
    reason: 'tranche-category',
    operatorId,
    templateId: null,
    tranches: ['France 38xxx, transactional'],
    isCertain: true,
  })
  t.regex(warning.detail, /38180 .*transactional.*France 38xxx.*not for marketing/)
  t.regex(warning.change, /category.*sender.*PUT \/tranches/)
  const refused = await activate(saved)
  t.is(refused.status, 422)
  t.deepEqual(refused.body.error, {
    code: 'alert-refused',
    details: { category: 'marketing', country: 'FR', sender: '38180', problems: saved.body.warnings },
  })
  const path = `/api/v1/alerts/${saved.body.alertId}`
  t.like((await api.call('GET', path)).body, { isActive: false, warnings: [{ reason: 'tranche-category' }] })
  // What to change is enough.
  const { definition } = saved.body
  const body = { name: 'A', definition: { ...definition, category: 'reminder' } }
  t.deepEqual((await api.call('PUT', path, { body })).body.warnings, [])
  t.is((await activate(saved)).status, 200)
  const back = await api.call('PUT', path, { body: { name: 'A', definition } })
  t.is(back.body.error.code, 'alert-refused')
  t.is((await api.call('GET', path)).body.definition.category, 'reminder')
})

test('a text without STOP is refused when nothing can bring it, and warned of when a row may', async t => {
  const { save, activate, template } = await room(t)
  const fixed = await template('NOM ASSUR : notre offre')
  const hopeless = await save(only(fixed))
  t.like(hopeless.body.warnings, [{ reason: 'stop-mention-missing', templateId: fixed, isCertain: true }])
  t.is((await activate(hopeless)).body.error.code, 'alert-refused')
  const named = await template('{{cie}} : notre offre')
  const byConstant = await save({ ...only(named), constants: { cie: 'STOP 36180' } })
  t.deepEqual(byConstant.body.warnings, [])
  const open = await template('Cher {{nom}}, notre offre')
  const hopeful = await save(only(open))
  t.like(hopeful.body.warnings, [
    { templateId: open, isCertain: false, tranches: ['France 36xxx, marketing'] },
  ])
  t.is((await activate(hopeful)).status, 200)
  const branches = await template(
    '{{#si nom}}Cher {{majuscule nom}}{{else}}Bonjour{{/si}}, offre STOP{{code}}',
  )
  t.deepEqual((await save(only(branches))).body.warnings, [])
  const oneOfTwo = {
    trigger: { kind: 'due-date', dateColumn: 'nom', offsetsDays: [-7, 0] },
    templates: [
      { templateId: fixed, offsetsDays: [-7] },
      { templateId: open, offsetsDays: [0] },
    ],
  }
  const half = await save(oneOfTwo)
  t.is(half.body.warnings.length, 2)
  t.is((await activate(half)).status, 200)
})

test('a constant without STOP only warns: a column of its name wins over it', async t => {
  const { save, activate, template } = await room(t)
  const named = await template('{{cie}} : notre offre')
  const saved = await save({
    ...only(named),
    sql: 'select police, nom as cie, tel from contrats',
    constants: { cie: 'NOM ASSUR' },
  })
  t.like(saved.body.warnings, [{ reason: 'stop-mention-missing', templateId: named, isCertain: false }])
  t.is((await activate(saved)).status, 200)
})

test('one operator of two that refuses is a warning, and those that no rule gives it to are not asked', async t => {
  const { api, save, activate, template, operatorId } = await room(t)
  const second = await api.call('POST', '/api/v1/operators', {
    body: {
      name: 'Opérateur U',
      protocol: 'ucp',
      config: { host: '127.0.0.1', port: 1, shortCode: '3699', password: 'secret-u' },
      sender: '3699',
      isStarted: false,
    },
  })
  const strict = second.body.operatorId
  const stop = only(await template('Offre. STOP au 36180'))
  t.deepEqual((await save(stop)).body.warnings, [])
  const route = (when: object) =>
    api.call('PUT', '/api/v1/routes', {
      body: {
        rules: [
          { name: 'Strict', when, operators: [{ operatorId: strict }] },
          { name: 'All', operators: [{ operatorId }] },
        ],
      },
    })
  for (const when of [{ countries: ['BF'] }, { prefixes: ['226'] }, { senders: ['ASSUR'] }]) {
    await route(when)
    t.deepEqual((await save(stop)).body.warnings, [], JSON.stringify(when))
  }
  for (const when of [{}, { prefixes: ['336'] }, { categories: ['marketing'] }]) {
    await route(when)
    const saved = await save(stop)
    t.like(
      saved.body.warnings,
      [{ reason: 'sender-not-in-contract', operatorId: strict }],
      JSON.stringify(when),
    )
    t.is((await activate(saved)).status, 200)
  }
})

test('hours that never meet those of the short code are told before they block', async t => {
  const { save, activate, template } = await room(t)
  const sendingHours = { days: [7], from: '08:00', to: '12:00', skipHolidays: false, pauses: [] }
  const saved = await save({ ...only(await template('Offre. STOP')), sendingHours })
  t.like(saved.body.warnings, [{ reason: 'no-sending-time', templateId: null }])
  t.is((await activate(saved)).body.error.code, 'alert-refused')
})

test('a feast outside the days of the alert meets a short code that is open on it, and no other', async t => {
  const { api, save, activate, template } = await room(t)
  const wishes = {
    ...only(await template('Offre. STOP')),
    sendingHours: { days: [7], from: '08:00', to: '12:00', skipHolidays: false, pauses: [] },
    sendOnHolidays: true,
  }
  // The charter of the range has no holidays either.
  const closed = await save(wishes)
  t.like(closed.body.warnings, [{ reason: 'no-sending-time' }])
  t.is((await activate(closed)).body.error.code, 'alert-refused')
  const { tranches } = (await api.call('GET', '/api/v1/tranches')).body
  const hours = { days: [1, 2, 3, 4, 5, 6], from: '08:00', to: '22:00', skipHolidays: false, pauses: [] }
  const body = { tranches: [{ ...tranches[0], hours }] }
  t.is((await api.call('PUT', '/api/v1/tranches', { body })).status, 200)
  const open = await save(wishes)
  t.deepEqual(open.body.warnings, [])
  t.is((await activate(open)).status, 200)
  t.like((await save({ ...wishes, sendOnHolidays: false })).body.warnings, [{ reason: 'no-sending-time' }])
})

test('without any route, nothing can be said of contracts', async t => {
  const { api, save, activate, template } = await room(t)
  await api.call('PUT', '/api/v1/routes', { body: { rules: [] } })
  const saved = await save({ ...only(await template('Offre')), sender: '38180' })
  t.deepEqual(saved.body.warnings, [])
  t.is((await activate(saved)).status, 200)
})
