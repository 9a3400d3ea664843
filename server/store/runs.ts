/** Runs of alerts: claimed so that none overlaps itself, and their history. */
import type { Knex } from 'knex'
import { watermarkScope } from '../../scheduler/alerts/watermark-scope.ts'
import type {
  RunCounts,
  RunFinish,
  RunIssue,
  RunOutcome,
  RunStart,
  WatermarkMove,
} from '../../scheduler/store.ts'
import { dialectOf, rawRows, storable } from './dialect.ts'

export interface RunRecord {
  runId: number
  alertId: number
  cause: RunStart['cause']
  outcome: RunOutcome
  detail: string
  plannedAtMs: number
  startedAtMs: number
  /** null while it is going on. */
  finishedAtMs: number | null
  counts: RunCounts
  /** All that were met; the first 10 000 are kept. */
  issueCount: number
}

/** Outcomes after which every row of the source was looked at: new-row alerts may write from then on. */
const completeOutcomes: ReadonlySet<RunOutcome> = new Set(['done', 'done-with-issues', 'held-for-approval'])
/** Kept per run: a source whose phone column is wrong must not fill the disk row by row. */
const issueLimit = 10_000
const reasonLimit = 40
const entityKeyLimit = 200
const detailLimit = 300

/**
 * A run cut short is made again, and a note of what a wrong clock skipped keeps nothing from being made; every other
 * end, a failure included, is the end of what was planned.
 */
const unmadeOutcomes: readonly RunOutcome[] = ['running', 'interrupted', 'skipped']

/**
 * Claims the run by a conditional update; null when a run of this alert is going already, when the planned run was
 * made (by another node, say, since the caller saw it due), or there is no alert.
 */
export function beginRun(
  knex: Knex,
  { alertId, plannedAtMs, nowMs, cause }: RunStart,
): Promise<number | null> {
  return knex.transaction(async transaction => {
    // 0 holds the place until the run has its number; the row stays locked until both are there.
    const claimed = await transaction('alerts')
      .where({ id: alertId })
      .whereNull('open_run_id')
      .whereNull('deleted_at')
      .update({ open_run_id: 0 })
    if (claimed === 0) return null
    // After the claim: whoever made the run held the same row until its end was written.
    if (cause !== 'manual' && (await isRunMade(transaction, alertId, plannedAtMs))) {
      await transaction('alerts').where({ id: alertId }).update({ open_run_id: null })
      return null
    }
    const [run]: { id: number }[] = await transaction('runs')
      .insert({
        alert_id: alertId,
        cause,
        outcome: 'running',
        detail: '',
        planned_at: plannedAtMs,
        started_at: nowMs,
      })
      .returning('id')
    await transaction('alerts').where({ id: alertId }).update({ open_run_id: run!.id })
    return run!.id
  })
}

/** Whether the run planned for this instant has come to an end already. */
export async function isRunMade(knex: Knex, alertId: number, plannedAtMs: number): Promise<boolean> {
  const [made] = await knex('runs')
    .where({ alert_id: alertId, planned_at: plannedAtMs })
    .whereNot({ cause: 'manual' })
    .whereNotIn('outcome', unmadeOutcomes)
    .select('id')
    .limit(1)
  return made !== undefined
}

/** Closes a run and frees its alert. A run that was closed already stays as it is. */
export function finishRun(knex: Knex, finish: RunFinish): Promise<void> {
  return knex.transaction(async transaction => {
    const closed = await transaction('runs')
      .where({ id: finish.runId })
      .whereNull('finished_at')
      .update({
        outcome: finish.outcome,
        // The sentence may quote what a source answered.
        detail: storable(finish.detail.slice(0, detailLimit)),
        finished_at: finish.finishedAtMs,
        ...countColumns(finish.counts),
      })
    if (closed === 0) return
    if (finish.watermark !== undefined) await moveWatermark(transaction, finish.runId, finish.watermark)
    await transaction('alerts')
      .where({ open_run_id: finish.runId })
      .update({
        open_run_id: null,
        ...(finish.coveredUntil !== null && { covered_until: finish.coveredUntil }),
        ...(completeOutcomes.has(finish.outcome) && { has_baseline: true }),
      })
  })
}

async function moveWatermark(
  transaction: Knex.Transaction,
  runId: number,
  { scope, from, to }: WatermarkMove,
): Promise<void> {
  const [alert] = await transaction('alerts').where({ open_run_id: runId }).select('id', 'definition')
  if (alert === undefined || watermarkScope(JSON.parse(alert.definition)) !== scope) return
  const unchanged = transaction('alerts').where({ id: alert.id })
  if (from === null) unchanged.whereNull('watermark')
  else unchanged.where({ watermark: from })
  await unchanged.update({ watermark: to })
}

/** Closes runs that a crash left open. Returns their alerts. */
export function interruptOpenRuns(knex: Knex, nowMs: number): Promise<number[]> {
  return knex.transaction(async transaction => {
    const rows: { alert_id: number }[] = await transaction('runs')
      .whereNull('finished_at')
      .update({ outcome: 'interrupted', detail: 'the server stopped during the run', finished_at: nowMs })
      .returning('alert_id')
    await transaction('alerts').whereNotNull('open_run_id').update({ open_run_id: null })
    return [...new Set(rows.map(row => row.alert_id))].sort((a, b) => a - b)
  })
}

export async function findRun(knex: Knex, runId: number): Promise<RunRecord | null> {
  const [row]: RunRow[] = await knex('runs').where({ id: runId })
  return row === undefined ? null : recordOf(row)
}

export interface RunFilter {
  alertId?: number
  /** Runs older than this one: the last of the page before. */
  beforeId?: number
  /** 1..500 */
  limit: number
}

/** Newest first. */
export async function listRuns(knex: Knex, { alertId, beforeId, limit }: RunFilter): Promise<RunRecord[]> {
  const query = knex('runs').orderBy('id', 'desc').limit(limit)
  if (alertId !== undefined) query.where({ alert_id: alertId })
  if (beforeId !== undefined) query.where('id', '<', beforeId)
  const rows: RunRow[] = await query
  return rows.map(recordOf)
}

/** Adds to the issues of a run; above 10 000 they are counted only. */
export function recordIssues(knex: Knex, runId: number, issues: readonly RunIssue[]): Promise<void> {
  return knex.transaction(async transaction => {
    if (issues.length === 0) return
    const answer = await transaction.raw(
      'update runs set issue_count = issue_count + ? where id = ? returning issue_count',
      [issues.length, runId],
    )
    const [run] = rawRows<{ issue_count: number }>(answer)
    if (run === undefined) return
    const first = run.issue_count - issues.length
    const kept = issues.slice(0, Math.max(issueLimit - first, 0))
    await dialectOf(transaction).insertRows(transaction, {
      table: 'run_issues',
      columns: {
        run_id: 'bigint',
        position: 'bigint',
        row_number: 'bigint',
        entity_key: 'text',
        reason: 'text',
        detail: 'text',
      },
      rows: kept.map((issue, index) => [
        runId,
        first + index,
        issue.rowNumber,
        issue.entityKey.slice(0, entityKeyLimit),
        issue.reason.slice(0, reasonLimit),
        issue.detail.slice(0, detailLimit),
      ]),
    })
  })
}

/** In the order they were met. @param from 0-based position of the first */
export async function listIssues(
  knex: Knex,
  { runId, from, limit }: { runId: number; from: number; limit: number },
): Promise<RunIssue[]> {
  const rows = await knex('run_issues')
    .where({ run_id: runId })
    .where('position', '>=', from)
    .orderBy('position')
    .limit(limit)
  return rows.map(row => ({
    rowNumber: row.row_number,
    entityKey: row.entity_key,
    reason: row.reason,
    detail: row.detail,
  }))
}

interface CountColumns {
  read_count: number
  matched_count: number
  enqueued_count: number
  held_count: number
  blocked_count: number
  duplicate_count: number
  rejected_count: number
  filtered_count: number
  baseline_count: number
  part_count: number
}

interface RunRow extends CountColumns {
  id: number
  alert_id: number
  cause: RunStart['cause']
  outcome: RunOutcome
  detail: string
  planned_at: number
  started_at: number
  finished_at: number | null
  issue_count: number
}

function countColumns(counts: RunCounts): CountColumns {
  return {
    read_count: counts.read,
    matched_count: counts.matched,
    enqueued_count: counts.enqueued,
    held_count: counts.held,
    blocked_count: counts.blocked,
    duplicate_count: counts.duplicates,
    rejected_count: counts.rejected,
    filtered_count: counts.filtered,
    baseline_count: counts.baseline,
    part_count: counts.parts,
  }
}

function recordOf(row: RunRow): RunRecord {
  return {
    runId: row.id,
    alertId: row.alert_id,
    cause: row.cause,
    outcome: row.outcome,
    detail: row.detail,
    plannedAtMs: row.planned_at,
    startedAtMs: row.started_at,
    finishedAtMs: row.finished_at,
    counts: {
      read: row.read_count,
      matched: row.matched_count,
      enqueued: row.enqueued_count,
      held: row.held_count,
      blocked: row.blocked_count,
      duplicates: row.duplicate_count,
      rejected: row.rejected_count,
      filtered: row.filtered_count,
      baseline: row.baseline_count,
      parts: row.part_count,
    },
    issueCount: row.issue_count,
  }
}

/** Forgets finished runs and their issues; each alert keeps its newest. Returns how many runs. */
export function pruneRuns(knex: Knex, beforeMs: number): Promise<number> {
  return knex.transaction<number>(async transaction => {
    const newest = transaction('runs').groupBy('alert_id').max('id')
    const old = transaction('runs').where('finished_at', '<', beforeMs).whereNotIn('id', newest).select('id')
    await transaction('run_issues').whereIn('run_id', old.clone()).delete()
    const pruned: number = await transaction('runs').whereIn('id', old).delete()
    return pruned
  })
}
