/** One pass over the rows of an alert, the same for a run and a dry run: they differ in what takes the items. */
import { type Source, SourceError, type SourceRow } from '../../connectors/source.ts'
import type { RunIssue, SchedulerStore } from '../store.ts'
import type { EngineDependencies } from './engine.ts'
import { entityKeyOf } from './entity-key.ts'
import { type DecidedItem, decideCandidates } from './items.ts'
import { matchRows } from './match.ts'
import { missingColumn } from './required-columns.ts'
import { AlertNotRunnable, queryParams, type RunSetup } from './setup.ts'
import { isTroubling, type RunEnding, type RunTally } from './tally.ts'
import { afterRow, wrongColumn } from './watermark.ts'

/** Rows judged and written together: some five milliseconds of the loop, and as many of the store. */
const batchRows = 250

/** What became of one item. */
export interface TakenItem {
  /** False when the ledger had it already. */
  isNew: boolean
  state: 'queued' | 'held' | 'blocked'
  reason: string
}

export interface PassSink {
  /** Takes one batch; one answer per item, in order. */
  take(
    items: readonly DecidedItem[],
    memories: readonly { entityKey: string; memory: string }[],
  ): Promise<TakenItem[]>
  issues(issues: readonly RunIssue[]): Promise<void>
}

export interface PassRequest {
  setup: RunSetup
  source: Pick<Source, 'read'>
  store: Pick<SchedulerStore, 'recall' | 'standings'>
  runId: number | null
  termsOf?: EngineDependencies['termsOf']
  sink: PassSink
  /** Filled as batches are written: whatever ends the pass, it tells what was written. */
  tally: RunTally
  signal?: AbortSignal
}

/**
 * Reads, matches, decides and hands over, batch by batch: memory holds two batches whatever the result.
 *
 * @throws AlertNotRunnable when the query lacks a column; what the store throws. A source that fails is an outcome
 */
export async function passOver(request: PassRequest): Promise<RunEnding> {
  const { setup, source, signal } = request
  let batch: SourceRow[] = []
  let isFirst = true
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    const rows = batch
    batch = []
    if (request.tally.counts.read === 0) requireWatermark(setup, rows)
    await passBatch(rows, request)
  }
  try {
    const query = { sql: setup.definition.sql, params: queryParams(setup) }
    for await (const row of source.read(query, signal)) {
      if (isFirst) requireColumns(setup, row)
      isFirst = false
      batch.push(row)
      if (batch.length < batchRows) continue
      signal?.throwIfAborted()
      await flush()
    }
    await flush()
  } catch (error) {
    if (signal?.aborted) return { outcome: 'interrupted', detail: 'the server stopped during the run' }
    if (!(error instanceof SourceError)) throw error
    await flush()
    const outcome = error.code === 'source-row-cap' ? 'row-cap-reached' : 'source-failed'
    return { outcome, detail: `${error.code}: ${error.message}` }
  }
  return { outcome: 'done', detail: '' }
}

function requireColumns({ definition }: RunSetup, row: SourceRow): void {
  const missing = missingColumn(definition, row)
  if (missing === null) return
  const given = Object.keys(row).slice(0, 30).join(', ')
  throw new AlertNotRunnable(`the query gives no column ${missing}; it gives ${given}`)
}

/** Only before anything was ever read: later, one row gone wrong must not keep the others from being written to. */
function requireWatermark({ definition: { incremental }, watermark }: RunSetup, rows: SourceRow[]): void {
  if (incremental === undefined || watermark !== null) return
  const problem = wrongColumn(
    incremental,
    rows.map(row => row[incremental.column]),
  )
  if (problem !== null) throw new AlertNotRunnable(problem)
}

async function passBatch(
  rows: readonly SourceRow[],
  { setup, store, runId, termsOf, sink, tally }: PassRequest,
): Promise<void> {
  const { counts } = tally
  const isRemembering = setup.usesMemory || setup.remembersOpenRows
  const remembered = isRemembering
    ? await store.recall(setup.alertId, entityKeysOf(rows, setup))
    : new Map<string, string>()
  const matched = matchRows(rows, counts.read, setup, remembered)
  const decided = await decideCandidates(matched.candidates, setup, store, {
    runId,
    ...(termsOf && { termsOf }),
  })
  const taken = await sink.take(decided, matched.memories)
  const issues = [...matched.issues, ...advanceWatermark(rows, setup, tally)]
  counts.read += rows.length
  counts.rejected += matched.rejected
  counts.filtered += matched.filtered
  counts.baseline += matched.baseline
  for (const [index, item] of taken.entries()) {
    const issue = countItem(decided[index]!, item, tally)
    if (issue !== null) issues.push(issue)
  }
  tally.hasIssues ||= issues.some(isTroubling)
  if (issues.length > 0) await sink.issues(issues)
}

/** @returns rows whose place in the order of reading cannot be told; each was used all the same */
function advanceWatermark(rows: readonly SourceRow[], setup: RunSetup, tally: RunTally): RunIssue[] {
  const { incremental, keyColumns } = setup.definition
  if (incremental === undefined) return []
  const issues: RunIssue[] = []
  for (const [index, row] of rows.entries()) {
    const step = afterRow(incremental, tally.watermark, row[incremental.column], setup.context)
    if (step.kind === 'read') {
      tally.watermark = step.watermark
      continue
    }
    const key = entityKeyOf(row, keyColumns)
    issues.push({
      rowNumber: tally.counts.read + index,
      entityKey: key.kind === 'key' ? key.entityKey : '',
      reason: 'bad-watermark',
      detail: `${incremental.column}: ${String(row[incremental.column]).slice(0, 100)}`,
    })
  }
  return issues
}

/** @returns what is to be listed about the item, null when nothing */
function countItem(
  { candidate, item, issue }: DecidedItem,
  taken: TakenItem,
  tally: RunTally,
): RunIssue | null {
  const { counts } = tally
  const { state, reason } = taken
  counts.matched += 1
  if (!taken.isNew) {
    counts.duplicates += 1
    return null
  }
  counts[state === 'queued' ? 'enqueued' : state] += 1
  if (state !== 'blocked') counts.parts += item.message.parts
  if (state === 'held' && reason === 'run-open') tally.runOpen += 1
  const isDecidedByStore = state === 'blocked' && reason !== item.message.reason
  const { rowNumber, entityKey } = candidate
  return isDecidedByStore ? { rowNumber, entityKey, reason, detail: '' } : issue
}

function entityKeysOf(rows: readonly SourceRow[], { definition }: RunSetup): string[] {
  const keys = new Set<string>()
  for (const row of rows) {
    const key = entityKeyOf(row, definition.keyColumns)
    if (key.kind === 'key') keys.add(key.entityKey)
  }
  return [...keys]
}
