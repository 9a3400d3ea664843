/** Reading incoming messages: many by filter, one with its parts and what was done; and what waits for others. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change } from './audit.ts'
import { dialectOf } from './dialect.ts'
import type { InboundActionKind, InboundActionState, InboundState } from './inbound-handling.ts'
import { readStoredText } from './incoming.ts'
import { notFound } from './named.ts'

export interface IncomingMessageRecord {
  incomingId: number
  operatorId: number
  /** As the operator wrote it. */
  sender: string
  /** E.164 digits when the sender is a phone. */
  phone: string
  shortCode: string
  encoding: 'gsm7' | 'ucs2' | 'binary'
  /** null while parts are awaited. */
  text: string | null
  partCount: number
  missingParts: number[]
  state: InboundState
  detail: string
  ruleId: number | null
  keyword: string
  service: string | null
  /** Who last wrote to the phone, and by which message. */
  ownerClientId: number | null
  ownerAlertId: number | null
  answeredMessageId: number | null
  receivedAtMs: number
  handledAtMs: number | null
}

export interface IncomingPartRecord {
  partNumber: number
  text: string
  isDuplicate: boolean
  receivedAtMs: number
  sentAtMs: number | null
}

export interface InboundActionRecord {
  actionId: number
  incomingId: number
  kind: InboundActionKind
  target: string
  state: InboundActionState
  detail: string
  messageId: number | null
  createdAtMs: number
  finishedAtMs: number | null
}

export interface IncomingFilter {
  /** Digits the phone must end with; whole numbers are found by index. */
  phone?: string
  shortCode?: string
  state?: InboundState
  receivedFromMs?: number
  beforeId?: number
  /** 1..500 */
  limit: number
}

const noun = 'incoming'

/** Newest first. */
export async function searchIncoming(knex: Knex, filter: IncomingFilter): Promise<IncomingMessageRecord[]> {
  const query = knex('incoming').orderBy('id', 'desc').limit(filter.limit)
  if (filter.phone !== undefined) {
    if (filter.phone.length >= 11) query.where('phone', filter.phone)
    else query.whereLike('phone', `%${filter.phone}`)
  }
  if (filter.shortCode !== undefined) query.where('short_code', filter.shortCode)
  // A literal: SQLite uses a partial index only when the query repeats its condition.
  if (filter.state !== undefined) query.whereRaw(`state = '${stateWords[filter.state]}'`)
  if (filter.receivedFromMs !== undefined) query.where('received_at', '>=', filter.receivedFromMs)
  if (filter.beforeId !== undefined) query.where('id', '<', filter.beforeId)
  const rows: IncomingRow[] = await query
  return rows.map(recordOf)
}

/** Only these words ever reach the SQL text. */
const stateWords: Readonly<Record<InboundState, InboundState>> = {
  assembling: 'assembling',
  received: 'received',
  handled: 'handled',
  waiting: 'waiting',
  failed: 'failed',
}

export async function findIncoming(
  knex: Knex,
  incomingId: number,
): Promise<{
  message: IncomingMessageRecord
  parts: IncomingPartRecord[]
  actions: InboundActionRecord[]
} | null> {
  const [row]: IncomingRow[] = await knex('incoming').where({ id: incomingId })
  if (row === undefined) return null
  const parts = await knex('incoming_parts')
    .whereRaw('incoming_id = ? and incoming_id is not null', [incomingId])
    .orderBy('id')
    .limit(shownParts)
  const actions: ActionRow[] = await knex('inbound_actions').where({ incoming_id: incomingId }).orderBy('id')
  return {
    message: recordOf(row),
    parts: parts.map(part => ({
      partNumber: part.part_number,
      text: readStoredText(part).text.toWellFormed(),
      isDuplicate: Boolean(part.is_duplicate),
      receivedAtMs: part.received_at,
      sentAtMs: part.sent_at,
    })),
    actions: actions.map(actionOf),
  }
}

/** 255 parts and as many repetitions. */
const shownParts = 510

/** Oldest first: what mail, applications or SMPP clients have not fetched. @param afterId last of the page before */
export async function waitingActions(
  knex: Knex,
  { kind, afterId = 0, limit }: { kind?: InboundActionKind; afterId?: number; limit: number },
): Promise<{ action: InboundActionRecord; message: IncomingMessageRecord }[]> {
  const query = knex('inbound_actions')
    .whereRaw("state = 'waiting' and id > ?", [afterId])
    .orderBy('id')
    .limit(limit)
  if (kind !== undefined) query.where({ kind })
  const actions = ((await query) as ActionRow[]).map(actionOf)
  const rows: IncomingRow[] = await knex('incoming').whereIn('id', [
    ...new Set(actions.map(({ incomingId }) => incomingId)),
  ])
  const messages = new Map(rows.map(row => [row.id, recordOf(row)]))
  return actions.map(action => ({ action, message: messages.get(action.incomingId)! }))
}

/**
 * Somebody has fetched what waited. When it was the last of its message, the message is handled.
 *
 * @throws RappelError `not-found`; `conflict` when it does not wait
 */
export function finishAction(knex: Knex, actionId: number, change: Change): Promise<InboundActionRecord> {
  return knex.transaction(async transaction => {
    // Two that finish the last two at once would each see the other one still waiting.
    await dialectOf(transaction).lockInbound(transaction)
    const finished = await transaction('inbound_actions')
      .whereRaw("id = ? and state = 'waiting'", [actionId])
      .update({ state: 'done', finished_at: change.nowMs })
    const [row]: ActionRow[] = await transaction('inbound_actions').where({ id: actionId })
    if (row === undefined) throw notFound('inbound_actions', actionId)
    if (finished === 0) {
      throw new RappelError('conflict', { noun: 'inbound_actions', id: actionId, state: row.state })
    }
    await transaction('incoming')
      .whereRaw("id = ? and state = 'waiting'", [row.incoming_id])
      .whereRaw(
        "not exists (select 1 from inbound_actions a where a.incoming_id = incoming.id and a.state = 'waiting')",
      )
      .update({ state: 'handled' })
    return actionOf(row)
  })
}

/**
 * Has a failed message looked at again by the rules of now; what was done for it is not repeated.
 *
 * @throws RappelError `not-found`; `conflict` when it did not fail
 */
export function retryIncoming(knex: Knex, incomingId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const retried = await transaction('incoming')
      .whereRaw("id = ? and state = 'failed'", [incomingId])
      .update({ state: 'received', detail: '', handled_at: null })
    if (retried === 0) {
      const [row] = await transaction('incoming').where({ id: incomingId }).select('state')
      if (row === undefined) throw notFound(noun, incomingId)
      throw new RappelError('conflict', { noun, id: incomingId, state: row.state })
    }
    await transaction('inbound_actions')
      .where({ incoming_id: incomingId })
      .whereIn('state', ['failed', 'skipped'])
      .delete()
    await auditIn(transaction, change, 'retry', { noun, nounId: incomingId, detail: {} })
  })
}

interface IncomingRow {
  id: number
  operator_id: number
  sender: string
  phone: string
  short_code: string
  encoding: 'gsm7' | 'ucs2' | 'binary'
  text: string | null
  part_count: number
  missing_parts: string | null
  state: InboundState
  detail: string
  rule_id: number | null
  keyword: string
  service: string | null
  owner_client_id: number | null
  owner_alert_id: number | null
  answered_message_id: number | null
  received_at: number
  handled_at: number | null
}

function recordOf(row: IncomingRow): IncomingMessageRecord {
  return {
    incomingId: row.id,
    operatorId: row.operator_id,
    sender: row.sender,
    phone: row.phone,
    shortCode: row.short_code,
    encoding: row.encoding,
    text: row.text,
    partCount: row.part_count,
    missingParts: row.missing_parts === null ? [] : JSON.parse(row.missing_parts),
    state: row.state,
    detail: row.detail,
    ruleId: row.rule_id,
    keyword: row.keyword,
    service: row.service,
    ownerClientId: row.owner_client_id,
    ownerAlertId: row.owner_alert_id,
    answeredMessageId: row.answered_message_id,
    receivedAtMs: row.received_at,
    handledAtMs: row.handled_at,
  }
}

interface ActionRow {
  id: number
  incoming_id: number
  kind: InboundActionKind
  target: string
  state: InboundActionState
  detail: string
  message_id: number | null
  created_at: number
  finished_at: number | null
}

function actionOf(row: ActionRow): InboundActionRecord {
  return {
    actionId: row.id,
    incomingId: row.incoming_id,
    kind: row.kind,
    target: row.target,
    state: row.state,
    detail: row.detail,
    messageId: row.message_id,
    createdAtMs: row.created_at,
    finishedAtMs: row.finished_at,
  }
}
