import type { Knex } from 'knex'
import type { RunOutcome } from '../../scheduler/store.ts'
import {
  activateAlert,
  activeAlerts,
  createAlert,
  deactivateAlert,
  deleteAlert,
  dueAlerts,
  findAlert,
  listAlerts,
  setNextRun,
  updateAlert,
} from '../../server/store/alerts.ts'
import { listAudit } from '../../server/store/audit.ts'
import {
  beginRun,
  findRun,
  finishRun,
  interruptOpenRuns,
  listIssues,
  listRuns,
  recordIssues,
} from '../../server/store/runs.ts'
import { createSource, deleteSource } from '../../server/store/sources.ts'
import { createTemplate, deleteTemplate } from '../../server/store/templates.ts'
import { definition } from '../support/alert-definitions.ts'
import { storeTest } from '../support/store.ts'

const change = { actor: 'aminata', nowMs: 1_000 }

async function createParts(knex: Knex): Promise<{ sourceId: number; templateId: number }> {
  const source = { name: 'Production', kind: 'sqlite', config: {}, sealedPassword: null }
  const { sourceId } = await createSource(knex, source, change)
  const { templateId } = await createTemplate(knex, { name: 'J-7', language: 'fr', source: 'x' }, change)
  return { sourceId, templateId }
}

async function createOne(knex: Knex, name = 'Échéances'): Promise<number> {
  const [source] = await knex('sources').select('id')
  const parts = source === undefined ? await createParts(knex) : { sourceId: source.id, templateId: 1 }
  const alert = await createAlert(
    knex,
    {
      name,
      definition: definition({ sourceId: parts.sourceId, templates: [{ templateId: parts.templateId }] }),
    },
    change,
  )
  return alert.id
}

storeTest('an alert is created asleep, changed, activated and deactivated', async (t, { knex }) => {
  const alertId = await createOne(knex)
  const created = await findAlert(knex, alertId)
  t.deepEqual(created, {
    id: alertId,
    name: 'Échéances',
    isActive: false,
    definition: definition(),
    nextRunAtMs: null,
    coveredUntil: null,
    hasBaseline: false,
    watermark: null,
  })
  t.deepEqual(await dueAlerts(knex, 10_000), [])
  await activateAlert(knex, alertId, 5_000, change)
  t.deepEqual(await dueAlerts(knex, 4_999), [])
  t.is((await dueAlerts(knex, 5_000))[0]?.id, alertId)
  await setNextRun(knex, alertId, 9_000)
  t.deepEqual(await dueAlerts(knex, 5_000), [])
  const changed = definition({ runCap: 10 })
  t.like(await updateAlert(knex, alertId, { definition: changed }, change), {
    isActive: true,
    nextRunAtMs: 9_000,
  })
  t.is((await activeAlerts(knex))[0]?.definition.runCap, 10)
  t.like(await deactivateAlert(knex, alertId, change), { isActive: false, nextRunAtMs: null })
  t.deepEqual(await activeAlerts(knex), [])
  t.deepEqual(
    (await listAudit(knex, { noun: 'alerts', limit: 10 })).map(entry => entry.action),
    ['deactivate', 'update', 'activate', 'create'],
  )
})

storeTest('an alert without its source or template is refused', async (t, { knex }) => {
  await createParts(knex)
  const name = 'x'
  await t.throwsAsync(createAlert(knex, { name, definition: definition({ sourceId: 9 }) }, change), {
    code: 'alert-invalid',
    message: /there is no source 9/,
  })
  const templates = [{ templateId: 1 }, { templateId: 8, offsetsDays: [0] }]
  await t.throwsAsync(createAlert(knex, { name, definition: definition({ templates }) }, change), {
    code: 'alert-invalid',
    message: /there is no template 8/,
  })
  t.deepEqual(await listAlerts(knex), [])
})

storeTest(
  'source and template of an alert stay until it is deleted; its name is free then',
  async (t, { knex }) => {
    const alertId = await createOne(knex)
    await t.throwsAsync(deleteSource(knex, 1, change), { code: 'conflict', message: /Échéances/ })
    await t.throwsAsync(deleteTemplate(knex, 1, change), { code: 'conflict', message: /Échéances/ })
    await t.throwsAsync(createOne(knex), { code: 'name-taken' })
    const runId = await beginRun(knex, { alertId, plannedAtMs: 1, nowMs: 1, cause: 'manual' })
    await t.throwsAsync(deleteAlert(knex, alertId, change), { code: 'run-in-progress' })
    await interruptOpenRuns(knex, 2)
    await deleteAlert(knex, alertId, change)
    await t.throwsAsync(deleteAlert(knex, alertId, change), { code: 'not-found' })
    await t.throwsAsync(activateAlert(knex, alertId, 1, change), { code: 'not-found' })
    await t.throwsAsync(updateAlert(knex, alertId, {}, change), { code: 'not-found' })
    t.is(await findAlert(knex, alertId), null)
    t.is(await beginRun(knex, { alertId, plannedAtMs: 1, nowMs: 1, cause: 'manual' }), null)
    t.is((await findRun(knex, runId!))?.outcome, 'interrupted')
    t.not(await createOne(knex), alertId)
    await deleteAlert(knex, (await listAlerts(knex))[0]!.id, change)
    await deleteTemplate(knex, 1, change)
    await deleteSource(knex, 1, change)
    t.pass()
  },
)

const counts = {
  read: 100,
  matched: 10,
  enqueued: 5,
  held: 2,
  blocked: 1,
  duplicates: 2,
  rejected: 3,
  filtered: 4,
  baseline: 0,
  parts: 9,
}

storeTest('a run never overlaps another one of its alert', async (t, { knex }) => {
  const alertId = await createOne(knex)
  const start = { alertId, plannedAtMs: 500, nowMs: 1_000, cause: 'schedule' } as const
  const claims = await Promise.all([1, 2, 3].map(() => beginRun(knex, start)))
  t.is(claims.filter(runId => runId !== null).length, 1)
  const runId = claims.find(id => id !== null)!
  t.like(await findRun(knex, runId), { outcome: 'running', finishedAtMs: null, plannedAtMs: 500 })
  const finish = {
    runId,
    outcome: 'done',
    detail: '',
    counts,
    finishedAtMs: 2_000,
    coveredUntil: '2027-01-04',
  } as const
  await finishRun(knex, finish)
  t.deepEqual(await findRun(knex, runId), {
    runId,
    alertId,
    cause: 'schedule',
    outcome: 'done',
    detail: '',
    plannedAtMs: 500,
    startedAtMs: 1_000,
    finishedAtMs: 2_000,
    counts,
    issueCount: 0,
  })
  t.like(await findAlert(knex, alertId), { coveredUntil: '2027-01-04', hasBaseline: true })
  t.is(await beginRun(knex, start), null, 'what was planned for this instant is made')
  const later = { ...start, plannedAtMs: 600 }
  const next = await beginRun(knex, later)
  t.true(next !== null && next > runId)
  // A finish that comes late, from a run that was closed, does not free the alert of another run.
  await finishRun(knex, { ...finish, outcome: 'failed', coveredUntil: null })
  t.is((await findRun(knex, runId))?.outcome, 'done')
  t.is(await beginRun(knex, later), null)
})

storeTest('only a run that saw every row makes the baseline', async (t, { knex }) => {
  const baselineAfter: Partial<Record<RunOutcome, boolean>> = {
    'source-failed': false,
    failed: false,
    skipped: false,
    'row-cap-reached': false,
    done: true,
    'done-with-issues': true,
    'held-for-approval': true,
  }
  for (const [outcome, hasBaseline] of Object.entries(baselineAfter)) {
    const alertId = await createOne(knex, outcome)
    const runId = (await beginRun(knex, { alertId, plannedAtMs: 1, nowMs: 1, cause: 'manual' }))!
    await finishRun(knex, {
      runId,
      outcome: outcome as RunOutcome,
      detail: 'x\0',
      counts,
      finishedAtMs: 2,
      coveredUntil: null,
    })
    t.like(await findAlert(knex, alertId), { hasBaseline, coveredUntil: null }, outcome)
  }
})

storeTest('runs that a crash left open are closed and their alerts freed', async (t, { knex }) => {
  const first = await createOne(knex)
  const second = await createOne(knex, 'Sinistres')
  const start = { plannedAtMs: 1, nowMs: 1, cause: 'schedule' } as const
  const runId = (await beginRun(knex, { alertId: first, ...start }))!
  t.deepEqual(await interruptOpenRuns(knex, 7), [first])
  t.like(await findRun(knex, runId), { outcome: 'interrupted', finishedAtMs: 7 })
  t.true((await beginRun(knex, { alertId: first, ...start })) !== null)
  t.true((await beginRun(knex, { alertId: second, ...start })) !== null)
  t.deepEqual(await interruptOpenRuns(knex, 8), [first, second])
  t.deepEqual(await interruptOpenRuns(knex, 9), [])
})

storeTest('the history of an alert is paged, newest first', async (t, { knex }) => {
  const first = await createOne(knex)
  const second = await createOne(knex, 'Sinistres')
  const ids: number[] = []
  for (const alertId of [first, second, first, first]) {
    ids.push((await beginRun(knex, { alertId, plannedAtMs: 1, nowMs: 1, cause: 'manual' }))!)
    await interruptOpenRuns(knex, 2)
  }
  const listed = async (filter: object) =>
    (await listRuns(knex, { limit: 2, ...filter })).map(run => ids.indexOf(run.runId))
  t.deepEqual(await listed({ alertId: first }), [3, 2])
  t.deepEqual(await listed({ alertId: first, beforeId: ids[2] }), [0])
  t.deepEqual(await listed({}), [3, 2])
  t.is(await findRun(knex, 999), null)
})

storeTest('issues are paged; above ten thousand they are counted only', async (t, { knex }) => {
  const alertId = await createOne(knex)
  const runId = (await beginRun(knex, { alertId, plannedAtMs: 1, nowMs: 1, cause: 'manual' }))!
  const issue = (rowNumber: number) => ({
    rowNumber,
    entityKey: `POL-${rowNumber}`,
    reason: 'no-phone',
    detail: '',
  })
  await recordIssues(knex, runId, [])
  await recordIssues(knex, runId, [issue(0), issue(1)])
  await recordIssues(
    knex,
    runId,
    Array.from({ length: 9_996 }, (_, index) => issue(index + 2)),
  )
  const hostile = {
    rowNumber: 5,
    entityKey: `\0${'k'.repeat(5_000)}`,
    reason: 'r'.repeat(90),
    detail: 'd\ud800',
  }
  await recordIssues(knex, runId, [hostile, issue(9_999), issue(10_000), issue(10_001)])
  await recordIssues(knex, runId, [issue(10_002)])
  t.is((await findRun(knex, runId))?.issueCount, 10_003)
  t.deepEqual(await listIssues(knex, { runId, from: 1, limit: 2 }), [issue(1), issue(2)])
  const tail = await listIssues(knex, { runId, from: 9_998, limit: 10 })
  t.is(tail.length, 2)
  t.is(tail[0]?.entityKey.length, 200)
  t.deepEqual(tail[1], issue(9_999))
})
