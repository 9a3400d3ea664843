import test from 'ava'
import { calendarSetting } from '../../server/store/scheduler-store.ts'
import { dayMs, type EngineRoom, engineRoom, phoneOf } from './engine-room.ts'

const soon = '2027-01-11'

async function sent(room: EngineRoom, alertId: number): Promise<(string | null)[]> {
  return (await room.messages(alertId))
    .filter(({ state }) => state === 'queued')
    .map(({ entityKey }) => entityKey)
}

test('a new-row alert looks once in silence, then writes to who is new', async t => {
  const room = await engineRoom(t, { template: 'Bienvenue {{nom}}' })
  room.write([1, 2].map(n => ({ police: `A${n}`, telephone: phoneOf(n) })))
  const alertId = await room.alert({ trigger: { kind: 'new-row' } })
  t.like(await room.run(alertId), { outcome: 'done', counts: { read: 2, matched: 0, baseline: 2 } })
  room.write([{ police: 'A3', telephone: phoneOf(3) }])
  t.like(await room.run(alertId), { counts: { read: 3, enqueued: 1, baseline: 0 } })
  room.remove('A3')
  await room.run(alertId)
  room.write([{ police: 'A3', telephone: phoneOf(3) }])
  t.is((await room.run(alertId)).counts.matched, 0)
  t.deepEqual(await sent(room, alertId), ['A3'])
})

test('a first look that fails is no baseline: the next one is as silent', async t => {
  const room = await engineRoom(t, { template: 'Bienvenue {{nom}}' })
  room.write([1, 2].map(n => ({ police: `A${n}`, telephone: phoneOf(n) })))
  const alertId = await room.alert({ trigger: { kind: 'new-row' } })
  room.faults.next = { afterRows: 1, error: new Error('the driver broke') }
  t.is((await room.run(alertId)).outcome, 'failed')
  room.faults.next = null
  t.like(await room.run(alertId), { counts: { matched: 0, baseline: 2 } })
})

test('a changed-row alert is silent at first, then writes at each change', async t => {
  const room = await engineRoom(t, { template: 'Sinistre {{police}}: {{etat}}' })
  const becomes = { column: 'etat', values: ['REGLE'] }
  room.write([
    { police: 'S1', etat: 'EVAL' },
    { police: 'S2', etat: 'REGLE' },
  ])
  const alertId = await room.alert({ trigger: { kind: 'changed-row', watchColumns: ['etat'], becomes } })
  t.like(await room.run(alertId), { counts: { matched: 0, baseline: 2 } })
  room.write([{ police: 'S1', etat: 'REGLE' }])
  t.like(await room.run(alertId), { counts: { enqueued: 1 } })
  t.like(await room.run(alertId), { counts: { matched: 0 } })
  t.deepEqual(await sent(room, alertId), ['S1'])
})

for (const [kind, trigger] of [
  ['due-date', { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-7, -1] }],
  ['dunning', { kind: 'dunning', dateColumn: 'echeance', firstAfterDays: 1, everyDays: 30, maxReminders: 3 }],
  ['new-row', { kind: 'new-row' }],
  ['once', { kind: 'once' }],
] as const) {
  const echeance = kind === 'dunning' ? '2027-01-03' : soon

  test(`${kind}: a row without a phone is listed, and sent once the phone is corrected the next day`, async t => {
    const room = await engineRoom(t)
    const alertId = await room.alert({ trigger })
    await room.run(alertId)
    room.write([{ police: 'A1', telephone: '', echeance }])
    t.like(await room.run(alertId), { outcome: 'done-with-issues', counts: { rejected: 1, matched: 0 } })
    await room.clock.advance(dayMs)
    t.like(await room.run(alertId), { counts: { rejected: 1 } })
    room.write([{ police: 'A1', telephone: phoneOf(1), echeance }])
    t.like(await room.run(alertId), { outcome: 'done', counts: { enqueued: 1 } })
    await room.clock.advance(dayMs)
    await room.run(alertId)
    t.deepEqual(await sent(room, alertId), ['A1'])
  })

  test(`${kind}: a missing value is held and listed, and completed when the value appears the next day`, async t => {
    const room = await engineRoom(t, { template: '{{nom}}: {{police}}' })
    const alertId = await room.alert({ trigger })
    await room.run(alertId)
    room.write([{ police: 'A1', nom: null, echeance }])
    const { runId, ...report } = await room.run(alertId)
    t.like(report, { outcome: 'done-with-issues', counts: { held: 1, enqueued: 0 } })
    t.like(await room.store.runs.listIssues({ runId, from: 0, limit: 5 }), [
      { entityKey: 'A1', reason: 'missing-value', detail: 'nom' },
    ])
    await room.clock.advance(dayMs)
    t.like(await room.run(alertId), { counts: { duplicates: 1 } })
    room.write([{ police: 'A1', nom: 'SAWADOGO', echeance }])
    t.like(await room.run(alertId), { counts: { enqueued: 1 } })
    t.like(await room.messages(alertId), [{ state: 'queued', text: 'SAWADOGO: A1' }])
    await room.run(alertId)
    t.is((await room.messages(alertId)).length, 1)
  })
}

test('a date that could not be read is made up for within a week of its correction', async t => {
  const room = await engineRoom(t)
  const alertId = await room.alert()
  room.write([{ police: 'A1', echeance: '11/13/2027' }])
  await room.run(alertId)
  await room.clock.advance(3 * dayMs)
  room.write([{ police: 'A1', echeance: soon }])
  await room.run(alertId)
  t.deepEqual(await sent(room, alertId), ['A1'])
})

test('who asked for silence is not written to, and that is no issue of the run', async t => {
  const room = await engineRoom(t)
  room.write([1, 2].map(n => ({ police: `A${n}`, telephone: phoneOf(n), echeance: soon })))
  const change = { actor: 'test', nowMs: room.clock.nowMs() }
  await room.store.stopList.add([{ recipient: '22670000001', service: 'default', reason: 'STOP' }], change)
  const alertId = await room.alert()
  const { outcome, counts, runId } = await room.run(alertId)
  t.is(outcome, 'done')
  t.like(counts, { enqueued: 1, blocked: 1 })
  t.like(await room.store.runs.listIssues({ runId, from: 0, limit: 5 }), [{ reason: 'stop-list' }])
})

test('a person gets one marketing message per service and day, from one alert or two', async t => {
  const room = await engineRoom(t, { template: 'Bonne fete {{nom}}' })
  room.write([1, 2].map(n => ({ police: `A${n}`, telephone: phoneOf(1) })))
  const definition = { trigger: { kind: 'once' }, category: 'marketing' }
  const first = await room.alert(definition)
  const second = await room.alert(definition)
  t.like(await room.run(first), { outcome: 'done', counts: { enqueued: 1, blocked: 1 } })
  t.like(await room.run(second), { outcome: 'done', counts: { enqueued: 0, blocked: 2 } })
})

test('a marketing message completed on its day is not stopped by the cap that it took itself', async t => {
  const room = await engineRoom(t, { template: 'Bonne fete {{nom}}' })
  const alertId = await room.alert({ trigger: { kind: 'once' }, category: 'marketing' })
  room.write([{ police: 'A1', nom: null }])
  await room.run(alertId)
  room.write([{ police: 'A1', nom: 'SAWADOGO' }])
  t.like(await room.run(alertId), { counts: { enqueued: 1, blocked: 0 } })
  t.like(await room.messages(alertId), [{ state: 'queued', text: 'Bonne fete SAWADOGO' }])
})

test('quiet hours move a message to the next morning', async t => {
  const room = await engineRoom(t, { start: '2027-01-04T22:15:00Z' })
  room.write([{ police: 'A1', echeance: soon }])
  const sendingHours = { days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '19:30', skipHolidays: false }
  const alertId = await room.alert({ sendingHours })
  await room.run(alertId)
  const [message] = await room.messages(alertId)
  t.is(new Date(message!.dueAtMs).toISOString(), '2027-01-05T08:00:00.000Z')
})

/** Estimated for 16 May 2027 in Burkina Faso by the Hijri calendar; the moon decides. */
const tabaski = {
  trigger: { kind: 'calendar', on: { feast: 'tabaski' } },
  category: 'marketing',
  sendOnHolidays: true,
  schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou' },
}

test('a feast whose date is an estimate is held as unconfirmed', async t => {
  const room = await engineRoom(t, { start: '2027-05-16T08:00:00Z', template: 'Bonne fete {{nom}}' })
  room.write([{ police: 'A1' }])
  const alertId = await room.alert(tabaski)
  t.like(await room.run(alertId), { outcome: 'done-with-issues', counts: { held: 1 } })
  t.like(await room.messages(alertId), [{ state: 'held', reason: 'feast-unconfirmed' }])
})

for (const [when, confirmed, advanceMs] of [
  ['the same day', '2027-05-16', 0],
  ['the next day, for the day before', '2027-05-16', dayMs],
  ['for the next day', '2027-05-17', dayMs],
] as const) {
  // The store completes only what waits for a missing value: see complete-held.ts.
  test(`a feast confirmed ${when} is released by the next run, at its own time and once`, async t => {
    const room = await engineRoom(t, { start: '2027-05-16T08:00:00Z', template: 'Bonne fete {{nom}}' })
    room.write([{ police: 'A1' }])
    const alertId = await room.alert(tabaski)
    await room.run(alertId)
    const override = { country: 'BF', id: 'tabaski', year: 2027, date: confirmed }
    const change = { actor: 'test', nowMs: room.clock.nowMs() }
    await room.store.settings.set(calendarSetting, JSON.stringify({ confirmedDays: [override] }), change)
    await room.clock.advance(advanceMs)
    t.like(await room.run(alertId), { outcome: 'done', counts: { enqueued: 1 } })
    await room.run(alertId)
    const messages = await room.messages(alertId)
    t.like(messages, [{ state: 'queued', reason: '' }])
    t.true(messages[0]!.dueAtMs >= room.clock.nowMs())
  })
}

test('rows about different days that alternate in one batch are each timed by their own', async t => {
  const room = await engineRoom(t)
  const days = ['2027-01-05', '2027-01-11', '2027-01-05', '2027-01-04', '2027-01-11']
  room.write(
    days.map((echeance, index) => ({ police: `A${index}`, telephone: phoneOf(index + 1), echeance })),
  )
  const alertId = await room.alert({ validityHours: 168 })
  t.like(await room.run(alertId), { counts: { enqueued: days.length } })
  t.deepEqual(
    // In Burkina Faso a day ends at midnight UTC.
    (await room.messages(alertId)).map(({ expiresAtMs }) => new Date(expiresAtMs).toISOString().slice(0, 10)),
    days,
  )
})
