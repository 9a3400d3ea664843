/** The heartbeat: makes due alerts run, once a second, and does the chores of the day. */
import type { Cancel, Clock } from '../connectors/clock.ts'
import type { AlertEngine } from './alerts/engine.ts'
import type { AlertRecord } from './store.ts'

/** Something that grows for ever unless old entries go. */
export interface Chore {
  /** Such as `idempotency-keys`. */
  name: string
  keepDays: number
  /** Removes what is older than an instant. Returns how many. */
  purge(beforeMs: number): Promise<number>
}

/** What the jobs need of the store, by its own nouns. */
export interface JobsStore {
  runs: {
    /** Closes runs that a crash left open. Returns their alerts. */
    interruptOpen(nowMs: number): Promise<number[]>
    closeHold(hold: { alertId: number; outcome: 'release' | 'approval'; nowMs: number }): Promise<number>
  }
  alerts: { find(alertId: number): Promise<AlertRecord | null> }
  idempotency: { purge(beforeMs: number): Promise<number> }
}

interface JobsLog {
  info(fields: { event: string } & Record<string, unknown>): void
  error(fields: { event: string } & Record<string, unknown>): void
}

export interface JobsDependencies {
  engine: Pick<AlertEngine, 'run' | 'runDue'>
  store: JobsStore
  clock: Clock
  log: JobsLog
  /** Beside the keys of API requests, which are kept one day. */
  chores?: readonly Chore[]
  /**
   * Calls `beat` about once a second until cancelled. By default a plain interval, which no leap of the wall clock
   * touches: node-cron stands still while the clock is behind, and walks through every missed second when it is ahead.
   */
  heartbeat?: (beat: () => void) => Cancel
}

export interface Jobs {
  /**
   * Closes what a crash left open, now rather than at the first beat. Await it before anyone else may start a run:
   * a later look could not tell a run that goes on from one that was left behind.
   */
  recover(): Promise<void>
  /** No beat comes after it; waits for the one under way. Runs go on until `engine.stop()` ends them. */
  stop(): Promise<void>
}

const dayMs = 86_400_000
const beatMs = 1_000

/**
 * Starts beating. `recover()`, or the first beat, closes what a crash left open and takes those alerts up again;
 * until that has worked nothing is run, because an alert with an open run cannot be.
 */
export function startJobs(dependencies: JobsDependencies): Jobs {
  const { engine, store, clock, log, heartbeat = beat => clock.every(beatMs, beat) } = dependencies
  const requestKeys: Chore = {
    name: 'idempotency-keys',
    keepDays: 1,
    purge: beforeMs => store.idempotency.purge(beforeMs),
  }
  const chores = [requestKeys, ...(dependencies.chores ?? [])]
  let recovery: Promise<void> | null = null
  let choresAtMs = Number.NEGATIVE_INFINITY
  let beatUnderWay: Promise<void> | null = null

  const failed = (job: string, error: unknown): void =>
    log.error({ event: 'jobs.failed', job, error: error instanceof Error ? error.message : String(error) })

  function recoverOnce(): Promise<void> {
    recovery ??= recover().catch(error => {
      recovery = null
      throw error
    })
    return recovery
  }

  async function recover(): Promise<void> {
    for (const alertId of await store.runs.interruptOpen(clock.nowMs())) {
      log.info({ event: 'alert.run.interrupted', alertId })
      if (!(await isLeftBehind(alertId))) continue
      const request = { cause: 'catch-up', plannedAtMs: clock.nowMs() } as const
      engine.run(alertId, request).catch(error => failed('recovery', error))
    }
  }

  /** @returns whether the run must be made again here: the schedule will not do it */
  async function isLeftBehind(alertId: number): Promise<boolean> {
    const alert = await store.alerts.find(alertId)
    if (alert === null) return false
    if (!alert.isActive) {
      // Started by hand: what it had held back waits for a person to decide.
      await store.runs.closeHold({ alertId, outcome: 'approval', nowMs: clock.nowMs() })
      return false
    }
    const isDue = alert.nextRunAtMs !== null && alert.nextRunAtMs <= clock.nowMs()
    return !isDue || alert.definition.schedule.catchUp === 'skip'
  }

  async function doChores(): Promise<void> {
    const nowMs = clock.nowMs()
    // A clock that was set back a year must not stop the chores for a year.
    if (nowMs - choresAtMs < dayMs && nowMs >= choresAtMs) return
    choresAtMs = nowMs
    for (const { name, keepDays, purge } of chores) {
      try {
        const removed = await purge(nowMs - keepDays * dayMs)
        if (removed > 0) log.info({ event: 'jobs.purged', name, removed })
      } catch (error) {
        failed(name, error)
      }
    }
  }

  async function work(): Promise<void> {
    await recoverOnce()
    // Not awaited: a run may last longer than a day, and the engine lets none overlap.
    engine.runDue().catch(error => failed('due-runs', error))
    await doChores()
  }

  const cancel = heartbeat(() => {
    beatUnderWay ??= work()
      .catch(error => failed('beat', error))
      .finally(() => {
        beatUnderWay = null
      })
  })
  return {
    recover: recoverOnce,
    async stop() {
      cancel()
      await beatUnderWay
    },
  }
}
