/** One pass over the rows of an alert, the same for a run and a dry run: they differ in what takes the items. */
import { type Source, SourceError, type SourceRow } from '../../connectors/source.ts'
import type { RunCounts, RunIssue, RunOutcome, SchedulerStore } from '../store.ts'
import { type DecidedItem, decideCandidates } from './items.ts'
import { matchRows } from './match.ts'
import { queryParams, type RunSetup } from './setup.ts'

/** Rows judged and written together: one transaction of some ten milliseconds. */
const batchRows = 500

export interface PassSink {
  /** Takes one batch; returns which items were new, in order. */
  take(
    items: readonly DecidedItem[],
    memories: readonly { entityKey: string; memory: string }[],
  ): Promise<{ isNew: boolean; state: 'queued' | 'held' | 'blocked' }[]>
  issues(issues: readonly RunIssue[]): Promise<void>
}

export interface PassResult {
  outcome: Extract<RunOutcome, 'done' | 'done-with-issues' | 'row-cap-reached' | 'source-failed'>
  detail: string
  counts: RunCounts
}

export interface PassRequest {
  setup: RunSetup
  source: Pick<Source, 'read'>
  store: Pick<SchedulerStore, 'recall' | 'standings'>
  runId: number | null
  sink: PassSink
  signal?: AbortSignal
}

export function noCounts(): RunCounts {
  return {
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
}

/**
 * Reads, matches, decides and hands over, batch by batch: memory holds two batches whatever the result.
 *
 * @throws what the store throws; a source that fails is an outcome
 */
export async function passOver(request: PassRequest): Promise<PassResult> {
  const { setup, source, signal } = request
  const counts = noCounts()
  let issueCount = 0
  let batch: SourceRow[] = []
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    const rows = batch
    batch = []
    issueCount += await passBatch(rows, request, counts)
  }
  try {
    const query = { sql: setup.definition.sql, params: queryParams(setup) }
    for await (const row of source.read(query, signal)) {
      batch.push(row)
      if (batch.length === batchRows) await flush()
    }
    await flush()
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    await flush()
    const outcome = error.code === 'source-row-cap' ? 'row-cap-reached' : 'source-failed'
    return { outcome, detail: `${error.code}: ${error.message}`, counts }
  }
  return { outcome: issueCount > 0 ? 'done-with-issues' : 'done', detail: '', counts }
}

/** @returns how many issues were listed */
async function passBatch(
  rows: readonly SourceRow[],
  { setup, store, runId, sink }: PassRequest,
  counts: RunCounts,
): Promise<number> {
  const remembered = setup.usesMemory
    ? await store.recall(setup.alertId, entityKeysOf(rows, setup))
    : new Map<string, string>()
  const matched = matchRows(rows, counts.read, setup, remembered)
  counts.read += rows.length
  counts.rejected += matched.rejected
  counts.filtered += matched.filtered
  counts.baseline += matched.baseline
  const decided = await decideCandidates(matched.candidates, setup, store, {
    countBefore: counts.enqueued + counts.held,
    runId,
  })
  const taken = await sink.take(decided, matched.memories)
  const issues = [...matched.issues]
  taken.forEach(({ isNew, state }, index) => {
    const { item, issue } = decided[index]!
    counts.matched += 1
    if (!isNew) {
      counts.duplicates += 1
      return
    }
    if (issue !== null) issues.push(issue)
    counts[state === 'queued' ? 'enqueued' : state] += 1
    if (state !== 'blocked') counts.parts += item.message.parts
  })
  if (issues.length > 0) await sink.issues(issues)
  return issues.length
}

function entityKeysOf(rows: readonly SourceRow[], { definition }: RunSetup): string[] {
  return rows.map(row => definition.keyColumns.map(column => String(row[column] ?? '').trim()).join('|'))
}
