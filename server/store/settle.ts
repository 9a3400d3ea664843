/** Settling: what operators answered and what phones acknowledged, one transaction per batch. */
import type { Knex } from 'knex'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes, stateLiteral } from './codes.ts'
import { count, type StateEntered } from './counters.ts'
import { type BulkColumns, type BulkValue, dialectOf } from './dialect.ts'
import { settleWithEarlyReceipts } from './early-receipts.ts'
import { attempted, type MessageEvent, recordEvents } from './events.ts'
import { type MovedRow, move, partIdOf } from './moves.ts'
import { type ReceiptItem, type SettleResult, settleReceipts, takeUnmatched } from './receipts.ts'
import { inTransaction } from './transaction.ts'

/** What the gateway decided about one submitted part or message. */
export type SettleItem =
  | {
      kind: 'accepted'
      messageId: number
      partNumber: number
      /** Submits that make the message: its parts, 1 where the operator splits, 0 when no longer known. */
      submittedParts: number
      operatorId: number
      remoteKey: string
      atMs: number
    }
  /** Back to the queue: temporary refusal, throttle, or nothing left the machine. */
  | {
      kind: 'retry'
      messageId: number
      atMs: number
      /** null: as it was, so that it keeps its place in the queue. */
      dueAtMs: number | null
      reason: string
      countsAttempt: boolean
      /** It was refused: later messages of its job to the same phone wait for it. */
      holdsBack?: boolean
    }
  /** Back to the queue of another operator. */
  | { kind: 'reroute'; messageId: number; atMs: number; operatorId: number; reason: string }
  | { kind: 'refused'; messageId: number; atMs: number; reason: string }
  /** A line for the time line alone. */
  | { kind: 'note'; messageId: number; atMs: number; event: string; detail: string }
  /** It left and no answer came. `graceUntilMs`: when policy decides unless a receipt or late answer does before. */
  | { kind: 'unknown'; messageId: number; atMs: number; graceUntilMs: number; reason: string }

export interface SettleRequest {
  items: readonly SettleItem[]
  receipts: readonly ReceiptItem[]
  nowMs: number
}

type ItemOf<Kind extends SettleItem['kind']> = Extract<SettleItem, { kind: Kind }>

export async function settle(knex: Knex, { items, receipts, nowMs }: SettleRequest): Promise<SettleResult> {
  return inTransaction(knex, async transaction => {
    const entered: StateEntered[] = []
    const events: MessageEvent[] = []
    const accepted = ofKind(items, 'accepted')
    const speaking = [...accepted, ...receipts].map(({ operatorId }) => operatorId)
    await dialectOf(transaction).lockSettling(transaction, speaking)
    await settleAccepted(transaction, accepted, entered, events)
    // In this order: what one part of a message decided must not be undone by another part's retry.
    for (const kind of ['refused', 'unknown', 'retry', 'reroute'] as const) {
      await settleVerdicts(transaction, kind, ofKind(items, kind), { entered, events })
    }
    const unanswered = ofKind(items, 'unknown').map(({ messageId }) => messageId)
    await settleWithEarlyReceipts(transaction, unanswered, entered, events)
    for (const { messageId, atMs, event, detail } of ofKind(items, 'note')) {
      events.push({ messageId, atMs, event, detail })
    }
    const early = await takeUnmatched(
      transaction,
      accepted.map(item => item.remoteKey),
    )
    const result = await settleReceipts(transaction, [...early, ...receipts], nowMs, entered, events)
    await recordEvents(transaction, events)
    await count(transaction, nowMs, entered)
    return result
  })
}

function ofKind<Kind extends SettleItem['kind']>(items: readonly SettleItem[], kind: Kind): ItemOf<Kind>[] {
  return items.filter((item): item is ItemOf<Kind> => item.kind === kind)
}

/** A part that was accepted twice (resent after an unknown outcome) keeps the newer id; the time line keeps both. */
async function settleAccepted(
  transaction: Knex.Transaction,
  items: readonly ItemOf<'accepted'>[],
  entered: StateEntered[],
  events: MessageEvent[],
): Promise<void> {
  if (items.length === 0) return
  await dialectOf(transaction).insertRows(transaction, {
    table: 'message_parts',
    columns: { id: 'bigint', operator_id: 'bigint', remote_key: 'text', state: 'bigint' },
    rows: distinctParts(items).map(item => [
      partIdOf(item.messageId, item.partNumber),
      item.operatorId,
      item.remoteKey,
      stateCodes.codeOf('sent'),
    ]),
    onConflict:
      'on conflict (id) do update set operator_id = excluded.operator_id, remote_key = excluded.remote_key',
  })
  const submitted = 'case when v.parts = 0 then coalesce(submitted_parts, part_count) else v.parts end'
  const allPartsIn = `(${submitted} = 1 or ${submitted} =
    (select count(*) from message_parts p where p.id > messages.id * 256 and p.id < messages.id * 256 + 256))`
  const moved = await move(transaction, 'sent', {
    columns: { id: 'bigint', at: 'bigint', operator_id: 'bigint', parts: 'bigint' },
    rows: distinctBy(items, item => item.messageId).map(item => [
      item.messageId,
      item.atMs,
      item.operatorId,
      item.submittedParts,
    ]),
    set: `sent_at = v.at, reason = null, operator_id = v.operator_id, submitted_parts = ${submitted}`,
    and: allPartsIn,
    entered,
  })
  if (moved.length < items.length) noteLateAnswers(items, moved, events)
}

/** Answers whose message had gone on already: parts of long messages are normal, the rest is worth a line. */
function noteLateAnswers(
  items: readonly ItemOf<'accepted'>[],
  moved: readonly MovedRow[],
  events: MessageEvent[],
): void {
  const movedIds = new Set(moved.map(row => row.id))
  for (const item of items) {
    if (!movedIds.has(item.messageId)) {
      events.push({
        messageId: item.messageId,
        atMs: item.atMs,
        event: 'part-accepted',
        detail: `part ${item.partNumber}, operator id ${item.remoteKey}`,
      })
    }
  }
}

/**
 * What is tried again was being sent, or was refused late. One part of a long message that was never answered leaves
 * the decision to policy, whatever another part was told; and no retry releases what is held.
 */
const mayBeRetried = `(messages.state = ${stateLiteral('sending')}
  or messages.state = ${stateLiteral('unknown')} and messages.part_count = 1)`

/** What ends an attempt without the operator's acceptance. */
type Verdict = Exclude<SettleItem['kind'], 'accepted' | 'note'>

interface Settlement<Kind extends Verdict> {
  to: MessageState
  /** First column `id`, the message. */
  columns: BulkColumns
  row(item: ItemOf<Kind>): BulkValue[]
  set: string
  and?: string
}

const settlements: { [Kind in Verdict]: Settlement<Kind> } = {
  refused: {
    to: 'refused',
    columns: { id: 'bigint', at: 'bigint', reason: 'text' },
    row: item => [item.messageId, item.atMs, item.reason],
    set: 'final_at = v.at, reason = v.reason',
  },
  unknown: {
    to: 'unknown',
    columns: { id: 'bigint', due_at: 'bigint', reason: 'text' },
    row: item => [item.messageId, item.graceUntilMs, item.reason],
    set: 'due_at = v.due_at, reason = v.reason',
  },
  retry: {
    to: 'queued',
    columns: { id: 'bigint', due_at: 'bigint', reason: 'text', uncounted: 'bigint', held_at: 'bigint' },
    row: item => [
      item.messageId,
      item.dueAtMs,
      item.reason,
      item.countsAttempt ? 0 : 1,
      item.holdsBack === true ? item.atMs : null,
    ],
    // Never below zero: an attempt may be given back after another answer already did.
    set: `due_at = coalesce(v.due_at, messages.due_at), reason = v.reason,
      retrying_since = coalesce(messages.retrying_since, v.held_at),
      attempts = case when attempts > v.uncounted then attempts - v.uncounted else 0 end`,
    and: mayBeRetried,
  },
  reroute: {
    to: 'queued',
    columns: { id: 'bigint', operator_id: 'bigint', due_at: 'bigint', reason: 'text' },
    row: item => [item.messageId, item.operatorId, item.atMs, item.reason],
    set: 'operator_id = v.operator_id, due_at = v.due_at, reason = v.reason',
    and: mayBeRetried,
  },
}

type VerdictItem = ItemOf<Verdict>

/** @param items all of this kind */
async function settleVerdicts(
  transaction: Knex.Transaction,
  kind: Verdict,
  items: readonly VerdictItem[],
  { entered, events }: { entered: StateEntered[]; events: MessageEvent[] },
): Promise<void> {
  // The table pairs each kind with its own items, which the compiler cannot follow through a lookup.
  const { to, columns, row, set, and } = settlements[kind] as unknown as Settlement<Verdict>
  const rows = distinctBy(items, item => item.messageId).map(row)
  const moved = await move(transaction, to, {
    columns,
    rows,
    set,
    entered,
    ...(and !== undefined && { and }),
  })
  pushEvents(items, moved, kind, events)
}

function pushEvents(
  items: readonly { messageId: number; atMs: number; reason: string }[],
  moved: readonly MovedRow[],
  event: Verdict,
  events: MessageEvent[],
): void {
  const sendingAt = new Map(moved.map(row => [row.id, row.sending_at]))
  for (const { messageId, atMs, reason } of items) {
    const attemptAtMs = sendingAt.get(messageId)
    if (attemptAtMs === undefined) continue
    // The next attempt writes its own time over this one.
    if (attemptAtMs !== null && event !== 'refused') events.push(attempted(messageId, attemptAtMs))
    events.push({ messageId, atMs, event, detail: reason })
  }
}

function distinctBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Item[] {
  return [...new Map(items.map(item => [keyOf(item), item])).values()]
}

function distinctParts(items: readonly ItemOf<'accepted'>[]): ItemOf<'accepted'>[] {
  return distinctBy(items, item => partIdOf(item.messageId, item.partNumber))
}
