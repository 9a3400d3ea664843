/** Figures of the statistics page, from counters alone; and what waits now, from the partial indexes alone. */
import type { Knex } from 'knex'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes, stateLiteral } from './codes.ts'
import { rawRows } from './dialect.ts'
import { receiptMark } from './recovery.ts'

/** How many messages entered a state. `costMilli` belongs to `sent` alone: a part is paid when it is accepted. */
export interface StateTotal {
  state: MessageState
  messages: number
  parts: number
  costMilli: number
}

export interface GroupedTotal extends StateTotal {
  /** Start of the hour or day (epoch ms), or id of the operator or alert (0: none). */
  group: number
}

/** From the hour of `fromMs` (its start) up to, not including, the hour that begins at or after `toMs`. */
export interface Period {
  fromMs: number
  toMs: number
}

export type Grouping =
  | { by: 'hour' | 'operator' | 'alert' }
  /** Start of each day, ascending, as the zone has them; an hour belongs to the last day that began before it. */
  | { by: 'day'; dayStartsMs: readonly number[] }

export interface Backlog {
  /** 0 for messages without an operator. */
  operatorId: number
  queued: number
  held: number
  unknown: number
  /** Due time of the queued message that waits longest past it; null when none is due. */
  oldestDueAtMs: number | null
}

const hourMs = 3_600_000

export async function totals(knex: Knex, period: Period): Promise<StateTotal[]> {
  const rows: TotalRow[] = await sums(knex, period).groupBy('state').orderBy('state').select('state')
  return rows.map(totalOf)
}

/** Ascending by group, then by state. */
export async function totalsBy(knex: Knex, period: Period, grouping: Grouping): Promise<GroupedTotal[]> {
  const column = { hour: 'hour', day: 'hour', operator: 'operator_id', alert: 'alert_id' }[grouping.by]
  const rows: (TotalRow & { grouped: number })[] = await sums(knex, period)
    .groupBy(column, 'state')
    .orderBy([column, 'state'])
    .select('state', `${column} as grouped`)
  const grouped = rows.map(row => ({ group: row.grouped, ...totalOf(row) }))
  return grouping.by === 'day' ? byDay(grouped, grouping.dayStartsMs) : grouped
}

/** How many messages of an alert entered a state at one operator. */
export interface TrafficTotal extends StateTotal {
  /** 0: sent by applications. */
  alertId: number
}

export async function trafficOf(knex: Knex, operatorId: number, period: Period): Promise<TrafficTotal[]> {
  const rows: (TotalRow & { alert_id: number })[] = await sums(knex, period)
    .where({ operator_id: operatorId })
    .groupBy('alert_id', 'state')
    .orderBy(['alert_id', 'state'])
    .select('alert_id', 'state')
  return rows.map(row => ({ alertId: row.alert_id, ...totalOf(row) }))
}

/** What waits, by operator. Three walks over partial indexes: their length is what waits, not what is stored. */
export async function backlog(knex: Knex, nowMs: number): Promise<Backlog[]> {
  const entries = new Map<number, Backlog>()
  const entryOf = (operatorId: number | null): Backlog => {
    const id = operatorId ?? 0
    const entry = entries.get(id) ?? { operatorId: id, queued: 0, held: 0, unknown: 0, oldestDueAtMs: null }
    entries.set(id, entry)
    return entry
  }
  const queued = await knex.raw(
    `select operator_id, count(*) as messages, min(case when due_at <= ? then due_at end) as oldest
     from messages where state = ${stateLiteral('queued')} group by operator_id`,
    [nowMs],
  )
  for (const row of rawRows<WaitingRow & { oldest: number | null }>(queued)) {
    const entry = entryOf(row.operator_id)
    entry.queued = row.messages
    entry.oldestDueAtMs = row.oldest
  }
  for (const state of ['held', 'unknown'] as const) {
    const waiting = await knex.raw(
      `select operator_id, count(*) as messages from messages where state = ${stateLiteral(state)} group by operator_id`,
    )
    for (const row of rawRows<WaitingRow>(waiting)) entryOf(row.operator_id)[state] = row.messages
  }
  return [...entries.values()].sort((a, b) => a.operatorId - b.operatorId)
}

export interface AwaitingReceipt {
  operatorId: number
  /** Sent, and no receipt has told their end. */
  messages: number
  /** Receipts kept because they fit no message. */
  unmatched: number
}

/**
 * What waits for a receipt, and the receipts that wait for a message, by operator. No index is kept for messages sent:
 * this walks those of the last three days, so that whoever asks often must remember the answer.
 */
export async function awaitingReceipt(knex: Knex): Promise<AwaitingReceipt[]> {
  const [mark] = await knex('settings').where({ name: receiptMark }).select('value')
  const counted = await knex.raw(
    `select operator_id, count(*) as messages from messages where id > ? and state = ${stateLiteral('sent')}
     group by operator_id order by operator_id`,
    [Number(mark?.value ?? 0)],
  )
  // A receipt stands there once under each spelling of its id.
  const kept = await knex.raw(
    'select operator_id, count(distinct receipt) as messages from unmatched_receipts group by operator_id',
  )
  const entries = new Map<number, AwaitingReceipt>()
  for (const [rows, field] of [
    [counted, 'messages'],
    [kept, 'unmatched'],
  ] as const) {
    for (const row of rawRows<WaitingRow>(rows)) {
      const operatorId = row.operator_id ?? 0
      const entry = entries.get(operatorId) ?? { operatorId, messages: 0, unmatched: 0 }
      entry[field] = Number(row.messages)
      entries.set(operatorId, entry)
    }
  }
  return [...entries.values()].sort((a, b) => a.operatorId - b.operatorId)
}

function sums(knex: Knex, { fromMs, toMs }: Period): Knex.QueryBuilder {
  return knex('counters')
    .where('hour', '>=', Math.floor(fromMs / hourMs) * hourMs)
    .where('hour', '<', toMs)
    .sum({ messages: 'messages', parts: 'parts', cost_milli: 'cost_milli' })
}

function byDay(hours: readonly GroupedTotal[], dayStartsMs: readonly number[]): GroupedTotal[] {
  const days = new Map<string, GroupedTotal>()
  for (const hour of hours) {
    const dayMs = dayStartsMs.findLast(startMs => startMs <= hour.group)
    if (dayMs === undefined) continue
    const key = `${dayMs}|${hour.state}`
    const day = days.get(key)
    if (day === undefined) {
      days.set(key, { ...hour, group: dayMs })
    } else {
      day.messages += hour.messages
      day.parts += hour.parts
      day.costMilli += hour.costMilli
    }
  }
  return [...days.values()].sort(
    (a, b) => a.group - b.group || stateCodes.codeOf(a.state) - stateCodes.codeOf(b.state),
  )
}

interface WaitingRow {
  operator_id: number | null
  messages: number
}

interface TotalRow {
  state: number
  messages: number
  parts: number
  cost_milli: number
}

function totalOf(row: TotalRow): StateTotal {
  return {
    state: stateCodes.wordOf(row.state),
    messages: row.messages,
    parts: row.parts,
    costMilli: row.cost_milli,
  }
}
