/** One run of one alert: claimed, played, its hold closed, its outcome written. */
import { SourceError } from '../../connectors/source.ts'
import { addDays, type LocalDate } from '../calendar/local-date.ts'
import { isZone, localDateAt } from '../calendar/zoned.ts'
import type { AlertRecord, RunFinish, RunOutcome, SchedulerStore, WatermarkMove } from '../store.ts'
import type { EngineDependencies } from './engine.ts'
import { passOver } from './pass.ts'
import type { RunAnswer, RunReport } from './report.ts'
import { AlertNotRunnable, prepareRun } from './setup.ts'
import { storeSink } from './store-sink.ts'
import { conclude, newTally, type RunEnding, type RunTally } from './tally.ts'
import { laterWatermark } from './watermark.ts'
import { watermarkScope } from './watermark-scope.ts'

export interface RunRequest {
  cause: 'schedule' | 'catch-up' | 'manual'
  plannedAtMs: number
  /** Last day that counts as covered when no run has covered any: the day before the first planned run. */
  coveredUntil?: LocalDate
}

export interface RunHost extends EngineDependencies {
  /** Aborted when the server stops. */
  stopping: AbortSignal
  /** Takes the end of a run that the store could not write; it must be written before the alert can run again. */
  onUnwritten(end: RunEnd): void
}

/** What is to be written when a run is over. Writing it twice changes nothing. */
export interface RunEnd {
  alert: AlertRecord
  /** What becomes of the messages that waited for the end of the run. */
  hold: 'release' | 'approval'
  finish: RunFinish
}

/** Outcomes after which every row of the day was looked at. */
const coveringOutcomes: readonly RunOutcome[] = ['done', 'done-with-issues', 'held-for-approval']

/** @throws what the store throws before the run is claimed; afterwards every failure is an outcome */
export async function runAlert(alertId: number, request: RunRequest, host: RunHost): Promise<RunAnswer> {
  const { store, clock, log, onRunFinished } = host
  const alert = await store.alert(alertId)
  if (alert === null) return { kind: 'no-such-alert' }
  const { cause, plannedAtMs } = request
  const runId = await store.beginRun({ alertId, plannedAtMs, nowMs: clock.nowMs(), cause })
  if (runId === null) {
    const isMade = cause !== 'manual' && (await store.isRunMade(alertId, plannedAtMs))
    return { kind: isMade ? 'already-made' : 'already-running' }
  }
  log('alert.run.started', { alertId, runId, cause })

  const tally = newTally()
  const playedAt = playedMoment(alert, request, host)
  const coveredUntil = alert.coveredUntil ?? request.coveredUntil ?? null
  const ending = await play({ ...alert, coveredUntil }, { runId, playedAt, tally }, host)
  const runCap = alert.definition.runCap ?? 0
  const waiting = runCap === 0 ? 0 : await store.runHoldSize(alertId).catch(() => tally.runOpen)
  const { hold, ...result } = conclude(ending, tally, { runCap, waiting })
  const watermark = watermarkMove(alert, result.outcome, tally)
  const finish: RunFinish = {
    runId,
    ...result,
    finishedAtMs: clock.nowMs(),
    coveredUntil: coveredAfter(alert, request, { outcome: result.outcome, playedAt }),
    ...(watermark !== null && { watermark }),
  }
  const end: RunEnd = { alert, hold, finish }
  try {
    return await writeEnd(end, host)
  } catch (error) {
    log('alert.run.not-written', { alertId, runId, error: String(error) })
    host.onUnwritten(end)
    const detail = `its end (${result.outcome}) could not be written yet: ${String(error)}`
    const report: RunReport = { kind: 'finished', runId, outcome: 'failed', detail, counts: result.counts }
    onRunFinished(alert, report)
    return report
  }
}

/**
 * Closes the hold, then the run; whoever watches runs is told once both are stored.
 *
 * @throws what the store throws
 */
export async function writeEnd(
  { alert, hold, finish }: RunEnd,
  { store, clock, log, onRunFinished }: Pick<RunHost, 'store' | 'clock' | 'log' | 'onRunFinished'>,
): Promise<RunReport> {
  const { runId, outcome, detail, counts } = finish
  await store.closeRunHold({ alertId: alert.id, outcome: hold, nowMs: clock.nowMs() })
  await store.finishRun(finish)
  log('alert.run.finished', { alertId: alert.id, runId, outcome, ...counts })
  const report: RunReport = { kind: 'finished', runId, outcome, detail, counts }
  onRunFinished(alert, report)
  return report
}

async function play(
  alert: AlertRecord,
  { runId, playedAt, tally }: { runId: number; playedAt: Date; tally: RunTally },
  { store, clock, openSource, termsOf, stopping, log }: RunHost,
): Promise<RunEnding> {
  try {
    const setup = await prepareRun(alert, store, { now: clock.now(), playedAt })
    const source = await openSource(setup.definition.sourceId)
    try {
      const sink = storeSink({ store, alertId: alert.id, runId })
      const request = {
        setup,
        source,
        store: capsTakenByStore(store),
        runId,
        ...(termsOf && { termsOf }),
        sink,
        tally,
        signal: stopping,
      }
      const ending = await passOver(request)
      // All messages are written: files that were read may go. One that cannot is what the run is called by. A silent
      // first look wrote to nobody: its files stay for whoever wonders where their messages are.
      const isBaseline = setup.context.isBaseline
      if (ending.outcome === 'done' && !isBaseline) await source.acknowledge?.()
      return ending
    } finally {
      await source.close().catch(error => log('alert.source.close-failed', { error: String(error) }))
    }
  } catch (error) {
    if (error instanceof SourceError)
      return { outcome: 'source-failed', detail: `${error.code}: ${error.message}` }
    if (error instanceof AlertNotRunnable) return { outcome: 'failed', detail: error.message }
    log('alert.run.error', {
      alertId: alert.id,
      runId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    const detail = `the run broke off: ${error instanceof Error ? error.message : String(error)}`
    return { outcome: stopping.aborted ? 'interrupted' : 'failed', detail }
  }
}

/**
 * Caps are judged where they are taken, in the transaction of the messages: the store alone knows that the cap of
 * the day belongs to the very message that is now being completed.
 */
function capsTakenByStore(store: SchedulerStore): Pick<SchedulerStore, 'recall' | 'standings'> {
  return {
    recall: (alertId, entityKeys) => store.recall(alertId, entityKeys),
    async standings(recipients, service, capKey) {
      const standings = await store.standings(recipients, service, capKey)
      return standings.map(({ isStopped }) => ({ isStopped, isCapped: false }))
    },
  }
}

/** The moment a run stands for: `all` plays each missed day as that day, everything else plays now. */
function playedMoment({ definition }: AlertRecord, { cause, plannedAtMs }: RunRequest, host: RunHost): Date {
  const isReplay = cause === 'catch-up' && definition.schedule?.catchUp === 'all'
  return isReplay && plannedAtMs < host.clock.nowMs() ? new Date(plannedAtMs) : host.clock.now()
}

/** @returns null to leave the alert's own */
function coveredAfter(
  { definition, coveredUntil }: AlertRecord,
  request: RunRequest,
  { outcome, playedAt }: { outcome: RunOutcome; playedAt: Date },
): LocalDate | null {
  const zone = definition.schedule?.zone
  if (zone === undefined || !isZone(zone)) return null
  const day = localDateAt(playedAt, zone)
  if (coveringOutcomes.includes(outcome)) {
    // A missed day played late must not uncover the days after it.
    return request.cause === 'catch-up' && coveredUntil !== null && coveredUntil > day ? null : day
  }
  // The first run failed: without this, the next one would not know that this day is to be made up for.
  return coveredUntil === null ? (request.coveredUntil ?? addDays(day, -1)) : null
}

/** A run that has not seen all its rows has seen them in no order: what it read is read again. */
function watermarkMove(
  { definition, watermark: from }: AlertRecord,
  outcome: RunOutcome,
  tally: RunTally,
): WatermarkMove | null {
  const { incremental } = definition
  if (incremental === undefined || !coveringOutcomes.includes(outcome)) return null
  const to = laterWatermark(incremental, from, tally.watermark)
  return to === null || to === from ? null : { scope: watermarkScope(definition), from, to }
}
