/** Counters per hour × operator × alert × state, kept in the transaction that changes the state. */
import type { Knex } from 'knex'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes } from './codes.ts'
import { dialectOf } from './dialect.ts'
import { queueWriteBacks } from './write-back-queue.ts'

const hourMs = 3_600_000

/** One message that entered a state. */
export interface StateEntered {
  messageId: number
  state: MessageState
  operatorId: number | null
  alertId: number | null
  parts: number
}

/**
 * Adds one batch of state changes to the counters of the hour, and queues what the customer's own system is to be told
 * of them. Cost is counted when a message is sent, at the operator's price of that moment.
 */
export async function count(
  transaction: Knex.Transaction,
  nowMs: number,
  entered: readonly StateEntered[],
): Promise<void> {
  if (entered.length === 0) return
  await queueWriteBacks(transaction, nowMs, entered)
  const hour = Math.floor(nowMs / hourMs) * hourMs
  const sums = new Map<
    string,
    { operatorId: number; alertId: number; state: number; messages: number; parts: number }
  >()
  for (const { state, operatorId, alertId, parts } of entered) {
    const key = `${operatorId ?? 0}|${alertId ?? 0}|${state}`
    const sum = sums.get(key)
    if (sum === undefined) {
      sums.set(key, {
        operatorId: operatorId ?? 0,
        alertId: alertId ?? 0,
        state: stateCodes.codeOf(state),
        messages: 1,
        parts,
      })
    } else {
      sum.messages += 1
      sum.parts += parts
    }
  }
  const sent = stateCodes.codeOf('sent')
  const prices = [...sums.values()].some(sum => sum.state === sent)
    ? await pricesPerPart(transaction)
    : new Map()
  // Sorted, so that two transactions on PostgreSQL lock counter rows in one order and never deadlock.
  const rows = [...sums.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, sum]) => [
      hour,
      sum.operatorId,
      sum.alertId,
      sum.state,
      sum.messages,
      sum.parts,
      sum.state === sent ? sum.parts * (prices.get(sum.operatorId) ?? 0) : 0,
    ])
  await dialectOf(transaction).insertRows(transaction, {
    table: 'counters',
    columns: {
      hour: 'bigint',
      operator_id: 'bigint',
      alert_id: 'bigint',
      state: 'bigint',
      messages: 'bigint',
      parts: 'bigint',
      cost_milli: 'bigint',
    },
    rows,
    onConflict: `on conflict (hour, operator_id, alert_id, state) do update set
      messages = counters.messages + excluded.messages, parts = counters.parts + excluded.parts,
      cost_milli = counters.cost_milli + excluded.cost_milli`,
  })
}

async function pricesPerPart(transaction: Knex.Transaction): Promise<Map<number, number>> {
  const operators = await dialectOf(transaction).query<{ id: number; price_per_part_milli: number }>(
    transaction,
    'select id, price_per_part_milli from operators',
    [],
  )
  return new Map(operators.map(operator => [operator.id, Number(operator.price_per_part_milli)]))
}
