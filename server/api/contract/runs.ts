/** Runs: what each look at the rows came to. */
import { z } from 'zod'
import { runCounts, runIssue } from './alerts.ts'
import { id, instant, nextBefore, pageLimit, queryNumber } from './values.ts'

export const run = z
  .strictObject({
    runId: id,
    alertId: id,
    cause: z.enum(['schedule', 'catch-up', 'manual']),
    outcome: z.string(),
    detail: z.string(),
    plannedAt: instant,
    startedAt: instant,
    /** null while it is going on. */
    finishedAt: instant.nullable(),
    counts: runCounts,
    /** All that were met; the first 10,000 are kept. */
    issueCount: z.int(),
  })
  .meta({ id: 'Run' })

export const runPage = z.strictObject({ runs: z.array(run), nextBefore })

/** `issuesFrom`: 0-based position of the first issue on the page. */
export const runQuery = z.strictObject({ issuesFrom: queryNumber(0, 10_000).optional(), limit: pageLimit })

export const runWithIssues = z.strictObject({
  ...run.shape,
  issues: z.array(runIssue),
  /** `issuesFrom` of the next page; null on the last one. */
  nextIssuesFrom: z.int().nullable(),
})

/** How many held messages were decided. */
export const runDecision = z.strictObject({ runId: id, messages: z.int() })
