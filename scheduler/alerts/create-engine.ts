/** Runs alerts: on schedule, by hand, dry. What is due is read from the store, so that a restart forgets nothing. */
import { SourceError } from '../../connectors/source.ts'
import { TemplateError } from '../../templates/parse.ts'
import { dueRuns } from '../cron/catch-up.ts'
import { nextRun } from '../cron/next-run.ts'
import { type Cron, parseCron } from '../cron/parse.ts'
import type { AlertRecord, RunCounts, RunOutcome } from '../store.ts'
import { dryRunAlert } from './dry-run.ts'
import type { AlertEngine, EngineDependencies } from './engine.ts'
import { forecastAlerts } from './forecast.ts'
import { noCounts, passOver } from './pass.ts'
import type { RunAnswer, RunReport } from './report.ts'
import { AlertNotRunnable, prepareRun } from './setup.ts'
import { storeSink } from './store-sink.ts'

const catchUpAgeMs = 7 * 86_400_000
const catchUpRuns = 31
/** The heartbeat comes every second; a run this late is still on time. */
const graceMs = 60_000

interface RunRequest {
  cause: 'schedule' | 'catch-up' | 'manual'
  plannedAtMs: number
}

export function createAlertEngine(dependencies: EngineDependencies): AlertEngine {
  const { store, clock, openSource, onRunFinished, log } = dependencies
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  let dueUnderWay: Promise<RunReport[]> | null = null

  function track<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work)
    const forget = (): void => {
      underWay.delete(work)
    }
    work.then(forget, forget)
    return work
  }

  async function runAlert(alertId: number, { cause, plannedAtMs }: RunRequest): Promise<RunAnswer> {
    const alert = await store.alert(alertId)
    if (alert === null) return { kind: 'no-such-alert' }
    const nowMs = clock.nowMs()
    const runId = await store.beginRun({ alertId, plannedAtMs, nowMs, cause })
    if (runId === null) return { kind: 'already-running' }
    log('alert.run.started', { alertId, runId, cause })
    const report = await finishedReport(alert, runId, plannedAtMs)
    log('alert.run.finished', { alertId, runId, outcome: report.outcome, ...report.counts })
    onRunFinished(alert, report)
    return report
  }

  async function finishedReport(alert: AlertRecord, runId: number, plannedAtMs: number): Promise<RunReport> {
    let today: string | null = null
    let result: { outcome: RunOutcome; detail: string; counts: RunCounts }
    try {
      // A catch-up stands for its planned moment, but what it sends leaves now.
      const setup = await prepareRun(alert, store, runMoment(alert, plannedAtMs))
      today = setup.today
      const source = await openSource(alert.definition.sourceId)
      try {
        const sink = storeSink({ store, alertId: alert.id, runId })
        const pass = await passOver({ setup, source, store, runId, sink, signal: stopping.signal })
        result = { ...pass, ...(await closeHold(alert, pass.outcome, pass.counts, pass.detail)) }
      } finally {
        await source.close()
      }
    } catch (error) {
      result = { ...failure(error), counts: noCounts() }
    }
    const isCovered = ['done', 'done-with-issues', 'held-for-approval'].includes(result.outcome)
    await store.finishRun({
      runId,
      ...result,
      finishedAtMs: clock.nowMs(),
      coveredUntil: isCovered ? today : null,
    })
    return { kind: 'finished', runId, ...result }
  }

  /** The day a run stands for: `all` plays each missed day as that day, everything else plays now. */
  function runMoment(alert: AlertRecord, plannedAtMs: number): Date {
    return alert.definition.schedule.catchUp === 'all' && plannedAtMs < clock.nowMs()
      ? new Date(plannedAtMs)
      : clock.now()
  }

  async function closeHold(
    { id: alertId, definition }: AlertRecord,
    outcome: RunOutcome,
    counts: RunCounts,
    detail: string,
  ): Promise<{ outcome: RunOutcome; detail: string; counts: RunCounts }> {
    const cap = definition.runCap
    if (cap === 0) return { outcome, detail, counts }
    const waiting = counts.enqueued + counts.held
    if (waiting > cap) {
      await store.closeRunHold({ alertId, outcome: 'approval', nowMs: clock.nowMs() })
      return { outcome: 'held-for-approval', detail: `${waiting} messages, cap ${cap}`, counts }
    }
    const released = await store.closeRunHold({ alertId, outcome: 'release', nowMs: clock.nowMs() })
    return {
      outcome,
      detail,
      counts: { ...counts, enqueued: counts.enqueued + released, held: Math.max(counts.held - released, 0) },
    }
  }

  function failure(error: unknown): { outcome: RunOutcome; detail: string } {
    if (error instanceof SourceError)
      return { outcome: 'source-failed', detail: `${error.code}: ${error.message}` }
    if (error instanceof AlertNotRunnable || error instanceof TemplateError) {
      return { outcome: 'failed', detail: error.message }
    }
    log('alert.run.error', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return { outcome: stopping.signal.aborted ? 'interrupted' : 'failed', detail: String(error) }
  }

  async function runAllDue(): Promise<RunReport[]> {
    const reports: RunReport[] = []
    for (const alert of await store.dueAlerts(clock.nowMs())) {
      if (stopping.signal.aborted) break
      try {
        reports.push(...(await runDueAlert(alert)))
      } catch (error) {
        // One alert that cannot run must not keep the others from theirs.
        log('alert.run.error', { alertId: alert.id, error: String(error) })
      }
    }
    return reports
  }

  async function runDueAlert(alert: AlertRecord): Promise<RunReport[]> {
    const cron = cronOf(alert)
    const { zone, catchUp: policy } = alert.definition.schedule
    const now = clock.now()
    const due = dueRuns({
      cron,
      zone,
      lastPlanned: new Date((alert.nextRunAtMs ?? now.getTime()) - 1),
      now,
      policy,
      maxAgeMs: catchUpAgeMs,
      maxRuns: catchUpRuns,
      graceMs,
    })
    for (const { at, reason } of due.dropped) {
      log('alert.run.skipped', { alertId: alert.id, plannedAt: at.toISOString(), reason })
    }
    const reports: RunReport[] = []
    for (const planned of due.runs) {
      const cause = now.getTime() - planned.getTime() > graceMs ? 'catch-up' : 'schedule'
      const answer = await runAlert(alert.id, { cause, plannedAtMs: planned.getTime() })
      if (answer.kind === 'finished') reports.push(answer)
    }
    // After the runs: a crash in between leaves them due, and the ledger keeps anyone from being written to twice.
    await store.setNextRun(alert.id, nextRun(cron, zone, clock.now())?.getTime() ?? null)
    return reports
  }

  return {
    run: (alertId, request) => track(runAlert(alertId, request)),
    dryRun: (alert, options) => track(dryRunAlert(alert, dependencies, options)),
    forecast: days => track(forecastAlerts(days, dependencies)),
    runDue() {
      if (stopping.signal.aborted) return Promise.resolve([])
      dueUnderWay ??= track(runAllDue()).finally(() => {
        dueUnderWay = null
      })
      return dueUnderWay
    },
    async plan(alertId) {
      const alert = await store.alert(alertId)
      if (alert === null) return
      const next = alert.isActive ? nextRun(cronOf(alert), alert.definition.schedule.zone, clock.now()) : null
      await store.setNextRun(alertId, next?.getTime() ?? null)
    },
    async stop() {
      stopping.abort(new Error('the server is stopping'))
      await Promise.allSettled(underWay)
    },
  }
}

/** @throws AlertNotRunnable for a schedule that cannot be read (the API refuses such alerts) */
function cronOf(alert: Pick<AlertRecord, 'name' | 'definition'>): Cron {
  const cron = parseCron(alert.definition.schedule.cron)
  if (cron.kind === 'invalid') {
    throw new AlertNotRunnable(`schedule of ${alert.name}: ${cron.field} must be ${cron.expected}`)
  }
  return cron
}
