/**
 * The stop list at the moment of leaving. It is asked before a message is stored too, but a STOP may come between the
 * two, or while the message is being submitted and then tried again, resent or given to another operator: whatever
 * leaves passes the claim, so that nothing leaves after a STOP that was confirmed.
 */
import type { Knex } from 'knex'
import { defaultStoppedCategories } from '../../scheduler/alerts/policy/usual-rules.ts'
import type { MessageState } from '../gateway/message-state.ts'
import { categoryCodes, stateLiteral } from './codes.ts'
import { count, type StateEntered } from './counters.ts'
import { bulkBinding, dialectOf } from './dialect.ts'
import { recordEvents } from './events.ts'
import { servicesOf } from './inbound-context.ts'
import { move } from './moves.ts'
import { everyService } from './stop-list.ts'

/** A message just claimed. */
export interface StoppableRow {
  id: number
  recipient: string
  category: number
  service: string | null
  alert_id: number | null
  /** Whether the phone is on the stop list at all, by `hasStops`. */
  has_stops: boolean | number
}

/** Asked in the claim itself: one step in an index per message, and no statement more while nobody is on the list. */
export const hasStops = 'exists (select 1 from stop_list s where s.recipient = messages.recipient)'

/** What a person asked for themselves, as the confirmation of a STOP, leaves all the same. */
const stoppedCategories: ReadonlySet<number> = new Set(defaultStoppedCategories.map(categoryCodes.codeOf))

/**
 * Blocks those among claimed messages whose phone wants silence from their service.
 *
 * @returns ids of the blocked
 */
export async function blockStopped(
  transaction: Knex.Transaction,
  rows: readonly StoppableRow[],
  nowMs: number,
): Promise<ReadonlySet<number>> {
  const suspects = rows.filter(row => Boolean(row.has_stops) && stoppedCategories.has(row.category))
  if (suspects.length === 0) return new Set()
  const silent = await silencedServices(transaction, new Set(suspects.map(row => row.recipient)))
  const services = await servicesOf(transaction, suspects)
  const stopped = suspects.filter(({ recipient }, index) => {
    const silenced = silent.get(recipient)
    return silenced !== undefined && (silenced.has(everyService) || silenced.has(services[index]!))
  })
  // They were claimed and did not leave: this was no attempt.
  const andSet = 'sending_at = null, attempts = attempts - 1'
  return blockForStop(transaction, stopped, { from: ['sending'], andSet, nowMs })
}

/**
 * Blocks messages whose phone wants silence, with their event and their counters.
 *
 * @param options.from only those still in one of these states
 * @param options.andSet further columns to set, in SQL
 * @returns ids of the blocked
 */
export async function blockForStop(
  transaction: Knex.Transaction,
  messages: readonly { id: number }[],
  { from, andSet, nowMs }: { from: readonly MessageState[]; andSet?: string; nowMs: number },
): Promise<ReadonlySet<number>> {
  const entered: StateEntered[] = []
  const blocked = await move(transaction, 'blocked', {
    columns: { id: 'bigint', at: 'bigint' },
    rows: messages.map(({ id }) => [id, nowMs]),
    set: ["final_at = v.at, reason = 'stop-list'", ...(andSet === undefined ? [] : [andSet])].join(', '),
    and: `messages.state in (${from.map(stateLiteral).join(', ')})`,
    entered,
  })
  await recordEvents(
    transaction,
    blocked.map(({ id }) => ({ messageId: id, atMs: nowMs, event: 'blocked', detail: 'stop-list' })),
  )
  await count(transaction, nowMs, entered)
  return new Set(blocked.map(({ id }) => id))
}

async function silencedServices(
  transaction: Knex.Transaction,
  recipients: ReadonlySet<string>,
): Promise<Map<string, Set<string>>> {
  // cross join: SQLite keeps its order, and so looks up each phone by key.
  const entries = await dialectOf(transaction).query<{ recipient: string; service: string }>(
    transaction,
    `select s.recipient, s.service from ${dialectOf(transaction).bulkRows('v', { recipient: 'text' })}
       cross join stop_list s where s.recipient = v.recipient`,
    [bulkBinding([...recipients].map(recipient => [recipient]))],
  )
  const silent = new Map<string, Set<string>>()
  for (const { recipient, service } of entries) {
    silent.set(recipient, (silent.get(recipient) ?? new Set()).add(service))
  }
  return silent
}
