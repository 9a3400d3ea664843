/** How a source is written back to: by which account, with which statement, after which states. Off without a row. */
import type { Knex } from 'knex'
import type { MessageState } from '../gateway/message-state.ts'
import { auditIn, type Change } from './audit.ts'
import { notFound } from './named.ts'

export interface WriteBackSettings {
  sourceId: number
  /** An account of its own; null where the kind has no accounts. */
  account: string | null
  sealedPassword: string | null
  /** One UPDATE with named parameters. */
  statement: string
  /** Final states that are told, at least one. */
  states: MessageState[]
  updatedAtMs: number
}

const noun = 'write-backs'

export async function findWriteBackSettings(knex: Knex, sourceId: number): Promise<WriteBackSettings | null> {
  const [row]: SettingsRow[] = await knex('source_write_backs').where({ source_id: sourceId })
  return row === undefined ? null : settingsOf(row)
}

/** Switches it on, or changes it. @throws RappelError `not-found` for the source */
export function setWriteBack(
  knex: Knex,
  { sourceId, account, sealedPassword, statement, states }: Omit<WriteBackSettings, 'updatedAtMs'>,
  change: Change,
): Promise<WriteBackSettings> {
  return knex.transaction(async transaction => {
    const sources: number[] = await transaction('sources').where({ id: sourceId }).pluck('id')
    if (sources.length === 0) throw notFound('sources', sourceId)
    const row: SettingsRow = {
      source_id: sourceId,
      account,
      sealed_password: sealedPassword,
      statement,
      states: JSON.stringify(states),
      updated_at: change.nowMs,
    }
    await transaction('source_write_backs').insert(row).onConflict('source_id').merge()
    await auditIn(transaction, change, 'set', { noun, nounId: sourceId, detail: { account, states } })
    return settingsOf(row)
  })
}

/** The password is gone, the rest stays: what waits, waits for a new one. Returns whether there was one. */
export function forgetWriteBackPassword(knex: Knex, sourceId: number, change: Change): Promise<boolean> {
  return knex.transaction(async transaction => {
    const forgotten = await transaction('source_write_backs')
      .where({ source_id: sourceId })
      .whereNotNull('sealed_password')
      .update({ sealed_password: null })
    if (forgotten === 0) return false
    const detail = { changed: ['password'], reason: 'the source is another server now' }
    await auditIn(transaction, change, 'update', { noun, nounId: sourceId, detail })
    return true
  })
}

/** Switches it off; what waited is not written any more. @throws RappelError `not-found` */
export function removeWriteBack(knex: Knex, sourceId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const removed = await transaction('source_write_backs').where({ source_id: sourceId }).delete()
    if (removed === 0) throw notFound(noun, sourceId)
    const dropped = await transaction('write_backs').where({ source_id: sourceId, state: 'waiting' }).delete()
    await auditIn(transaction, change, 'delete', { noun, nounId: sourceId, detail: { dropped } })
  })
}

interface SettingsRow {
  source_id: number
  account: string | null
  sealed_password: string | null
  statement: string
  states: string
  updated_at: number
}

function settingsOf(row: SettingsRow): WriteBackSettings {
  return {
    sourceId: row.source_id,
    account: row.account,
    sealedPassword: row.sealed_password,
    statement: row.statement,
    states: JSON.parse(row.states),
    updatedAtMs: row.updated_at,
  }
}
