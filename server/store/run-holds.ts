/** Messages of a run that wait: until its rows are counted, or for an approver. */
import type { Knex } from 'knex'
import { stateCodes, stateLiteral } from './codes.ts'
import { count } from './counters.ts'
import { dialectOf } from './dialect.ts'
import { type MessageEvent, recordEvents } from './events.ts'
import type { Decision } from './messages.ts'

/** Messages that leave their hold per transaction: claims and receipts get their turn between. */
const holdSlice = 2_000

interface LiftedRow {
  id: number
  alert_id: number
  operator_id: number | null
  part_count: number
}

/** Messages of the alert that wait for the end of its run. */
export async function runHoldSize(knex: Knex, alertId: number): Promise<number> {
  const [row] = await knex('messages')
    .whereRaw(`state = ${stateLiteral('held')} and alert_id = ? and reason = 'run-open'`, [alertId])
    .count({ messages: '*' })
  return Number(row?.messages ?? 0)
}

/** Ends the hold of a run: its messages leave, or wait for an approver. Returns how many. */
export async function closeRunHold(
  knex: Knex,
  { alertId, outcome, nowMs }: { alertId: number; outcome: 'release' | 'approval'; nowMs: number },
): Promise<number> {
  const open = `state = ${stateLiteral('held')} and alert_id = ? and reason = 'run-open'`
  // What a run cut short left behind is decided with the run that ends now: nobody would look for it under the other.
  const [set, bindings] =
    outcome === 'release'
      ? [`state = ${stateCodes.codeOf('queued')}, reason = null`, []]
      : [
          "reason = 'approval', run_id = coalesce((select max(id) from runs where alert_id = ?), run_id)",
          [alertId],
        ]
  let ended = 0
  for (;;) {
    const slice = await knex.transaction(async transaction => {
      const rows = await dialectOf(transaction).query<LiftedRow>(
        transaction,
        `update messages set ${set}
           where id in (select id from messages where ${open} order by id limit ${holdSlice})
           returning id, alert_id, operator_id, part_count`,
        [...bindings, alertId],
      )
      if (outcome === 'release') await countLifted(transaction, rows, 'queued', nowMs)
      else await recordEvents(transaction, rows.map(heldForApproval(nowMs)))
      return rows.length
    })
    ended += slice
    if (slice < holdSlice) return ended
  }
}

function heldForApproval(atMs: number): (row: LiftedRow) => MessageEvent {
  return ({ id }) => ({ messageId: id, atMs, event: 'held', detail: 'approval' })
}

function countLifted(
  transaction: Knex.Transaction,
  rows: readonly LiftedRow[],
  state: 'queued' | 'cancelled',
  nowMs: number,
): Promise<void> {
  return count(
    transaction,
    nowMs,
    rows.map(row => ({
      messageId: row.id,
      state,
      operatorId: row.operator_id,
      alertId: row.alert_id,
      parts: row.part_count,
    })),
  )
}

/** Lets the messages of a run that wait for approval leave. Returns how many. */
export function approveRun(knex: Knex, runId: number, decision: Decision): Promise<number> {
  return decideRun(knex, runId, { ...decision, to: 'queued', event: 'approved' })
}

/** Cancels the messages of a run that wait for approval. Returns how many. */
export function rejectRun(knex: Knex, runId: number, decision: Decision): Promise<number> {
  return decideRun(knex, runId, { ...decision, to: 'cancelled', event: 'rejected' })
}

function decideRun(
  knex: Knex,
  runId: number,
  { to, event, nowMs, actor }: Decision & { to: 'queued' | 'cancelled'; event: string },
): Promise<number> {
  return knex.transaction(async transaction => {
    const [run] = await transaction('runs').where({ id: runId }).select('alert_id')
    if (run === undefined) return 0
    const moved = await dialectOf(transaction).query<LiftedRow>(
      transaction,
      `update messages set state = ${stateCodes.codeOf(to)}, reason = null, final_at = ?
         where state = ${stateLiteral('held')} and alert_id = ? and reason = 'approval' and run_id = ?
         returning id, alert_id, operator_id, part_count`,
      [to === 'cancelled' ? nowMs : null, run.alert_id, runId],
    )
    await recordEvents(
      transaction,
      moved.map(({ id }) => ({ messageId: id, atMs: nowMs, event, detail: actor })),
    )
    await countLifted(transaction, moved, to, nowMs)
    return moved.length
  })
}
