/** How much came in and what was done with it, per hour and operator: written with the work itself. */
import type { Knex } from 'knex'
import { dialectOf, rawRows } from './dialect.ts'

/** `part` and `duplicate` are deliveries; all others are whole messages or what was done for one. */
export type InboundEvent =
  | 'part'
  | 'duplicate'
  | 'whole'
  | 'incomplete'
  | 'reply'
  | 'guarded'
  | 'stop'
  | 'start'
  | 'listed'
  | 'marked'
  | 'failed'

export interface InboundCount {
  operatorId: number
  event: InboundEvent
}

export interface InboundTotal {
  operatorId: number
  event: InboundEvent
  total: number
}

/** What waits now. */
export interface InboundFigures {
  /** Long messages that wait for parts. */
  assembling: number
  /** Whole and not looked at yet. */
  received: number
  waiting: number
  failed: number
}

const hourMs = 3_600_000

export async function countInbound(
  transaction: Knex.Transaction,
  nowMs: number,
  counts: readonly InboundCount[],
): Promise<void> {
  if (counts.length === 0) return
  const sums = new Map<string, number>()
  for (const { operatorId, event } of counts) {
    const key = `${operatorId}|${event}`
    sums.set(key, (sums.get(key) ?? 0) + 1)
  }
  const hour = Math.floor(nowMs / hourMs) * hourMs
  await dialectOf(transaction).insertRows(transaction, {
    table: 'inbound_counters',
    columns: { hour: 'bigint', operator_id: 'bigint', event: 'text', total: 'bigint' },
    rows: [...sums].sort().map(([key, total]) => {
      const [operatorId, event] = key.split('|')
      return [hour, Number(operatorId), event!, total]
    }),
    onConflict:
      'on conflict (hour, operator_id, event) do update set total = inbound_counters.total + excluded.total',
  })
}

/** From the hour of `fromMs` up to, not including, the hour that begins at or after `toMs`. */
export async function inboundTotals(
  knex: Knex,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<InboundTotal[]> {
  const rows: { operator_id: number; event: InboundEvent; total: number }[] = await knex('inbound_counters')
    .where('hour', '>=', Math.floor(fromMs / hourMs) * hourMs)
    .where('hour', '<', toMs)
    .groupBy('operator_id', 'event')
    .orderBy(['operator_id', 'event'])
    .select('operator_id', 'event')
    .sum({ total: 'total' })
  return rows.map(row => ({ operatorId: row.operator_id, event: row.event, total: Number(row.total) }))
}

/** Four walks over partial indexes: their length is what waits, not what is stored. */
export async function inboundFigures(knex: Knex): Promise<InboundFigures> {
  const countOf = async (state: keyof InboundFigures): Promise<number> =>
    Number(
      rawRows<{ messages: number }>(
        await knex.raw(`select count(*) as messages from incoming where state = '${state}'`),
      )[0]!.messages,
    )
  return {
    assembling: await countOf('assembling'),
    received: await countOf('received'),
    waiting: await countOf('waiting'),
    failed: await countOf('failed'),
  }
}
