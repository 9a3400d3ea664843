/** What an operator's contract has, in runs, dry runs and forecasts alike. */
import test from 'ava'
import type { SendingTerms } from '../../scheduler/alerts/policy/terms.ts'
import type { NewMessage } from '../../scheduler/store.ts'
import { engineRoom, phoneOf } from './engine-room.ts'

const hours = { days: [1, 2, 3, 4, 5, 6], from: '14:00', to: '22:00', skipHolidays: true, pauses: [] }
const within = { hours, zone: 'Africa/Ouagadougou', isHoliday: () => false }
const once = { category: 'marketing', trigger: { kind: 'once' } }
const rows = [1, 2].map(n => ({ police: `A${n}`, telephone: phoneOf(n), nom: 'Invente' }))

test('a marketing message is postponed to the hours of its short code, in the preview as in the run', async t => {
  const termsOf = ({ sender }: NewMessage): SendingTerms => ({
    kind: 'allowed',
    sender: '36180',
    isReplaced: sender !== null,
    within,
  })
  const room = await engineRoom(t, { template: 'Bonjour {{nom}}', termsOf })
  room.write(rows)
  const alertId = await room.alert({ ...once, sender: 'MAISON' })
  const dry = await room.engine.dryRun((await room.store.alerts.find(alertId))!)
  // Monday 2027-01-04 at 09:00: allowed by the category's own hours, not by the short code's.
  const opensMs = Date.UTC(2027, 0, 4, 14)
  t.deepEqual(
    dry.sample.map(({ dueAtMs, sender, isSenderReplaced }) => [dueAtMs, sender, isSenderReplaced]),
    [
      [opensMs, '36180', true],
      [opensMs, '36180', true],
    ],
  )
  await room.run(alertId)
  for (const message of await room.messages(alertId)) {
    // The wish stays with the message: another operator may have it in its contract.
    t.like(message, { state: 'queued', dueAtMs: opensMs, sender: 'MAISON' })
  }
})

test('hours that never meet those of the alert block the message by name', async t => {
  const room = await engineRoom(t, {
    template: 'Bonjour {{nom}}',
    termsOf: () => ({ kind: 'allowed', sender: '36180', isReplaced: false, within }),
  })
  room.write(rows)
  const morning = { days: [1], from: '08:00', to: '12:00', skipHolidays: false, pauses: [] }
  const alertId = await room.alert({ ...once, sendingHours: morning })
  await room.run(alertId)
  for (const message of await room.messages(alertId)) {
    t.like(message, { state: 'blocked', reason: 'no-sending-time' })
  }
})

test('what the contract refuses is blocked and listed with its reason, and is in no forecast', async t => {
  const room = await engineRoom(t, {
    template: 'Bonjour {{nom}}',
    termsOf: ({ text }) =>
      text.includes('STOP')
        ? { kind: 'allowed', sender: '36180', isReplaced: false, within: null }
        : { kind: 'refused', reason: 'stop-mention-missing', detail: 'the text must tell how to object' },
  })
  room.write([...rows, { police: 'A3', telephone: phoneOf(3), nom: 'STOP 36180' }])
  const alertId = await room.alert(once, true)
  const dry = await room.engine.dryRun((await room.store.alerts.find(alertId))!)
  t.deepEqual(
    dry.sample.map(({ state, reason }) => [state, reason]),
    [
      ['blocked', 'stop-mention-missing'],
      ['blocked', 'stop-mention-missing'],
      ['queued', ''],
    ],
  )
  t.like(dry.issues[0], { reason: 'stop-mention-missing', detail: 'the text must tell how to object' })
  t.is(dry.operators[0]!.messages, 1)
  const forecast = await room.engine.forecast(1)
  t.deepEqual(
    forecast.days.map(({ messages, category }) => [messages, category]),
    [[1, 'marketing']],
  )
  const real = await room.run(alertId)
  t.deepEqual(real.counts, dry.counts)
})

test('one marketing message a day for a person and brand: the day is the country’s, shown before it is so', async t => {
  const room = await engineRoom(t, { template: 'Bonjour {{nom}}' })
  room.write([
    { police: 'A1', telephone: phoneOf(1), nom: 'Invente' },
    { police: 'A2', telephone: phoneOf(1), nom: 'Invente' },
  ])
  // The alert is planned in another zone; the day of the cap is Ouagadougou's.
  const schedule = { cron: '0 8 * * *', zone: 'Pacific/Auckland' }
  const anyTime = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00', skipHolidays: false, pauses: [] }
  const alertId = await room.alert({ ...once, schedule, sendingHours: anyTime })
  const dry = await room.engine.dryRun((await room.store.alerts.find(alertId))!)
  t.deepEqual(
    dry.sample.map(({ state, reason }) => [state, reason]),
    [
      ['queued', ''],
      ['blocked', 'frequency-cap'],
    ],
  )
  await room.run(alertId)
  const caps = await room.knex('person_caps').pluck('cap_key')
  t.deepEqual(caps, ['default|2027-01-04'])
})
