/**
 * Messages whose operator does not know the phone, tried once more elsewhere. Rare, so kept apart: the row of a
 * second try lives until its message has ended, the event in the time line says for ever that there was one.
 */
import type { Knex } from 'knex'
import type { Category } from '../../scheduler/store.ts'
import { auditIn } from './audit.ts'
import { categoryCodes, stateCodes, stateLiteral } from './codes.ts'
import { count, type StateEntered } from './counters.ts'
import { bulkBinding, dialectOf, rawRows } from './dialect.ts'
import { recordEvents } from './events.ts'
import { move, partIdOf } from './moves.ts'
import { type NumberOverride, writeOverrides } from './number-overrides.ts'

/** A message that may be tried a second time. */
export interface SecondTryCandidate {
  messageId: number
  recipient: string
  sender: string | null
  category: Category
  /** Who does not know the phone. */
  operatorId: number
}

/** Open at once: a table of receipt words that means too much must not send everything twice. */
const openLimit = 10_000
const event = 'second-try'

/**
 * Which of these may be tried again: every part undelivered, still valid, never tried twice.
 *
 * @param messageIds messages of which a part was told to be undelivered for want of a subscriber
 */
export async function secondTryCandidates(
  knex: Knex,
  messageIds: readonly number[],
  nowMs: number,
): Promise<SecondTryCandidate[]> {
  return knex.transaction(async transaction => {
    const open = rawRows<{ tries: number }>(
      await transaction.raw('select count(*) as tries from second_tries'),
    )
    if (Number(open[0]?.tries ?? 0) + messageIds.length > openLimit) return []
    const rows = await dialectOf(transaction).query<{
      id: number
      recipient: string
      sender: string | null
      category: number
      operator_id: number
    }>(
      transaction,
      `select m.id, m.recipient, m.sender, m.category, m.operator_id
         from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })} join messages m on m.id = v.id
         where m.state = ${stateLiteral('undelivered')} and m.expires_at > ? and m.operator_id is not null
           and (coalesce(m.submitted_parts, m.part_count) = 1 or coalesce(m.submitted_parts, m.part_count) =
             (select count(*) from message_parts p where p.id > m.id * 256 and p.id < m.id * 256 + 256
               and p.state = ${stateLiteral('undelivered')}))
           and not exists (select 1 from message_events e where e.message_id = m.id and e.event = '${event}')`,
      [bulkBinding([...new Set(messageIds)].map(id => [id])), nowMs],
    )
    return rows.map(row => ({
      messageId: row.id,
      recipient: row.recipient,
      sender: row.sender,
      category: categoryCodes.wordOf(row.category),
      operatorId: row.operator_id,
    }))
  })
}

/**
 * Queues messages for their second operator. The first operator's parts are forgotten: what it may still tell about
 * them is about an attempt that is over. Returns how many are queued.
 */
export function beginSecondTries(
  knex: Knex,
  tries: readonly { messageId: number; fromOperatorId: number; operatorId: number }[],
  nowMs: number,
): Promise<number> {
  return knex.transaction(async transaction => {
    const entered: StateEntered[] = []
    const moved = await move(transaction, 'queued', {
      columns: { id: 'bigint', operator_id: 'bigint', at: 'bigint' },
      rows: tries.map(({ messageId, operatorId }) => [messageId, operatorId, nowMs]),
      set: "operator_id = v.operator_id, due_at = v.at, sent_at = null, final_at = null, reason = 'unknown-subscriber'",
      and: `messages.state = ${stateLiteral('undelivered')}`,
      entered,
    })
    for (const { id } of moved) {
      await transaction('message_parts')
        .whereBetween('id', [partIdOf(id, 1), partIdOf(id, 255)])
        .delete()
      await transaction('second_tries').insert({ message_id: id }).onConflict('message_id').ignore()
    }
    const from = new Map(tries.map(({ messageId, fromOperatorId }) => [messageId, fromOperatorId]))
    await recordEvents(
      transaction,
      moved.map(({ id }) => ({
        messageId: id,
        atMs: nowMs,
        event,
        detail: `operator ${from.get(id)} does not know the phone`,
      })),
    )
    await count(transaction, nowMs, entered)
    return moved.length
  })
}

/**
 * Remembers the operator of every second try that was delivered, and forgets the tries that have ended.
 *
 * @returns what was learnt
 */
export function concludeSecondTries(knex: Knex, nowMs: number): Promise<NumberOverride[]> {
  return knex.transaction(async transaction => {
    const ended = ['delivered', 'undelivered', 'expired', 'refused', 'blocked', 'cancelled'] as const
    // cross join: SQLite keeps its order, and looks up the few messages by key.
    const rows = await dialectOf(transaction).query<{
      id: number
      recipient: string
      operator_id: number | null
      state: number
    }>(
      transaction,
      `select m.id, m.recipient, m.operator_id, m.state from second_tries s cross join messages m
         where m.id = s.message_id and m.state in (${ended.map(stateLiteral).join(', ')}) order by m.id`,
      [],
    )
    if (rows.length === 0) return []
    const delivered = stateCodes.codeOf('delivered')
    const learnt = new Map<string, NumberOverride>()
    for (const { recipient: number, operator_id: operatorId, state } of rows) {
      if (state === delivered && operatorId !== null)
        learnt.set(number, { number, network: null, operatorId })
    }
    await dialectOf(transaction).query(
      transaction,
      `delete from second_tries where message_id in
         (select v.id from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })})`,
      [bulkBinding(rows.map(row => [row.id]))],
    )
    if (learnt.size === 0) return []
    await writeOverrides(transaction, [...learnt.values()], 'learned', nowMs)
    await auditIn(transaction, { actor: 'gateway', nowMs }, 'set', {
      noun: 'number_overrides',
      nounId: learnt.size === 1 ? [...learnt.keys()][0]! : 'many',
      detail: { origin: 'learned', count: learnt.size },
    })
    // A person's word about a number stands: what is in force is what the table has now.
    const inForce = await dialectOf(transaction).query<NumberOverride>(
      transaction,
      `select o.number, o.network, o.operator_id as "operatorId"
         from ${dialectOf(transaction).bulkRows('v', { number: 'text' })}
         join number_overrides o on o.number = v.number`,
      [bulkBinding([...learnt.keys()].map(number => [number]))],
    )
    return inForce.map(({ number, network, operatorId }) => ({ number, network, operatorId }))
  })
}
