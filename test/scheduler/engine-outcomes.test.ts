import test from 'ava'
import { engineRoom, phoneOf, sourceDown, unroutable, zone } from './engine-room.ts'

const soon = '2027-01-11'

test('a run turns the rows that are due into queued messages and is called done', async t => {
  const room = await engineRoom(t)
  room.write([
    { police: 'A1', telephone: '70 00 00 01', echeance: soon },
    { police: 'A2', telephone: '70 00 00 02', echeance: '2027-05-01' },
  ])
  const alertId = await room.alert()
  const { outcome, detail, counts } = await room.run(alertId)
  t.deepEqual([outcome, detail], ['done', ''])
  t.like(counts, { read: 2, matched: 1, enqueued: 1, held: 0, duplicates: 0, parts: 1 })
  const [message, ...more] = await room.messages(alertId)
  t.deepEqual(more, [])
  t.like(message, { state: 'queued', recipient: '22670000001', text: 'Police A1 fin le 11/01/2027.' })
  const [run] = await room.store.runs.list({ alertId, limit: 1 })
  t.like(run, { outcome: 'done', counts })
  t.is((await room.store.alerts.find(alertId))?.coveredUntil, '2027-01-04')
})

test('a second run of the same day sends nothing again and says so', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', echeance: soon }])
  const alertId = await room.alert()
  await room.run(alertId)
  const { outcome, counts } = await room.run(alertId)
  t.is(outcome, 'done')
  t.like(counts, { matched: 1, enqueued: 0, duplicates: 1, parts: 0 })
  t.is((await room.messages(alertId)).length, 1)
})

test('two rows with the same entity and occurrence make one message', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', echeance: soon }])
  const sql = 'select * from contrats union all select * from contrats'
  const alertId = await room.alert({ sql })
  const { counts } = await room.run(alertId)
  t.like(counts, { read: 2, matched: 2, enqueued: 1, duplicates: 1 })
})

test('a bad row is listed with its reason and the others go on', async t => {
  const room = await engineRoom(t)
  room.write([
    { police: 'A1', telephone: null, echeance: soon },
    { police: 'A2', telephone: '25 30 00 00', echeance: soon },
    { police: 'A3', echeance: '31/02/2027' },
    { police: ' ', echeance: soon },
    { police: 'A5', echeance: soon },
  ])
  const alertId = await room.alert({ sql: 'select * from contrats order by rowid' })
  const { outcome, counts, runId } = await room.run(alertId)
  t.is(outcome, 'done-with-issues')
  t.like(counts, { read: 5, matched: 1, enqueued: 1, rejected: 4 })
  const issues = await room.store.runs.listIssues({ runId, from: 0, limit: 10 })
  t.deepEqual(
    issues.map(({ rowNumber, entityKey }) => [rowNumber, entityKey]),
    [
      [0, 'A1'],
      [1, 'A2'],
      [2, 'A3'],
      [3, ''],
    ],
  )
  t.is(issues[2]?.reason, 'date-invalid')
  t.is(issues[3]?.reason, 'no-key')
  t.is(new Set(issues.map(({ reason }) => reason)).size, 4)
})

test('a number without a route is blocked and listed', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', telephone: `+${unroutable}000001`, echeance: soon }])
  const { outcome, counts, runId } = await room.run(await room.alert())
  t.is(outcome, 'done-with-issues')
  t.like(counts, { matched: 1, blocked: 1, parts: 0 })
  t.like(await room.store.runs.listIssues({ runId, from: 0, limit: 5 }), [
    { entityKey: 'A1', reason: 'no-route' },
  ])
})

test('a source that is down makes the run source-failed, raises the alarm and covers nothing', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', echeance: soon }])
  const alertId = await room.alert()
  room.faults.next = { afterRows: 0, error: sourceDown() }
  await room.run(alertId)
  t.like(room.reports, [
    {
      outcome: 'source-failed',
      detail: 'source-unreachable: db.example: no answer. Check the host and the port.',
    },
  ])
  t.is((await room.store.alerts.find(alertId))?.coveredUntil, '2027-01-03')
  room.faults.next = null
  t.is((await room.run(alertId)).outcome, 'done')
})

test('a row cap that is reached has its own loud outcome, and the rows before it are kept', async t => {
  const room = await engineRoom(t, { config: { maxRows: 3 } })
  room.write([1, 2, 3, 4].map(n => ({ police: `A${n}`, telephone: phoneOf(n), echeance: soon })))
  const { outcome, detail, counts } = await room.run(await room.alert())
  t.is(outcome, 'row-cap-reached')
  t.regex(detail, /more than 3 rows.*NOT/)
  t.like(counts, { read: 3, enqueued: 3 })
  t.like(room.reports, [{ outcome: 'row-cap-reached' }])
})

test('an alert whose template is gone fails with a readable sentence', async t => {
  const room = await engineRoom(t)
  const alertId = await room.alert()
  await room.knex('alert_templates').delete()
  await room.knex('template_versions').delete()
  await room.knex('templates').delete()
  const { outcome, detail } = await room.run(alertId)
  t.deepEqual([outcome, detail], ['failed', `template ${room.templateId} does not exist any more`])
})

test('an alert whose template cannot be read fails, naming template, line and column', async t => {
  const room = await engineRoom(t, { template: 'Police {{#si police}}' })
  const { outcome, detail } = await room.run(await room.alert())
  t.is(outcome, 'failed')
  t.regex(detail, new RegExp(`^template ${room.templateId}: line 1, column`))
})

for (const [what, schedule, expected] of [
  ['cron', { cron: '0 25 * * *', zone }, /hour must be 0-23/],
  ['zone', { cron: '0 8 * * *', zone: 'Africa/Nowhere' }, /Africa\/Nowhere.*IANA/],
] as const) {
  test(`a stored alert with a bad ${what} fails once with a readable sentence and is not tried each second`, async t => {
    const room = await engineRoom(t)
    const alertId = await room.alert()
    const { definition } = (await room.store.alerts.find(alertId))!
    const broken = { ...definition, schedule: { ...schedule, catchUp: 'once' } }
    await room.knex('alerts').update({ definition: JSON.stringify(broken) })
    await room.clock.advance(86_400_000)
    const [report] = await room.engine.runDue()
    t.is(report?.outcome, 'failed')
    t.regex(report?.detail ?? '', expected)
    t.deepEqual(await room.engine.runDue(), [])
    t.is(room.reports.length, 1)
  })
}

test('a column that the query does not give fails the run, and the day is not covered', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', echeance: soon }])
  const alertId = await room.alert({ phoneColumn: 'mobile' })
  const { outcome, detail } = await room.run(alertId)
  t.is(outcome, 'failed')
  t.regex(detail, /no column mobile; it gives police, telephone/)
  t.not((await room.store.alerts.find(alertId))?.coveredUntil, '2027-01-04')
})

test('keys that look alike when joined are kept apart', async t => {
  const room = await engineRoom(t)
  room.write([
    { police: 'A|B', nom: 'C', telephone: phoneOf(1), echeance: soon },
    { police: 'A', nom: 'B|C', telephone: phoneOf(2), echeance: soon },
  ])
  const { counts } = await room.run(await room.alert({ keyColumns: ['police', 'nom'] }))
  t.is(counts.enqueued, 2)
})

test('a run whose end the store could not take is closed when the store is back', async t => {
  let isFull = true
  const room = await engineRoom(t, {
    change: store => ({
      ...store,
      async finishRun(finish) {
        if (isFull) throw new Error('database or disk is full')
        await store.finishRun(finish)
      },
    }),
  })
  room.write([{ police: 'A1', echeance: soon }])
  const alertId = await room.alert()
  // A failure until the end is stored: whoever watches must not read success where the history has none.
  t.is((await room.run(alertId)).outcome, 'failed')
  t.is((await room.engine.run(alertId, { cause: 'manual', plannedAtMs: 0 })).kind, 'already-running')
  isFull = false
  await room.engine.runDue()
  const { outcome, counts } = await room.run(alertId)
  t.is(outcome, 'done')
  t.is(counts.duplicates, 1)
})

test('messages whose hold could not be ended leave when the store is back, and the run gets its true outcome', async t => {
  let isFull = true
  const room = await engineRoom(t, {
    change: store => ({
      ...store,
      async closeRunHold(hold) {
        if (isFull) throw new Error('database or disk is full')
        return store.closeRunHold(hold)
      },
    }),
  })
  room.write([{ police: 'A1', echeance: soon }])
  const alertId = await room.alert({ runCap: 10 })
  const { runId, outcome } = await room.run(alertId)
  t.is(outcome, 'failed')
  t.deepEqual(await room.knex('messages').pluck('reason'), ['run-open'])
  isFull = false
  await room.engine.runDue()
  t.deepEqual(await room.knex('messages').pluck('reason'), [null])
  t.like(await room.knex('runs').where({ id: runId }).first(), { outcome: 'done', enqueued_count: 1 })
})
