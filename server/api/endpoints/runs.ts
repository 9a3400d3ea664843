/** Runs: started by hand, their history, the decision about those that wait for one. */
import { z } from 'zod'
import { RappelError } from '../../errors.ts'
import type { RunRecord } from '../../store/runs.ts'
import { forecast, runAnswer } from '../contract/alerts.ts'
import { type run, runDecision, runPage, runQuery, runWithIssues } from '../contract/runs.ts'
import { idParams, pageQuery, queryNumber, usualPageLimit } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import type { Workshop } from '../workshop.ts'
import { findAlert } from './alerts.ts'
import { askFor, pageOf } from './pages.ts'
import { iso, isoOrNull } from './times.ts'

const noun = 'runs'
/** Proxies close a request that is silent for a minute. */
const usualWaitSeconds = 20

export const runEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/alerts/:id/run',
    noun,
    scope: 'alerts:write',
    summary: 'Run an alert now; waits for its end, then leaves it to the history',
    params: idParams,
    query: z.strictObject({ waitSeconds: queryNumber(0, 60).optional() }),
    status: 200,
    answer: runAnswer,
    errors: ['not-found', 'run-in-progress'],
    async handle({ params, query, change }, workshop) {
      await findAlert(params.id, workshop)
      return runNow(params.id, change.nowMs, (query.waitSeconds ?? usualWaitSeconds) * 1_000, workshop)
    },
  }),
  endpoint({
    method: 'get',
    path: '/alerts/:id/runs',
    noun,
    scope: 'alerts:read',
    summary: 'List the runs of an alert, newest first',
    params: idParams,
    query: pageQuery,
    status: 200,
    answer: runPage,
    errors: ['not-found'],
    async handle({ params, query }, workshop) {
      await findAlert(params.id, workshop)
      const found = await workshop.store.runs.list({ alertId: params.id, ...askFor(query) })
      const { entries, nextBefore } = pageOf(found, query, entry => entry.runId)
      return { runs: entries.map(runOf), nextBefore }
    },
  }),
  endpoint({
    method: 'get',
    path: '/runs/:id',
    noun,
    scope: 'alerts:read',
    summary: 'Show a run and the rows that could not be used',
    params: idParams,
    query: runQuery,
    status: 200,
    answer: runWithIssues,
    errors: ['not-found'],
    async handle({ params, query }, workshop) {
      const record = await findRun(params.id, workshop)
      const from = query.issuesFrom ?? 0
      const limit = query.limit ?? usualPageLimit
      const issues = await workshop.store.runs.listIssues({ runId: params.id, from, limit: limit + 1 })
      return {
        ...runOf(record),
        issues: issues.slice(0, limit),
        nextIssuesFrom: issues.length > limit ? from + limit : null,
      }
    },
  }),
  decision('approve', 'Let the messages of a run that waits for approval leave'),
  decision('reject', 'Cancel the messages of a run that waits for approval'),
  endpoint({
    method: 'get',
    path: '/forecast',
    noun,
    scope: 'alerts:read',
    summary: 'Show what will leave on each of the next days',
    query: z.strictObject({ days: queryNumber(1, 90).optional() }),
    status: 200,
    answer: forecast,
    handle: ({ query }, { alerts }) => alerts.forecast(query.days ?? 7),
  }),
]

function decision(verb: 'approve' | 'reject', summary: string): Endpoint {
  return endpoint({
    method: 'post',
    path: `/runs/:id/${verb}`,
    noun,
    scope: 'messages:approve',
    summary,
    params: idParams,
    status: 200,
    answer: runDecision,
    errors: ['not-found', 'conflict'],
    async handle({ params, change }, workshop) {
      const { outcome } = await findRun(params.id, workshop)
      const messages = await workshop.store.runs[verb](params.id, change)
      // Nothing waited: decided before, or never held.
      if (messages === 0) throw new RappelError('conflict', { noun, id: params.id, outcome })
      return { runId: params.id, messages }
    },
  })
}

async function runNow(
  alertId: number,
  plannedAtMs: number,
  waitMs: number,
  { alerts, clock, log }: Workshop,
): Promise<z.input<typeof runAnswer>> {
  const running = alerts.run(alertId, { cause: 'manual', plannedAtMs })
  // When nobody waits any more, its failure is told by the log.
  running.catch(error => log.error({ event: 'alert.run.failed', alertId, error: String(error) }))
  const waited = Promise.withResolvers<'waited'>()
  const cancel = clock.after(waitMs, () => waited.resolve('waited'))
  const answer = await Promise.race([running, waited.promise]).finally(cancel)
  if (answer === 'waited') return { kind: 'running' }
  if (answer.kind === 'no-such-alert') throw new RappelError('not-found', { noun: 'alerts', id: alertId })
  // A run by hand stands for no planned one: it is never one that was made already.
  if (answer.kind !== 'finished') throw new RappelError('run-in-progress', { alertId })
  const { kind, runId, outcome, detail, counts } = answer
  return { kind, runId, outcome, detail, counts }
}

async function findRun(id: number, { store }: Workshop): Promise<RunRecord> {
  const record = await store.runs.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

function runOf(record: RunRecord): z.input<typeof run> {
  return {
    runId: record.runId,
    alertId: record.alertId,
    cause: record.cause,
    outcome: record.outcome,
    detail: record.detail,
    plannedAt: iso(record.plannedAtMs),
    startedAt: iso(record.startedAtMs),
    finishedAt: isoOrNull(record.finishedAtMs),
    counts: record.counts,
    issueCount: record.issueCount,
  }
}
