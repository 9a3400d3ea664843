/** Customer databases that alerts read. The password arrives sealed and is never opened here. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change, changedFields } from './audit.ts'
import { changing, notFound } from './named.ts'

export interface SourceInput {
  /** Unique, at most 80 characters. */
  name: string
  /** A key of the map of source kinds. */
  kind: string
  /** As the kind's schema takes it, without the password. */
  config: Record<string, unknown>
  sealedPassword: string | null
}

export interface SourceRecord extends SourceInput {
  sourceId: number
  createdAtMs: number
  updatedAtMs: number
}

const noun = 'sources'

export async function listSources(knex: Knex): Promise<SourceRecord[]> {
  const rows: SourceRow[] = await knex('sources').orderBy('name')
  return rows.map(recordOf)
}

export async function findSource(knex: Knex, sourceId: number): Promise<SourceRecord | null> {
  const [row]: SourceRow[] = await knex('sources').where({ id: sourceId })
  return row === undefined ? null : recordOf(row)
}

/** @throws RappelError `name-taken` */
export function createSource(knex: Knex, source: SourceInput, change: Change): Promise<SourceRecord> {
  return changing(knex, { noun, name: source.name }, async transaction => {
    const [row]: SourceRow[] = await transaction('sources')
      .insert({ ...columnsOf(source), created_at: change.nowMs, updated_at: change.nowMs })
      .returning('*')
    const record = recordOf(row!)
    const detail = { name: source.name, kind: source.kind }
    await auditIn(transaction, change, 'create', { noun, nounId: record.sourceId, detail })
    return record
  })
}

/** @throws RappelError `not-found`, `name-taken` */
export function updateSource(
  knex: Knex,
  sourceId: number,
  changes: Partial<SourceInput>,
  change: Change,
): Promise<SourceRecord> {
  return changing(knex, { noun, name: changes.name }, async transaction => {
    const before = await findSource(transaction, sourceId)
    if (before === null) throw notFound(noun, sourceId)
    const [row]: SourceRow[] = await transaction('sources')
      .where({ id: sourceId })
      .update({ ...columnsOf({ ...before, ...changes }), updated_at: change.nowMs })
      .returning('*')
    const detail = { name: row!.name, changed: changedFields(before, changes) }
    await auditIn(transaction, change, 'update', { noun, nounId: sourceId, detail })
    return recordOf(row!)
  })
}

/** @throws RappelError `not-found`; `conflict` while an alert reads it, `details.alerts` names them */
export function deleteSource(knex: Knex, sourceId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const source = await findSource(transaction, sourceId)
    if (source === null) throw notFound(noun, sourceId)
    const alerts: string[] = await transaction('alerts').where({ source_id: sourceId }).pluck('name')
    if (alerts.length > 0) throw new RappelError('conflict', { noun, id: sourceId, alerts })
    await transaction('source_write_backs').where({ source_id: sourceId }).delete()
    await transaction('write_backs').where({ source_id: sourceId }).delete()
    await transaction('sources').where({ id: sourceId }).delete()
    await auditIn(transaction, change, 'delete', { noun, nounId: sourceId, detail: { name: source.name } })
  })
}

interface SourceRow {
  id: number
  name: string
  kind: string
  config: string
  sealed_password: string | null
  created_at: number
  updated_at: number
}

function columnsOf({ name, kind, config, sealedPassword }: SourceInput): Partial<SourceRow> {
  return { name, kind, config: JSON.stringify(config), sealed_password: sealedPassword }
}

function recordOf(row: SourceRow): SourceRecord {
  return {
    sourceId: row.id,
    name: row.name,
    kind: row.kind,
    config: JSON.parse(row.config),
    sealedPassword: row.sealed_password,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  }
}
