/** What happened to the links of operators: up, down, refused, throttled; and what people did to them. */
import type { Knex } from 'knex'
import { storable } from './dialect.ts'

/** `bind-…` are of one connection of several; all others are of the operator. */
export type OperatorEventKind =
  | 'started'
  | 'stopped'
  | 'up'
  | 'down'
  | 'refused'
  | 'throttled'
  | 'bind-up'
  | 'bind-down'
  | 'draining'
  | 'drained'
  | 'trace-on'
  | 'trace-off'

export interface OperatorEvent {
  operatorId: number
  atMs: number
  event: OperatorEventKind
  /** Name of the connection; empty when the operator as a whole is meant. */
  bind: string
  /** One sentence; cut at 300 characters. */
  detail: string
}

export interface OperatorEventRecord extends OperatorEvent {
  eventId: number
}

/** Kept per operator: a link that flaps every ten seconds fills this in seven hours, a good one never. */
const keptPerOperator = 5_000
const bindLimit = 60
const detailLimit = 300

export async function recordOperatorEvents(
  knex: Knex,
  events: readonly OperatorEvent[],
  kept = keptPerOperator,
): Promise<void> {
  if (events.length === 0) return
  await knex.transaction(async transaction => {
    await transaction('operator_events').insert(
      events.map(({ operatorId, atMs, event, bind, detail }) => ({
        operator_id: operatorId,
        at: atMs,
        event,
        bind: storable(bind.slice(0, bindLimit)),
        detail: storable(detail.slice(0, detailLimit)),
      })),
    )
    for (const operatorId of new Set(events.map(event => event.operatorId))) {
      const [last] = await transaction('operator_events')
        .where({ operator_id: operatorId })
        .orderBy('id', 'desc')
        .offset(kept)
        .limit(1)
        .select('id')
      if (last === undefined) continue
      await transaction('operator_events')
        .where({ operator_id: operatorId })
        .where('id', '<=', last.id)
        .delete()
    }
  })
}

/** Newest first. */
export async function listOperatorEvents(
  knex: Knex,
  { operatorId, beforeId, limit }: { operatorId: number; beforeId?: number; limit: number },
): Promise<OperatorEventRecord[]> {
  const query = knex('operator_events').where({ operator_id: operatorId }).orderBy('id', 'desc').limit(limit)
  if (beforeId !== undefined) query.where('id', '<', beforeId)
  const rows = await query
  return rows.map(row => ({
    eventId: Number(row.id),
    operatorId: row.operator_id,
    atMs: Number(row.at),
    event: row.event,
    bind: row.bind,
    detail: row.detail,
  }))
}
