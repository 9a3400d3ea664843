/** Message templates and all their versions: what was sent last year can still be read. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change, changedFields } from './audit.ts'
import { rulesWithTemplate } from './inbound-rules.ts'
import { changing, notFound } from './named.ts'

export interface TemplateInput {
  /** Unique, at most 80 characters. */
  name: string
  language: 'fr' | 'en'
  source: string
}

export interface TemplateRecord extends TemplateInput {
  templateId: number
  /** 1 and up. */
  version: number
  /** When this version was written. */
  updatedAtMs: number
}

const noun = 'templates'

/** The newest version of each, by name. */
export async function listTemplates(knex: Knex): Promise<TemplateRecord[]> {
  const rows: TemplateRow[] = await newest(knex).orderBy('t.name')
  return rows.map(recordOf)
}

/** The newest version; null when there is none. */
export async function findTemplate(knex: Knex, templateId: number): Promise<TemplateRecord | null> {
  const [row]: TemplateRow[] = await newest(knex).where('t.id', templateId)
  return row === undefined ? null : recordOf(row)
}

export async function findTemplateVersion(
  knex: Knex,
  templateId: number,
  version: number,
): Promise<TemplateRecord | null> {
  const [row]: TemplateRow[] = await versions(knex).where({ 't.id': templateId, 'v.version': version })
  return row === undefined ? null : recordOf(row)
}

/** @throws RappelError `name-taken` */
export function createTemplate(knex: Knex, template: TemplateInput, change: Change): Promise<TemplateRecord> {
  return changing(knex, { noun, name: template.name }, async transaction => {
    const { name, language, source } = template
    const [row]: { id: number }[] = await transaction('templates')
      .insert({ name, language, version: 1, updated_at: change.nowMs })
      .returning('id')
    const templateId = row!.id
    await addVersion(transaction, { templateId, version: 1, source }, change)
    await auditIn(transaction, change, 'create', { noun, nounId: templateId, detail: { name, language } })
    return { templateId, version: 1, name, language, source, updatedAtMs: change.nowMs }
  })
}

/**
 * A new version when the source differs; name and language belong to all versions.
 *
 * @throws RappelError `not-found`, `name-taken`
 */
export function updateTemplate(
  knex: Knex,
  templateId: number,
  changes: Partial<TemplateInput>,
  change: Change,
): Promise<TemplateRecord> {
  return changing(knex, { noun, name: changes.name }, async transaction => {
    // First a write on the row: two editors at once then get two versions, one after the other.
    await transaction('templates').where({ id: templateId }).update({ updated_at: change.nowMs })
    const before = await findTemplate(transaction, templateId)
    if (before === null) throw notFound(noun, templateId)
    const after = { ...before, ...changes }
    const version = after.source === before.source ? before.version : before.version + 1
    if (version !== before.version) {
      await addVersion(transaction, { templateId, version, source: after.source }, change)
    }
    await transaction('templates')
      .where({ id: templateId })
      .update({ name: after.name, language: after.language, version })
    const detail = { name: after.name, version, changed: changedFields(before, changes) }
    await auditIn(transaction, change, 'update', { noun, nounId: templateId, detail })
    return (await findTemplate(transaction, templateId))!
  })
}

/** @throws RappelError `not-found`; `conflict` while alerts or inbound rules use it, which the details name */
export function deleteTemplate(knex: Knex, templateId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const template = await findTemplate(transaction, templateId)
    if (template === null) throw notFound(noun, templateId)
    const alerts: string[] = await transaction('alert_templates')
      .join('alerts', 'alerts.id', 'alert_templates.alert_id')
      .where({ template_id: templateId })
      .pluck('alerts.name')
    if (alerts.length > 0) throw new RappelError('conflict', { noun, id: templateId, alerts })
    const inboundRules = await rulesWithTemplate(transaction, templateId)
    if (inboundRules.length > 0) throw new RappelError('conflict', { noun, id: templateId, inboundRules })
    await transaction('template_versions').where({ template_id: templateId }).delete()
    await transaction('templates').where({ id: templateId }).delete()
    const detail = { name: template.name, version: template.version }
    await auditIn(transaction, change, 'delete', { noun, nounId: templateId, detail })
  })
}

async function addVersion(
  transaction: Knex.Transaction,
  { templateId, version, source }: { templateId: number; version: number; source: string },
  { nowMs }: Change,
): Promise<void> {
  await transaction('template_versions').insert({
    template_id: templateId,
    version,
    source,
    created_at: nowMs,
  })
}

function versions(knex: Knex): Knex.QueryBuilder {
  return knex('templates as t')
    .join('template_versions as v', 'v.template_id', 't.id')
    .select('t.id', 't.name', 't.language', 'v.version', 'v.source', 'v.created_at')
}

function newest(knex: Knex): Knex.QueryBuilder {
  return versions(knex).whereRaw('v.version = t.version')
}

interface TemplateRow {
  id: number
  name: string
  language: 'fr' | 'en'
  version: number
  source: string
  created_at: number
}

function recordOf(row: TemplateRow): TemplateRecord {
  return {
    templateId: row.id,
    version: row.version,
    name: row.name,
    language: row.language,
    source: row.source,
    updatedAtMs: row.created_at,
  }
}
