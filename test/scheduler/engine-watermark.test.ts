/** Alerts that read only what came since: on the real store, with crashes in every place that matters. */
import test, { type ExecutionContext } from 'ava'
import { alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { definitionOf, type EngineRoom, engineRoom, phoneOf, sourceDown } from './engine-room.ts'

const sql =
  'select cast(substr(police, 2) as integer) as id, * from contrats where id > :watermark order by id desc'
const incremental = { kind: 'number', column: 'id' }
const definition = { sql, incremental, trigger: { kind: 'new-row' } }

function contract(n: number) {
  return { police: `P${n}`, telephone: phoneOf(n) }
}

async function room(t: ExecutionContext, more: object = {}): Promise<EngineRoom & { alertId: number }> {
  const made = await engineRoom(t, { template: 'Police {{police}}.' })
  return Object.assign(made, { alertId: await made.alert({ ...definition, ...more }) })
}

async function watermarkOf({ store, alertId }: EngineRoom & { alertId: number }): Promise<string | null> {
  return (await store.alerts.find(alertId))?.watermark ?? null
}

test('each run reads only what came since the last one', async t => {
  const made = await room(t)
  made.write([1, 2, 3].map(contract))
  t.like(await made.run(made.alertId), { outcome: 'done', counts: { read: 3, baseline: 3, enqueued: 0 } })
  t.is(await watermarkOf(made), '3')
  made.write([4, 5].map(contract))
  t.like(await made.run(made.alertId), { outcome: 'done', counts: { read: 2, enqueued: 2 } })
  t.is(await watermarkOf(made), '5')
  t.like(await made.run(made.alertId), { outcome: 'done', counts: { read: 0 } })
  t.is(await watermarkOf(made), '5')
})

test('the overlap is read again and nobody is written to twice', async t => {
  const made = await room(t, { incremental: { ...incremental, overlap: 10, start: '100' } })
  made.write([101].map(contract))
  await made.run(made.alertId)
  made.write([105].map(contract))
  t.like(await made.run(made.alertId), { counts: { read: 2, enqueued: 1 } })
  // Taken before 105 and committed after it.
  made.write([103].map(contract))
  t.like(await made.run(made.alertId), { counts: { read: 3, enqueued: 1 } })
  t.is(await watermarkOf(made), '105')
  t.is((await made.messages(made.alertId)).length, 2)
})

test('a run whose source fails moves nothing', async t => {
  const made = await room(t, { trigger: { kind: 'once' } })
  made.write([1, 2, 3].map(contract))
  made.faults.next = { afterRows: 2, error: sourceDown() }
  t.like(await made.run(made.alertId), { outcome: 'source-failed', counts: { enqueued: 2 } })
  t.is(await watermarkOf(made), null)
  made.faults.next = null
  t.like(await made.run(made.alertId), { outcome: 'done', counts: { read: 3, enqueued: 1, duplicates: 2 } })
  t.is(await watermarkOf(made), '3')
})

test('a run that ends at the row cap has seen its rows in no order and moves nothing', async t => {
  const made = await engineRoom(t, { template: 'Police {{police}}.', config: { maxRows: 2 } })
  const alertId = await made.alert({ ...definition, trigger: { kind: 'once' } })
  made.write([1, 2, 3].map(contract))
  t.like(await made.run(alertId), { outcome: 'row-cap-reached', counts: { enqueued: 2 } })
  t.is(await watermarkOf(Object.assign(made, { alertId })), null)
})

test('a crash after the messages and before the end of the run reads again and writes nobody twice', async t => {
  const made = await room(t, { trigger: { kind: 'once' } })
  made.write([1, 2, 3].map(contract))
  const crash = new Error('the process is gone')
  const { finishRun } = made.scheduler
  made.scheduler.finishRun = () => Promise.reject(crash)
  await made.run(made.alertId)
  t.is((await made.messages(made.alertId)).length, 3)
  t.is(await watermarkOf(made), null)

  made.scheduler.finishRun = finishRun
  made.restart()
  await made.store.runs.interruptOpen(made.clock.nowMs())
  t.like(await made.run(made.alertId), { outcome: 'done', counts: { read: 3, enqueued: 0, duplicates: 3 } })
  t.is(await watermarkOf(made), '3')
  t.is((await made.messages(made.alertId)).length, 3)
})

test('a run that waits for an approver has read its rows', async t => {
  const made = await room(t, { trigger: { kind: 'once' }, runCap: 2 })
  made.write([1, 2, 3].map(contract))
  t.like(await made.run(made.alertId), { outcome: 'held-for-approval' })
  t.is(await watermarkOf(made), '3')
})

test('a value that tells no place is listed and its row is used', async t => {
  const made = await room(t, {
    trigger: { kind: 'once' },
    sql: "select case police when 'P2' then 'deux' else substr(police, 2) end as id, * from contrats where :watermark is not null",
  })
  made.write([1, 2].map(contract))
  const report = await made.run(made.alertId)
  t.like(report, { outcome: 'done-with-issues', counts: { read: 2, enqueued: 2 } })
  const issues = await made.store.runs.listIssues({ runId: report.runId, from: 0, limit: 10 })
  t.like(issues[0], { reason: 'bad-watermark', entityKey: 'P2', detail: 'id: deux' })
  t.is(await watermarkOf(made), '1')
})

test('a dry run starts at the watermark and moves nothing', async t => {
  const made = await room(t, { trigger: { kind: 'once' } })
  made.write([1, 2].map(contract))
  await made.run(made.alertId)
  made.write([3].map(contract))
  const saved = (await made.store.alerts.find(made.alertId))!
  t.like(await made.engine.dryRun(saved), { counts: { read: 1, enqueued: 1 } })
  t.is(await watermarkOf(made), '2')
})

test('a watermark that is set or reset is where the next run begins', async t => {
  const made = await room(t, { trigger: { kind: 'once' } })
  made.write([1, 2, 3].map(contract))
  const change = { actor: 'test', nowMs: made.clock.nowMs() }
  await made.store.alerts.setWatermark(made.alertId, '2', change)
  t.like(await made.run(made.alertId), { counts: { read: 1 } })
  await made.store.alerts.setWatermark(made.alertId, null, change)
  t.like(await made.run(made.alertId), { counts: { read: 3, enqueued: 2, duplicates: 1 } })
  const [entry] = await made.store.audit.list({ noun: 'alerts', nounId: made.alertId, limit: 1 })
  t.like(entry, { action: 'set', detail: { from: '3', to: null } })
})

test('another column or source begins anew; a new text does not', async t => {
  const made = await room(t, { trigger: { kind: 'once' } })
  made.write([1].map(contract))
  await made.run(made.alertId)
  const saved = (await made.store.alerts.find(made.alertId))!
  const change = { actor: 'test', nowMs: made.clock.nowMs() }
  await made.store.alerts.update(made.alertId, { definition: { ...saved.definition, maxParts: 2 } }, change)
  t.is(await watermarkOf(made), '1')
  const other = definitionOf({ ...saved.definition, incremental: { kind: 'number', column: 'numero' } })
  await made.store.alerts.update(made.alertId, { definition: other }, change)
  t.is(await watermarkOf(made), null)
})

test('an end that was written late does not undo what a person has set meanwhile', async t => {
  const made = await room(t, { trigger: { kind: 'once' } })
  made.write([1].map(contract))
  await made.run(made.alertId)
  made.write([2].map(contract))
  const change = { actor: 'test', nowMs: made.clock.nowMs() }
  const { finishRun } = made.scheduler
  made.scheduler.finishRun = async finish => {
    await made.store.alerts.setWatermark(made.alertId, null, change)
    await finishRun(finish)
  }
  t.like(await made.run(made.alertId), { outcome: 'done' })
  t.is(await watermarkOf(made), null)
})

test('times are read the same way', async t => {
  const made = await room(t, {
    trigger: { kind: 'once' },
    sql: 'select * from contrats where echeance > :since and :watermark is not null order by echeance',
    incremental: { kind: 'time', column: 'echeance', overlapMinutes: 30 },
  })
  made.write([{ ...contract(1), echeance: '2027-01-04 08:00:00' }])
  await made.run(made.alertId)
  made.write([{ ...contract(2), echeance: '2027-01-04 07:31:00' }])
  t.like(await made.run(made.alertId), { counts: { read: 2, enqueued: 1 } })
  t.is(await watermarkOf(made), '2027-01-04 08:00:00')
})

test('an alert that could skip rows for good is refused', t => {
  const problems = (more: object): string[] => {
    const parsed = alertDefinitionSchema.safeParse({
      ...definitionOf({ sourceId: 1, templates: [{ templateId: 1 }] }),
      ...definition,
      ...more,
    })
    return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'))
  }
  t.deepEqual(problems({}), [])
  t.deepEqual(problems({ trigger: { kind: 'due-date', dateColumn: 'd', offsetsDays: [-7] } }), [
    'incremental',
  ])
  t.deepEqual(problems({ sql: 'select * from contrats' }), ['sql'])
  t.deepEqual(problems({ incremental: { ...incremental, start: 'hier' } }), ['incremental.start'])
  t.deepEqual(problems({ incremental: { kind: 'time', column: 'd', start: '01/02/2027' } }), [
    'incremental.start',
  ])
})

test('a column that no watermark can be read from is refused before anybody is written to, also in a dry run', async t => {
  const made = await room(t, {
    trigger: { kind: 'once' },
    sql: 'select * from contrats where :watermark is not null',
    incremental: { kind: 'time', column: 'echeance' },
  })
  made.write([1, 2].map(n => ({ ...contract(n), echeance: '31/01/2027' })))
  const saved = (await made.store.alerts.find(made.alertId))!
  await t.throwsAsync(made.engine.dryRun(saved), { message: /echeance.*31\/01\/2027.*2027-01-31 07:30:00/ })
  const report = await made.run(made.alertId)
  t.is(report.outcome, 'failed')
  t.regex(report.detail, /echeance.*31\/01\/2027/)
  t.is((await made.messages(made.alertId)).length, 0)
})

test('a query that does not give the column is a fault of the alert', async t => {
  const made = await room(t, { sql: 'select * from contrats where :watermark is not null' })
  made.write([1].map(contract))
  const report = await made.run(made.alertId)
  t.is(report.outcome, 'failed')
  t.regex(report.detail, /no column id/)
})
