/** What is due and what comes next: read from the store each time, so that a restart forgets nothing. */
import { addDays, type LocalDate } from '../calendar/local-date.ts'
import { localDateAt } from '../calendar/zoned.ts'
import { dueRuns } from '../cron/catch-up.ts'
import { nextRun } from '../cron/next-run.ts'
import type { AlertRecord } from '../store.ts'
import { type ReadSchedule, readSchedule } from './schedule.ts'
import { AlertNotRunnable, readDefinition } from './setup.ts'

const catchUpAgeMs = 7 * 86_400_000
const catchUpRuns = 31
/** The heartbeat comes every second; a run this late is still on time. */
const graceMs = 60_000

export interface DueRun {
  plannedAtMs: number
  cause: 'schedule' | 'catch-up'
}

export interface DueWork {
  runs: DueRun[]
  /** Missed runs that are not made up for, in one sentence; empty when there are none. */
  skipped: string
  /** The day before the first planned run: what an alert that never ran has to answer for begins after it. */
  coveredUntil: LocalDate
}

/** @returns null when the alert's schedule cannot be read: a run will say why */
export function dueWork(alert: AlertRecord, now: Date): DueWork | null {
  const schedule = scheduleOf(alert)
  if (schedule === null) return null
  const { cron, zone } = schedule
  const firstPlanned = new Date(alert.nextRunAtMs ?? now.getTime())
  const due = dueRuns({
    cron,
    zone,
    lastPlanned: new Date(firstPlanned.getTime() - 1),
    now,
    policy: alert.definition.schedule.catchUp,
    maxAgeMs: catchUpAgeMs,
    maxRuns: catchUpRuns,
    graceMs,
  })
  return {
    runs: due.runs.map(planned => ({
      plannedAtMs: planned.getTime(),
      cause: now.getTime() - planned.getTime() > graceMs ? 'catch-up' : 'schedule',
    })),
    // `merged` runs are not lost: the one run that is made covers their days.
    skipped: skippedSentence(due.dropped.filter(({ reason }) => reason !== 'merged')),
    coveredUntil: addDays(localDateAt(firstPlanned, zone), -1),
  }
}

/** The next planned run after an instant; null when there is none or the schedule cannot be read. */
export function nextPlanned(alert: AlertRecord, after: Date): number | null {
  const schedule = scheduleOf(alert)
  return schedule === null ? null : (nextRun(schedule.cron, schedule.zone, after)?.getTime() ?? null)
}

/**
 * Whether an alert's next run has to be worked out anew: it has none although it is active, or it was planned by a
 * clock that stood far in the future and has been put right. A clock that goes back by less than a day changes
 * nothing: what ran does not run again.
 */
export function isMisplanned(alert: AlertRecord, now: Date): boolean {
  const schedule = scheduleOf(alert)
  if (schedule === null) return false
  const planned = nextRun(schedule.cron, schedule.zone, now)
  if (planned === null) return false
  if (alert.nextRunAtMs === null) return true
  const today = localDateAt(now, schedule.zone)
  const wasAhead = alert.coveredUntil === null || alert.coveredUntil > addDays(today, 1)
  return wasAhead && alert.nextRunAtMs > planned.getTime()
}

function scheduleOf(alert: AlertRecord): Extract<ReadSchedule, { kind: 'schedule' }> | null {
  try {
    const schedule = readSchedule(readDefinition(alert.definition).schedule)
    return schedule.kind === 'schedule' ? schedule : null
  } catch (error) {
    if (error instanceof AlertNotRunnable) return null
    throw error
  }
}

function skippedSentence(dropped: readonly { at: Date; reason: string }[]): string {
  const [first] = dropped
  const last = dropped.at(-1)
  if (first === undefined || last === undefined) return ''
  const reasons = [...new Set(dropped.map(({ reason }) => reason))].join(', ')
  return `${dropped.length} missed from ${first.at.toISOString()} to ${last.at.toISOString()}, not made up for: ${reasons}`
}
