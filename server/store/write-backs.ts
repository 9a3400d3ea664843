/** Messages whose end is to be written into the customer's own system, and what came of it. */
import type { Knex } from 'knex'
import { finalStates, type MessageState } from '../gateway/message-state.ts'
import { stateCodes } from './codes.ts'
import { bulkBinding, dialectOf } from './dialect.ts'

export const writeBackStates = ['waiting', 'done', 'no-row', 'failed'] as const
/** `no-row`: the statement ran and its WHERE found nothing. `failed`: given up. */
export type WriteBackState = (typeof writeBackStates)[number]

/** One that is due, with all that its statement may name. */
export interface DueWriteBack {
  messageId: number
  sourceId: number
  revision: number
  attempts: number
  queuedAtMs: number
  /** Key columns of the alert and the row's values, joined as in the ledger. */
  keyColumns: string[]
  entityKey: string
  /** IANA zone of the alert: times are written as its clocks show them. */
  zone: string
  state: MessageState
  /** Why it ended so; empty when delivered. */
  reason: string
  sentAtMs: number | null
  finalAtMs: number | null
}

export interface WriteBackClaim {
  nowMs: number
  /** Until then nobody else takes them; a process that stops for good gives them back by it. */
  leaseUntilMs: number
  /** Sources that are being written to, or rest after a failure. */
  exceptSources: readonly number[]
  limit: number
}

export type WriteBackResult = { messageId: number; revision: number } & (
  | { kind: 'written'; rowsChanged: number }
  | { kind: 'retry'; dueAtMs: number; error: string }
  | { kind: 'failed'; error: string }
  /** Not tried: due at once. */
  | { kind: 'released' }
)

const errorLimit = 500
const final = finalStates.map(stateCodes.codeOf)

/** Takes what is due, the longest waiting first. */
export function claimWriteBacks(knex: Knex, claim: WriteBackClaim): Promise<DueWriteBack[]> {
  const { nowMs, leaseUntilMs, exceptSources, limit } = claim
  return knex.transaction(async transaction => {
    const except =
      exceptSources.length === 0 ? '' : `and source_id not in (${exceptSources.map(Number).join(', ')})`
    const claimed = await dialectOf(transaction).query<ClaimedRow>(
      transaction,
      `update write_backs set due_at = ? where message_id in (
         select message_id from write_backs where state = 'waiting' and due_at <= ? ${except}
         order by due_at limit ?${dialectOf(transaction).skipLocked})
       returning message_id, source_id, revision, attempts, queued_at`,
      [leaseUntilMs, nowMs, limit],
    )
    if (claimed.length === 0) return []
    const ids = claimed.map(row => row.message_id)
    const messages: MessageRow[] = await transaction('messages as m')
      .join('alerts as a', 'a.id', 'm.alert_id')
      .whereIn('m.id', ids)
      .whereIn('m.state', final)
      .whereNotNull('m.entity_key')
      .select('m.id', 'm.entity_key', 'm.state', 'm.reason', 'm.sent_at', 'm.final_at', 'a.definition')
    const byId = new Map(messages.map(row => [row.id, row]))
    // Sent anew since, to a second operator: it ends again and is queued again.
    const gone = ids.filter(id => !byId.has(id))
    if (gone.length > 0) await transaction('write_backs').whereIn('message_id', gone).delete()
    return claimed.flatMap(row => {
      const message = byId.get(row.message_id)
      return message === undefined ? [] : [dueOf(row, message)]
    })
  })
}

/** Writes down what came of each, unless the message has ended anew meanwhile. */
export function settleWriteBacks(
  knex: Knex,
  results: readonly WriteBackResult[],
  nowMs: number,
): Promise<void> {
  return knex.transaction(async transaction => {
    if (results.length === 0) return
    const columns = {
      id: 'bigint',
      revision: 'bigint',
      state: 'text',
      tried: 'bigint',
      due_at: 'bigint',
      finished_at: 'bigint',
      rows_changed: 'bigint',
      error: 'text',
    } as const
    await dialectOf(transaction).query(
      transaction,
      `update write_backs set state = v.state, attempts = write_backs.attempts + v.tried, due_at = v.due_at,
         finished_at = v.finished_at, rows_changed = v.rows_changed, error = coalesce(v.error, write_backs.error)
       from ${dialectOf(transaction).bulkRows('v', columns)}
       where write_backs.message_id = v.id and write_backs.revision = v.revision and write_backs.state = 'waiting'`,
      [bulkBinding(results.map(result => settledRow(result, nowMs)))],
    )
  })
}

function settledRow(result: WriteBackResult, nowMs: number): (string | number | null)[] {
  const { messageId, revision } = result
  switch (result.kind) {
    case 'written': {
      const state = result.rowsChanged === 0 ? 'no-row' : 'done'
      return [messageId, revision, state, 1, nowMs, nowMs, result.rowsChanged, '']
    }
    case 'retry':
      return [
        messageId,
        revision,
        'waiting',
        1,
        result.dueAtMs,
        null,
        null,
        result.error.slice(0, errorLimit),
      ]
    case 'failed':
      return [messageId, revision, 'failed', 1, nowMs, nowMs, null, result.error.slice(0, errorLimit)]
    case 'released':
      return [messageId, revision, 'waiting', 0, nowMs, null, null, null]
  }
}

interface ClaimedRow {
  message_id: number
  source_id: number
  revision: number
  attempts: number
  queued_at: number
}

interface MessageRow {
  id: number
  entity_key: string
  state: number
  reason: string | null
  sent_at: number | null
  final_at: number | null
  definition: string
}

function dueOf(row: ClaimedRow, message: MessageRow): DueWriteBack {
  const { keyColumns, schedule } = JSON.parse(message.definition)
  return {
    messageId: row.message_id,
    sourceId: row.source_id,
    revision: row.revision,
    attempts: row.attempts,
    queuedAtMs: row.queued_at,
    keyColumns,
    entityKey: message.entity_key,
    zone: schedule.zone,
    state: stateCodes.wordOf(message.state),
    reason: message.reason ?? '',
    sentAtMs: message.sent_at,
    finalAtMs: message.final_at,
  }
}
