/** The one way a message changes its state, and the number by which its parts are addressed. */
import type { Knex } from 'knex'
import type { MessageState } from '../gateway/message-state.ts'
import { stateCodes, statesBeforeLiteral } from './codes.ts'
import type { StateEntered } from './counters.ts'
import { type BulkColumns, type BulkValue, bulkBinding, dialectOf } from './dialect.ts'

export interface MovedRow {
  id: number
  alert_id: number | null
  operator_id: number | null
  part_count: number
  /** When it was last claimed; the next claim writes over it. */
  sending_at: number | null
}

export interface Move {
  /** First column is `id`, the message. */
  columns: BulkColumns
  rows: readonly (readonly BulkValue[])[]
  set: string
  and?: string
  entered: StateEntered[]
}

/**
 * Moves messages to a state, those alone that may go there from where they are.
 *
 * @returns the rows that moved; they are counted too
 */
export async function move(
  transaction: Knex.Transaction,
  to: MessageState,
  { columns, rows, set, and = 'true', entered }: Move,
): Promise<MovedRow[]> {
  if (rows.length === 0) return []
  const moved = await dialectOf(transaction).query<MovedRow>(
    transaction,
    `update messages set state = ${stateCodes.codeOf(to)}, ${set} from ${dialectOf(transaction).bulkRows('v', columns)}
     where messages.id = v.id and messages.state in ${statesBeforeLiteral(to)} and ${and}
     returning messages.id, messages.alert_id, messages.operator_id, messages.part_count, messages.sending_at`,
    [bulkBinding(rows)],
  )
  for (const row of moved) {
    const { id: messageId, operator_id: operatorId, alert_id: alertId, part_count: parts } = row
    entered.push({ messageId, state: to, operatorId, alertId, parts })
  }
  return moved
}

/** Parts are addressed by one number: message × 256 + part (1..255). */
export function partIdOf(messageId: number, partNumber: number): number {
  return messageId * 256 + partNumber
}
