/** Runs alerts: on schedule, by hand, dry. */
import type { AlertRecord } from '../store.ts'
import { dryRunAlert } from './dry-run.ts'
import { dueWork, isMisplanned, nextPlanned } from './due.ts'
import type { AlertEngine, EngineDependencies } from './engine.ts'
import { forecastAlerts } from './forecast.ts'
import type { RunAnswer, RunReport } from './report.ts'
import { type RunEnd, type RunRequest, runAlert, writeEnd } from './run-alert.ts'
import { newTally } from './tally.ts'

export function createAlertEngine(dependencies: EngineDependencies): AlertEngine {
  const { store, clock, log } = dependencies
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  /** Ends of runs that the store could not take, by run. */
  const unwritten = new Map<number, RunEnd>()
  let dueUnderWay: Promise<RunReport[]> | null = null
  /** The latest time seen; a clock before it was set back. */
  let latestMs = Number.POSITIVE_INFINITY

  function track<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work)
    const forget = (): void => {
      underWay.delete(work)
    }
    work.then(forget, forget)
    return work
  }

  function run(alertId: number, request: RunRequest): Promise<RunAnswer> {
    const onUnwritten = (end: RunEnd): void => {
      unwritten.set(end.finish.runId, end)
    }
    return runAlert(alertId, request, { ...dependencies, stopping: stopping.signal, onUnwritten })
  }

  async function runAllDue(): Promise<RunReport[]> {
    await writeUnwritten()
    const nowMs = clock.nowMs()
    if (nowMs < latestMs) await planAnew()
    latestMs = nowMs
    const reports: RunReport[] = []
    for (const alert of await store.dueAlerts(nowMs)) {
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

  /** A run that has no end keeps its alert from running: the store was away, perhaps it is back. */
  async function writeUnwritten(): Promise<void> {
    for (const [runId, end] of unwritten) {
      try {
        await writeEnd(end, dependencies)
        unwritten.delete(runId)
      } catch (error) {
        // The others still get their turn: a store that is away refuses them by itself.
        log('alert.run.not-written', { alertId: end.alert.id, runId, error: String(error) })
      }
    }
  }

  async function planAnew(): Promise<void> {
    for (const alert of await store.activeAlerts()) {
      if (!isMisplanned(alert, clock.now())) continue
      const nextRunAtMs = nextPlanned(alert, clock.now())
      log('alert.planned-anew', { alertId: alert.id, before: alert.nextRunAtMs, nextRunAtMs })
      await store.setNextRun(alert.id, nextRunAtMs)
    }
  }

  async function runDueAlert({ id, nextRunAtMs }: AlertRecord): Promise<RunReport[]> {
    // The runs before it may have taken an hour: another node may have made this one, or a person changed the alert.
    const alert = await store.alert(id)
    if (alert === null || alert.nextRunAtMs !== nextRunAtMs) return []
    const work = dueWork(alert, clock.now())
    const fallback = { plannedAtMs: alert.nextRunAtMs ?? clock.nowMs(), cause: 'schedule' } as const
    const { runs, skipped, coveredUntil } = work ?? { runs: [fallback], skipped: '', coveredUntil: undefined }
    if (skipped !== '') await recordSkipped(alert, skipped)
    const reports: RunReport[] = []
    for (const planned of runs) {
      const answer = await run(alert.id, { ...planned, ...(coveredUntil !== undefined && { coveredUntil }) })
      // Left due: the next heartbeat tries again, and when the other run is over this one is made.
      if (answer.kind === 'already-running') return reports
      if (answer.kind === 'already-made') continue
      if (answer.kind === 'no-such-alert') break
      reports.push(answer)
      if (answer.outcome === 'interrupted') return reports
      // The other missed days would fail the same way; the next planned run makes up for them.
      if (answer.outcome === 'source-failed' || answer.outcome === 'failed') break
    }
    // After the runs: a crash in between leaves them due, and the ledger keeps anyone from being written to twice.
    await store.setNextRun(alert.id, nextPlanned(alert, clock.now()))
    return reports
  }

  /** Missed runs that nobody will make stand in the history too. */
  async function recordSkipped({ id: alertId, nextRunAtMs }: AlertRecord, detail: string): Promise<void> {
    log('alert.run.skipped', { alertId, detail })
    const nowMs = clock.nowMs()
    const start = { alertId, plannedAtMs: nextRunAtMs ?? nowMs, nowMs, cause: 'catch-up' } as const
    const runId = await store.beginRun(start)
    if (runId === null) return
    const { counts } = newTally()
    await store.finishRun({
      runId,
      outcome: 'skipped',
      detail,
      counts,
      finishedAtMs: nowMs,
      coveredUntil: null,
    })
  }

  return {
    run: (alertId, request) => track(run(alertId, request)),
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
      await store.setNextRun(alertId, alert.isActive ? nextPlanned(alert, clock.now()) : null)
    },
    async stop() {
      stopping.abort(new Error('the server is stopping'))
      await Promise.allSettled(underWay)
    },
  }
}
