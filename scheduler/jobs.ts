/** The heartbeat: makes due alerts run, once a second, and does the chores of the day. */
import cron from 'node-cron'
import type { Cancel, Clock } from '../connectors/clock.ts'
import type { AlertEngine } from './alerts/engine.ts'
import type { SchedulerStore } from './store.ts'

/** Something that grows for ever unless old entries go. */
export interface Chore {
  /** Such as `idempotency-keys`. */
  name: string
  keepDays: number
  /** Removes what is older than an instant. Returns how many. */
  purge(beforeMs: number): Promise<number>
}

export interface JobsDependencies {
  engine: Pick<AlertEngine, 'run' | 'runDue'>
  store: Pick<SchedulerStore, 'interruptOpenRuns' | 'alert' | 'closeRunHold'>
  clock: Clock
  chores: readonly Chore[]
  log(event: string, fields: Readonly<Record<string, unknown>>): void
  /** Calls `beat` about once a second until cancelled; tests give `beat => clock.every(1_000, beat)`. */
  heartbeat?: (beat: () => void) => Cancel
}

export interface Jobs {
  /** No beat comes after it; a run under way goes on, `engine.stop()` ends it. Waits for a chore under way. */
  stop(): Promise<void>
}

const dayMs = 86_400_000

/**
 * Closes what a crash left open, takes up those alerts again, then beats.
 *
 * @throws what the store throws while runs are closed: without that the alerts could never run again
 */
export async function startJobs(dependencies: JobsDependencies): Promise<Jobs> {
  const { engine, store, clock, chores, log, heartbeat = secondsOfCron } = dependencies
  let choresAtMs = Number.NEGATIVE_INFINITY
  let choresUnderWay: Promise<void> | null = null

  const failed = (error: unknown): void => log('jobs.failed', { error: String(error) })

  async function doChores(nowMs: number): Promise<void> {
    for (const { name, keepDays, purge } of chores) {
      try {
        const removed = await purge(nowMs - keepDays * dayMs)
        if (removed > 0) log('jobs.purged', { name, removed })
      } catch (error) {
        log('jobs.failed', { name, error: String(error) })
      }
    }
  }

  function beat(): void {
    engine.runDue().catch(failed)
    const nowMs = clock.nowMs()
    // A clock that was set back a year must not stop the chores for a year.
    const isTime = nowMs - choresAtMs >= dayMs || nowMs < choresAtMs
    if (!isTime || choresUnderWay !== null) return
    choresAtMs = nowMs
    choresUnderWay = doChores(nowMs).finally(() => {
      choresUnderWay = null
    })
  }

  /** @returns whether the beat will not run it anyway */
  async function isLeftBehind(alertId: number): Promise<boolean> {
    const alert = await store.alert(alertId)
    if (alert === null) return false
    if (!alert.isActive) {
      // Started by hand: what it had held back waits for a person to decide.
      await store.closeRunHold({ alertId, outcome: 'approval', nowMs: clock.nowMs() })
      return false
    }
    const isDue = alert.nextRunAtMs !== null && alert.nextRunAtMs <= clock.nowMs()
    return !isDue || alert.definition.schedule.catchUp === 'skip'
  }

  for (const alertId of await store.interruptOpenRuns(clock.nowMs())) {
    log('alert.run.interrupted', { alertId })
    if (!(await isLeftBehind(alertId))) continue
    engine.run(alertId, { cause: 'catch-up', plannedAtMs: clock.nowMs() }).catch(failed)
  }

  const cancel = heartbeat(beat)
  return {
    async stop() {
      cancel()
      await choresUnderWay
    },
  }
}

/** node-cron drives the heartbeat only: what is due is our own rule, in cron/. */
function secondsOfCron(beat: () => void): Cancel {
  // A beat that a busy loop made late is no fault: the next one finds everything that is due.
  const task = cron.schedule('* * * * * *', beat, { name: 'rappel-heartbeat', suppressMissedWarning: true })
  return () => {
    // node-cron answers with a promise only for tasks in processes of their own.
    void task.destroy()
  }
}
