/** What the rows of a run came to, and what the run is called when it is over. */
import type { RunCounts, RunIssue, RunOutcome } from '../store.ts'

export interface RunTally {
  counts: RunCounts
  /** Messages held as `run-open`: they leave when the run ends below its cap. Part of `counts.held`. */
  runOpen: number
  /** Something was listed that a person should read. */
  hasIssues: boolean
  /** The largest value of the alert's incremental column among the rows written so far; null when none. */
  watermark: string | null
}

/** How the reading of the rows ended. */
export interface RunEnding {
  outcome: Extract<RunOutcome, 'done' | 'row-cap-reached' | 'source-failed' | 'failed' | 'interrupted'>
  detail: string
}

export interface RunConclusion {
  outcome: RunOutcome
  detail: string
  counts: RunCounts
  /** What becomes of the messages that waited for the end of the run. */
  hold: 'release' | 'approval'
}

/** Listed, but no reason to call a run anything but done: the person asked for it, or was written to that day. */
const usualReasons: ReadonlySet<string> = new Set(['stop-list', 'frequency-cap'])

export function newTally(): RunTally {
  const counts: RunCounts = {
    read: 0,
    matched: 0,
    enqueued: 0,
    held: 0,
    blocked: 0,
    duplicates: 0,
    rejected: 0,
    filtered: 0,
    baseline: 0,
    parts: 0,
  }
  return { counts, runOpen: 0, hasIssues: false, watermark: null }
}

export function isTroubling(issue: RunIssue): boolean {
  return !usualReasons.has(issue.reason)
}

/**
 * Names the outcome. A run above its cap waits for an approver; when it also failed, the failure is what it is
 * called by, because a run that waits for approval has seen all its rows and one that failed has not.
 *
 * @param cap `runCap` 0 means no cap; `waiting`: messages held for the end of a run, those of a run that a crash cut
 *   short included
 */
export function conclude(
  ending: RunEnding,
  tally: RunTally,
  { runCap, waiting }: { runCap: number; waiting: number },
): RunConclusion {
  const { counts, runOpen, hasIssues } = tally
  const isDone = ending.outcome === 'done'
  if (runCap > 0 && waiting > runCap) {
    const sentence = `${waiting} messages wait for approval, above the cap of ${runCap}`
    const detail = ending.detail === '' ? sentence : `${ending.detail}; ${sentence}`
    return { outcome: isDone ? 'held-for-approval' : ending.outcome, detail, counts, hold: 'approval' }
  }
  const outcome = isDone && hasIssues ? 'done-with-issues' : ending.outcome
  const released = { ...counts, enqueued: counts.enqueued + runOpen, held: counts.held - runOpen }
  return { outcome, detail: ending.detail, counts: released, hold: 'release' }
}
