/** What must be put right after a stop and from time to time: open submits, unknown outcomes, validity. */
import type { Knex } from 'knex'
import { stateCodes, stateLiteral, statesBeforeLiteral, unknownPolicyCodes } from './codes.ts'
import { count, type StateEntered } from './counters.ts'
import { dialectOf, rawRows } from './dialect.ts'
import { attempted, type MessageEvent, recordEvents } from './events.ts'

interface SweptRow {
  id: number
  alert_id: number | null
  operator_id: number | null
  part_count: number
  sending_at: number | null
}

/** Rows changed per call: keeps the transaction, and whoever waits behind it, within some ten milliseconds. */
const sweepLimit = 2_000
/** Where the walk of `expireWithoutReceipt` stands: no message up to this id is still `sent`. */
export const receiptMark = 'receipt-sweep-from'

/**
 * After a stop that was not clean: every message in `sending` may or may not have left. It becomes `unknown`,
 * which policy settles after the grace; it is never blindly queued again.
 *
 * @returns how many
 */
export async function recoverSending(knex: Knex, nowMs: number, graceUntilMs: number): Promise<number> {
  return sweep(knex, nowMs, 'unknown', 'process-stopped', {
    set: 'due_at = ?, reason = ?',
    bindings: [graceUntilMs, 'process-stopped'],
    pick: `state = ${stateLiteral('sending')}`,
    pickBindings: [],
  })
}

/** Unknown outcomes whose grace is over and whose policy is to send again. Returns how many were queued. */
export async function resendUnknown(knex: Knex, nowMs: number): Promise<number> {
  return sweep(knex, nowMs, 'queued', 'resend-after-unknown', {
    set: 'due_at = ?, reason = ?',
    bindings: [nowMs, 'resend-after-unknown'],
    pick: `state = ${stateLiteral('unknown')} and unknown_policy = ${unknownPolicyCodes.codeOf('resend')} and due_at <= ?`,
    pickBindings: [nowMs],
  })
}

/** Messages that waited past their validity, queued or held. Returns how many were closed. */
export async function expireWaiting(knex: Knex, nowMs: number): Promise<number> {
  let expired = 0
  for (const state of ['queued', 'held'] as const) {
    expired += await sweep(knex, nowMs, 'expired', 'validity-over', {
      set: 'final_at = ?, reason = ?',
      bindings: [nowMs, 'validity-over'],
      pick: `state = ${stateLiteral(state)} and expires_at <= ?`,
      pickBindings: [nowMs],
    })
  }
  return expired
}

/**
 * Closes messages sent so long ago that no receipt will come. Walks the table once from a stored mark, in slices,
 * so that no index on `sent` has to be kept for every message.
 *
 * @param sentBeforeMs messages sent before this are given up
 */
export async function expireWithoutReceipt(knex: Knex, nowMs: number, sentBeforeMs: number): Promise<number> {
  const [mark] = await knex('settings').where({ name: receiptMark }).select('value')
  const fromId = Number(mark?.value ?? 0)
  const slice = rawRows<{ id: number; state: number; sent_at: number | null; created_at: number }>(
    await knex.raw('select id, state, sent_at, created_at from messages where id > ? order by id limit ?', [
      fromId,
      sweepLimit,
    ]),
  )
  const stopAt = slice.findIndex(
    row => row.created_at >= sentBeforeMs || isOpen(row.state, row.sent_at, sentBeforeMs),
  )
  const passed = stopAt === -1 ? slice : slice.slice(0, stopAt)
  const last = passed.at(-1)
  if (last === undefined) return 0
  const closed = await sweep(knex, nowMs, 'expired', 'no-receipt', {
    set: 'final_at = ?, reason = ?',
    bindings: [nowMs, 'no-receipt'],
    pick: `state = ${stateLiteral('sent')} and id > ? and id <= ? and sent_at < ?`,
    pickBindings: [fromId, last.id, sentBeforeMs],
  })
  await knex('settings')
    .insert({ name: receiptMark, value: String(last.id) })
    .onConflict('name')
    .merge()
  return closed
}

/** Still on its way, or sent too recently: the walk waits before it. */
function isOpen(state: number, sentAt: number | null, sentBeforeMs: number): boolean {
  const word = stateCodes.wordOf(state)
  return (
    word === 'queued' ||
    word === 'sending' ||
    word === 'held' ||
    (word === 'sent' && (sentAt ?? 0) >= sentBeforeMs)
  )
}

interface Sweep {
  set: string
  bindings: (string | number)[]
  pick: string
  pickBindings: (string | number)[]
}

async function sweep(
  knex: Knex,
  nowMs: number,
  to: 'unknown' | 'queued' | 'expired',
  detail: string,
  { set, bindings, pick, pickBindings }: Sweep,
): Promise<number> {
  let total = 0
  for (;;) {
    const swept = await knex.transaction(async transaction => {
      const rows = await dialectOf(transaction).query<SweptRow>(
        transaction,
        `update messages set state = ${stateCodes.codeOf(to)}, ${set} where id in (
             select id from messages where ${pick} and state in ${statesBeforeLiteral(to)} limit ${sweepLimit})
           returning id, alert_id, operator_id, part_count, sending_at`,
        [...bindings, ...pickBindings],
      )
      const entered: StateEntered[] = rows.map(row => ({
        messageId: row.id,
        state: to,
        operatorId: row.operator_id,
        alertId: row.alert_id,
        parts: row.part_count,
      }))
      const events: MessageEvent[] = rows.flatMap(row => [
        ...(to === 'unknown' && row.sending_at !== null ? [attempted(row.id, row.sending_at)] : []),
        { messageId: row.id, atMs: nowMs, event: to, detail },
      ])
      await count(transaction, nowMs, entered)
      await recordEvents(transaction, events)
      return rows.length
    })
    total += swept
    if (swept < sweepLimit) return total
  }
}
