/** Named lists of numbers that phones put themselves on by a word. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change } from './audit.ts'
import { rulesWithList } from './inbound-rules.ts'
import { changing, notFound } from './named.ts'

export interface InboundListRecord {
  listId: number
  name: string
  numbers: number
  createdAtMs: number
}

export interface ListedNumber {
  /** E.164 digits without `+`. */
  phone: string
  /** The message that put it there. */
  incomingId: number | null
  addedAtMs: number
}

const noun = 'inbound_lists'

export async function listInboundLists(knex: Knex): Promise<InboundListRecord[]> {
  const rows = await knex('inbound_lists as l')
    .orderBy('l.name')
    .select('l.id', 'l.name', 'l.created_at')
    .select(knex.raw('(select count(*) from inbound_list_numbers n where n.list_id = l.id) as numbers'))
  return rows.map(row => ({
    listId: row.id,
    name: row.name,
    numbers: Number(row.numbers),
    createdAtMs: row.created_at,
  }))
}

/** @throws RappelError `name-taken` */
export function createInboundList(knex: Knex, name: string, change: Change): Promise<InboundListRecord> {
  return changing(knex, { noun, name }, async transaction => {
    const [row]: { id: number }[] = await transaction('inbound_lists')
      .insert({ name, created_at: change.nowMs })
      .returning('id')
    await auditIn(transaction, change, 'create', { noun, nounId: row!.id, detail: { name } })
    return { listId: row!.id, name, numbers: 0, createdAtMs: change.nowMs }
  })
}

/** @throws RappelError `not-found`; `conflict` while a rule adds to it, `details.rules` names them */
export function deleteInboundList(knex: Knex, listId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const name = await nameOf(transaction, listId)
    const rules = await rulesWithList(transaction, listId)
    if (rules.length > 0) throw new RappelError('conflict', { noun, id: listId, rules })
    await transaction('inbound_list_numbers').where({ list_id: listId }).delete()
    await transaction('inbound_lists').where({ id: listId }).delete()
    await auditIn(transaction, change, 'delete', { noun, nounId: listId, detail: { name } })
  })
}

/** By number. @param afterPhone last one of the page before @throws RappelError `not-found` */
export async function listedNumbers(
  knex: Knex,
  listId: number,
  { afterPhone, limit }: { afterPhone?: string; limit: number },
): Promise<ListedNumber[]> {
  await nameOf(knex, listId)
  const query = knex('inbound_list_numbers').where({ list_id: listId }).orderBy('phone').limit(limit)
  if (afterPhone !== undefined) query.where('phone', '>', afterPhone)
  const rows = await query
  return rows.map(row => ({ phone: row.phone, incomingId: row.incoming_id, addedAtMs: row.added_at }))
}

/** @returns false when it was not on the list @throws RappelError `not-found` when there is no such list */
export function removeListedNumber(
  knex: Knex,
  listId: number,
  phone: string,
  change: Change,
): Promise<boolean> {
  return knex.transaction(async transaction => {
    const name = await nameOf(transaction, listId)
    const removed = await transaction('inbound_list_numbers').where({ list_id: listId, phone }).delete()
    if (removed === 0) return false
    await auditIn(transaction, change, 'update', { noun, nounId: listId, detail: { name, removed } })
    return true
  })
}

async function nameOf(knex: Knex, listId: number): Promise<string> {
  const [row] = await knex('inbound_lists').where({ id: listId }).select('name')
  if (row === undefined) throw notFound(noun, listId)
  return row.name
}
