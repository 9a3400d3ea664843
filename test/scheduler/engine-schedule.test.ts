import test from 'ava'
import { dayMs, engineRoom, phoneOf, sourceDown } from './engine-room.ts'

const hourMs = 3_600_000
/** Reminders of J-7 due on the 4th, 5th, 6th and 7th of January 2027. */
const fourDays = [4, 5, 6, 7].map(day => ({
  police: `A${day}`,
  telephone: phoneOf(day),
  echeance: `2027-01-${String(day + 7).padStart(2, '0')}`,
}))

test('an alert runs at its planned time and plans the next', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const alertId = await room.alert()
  t.deepEqual(await room.engine.runDue(), [])
  await room.clock.advance(23 * hourMs)
  t.like(await room.engine.runDue(), [{ outcome: 'done' }])
  t.like(
    (await room.messages(alertId)).map(({ entityKey }) => entityKey),
    ['A5'],
  )
  const next = (await room.store.alerts.find(alertId))?.nextRunAtMs
  t.is(next, Date.parse('2027-01-06T08:00:00Z'))
})

test('two concurrent runs of an alert do not overlap', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const alertId = await room.alert()
  const request = { cause: 'manual', plannedAtMs: room.clock.nowMs() } as const
  const answers = await Promise.all([room.engine.run(alertId, request), room.engine.run(alertId, request)])
  t.deepEqual(answers.map(({ kind }) => kind).sort(), ['already-running', 'finished'])
  t.is((await room.messages(alertId)).length, 1)
})

test('two alerts due at the same time both run, once, though two heartbeats ask', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const first = await room.alert()
  const second = await room.alert()
  await room.clock.advance(23 * hourMs)
  const [reports, again] = await Promise.all([room.engine.runDue(), room.engine.runDue()])
  t.is(reports, again)
  t.is(reports.length, 2)
  for (const alertId of [first, second]) t.is((await room.store.runs.list({ alertId, limit: 9 })).length, 1)
})

test('a planned run that meets a run by hand is made when that one is over', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const alertId = await room.alert()
  await room.clock.advance(23 * hourMs)
  const byHand = await room.store.runs.begin({ alertId, plannedAtMs: 0, nowMs: 0, cause: 'manual' })
  t.deepEqual(await room.engine.runDue(), [])
  await room.store.runs.interruptOpen(room.clock.nowMs())
  t.truthy(byHand)
  t.like(await room.engine.runDue(), [{ outcome: 'done', counts: { enqueued: 1 } }])
})

for (const [catchUp, runs, sent] of [
  // Today's planned time is past as well: skip waits for the next one, and that answers for its own day only.
  ['skip', 0, []],
  ['once', 1, ['A5', 'A6', 'A7']],
  ['all', 3, ['A5', 'A6', 'A7']],
] as const) {
  test(`after three days off, ${catchUp} makes ${runs} runs`, async t => {
    const room = await engineRoom(t)
    room.write(fourDays)
    const alertId = await room.alert({ schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou', catchUp } })
    await room.clock.advance(3 * dayMs)
    room.restart()
    const reports = await room.engine.runDue()
    t.deepEqual(
      reports.map(({ outcome }) => outcome),
      Array(runs).fill('done'),
    )
    t.deepEqual(
      (await room.messages(alertId)).map(({ entityKey }) => entityKey),
      sent,
    )
    t.deepEqual(await room.engine.runDue(), [])
    const alert = await room.store.alerts.find(alertId)
    t.is(alert?.nextRunAtMs, Date.parse('2027-01-08T08:00:00Z'))
    t.is(alert?.coveredUntil, runs === 0 ? null : '2027-01-07')
    if (catchUp !== 'skip') return
    const [skipped] = await room.store.runs.list({ alertId, limit: 1 })
    t.is(skipped?.outcome, 'skipped')
    t.regex(skipped?.detail ?? '', /^3 missed from 2027-01-05/)
  })
}

test('what a catch-up sends leaves now, within its hours, and counts its days from today', async t => {
  const room = await engineRoom(t, { template: '{{police}}: {{jours}} jours' })
  room.write(fourDays)
  const sendingHours = { days: [1, 2, 3, 4, 5, 6, 7], from: '08:00', to: '19:30', skipHolidays: false }
  const alertId = await room.alert({
    schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou', catchUp: 'all' },
    sendingHours,
  })
  // 7 January, 22:00: after hours.
  await room.clock.advance(3 * dayMs + 13 * hourMs)
  await room.engine.runDue()
  const messages = await room.messages(alertId)
  t.deepEqual(
    messages.map(({ text }) => text),
    ['A5: 5 jours', 'A6: 6 jours', 'A7: 7 jours'],
  )
  for (const { dueAtMs, expiresAtMs } of messages) {
    t.is(new Date(dueAtMs).toISOString(), '2027-01-08T08:00:00.000Z')
    t.true(expiresAtMs > dueAtMs)
  }
})

test('days missed while the source was down are covered by the next run', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const alertId = await room.alert()
  room.faults.next = { afterRows: 0, error: sourceDown() }
  for (const day of [5, 6]) {
    room.clock.jumpTo(new Date(`2027-01-0${day}T08:00:00Z`))
    t.like(await room.engine.runDue(), [{ outcome: 'source-failed' }])
  }
  room.faults.next = null
  room.clock.jumpTo(new Date('2027-01-07T08:00:00Z'))
  t.like(await room.engine.runDue(), [{ outcome: 'done', counts: { enqueued: 3 } }])
  t.deepEqual(
    (await room.messages(alertId)).map(({ entityKey }) => entityKey),
    ['A5', 'A6', 'A7'],
  )
})

test('a clock that jumps back an hour runs nothing twice', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const alertId = await room.alert()
  await room.clock.advance(23 * hourMs)
  await room.engine.runDue()
  room.clock.jumpTo(new Date('2027-01-05T07:30:00Z'))
  t.deepEqual(await room.engine.runDue(), [])
  await room.clock.advance(hourMs)
  t.deepEqual(await room.engine.runDue(), [])
  t.is((await room.store.runs.list({ alertId, limit: 9 })).length, 1)
})

test('an alert planned by a clock a year ahead runs again the next day once the clock is right', async t => {
  const room = await engineRoom(t)
  room.write(fourDays)
  const alertId = await room.alert()
  room.clock.jumpTo(new Date('2028-01-05T08:00:00Z'))
  await room.engine.runDue()
  room.clock.jumpTo(new Date('2027-01-05T07:00:00Z'))
  t.deepEqual(await room.engine.runDue(), [])
  await room.clock.advance(hourMs)
  t.like(await room.engine.runDue(), [{ outcome: 'done', counts: { enqueued: 1 } }])
  t.is((await room.store.alerts.find(alertId))?.coveredUntil, '2027-01-05')
})

for (const [change, start, cron] of [
  ['forward', '2027-03-26T12:00:00Z', '30 2 * * *'],
  ['back', '2027-10-29T12:00:00Z', '30 2 * * *'],
  ['back, in the repeated hour', '2027-10-29T12:00:00Z', '0 3 * * *'],
] as const) {
  test(`in Paris, clocks that go ${change} give one run a day and lose no day`, async t => {
    const room = await engineRoom(t, { start })
    const firstDay = Date.parse(start.slice(0, 10))
    room.write(
      [1, 2, 3, 4].map(n => ({
        police: `P${n}`,
        telephone: `06 12 34 56 0${n}`,
        echeance: new Date(firstDay + (n + 7) * dayMs).toISOString().slice(0, 10),
      })),
    )
    const alertId = await room.alert({ country: 'FR', schedule: { cron, zone: 'Europe/Paris' } })
    for (let step = 0; step < 4 * 48; step += 1) {
      await room.clock.advance(hourMs / 2)
      await room.engine.runDue()
    }
    const runs = await room.store.runs.list({ alertId, limit: 20 })
    t.is(runs.length, 4)
    t.true(runs.every(({ outcome, counts }) => outcome === 'done' && counts.enqueued === 1))
    t.deepEqual(
      (await room.messages(alertId)).map(({ entityKey }) => entityKey),
      ['P1', 'P2', 'P3', 'P4'],
    )
  })
}
