/** Reading messages: one with its time line, many by filter; and what a person may do to them. */
import type { Knex } from 'knex'
import type { PartEncoding } from '../../connectors/operator.ts'
import type { Category, Priority } from '../../scheduler/store.ts'
import type { MessageState } from '../gateway/message-state.ts'
import { categoryCodes, encodingCodes, priorityCodes, stateCodes, stateLiteral } from './codes.ts'
import type { StateEntered } from './counters.ts'
import { count } from './counters.ts'
import { recordEvents } from './events.ts'
import { move, partIdOf } from './moves.ts'

export interface MessageRecord {
  messageId: number
  alertId: number | null
  runId: number | null
  clientId: number | null
  clientReference: string | null
  entityKey: string | null
  recipient: string
  sender: string | null
  text: string
  encoding: PartEncoding
  parts: number
  category: Category
  priority: Priority
  state: MessageState
  /** Code of why it is there; empty when nothing is to be said. */
  reason: string
  operatorId: number | null
  attempts: number
  dueAtMs: number
  expiresAtMs: number
  createdAtMs: number
  sendingAtMs: number | null
  sentAtMs: number | null
  finalAtMs: number | null
}

export interface MessageFilter {
  /** Digits the number must end with. Whole numbers are found by index; at least 4 digits. */
  recipient?: string
  state?: MessageState
  alertId?: number
  runId?: number
  clientId?: number
  clientReference?: string
  operatorId?: number
  entityKey?: string
  createdFromMs?: number
  createdToMs?: number
  /** Messages older than this one: the last of the page before. */
  beforeId?: number
  /** 1..500 */
  limit: number
}

export interface TimelineEntry {
  atMs: number
  /** A state, or a code of message_events. */
  event: string
  detail: string
}

export interface MessagePart {
  partNumber: number
  operatorId: number
  remoteKey: string
  state: MessageState
  detail: string
  finalAtMs: number | null
}

export async function findMessage(knex: Knex, messageId: number): Promise<MessageRecord | null> {
  const [row] = await knex('messages').where({ id: messageId })
  return row === undefined ? null : messageOf(row)
}

/** Newest first. */
export async function searchMessages(knex: Knex, filter: MessageFilter): Promise<MessageRecord[]> {
  const query = knex('messages as m').select('m.*').orderBy('m.id', 'desc').limit(filter.limit)
  if (filter.recipient !== undefined) {
    const digits = filter.recipient.replace(/\D/g, '')
    if (digits.length >= 11) query.where('m.recipient', digits)
    else query.whereLike('m.recipient', `%${digits}`)
  }
  if (filter.state !== undefined) query.whereRaw(`m.state = ${stateLiteral(filter.state)}`)
  if (filter.alertId !== undefined) query.where('m.alert_id', filter.alertId)
  if (filter.runId !== undefined) query.where('m.run_id', filter.runId)
  if (filter.clientId !== undefined) query.where('m.client_id', filter.clientId)
  if (filter.clientReference !== undefined) query.where('m.client_reference', filter.clientReference)
  if (filter.operatorId !== undefined) query.where('m.operator_id', filter.operatorId)
  if (filter.createdFromMs !== undefined) query.where('m.created_at', '>=', filter.createdFromMs)
  if (filter.createdToMs !== undefined) query.where('m.created_at', '<', filter.createdToMs)
  if (filter.beforeId !== undefined) query.where('m.id', '<', filter.beforeId)
  if (filter.entityKey !== undefined) {
    query.whereIn('m.id', knex('ledger').where({ entity_key: filter.entityKey }).select('message_id'))
  }
  const rows: MessageRow[] = await query
  return rows.map(messageOf)
}

/** Every state with its time and reason, oldest first. */
export async function timeline(knex: Knex, messageId: number): Promise<TimelineEntry[]> {
  const message = await findMessage(knex, messageId)
  if (message === null) return []
  const events = await knex('message_events').where({ message_id: messageId }).orderBy(['at', 'position'])
  const entries: TimelineEntry[] = [{ atMs: message.createdAtMs, event: 'accepted', detail: '' }]
  for (const event of events) entries.push({ atMs: event.at, event: event.event, detail: event.detail })
  // The message's own times say again what some events have said, who or why included.
  const add = (atMs: number | null, event: string, detail = ''): void => {
    const isTold = entries.some(entry => entry.event === event && entry.atMs === atMs)
    if (atMs !== null && !isTold) entries.push({ atMs, event, detail })
  }
  add(message.sendingAtMs, 'sending', message.attempts > 1 ? `attempt ${message.attempts}` : '')
  add(message.sentAtMs, 'sent')
  add(message.finalAtMs, message.state, message.reason)
  if (message.state === 'held' && message.reason === 'run-open')
    add(message.createdAtMs, 'held', message.reason)
  const rank = (entry: TimelineEntry): number => ['accepted', 'held', 'sending', 'sent'].indexOf(entry.event)
  return entries.sort((a, b) => a.atMs - b.atMs || lastWhenUnranked(rank(a)) - lastWhenUnranked(rank(b)))
}

function lastWhenUnranked(rank: number): number {
  return rank === -1 ? 99 : rank
}

export async function partsOf(knex: Knex, messageId: number): Promise<MessagePart[]> {
  const rows = await knex('message_parts')
    .whereBetween('id', [partIdOf(messageId, 1), partIdOf(messageId, 255)])
    .orderBy('id')
  return rows.map(row => ({
    partNumber: Number(row.id) % 256,
    operatorId: row.operator_id,
    remoteKey: row.remote_key,
    state: stateCodes.wordOf(row.state),
    detail: row.detail ?? '',
    finalAtMs: row.final_at === null ? null : Number(row.final_at),
  }))
}

export interface Decision {
  nowMs: number
  /** Who decided, for the time line. */
  actor: string
}

/** Cancels what has not left. Returns the ids that were cancelled; the others had gone too far. */
export function cancelMessages(
  knex: Knex,
  messageIds: readonly number[],
  decision: Decision,
): Promise<number[]> {
  return decide(knex, messageIds, { to: 'cancelled', event: 'cancelled', ...decision })
}

/** Queues messages that wait for a person. Messages without their text (missing value) stay. */
export function releaseMessages(
  knex: Knex,
  messageIds: readonly number[],
  decision: Decision,
): Promise<number[]> {
  return decide(knex, messageIds, { to: 'queued', event: 'approved', ...decision })
}

async function decide(
  knex: Knex,
  messageIds: readonly number[],
  { to, event, nowMs, actor }: Decision & { to: 'cancelled' | 'queued'; event: string },
): Promise<number[]> {
  return knex.transaction(async transaction => {
    const entered: StateEntered[] = []
    const moved = await move(transaction, to, {
      columns: { id: 'bigint', at: 'bigint' },
      rows: messageIds.map(messageId => [messageId, nowMs]),
      set: to === 'cancelled' ? 'final_at = v.at, reason = null' : 'reason = null',
      // Of what waits, a person releases the held and the unknown alone; a text with a hole never leaves.
      and:
        to === 'cancelled'
          ? 'true'
          : `messages.state in (${stateLiteral('held')}, ${stateLiteral('unknown')}) and coalesce(messages.reason, '') <> 'missing-value'`,
      entered,
    })
    const ids = moved.map(row => row.id)
    await recordEvents(
      transaction,
      ids.map(messageId => ({ messageId, atMs: nowMs, event, detail: actor })),
    )
    await count(transaction, nowMs, entered)
    return ids
  })
}

/** As both drivers give it. */
interface MessageRow {
  id: number
  alert_id: number | null
  run_id: number | null
  client_id: number | null
  client_reference: string | null
  entity_key: string | null
  recipient: string
  sender: string | null
  text: string
  encoding: number
  part_count: number
  category: number
  priority: number
  state: number
  reason: string | null
  operator_id: number | null
  attempts: number
  due_at: number
  expires_at: number
  created_at: number
  sending_at: number | null
  sent_at: number | null
  final_at: number | null
}

function messageOf(row: MessageRow): MessageRecord {
  return {
    messageId: row.id,
    alertId: row.alert_id,
    runId: row.run_id,
    clientId: row.client_id,
    clientReference: row.client_reference,
    entityKey: row.entity_key,
    recipient: row.recipient,
    sender: row.sender,
    text: row.text,
    encoding: encodingCodes.wordOf(row.encoding),
    parts: row.part_count,
    category: categoryCodes.wordOf(row.category),
    priority: priorityCodes.wordOf(row.priority),
    state: stateCodes.wordOf(row.state),
    reason: row.reason ?? '',
    operatorId: row.operator_id,
    attempts: row.attempts,
    dueAtMs: row.due_at,
    expiresAtMs: row.expires_at,
    createdAtMs: row.created_at,
    sendingAtMs: row.sending_at,
    sentAtMs: row.sent_at,
    finalAtMs: row.final_at,
  }
}
