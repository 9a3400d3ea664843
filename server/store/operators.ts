/** Links to SMS centres. The password arrives sealed and is never opened here. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change, changedFields } from './audit.ts'
import { stateLiteral } from './codes.ts'
import { changing, notFound } from './named.ts'
import { rulesOfOperator } from './routes.ts'

export interface OperatorInput {
  /** Unique among those not deleted, at most 80 characters. */
  name: string
  /** A key of the map of operator kinds. */
  protocol: string
  /** As the protocol's schema takes it, without the password. */
  config: Record<string, unknown>
  sealedPassword: string | null
  /** Short code, number or name shown to the phone when the message names none. */
  sender: string
  /** Thousandths of the currency per part: 12 500 is 12.5 XOF. */
  pricePerPartMilli: number
  /** ISO 4217 */
  currency: string
  /** Whether it is bound when the product starts. */
  isStarted: boolean
}

export interface OperatorRecord extends OperatorInput {
  operatorId: number
  createdAtMs: number
  updatedAtMs: number
}

const noun = 'operators'

/** Those not deleted, by name. */
export async function listOperators(knex: Knex): Promise<OperatorRecord[]> {
  const rows: OperatorRow[] = await knex('operators').whereNull('deleted_at').orderBy('name')
  return rows.map(recordOf)
}

export async function findOperator(knex: Knex, operatorId: number): Promise<OperatorRecord | null> {
  const [row]: OperatorRow[] = await knex('operators').where({ id: operatorId }).whereNull('deleted_at')
  return row === undefined ? null : recordOf(row)
}

/** @throws RappelError `name-taken` */
export function createOperator(knex: Knex, operator: OperatorInput, change: Change): Promise<OperatorRecord> {
  return changing(knex, { noun, name: operator.name }, async transaction => {
    const [row]: OperatorRow[] = await transaction('operators')
      .insert({ ...columnsOf(operator), created_at: change.nowMs, updated_at: change.nowMs })
      .returning('*')
    const record = recordOf(row!)
    const detail = { name: operator.name, protocol: operator.protocol }
    await auditIn(transaction, change, 'create', { noun, nounId: record.operatorId, detail })
    return record
  })
}

/** @throws RappelError `not-found`, `name-taken` */
export function updateOperator(
  knex: Knex,
  operatorId: number,
  changes: Partial<OperatorInput>,
  change: Change,
): Promise<OperatorRecord> {
  return changing(knex, { noun, name: changes.name }, async transaction => {
    const before = await findOperator(transaction, operatorId)
    if (before === null) throw notFound(noun, operatorId)
    const [row]: OperatorRow[] = await transaction('operators')
      .where({ id: operatorId })
      .update({ ...columnsOf({ ...before, ...changes }), updated_at: change.nowMs })
      .returning('*')
    const detail = { name: row!.name, changed: changedFields(before, changes) }
    await auditIn(transaction, change, 'update', { noun, nounId: operatorId, detail })
    return recordOf(row!)
  })
}

/** Whether it is bound now and after the next start. @throws RappelError `not-found` */
export function setOperatorStarted(
  knex: Knex,
  operatorId: number,
  isStarted: boolean,
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    const changed = await transaction('operators')
      .where({ id: operatorId })
      .whereNull('deleted_at')
      .update({ is_started: isStarted, updated_at: change.nowMs })
    if (changed === 0) throw notFound(noun, operatorId)
    const action = isStarted ? 'start' : 'stop'
    await auditIn(transaction, change, action, { noun, nounId: operatorId, detail: {} })
  })
}

/** Writes into the audit what was done to its link and is not kept here. @throws RappelError `not-found` */
export function noteOperatorAction(
  knex: Knex,
  operatorId: number,
  action: 'drain' | 'trace-on' | 'trace-off' | 'diagnose',
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    const operator = await findOperator(transaction, operatorId)
    if (operator === null) throw notFound(noun, operatorId)
    await auditIn(transaction, change, action, { noun, nounId: operatorId, detail: { name: operator.name } })
  })
}

/**
 * Hides it; messages and counters go on naming it.
 *
 * @throws RappelError `not-found`; `conflict` while a rule leads to it or a message waits for it or its answer
 */
export function deleteOperator(knex: Knex, operatorId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const operator = await findOperator(transaction, operatorId)
    if (operator === null) throw notFound(noun, operatorId)
    const rules = await rulesOfOperator(transaction, operatorId)
    if (rules.length > 0) throw new RappelError('conflict', { noun, id: operatorId, rules })
    const isAwaited = await hasOpenMessages(transaction, operatorId)
    if (isAwaited) throw new RappelError('conflict', { noun, id: operatorId, reason: 'messages-waiting' })
    await transaction('operators')
      .where({ id: operatorId })
      .update({ deleted_at: change.nowMs, is_started: false, sealed_password: null })
    const detail = { name: operator.name }
    await auditIn(transaction, change, 'delete', { noun, nounId: operatorId, detail })
  })
}

/** One look per state: each has its own partial index. */
async function hasOpenMessages(transaction: Knex.Transaction, operatorId: number): Promise<boolean> {
  for (const state of ['queued', 'sending', 'held', 'unknown'] as const) {
    const rows = await transaction('messages')
      .whereRaw(`state = ${stateLiteral(state)} and operator_id = ?`, [operatorId])
      .select('id')
      .limit(1)
    if (rows.length > 0) return true
  }
  return false
}

interface OperatorRow {
  id: number
  name: string
  protocol: string
  config: string
  sealed_password: string | null
  sender: string
  price_per_part_milli: number
  currency: string
  is_started: boolean | number
  created_at: number
  updated_at: number
}

function columnsOf(operator: OperatorInput): Partial<OperatorRow> {
  return {
    name: operator.name,
    protocol: operator.protocol,
    config: JSON.stringify(operator.config),
    sealed_password: operator.sealedPassword,
    sender: operator.sender,
    price_per_part_milli: operator.pricePerPartMilli,
    currency: operator.currency,
    is_started: operator.isStarted,
  }
}

function recordOf(row: OperatorRow): OperatorRecord {
  return {
    operatorId: row.id,
    name: row.name,
    protocol: row.protocol,
    config: JSON.parse(row.config),
    sealedPassword: row.sealed_password,
    sender: row.sender,
    pricePerPartMilli: row.price_per_part_milli,
    currency: row.currency,
    isStarted: Boolean(row.is_started),
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  }
}
