/** What to do about the runs that were missed while the product or its machine was off. */

import { runsBetween } from './next-run.ts'
import type { Cron } from './parse.ts'

/** `skip` forgets missed runs, `once` makes one run for all of them, `all` makes each in its order. */
export type CatchUpPolicy = 'skip' | 'once' | 'all'

export interface CatchUpLimits {
  now: Date
  /** A missed run older than this is not made up for. */
  maxAgeMs: number
  /** Most runs made up for under `all`; the latest are kept. */
  maxRuns: number
}

export interface CatchUp {
  /** Planned instants to run now, oldest first. */
  runs: Date[]
  dropped: { at: Date; reason: 'policy' | 'merged' | 'too-old' | 'over-limit' }[]
}

/** Chooses among missed runs, given oldest first. */
export function catchUp(policy: CatchUpPolicy, missed: readonly Date[], limits: CatchUpLimits): CatchUp {
  if (policy === 'skip') return { runs: [], dropped: missed.map(at => ({ at, reason: 'policy' })) }
  const oldestMs = limits.now.getTime() - limits.maxAgeMs
  const dropped: CatchUp['dropped'] = []
  const kept: Date[] = []
  for (const at of missed) {
    if (at.getTime() < oldestMs) dropped.push({ at, reason: 'too-old' })
    else kept.push(at)
  }
  const count = policy === 'once' ? 1 : Math.max(limits.maxRuns, 0)
  const surplus = kept.splice(0, Math.max(kept.length - count, 0))
  const reason = policy === 'once' ? 'merged' : 'over-limit'
  dropped.push(...surplus.map(at => ({ at, reason }) as const))
  return { runs: kept, dropped }
}

export interface DueQuestion {
  cron: Cron
  zone: string
  /** The planned instant of the last run made or given up, or the activation: nothing up to it is due. */
  lastPlanned: Date
  now: Date
  policy: CatchUpPolicy
  maxAgeMs: number
  maxRuns: number
  /** A run this late is simply late, not missed: a few periods of the heartbeat. */
  graceMs: number
}

export interface DueRuns extends CatchUp {
  /** Pass as `lastPlanned` next time; unchanged when nothing was due. */
  lastPlanned: Date
}

/**
 * Missed runs looked at in one go: three days of a schedule that runs every minute. Beyond it the oldest are
 * left out, which `once` and `skip` do not notice.
 */
const mostMissedRuns = 4320

/**
 * The runs due now: the one on time, and those missed as the policy says. A clock that was set back gives
 * none until it has passed `lastPlanned` again, so that nothing runs twice.
 */
export function dueRuns(question: DueQuestion): DueRuns {
  const { cron, zone, now, policy, maxAgeMs, maxRuns, graceMs } = question
  const horizonMs = Math.max(question.lastPlanned.getTime(), now.getTime() - Math.max(maxAgeMs, graceMs))
  let from = new Date(horizonMs)
  let planned = runsBetween(cron, zone, { from, to: now, limit: mostMissedRuns })
  const runs = [...planned.runs]
  while (planned.isTruncated) {
    from = planned.runs.at(-1)!
    planned = runsBetween(cron, zone, { from, to: now, limit: mostMissedRuns })
    runs.push(...planned.runs)
    runs.splice(0, Math.max(runs.length - mostMissedRuns, 0))
  }
  const latest = runs.at(-1)
  if (latest === undefined) return { runs: [], dropped: [], lastPlanned: question.lastPlanned }
  const isOnTime = now.getTime() - latest.getTime() <= graceMs
  // The run on time counts as the one run of `once`: it covers what was missed before it.
  const missed = isOnTime ? runs.slice(0, -1) : runs
  const chosen = catchUp(isOnTime && policy === 'once' ? 'skip' : policy, missed, { now, maxAgeMs, maxRuns })
  return {
    runs: isOnTime ? [...chosen.runs, latest] : chosen.runs,
    dropped: chosen.dropped,
    lastPlanned: latest,
  }
}
