/**
 * What the store's file says of this start of the demo, read with plain SQL over a connection of its own: the books
 * are checked by somebody who did not keep them.
 */
import Database from 'better-sqlite3'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes, stateLiteral } from '../store/codes.ts'

export interface StateCount {
  alertId: number
  operatorId: number
  state: MessageState
  /** Code of why it is held, blocked or expired; empty when nothing is to be said. */
  reason: string
  /** Whether the operator had it. */
  wasSent: boolean
  messages: number
  parts: number
}

export interface CounterChange {
  operatorId: number
  alertId: number
  state: MessageState
  messages: number
  parts: number
  costMilli: number
}

export interface SentText {
  messageId: number
  alertId: number
  operatorId: number
  recipient: string
  text: string
  parts: number
}

export interface LeftBehind {
  /** Queued: they leave in this start. */
  waiting: number
  /** Submitted, never answered. */
  unanswered: number
  /** Accepted, the receipt never came. */
  unreceipted: number
}

/** "Since the start" leaves out what an earlier demo had already given to its operators. */
export interface Books {
  readonly leftBehind: LeftBehind
  /** Messages of this start. */
  messages(): StateCount[]
  /** Messages by operator that wait to leave. */
  queued(): { operatorId: number; messages: number }[]
  /** Held by an earlier demo, and given up since the start because their validity is over. */
  lapsed(): number
  /** Held by an earlier demo, and still so. */
  stillHeld(): number
  /** What the counters gained since the start. */
  counters(): CounterChange[]
  /** Ledger entries whose message was sent since the start: entries, and the messages they name. */
  ledger(): { operatorId: number; entries: number; messages: number }[]
  /** Ledger entries and messages that did not exist before the start. */
  created(): { entries: number; messages: number }
  sentTexts(): SentText[]
  /** The first few messages without a final state, for a person to look up. */
  openExamples(): { messageId: number; recipient: string; text: string }[]
  /** From the first submit to the last answer; null when nothing was sent. */
  sendingMs(): number | null
  close(): void
}

const went = `state in (${(['sending', 'sent', 'unknown'] as const).map(stateLiteral).join(', ')})`
const waits = `state in (${(['queued', 'held'] as const).map(stateLiteral).join(', ')})`

const mostExamples = 5

/**
 * Opens the books and notes where they stand.
 *
 * @param file a store of this version, while nothing runs on it
 * @throws SqliteError when it is none
 */
export function openBooks(file: string): Books {
  const database = new Database(file, { fileMustExist: true, timeout: 10_000 })
  // The main tables are looked at only; the notes live in memory.
  database.pragma('temp_store = MEMORY')
  database.exec(`create temp table before_start as
      select id, state, case when ${went} then 1 else 0 end as is_gone from messages where ${went} or ${waits};
    create unique index temp.before_start_id on before_start (id);
    create temp table counters_before as
      select operator_id, alert_id, state, messages, parts, cost_milli, hour from counters;`)
  database.pragma('query_only = ON')
  const one = (sql: string): number => database.prepare(sql).pluck().get() as number
  const lastId = one('select coalesce(max(id), 0) from messages')
  const hasLapsed = `m.state = ${stateLiteral('expired')} and m.sent_at is null`
  const isHeld = `m.state = ${stateLiteral('held')}`
  const ours = `(m.id > ${lastId} or exists (
    select 1 from before_start b where b.id = m.id and b.is_gone = 0 and not (${hasLapsed} or ${isHeld})))`
  const leftBehind = {
    waiting: one(`select count(*) from before_start where state = ${stateLiteral('queued')}`),
    unanswered: one(
      `select count(*) from before_start where state in (${stateLiteral('sending')}, ${stateLiteral('unknown')})`,
    ),
    unreceipted: one(`select count(*) from before_start where state = ${stateLiteral('sent')}`),
  }

  return {
    leftBehind,
    messages() {
      const rows = database
        .prepare(
          `select coalesce(m.alert_id, 0) as alertId, coalesce(m.operator_id, 0) as operatorId, m.state,
             coalesce(m.reason, '') as reason, m.sent_at is not null as wasSent,
             count(*) as messages, sum(m.part_count) as parts
           from messages m where ${ours} group by 1, 2, 3, 4, 5`,
        )
        .all() as (Omit<StateCount, 'state' | 'wasSent'> & { state: number; wasSent: number })[]
      return rows.map(row => ({
        ...row,
        state: stateCodes.wordOf(row.state),
        wasSent: row.wasSent === 1,
      }))
    },
    counters() {
      // A message that an earlier demo sent, or held, may be given up now: that is counted, but not ours.
      const rows = database
        .prepare(
          `select operator_id as operatorId, alert_id as alertId, state,
             sum(messages) as messages, sum(parts) as parts, sum(cost_milli) as costMilli from (
               select operator_id, alert_id, state, messages, parts, cost_milli from counters
               union all
               select operator_id, alert_id, state, -messages, -parts, -cost_milli from counters_before
               union all
               select coalesce(m.operator_id, 0), coalesce(m.alert_id, 0), m.state, -1, -m.part_count, 0
                 from messages m join before_start b on b.id = m.id
                 where m.state <> b.state and (b.is_gone = 1 or ${hasLapsed}))
           group by 1, 2, 3`,
        )
        .all() as (Omit<CounterChange, 'state'> & { state: number })[]
      return rows.map(row => ({ ...row, state: stateCodes.wordOf(row.state) }))
    },
    queued: () =>
      database
        .prepare(
          `select coalesce(operator_id, 0) as operatorId, count(*) as messages from messages
           where state = ${stateLiteral('queued')} group by 1`,
        )
        .all() as { operatorId: number; messages: number }[],
    stillHeld: () => one(`select count(*) from messages m where m.id <= ${lastId} and ${isHeld}`),
    lapsed: () =>
      one(
        `select count(*) from messages m join before_start b on b.id = m.id where b.is_gone = 0 and ${hasLapsed}`,
      ),
    ledger() {
      return database
        .prepare(
          `select m.operator_id as operatorId, count(*) as entries, count(distinct m.id) as messages
           from ledger l join messages m on m.id = l.message_id
           where ${ours} and m.sent_at is not null group by 1`,
        )
        .all() as { operatorId: number; entries: number; messages: number }[]
    },
    created: () => ({
      entries: one(`select count(*) from ledger where message_id > ${lastId}`),
      messages: one(`select count(*) from messages where id > ${lastId} and alert_id is not null`),
    }),
    sentTexts() {
      return database
        .prepare(
          `select m.id as messageId, coalesce(m.alert_id, 0) as alertId, m.operator_id as operatorId,
             m.recipient, m.text, m.part_count as parts
           from messages m where ${ours} and m.sent_at is not null order by m.id`,
        )
        .all() as SentText[]
    },
    openExamples: () =>
      database
        .prepare(
          `select m.id as messageId, m.recipient, m.text from messages m
           where ${ours} and (${went} or state = ${stateLiteral('queued')}) order by m.id limit ${mostExamples}`,
        )
        .all() as { messageId: number; recipient: string; text: string }[],
    sendingMs() {
      const span = database
        .prepare(
          `select max(m.sent_at) - min(m.sending_at) as ms from messages m where ${ours} and m.sent_at is not null`,
        )
        .pluck()
        .get() as number | null
      return span
    },
    close: () => database.close(),
  }
}
