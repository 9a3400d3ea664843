/** What became of write-backs, for people: listed, counted, tried again, forgotten. */
import type { Knex } from 'knex'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes } from './codes.ts'
import type { WriteBackState } from './write-backs.ts'

export interface WriteBackRecord {
  messageId: number
  sourceId: number
  alertId: number | null
  entityKey: string
  /** The state of the message. */
  messageState: MessageState
  state: WriteBackState
  attempts: number
  queuedAtMs: number
  /** When it is tried next; null when it is over. */
  dueAtMs: number | null
  finishedAtMs: number | null
  rowsChanged: number | null
  error: string
}

/** Rows forgotten per transaction: some ten milliseconds. */
const pruneSlice = 2_000

export interface WriteBackFilter {
  state?: WriteBackState
  sourceId?: number
  /** Messages older than this one: the last of the page before. */
  beforeId?: number
  /** 1..500 */
  limit: number
}

/** Newest message first. */
export async function listWriteBacks(
  knex: Knex,
  { state, sourceId, beforeId, limit }: WriteBackFilter,
): Promise<WriteBackRecord[]> {
  const query = knex('write_backs as w')
    .join('messages as m', 'm.id', 'w.message_id')
    .orderBy('w.message_id', 'desc')
    .limit(limit)
    .select('w.*', 'm.alert_id', 'm.entity_key', 'm.state as message_state')
  if (state !== undefined) query.where('w.state', state)
  if (sourceId !== undefined) query.where('w.source_id', sourceId)
  if (beforeId !== undefined) query.where('w.message_id', '<', beforeId)
  const rows: ListedRow[] = await query
  return rows.map(recordOf)
}

export interface WriteBackCounts {
  waiting: number
  /** Of those that wait: tried in vain at least once. */
  retrying: number
  done: number
  noRow: number
  failed: number
}

/** What became of those of one source that are still kept. */
export async function countWriteBacks(knex: Knex, sourceId: number): Promise<WriteBackCounts> {
  const rows: { state: WriteBackState; is_tried: boolean | number; n: number | string }[] = await knex(
    'write_backs',
  )
    .where({ source_id: sourceId })
    .groupByRaw('state, attempts > 0')
    .select('state', knex.raw('attempts > 0 as is_tried'), knex.raw('count(*) as n'))
  const of = (state: WriteBackState, isTried?: boolean): number =>
    rows
      .filter(row => row.state === state && (isTried === undefined || Boolean(row.is_tried) === isTried))
      .reduce((sum, row) => sum + Number(row.n), 0)
  return {
    waiting: of('waiting'),
    retrying: of('waiting', true),
    done: of('done'),
    noRow: of('no-row'),
    failed: of('failed'),
  }
}

/**
 * Makes them due now, with all their time before them: those named, or what a source has failing or given up.
 *
 * @returns how many
 */
export async function retryWriteBacks(
  knex: Knex,
  which: { messageIds: readonly number[] } | { sourceId: number },
  nowMs: number,
): Promise<number> {
  const query = knex('write_backs')
  if ('messageIds' in which) {
    query.whereIn('message_id', [...which.messageIds]).whereIn('state', ['waiting', 'no-row', 'failed'])
  } else query.where({ source_id: which.sourceId }).whereIn('state', ['waiting', 'failed'])
  return await query.update({
    state: 'waiting',
    attempts: 0,
    queued_at: nowMs,
    due_at: nowMs,
    finished_at: null,
    rows_changed: null,
    revision: knex.raw('revision + 1'),
  })
}

/** Forgets what was over before an instant. Returns how many. */
export async function pruneWriteBacks(knex: Knex, beforeMs: number): Promise<number> {
  let pruned = 0
  for (;;) {
    const old = knex('write_backs').where('finished_at', '<', beforeMs).limit(pruneSlice).select('message_id')
    const slice = await knex('write_backs').whereIn('message_id', old).delete()
    pruned += slice
    if (slice < pruneSlice) return pruned
  }
}

interface ListedRow {
  message_id: number
  source_id: number
  attempts: number
  queued_at: number
  state: WriteBackState
  due_at: number
  finished_at: number | null
  rows_changed: number | null
  error: string
  alert_id: number | null
  entity_key: string | null
  message_state: number
}

function recordOf(row: ListedRow): WriteBackRecord {
  return {
    messageId: row.message_id,
    sourceId: row.source_id,
    alertId: row.alert_id,
    entityKey: row.entity_key ?? '',
    messageState: stateCodes.wordOf(row.message_state),
    state: row.state,
    attempts: row.attempts,
    queuedAtMs: row.queued_at,
    dueAtMs: row.state === 'waiting' ? row.due_at : null,
    finishedAtMs: row.finished_at,
    rowsChanged: row.rows_changed,
    error: row.error,
  }
}
