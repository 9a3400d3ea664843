import { join } from 'node:path'
import test from 'ava'
import { localDateAt } from '../../scheduler/calendar/zoned.ts'
import { alertQueries } from '../../server/demo/insurer/alert-queries.ts'
import { createInsurerDatabase } from '../../server/demo/insurer/create.ts'
import { tempDir } from '../support/temp-dir.ts'
import { dayMs, engineRoom, phoneOf, sourceDown, zone } from './engine-room.ts'

const today = '2027-01-04'

function definitionFor(query: (typeof alertQueries)[keyof typeof alertQueries]): Record<string, unknown> {
  const { sql, keyColumns, phoneColumn } = query
  // Default hours: no Sunday, so that days move.
  return { sql, keyColumns, phoneColumn, sendingHours: undefined, runCap: 0 }
}

test("the forecast of thirty days is what thirty days of the demo's insurer then send", async t => {
  const file = join(tempDir(t), 'assureur.db')
  createInsurerDatabase(file, { today, seed: 7, contracts: 600 })
  const room = await engineRoom(t, {
    file,
    config: { encoding: 'cp1252' },
    start: `${today}T07:30:00Z`,
    template: '{{nom}}, {{agence}} {{tel}}',
  })
  const { dueDate, unpaidInstalment, birthday, allInsured } = alertQueries
  const offsetsDays = [-30, -15, -7, -1, 0, 7]
  const dunning = { firstAfterDays: 3, everyDays: 10, maxReminders: 3 }
  await room.alert({
    ...definitionFor(dueDate),
    trigger: { kind: 'due-date', dateColumn: dueDate.dateColumn, offsetsDays },
  })
  await room.alert({
    ...definitionFor(unpaidInstalment),
    trigger: { kind: 'dunning', dateColumn: unpaidInstalment.dateColumn, ...dunning },
  })
  await room.alert({
    ...definitionFor(birthday),
    trigger: { kind: 'due-date', dateColumn: birthday.dateColumn, offsetsDays: [0], isYearly: true },
    category: 'marketing',
  })
  // The same people on one day: the cap of a person lets one of two wishes through.
  for (let twice = 0; twice < 2; twice += 1) {
    await room.alert({
      ...definitionFor(allInsured),
      trigger: { kind: 'calendar', on: { month: 1, day: 20 } },
      category: 'marketing',
      schedule: { cron: '0 8 19-21 1 *', zone },
    })
  }
  const forecast = await room.engine.forecast(30)
  t.deepEqual(forecast.unforeseen, [])
  t.deepEqual(await room.knex('messages'), [])

  for (let day = 0; day < 30; day += 1) {
    room.clock.jumpTo(new Date(Date.parse(`${today}T08:00:00Z`) + day * dayMs))
    for (const { outcome } of await room.engine.runDue()) t.regex(outcome, /^done/)
  }
  const rows = await room.knex('messages').whereNot({ text: '' }).whereNull('final_at')
  const sent = new Map<string, { messages: number; parts: number }>()
  for (const row of rows) {
    const key = `${row.alert_id} ${localDateAt(new Date(row.due_at), zone)}`
    const sum = sent.get(key) ?? { messages: 0, parts: 0 }
    sent.set(key, { messages: sum.messages + 1, parts: sum.parts + row.part_count })
  }
  const foreseen = new Map(
    forecast.days.map(({ alertId, day, messages, parts }) => [`${alertId} ${day}`, { messages, parts }]),
  )
  t.deepEqual([...foreseen].sort(), [...sent].sort())
  t.true(rows.length > 200)
  t.true(new Set(rows.map(row => row.alert_id)).size >= 4)
})

test('a forecast names the alerts it cannot foresee and why, and foresees the others', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', telephone: phoneOf(1), echeance: '2027-01-12' }])
  const good = await room.alert()
  await room.alert({ trigger: { kind: 'new-row' } })
  const { templateId } = await room.store.templates.create(
    { name: 'broken', language: 'fr', source: '{{#si police}}' },
    { actor: 'test', nowMs: room.clock.nowMs() },
  )
  await room.alert({ templates: [{ templateId }] })
  const { days, unforeseen } = await room.engine.forecast(10)
  t.deepEqual(
    days.map(({ alertId, day, messages }) => [alertId, day, messages]),
    [
      [good, '2027-01-05', 1],
      [good, '2027-01-11', 1],
      [good, '2027-01-12', 1],
    ],
  )
  t.like(unforeseen, [{ reason: 'depends on rows that do not exist yet' }, { alertId: good + 2 }])
  t.regex(unforeseen[1]!.reason, /^template \d+: line 1/)
})

test('a forecast on a source that is down is no forecast', async t => {
  const room = await engineRoom(t)
  await room.alert()
  room.faults.next = { afterRows: 0, error: sourceDown() }
  const { days, unforeseen } = await room.engine.forecast(3)
  t.deepEqual(days, [])
  t.regex(unforeseen[0]?.reason ?? '', /^source-unreachable/)
})
