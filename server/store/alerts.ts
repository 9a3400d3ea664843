/** Alerts as configured, and when each runs next. */
import type { Knex } from 'knex'
import type { AlertDefinition } from '../../scheduler/alerts/alert.ts'
import { watermarkScope } from '../../scheduler/alerts/watermark-scope.ts'
import type { AlertRecord, Category } from '../../scheduler/store.ts'
import { RappelError } from '../errors.ts'
import { auditIn, type Change, changedFields } from './audit.ts'
import { changing, notFound } from './named.ts'

export interface AlertInput {
  /** Unique among those not deleted, at most 80 characters. */
  name: string
  /** Already through its schema. */
  definition: AlertDefinition
}

const noun = 'alerts'

/** Those not deleted, by name. */
export async function listAlerts(knex: Knex): Promise<AlertRecord[]> {
  const rows: AlertRow[] = await live(knex).orderBy('name')
  return rows.map(recordOf)
}

export async function findAlert(knex: Knex, alertId: number): Promise<AlertRecord | null> {
  const [row]: AlertRow[] = await live(knex).where({ id: alertId })
  return row === undefined ? null : recordOf(row)
}

/** What counters name: by id, those deleted included. */
export interface KnownAlert {
  alertId: number
  name: string
  category: Category
}

export async function knownAlerts(knex: Knex, alertIds: readonly number[]): Promise<KnownAlert[]> {
  const rows = await knex('alerts')
    .whereIn('id', [...alertIds])
    .select('id', 'name', 'definition')
  return rows.map(row => ({
    alertId: row.id,
    name: row.name,
    category: JSON.parse(row.definition).category ?? 'reminder',
  }))
}

export async function activeAlerts(knex: Knex): Promise<AlertRecord[]> {
  const rows: AlertRow[] = await live(knex).where({ is_active: true }).orderBy('id')
  return rows.map(recordOf)
}

/** Active alerts whose next run is due, the longest overdue first. */
export async function dueAlerts(knex: Knex, nowMs: number): Promise<AlertRecord[]> {
  const rows: AlertRow[] = await live(knex)
    .where({ is_active: true })
    .where('next_run_at', '<=', nowMs)
    .orderBy(['next_run_at', 'id'])
  return rows.map(recordOf)
}

export async function setNextRun(knex: Knex, alertId: number, nextRunAtMs: number | null): Promise<void> {
  await knex('alerts').where({ id: alertId }).update({ next_run_at: nextRunAtMs })
}

/** Not active at first. @throws RappelError `name-taken`; `alert-invalid` when source or template is missing */
export function createAlert(
  knex: Knex,
  { name, definition }: AlertInput,
  change: Change,
): Promise<AlertRecord> {
  return changing(knex, { noun, name }, async transaction => {
    await refuseMissing(transaction, definition)
    const [row]: AlertRow[] = await transaction('alerts')
      .insert({
        name,
        definition: JSON.stringify(definition),
        source_id: definition.sourceId,
        created_at: change.nowMs,
        updated_at: change.nowMs,
      })
      .returning('*')
    await linkTemplates(transaction, row!.id, definition)
    await auditIn(transaction, change, 'create', { noun, nounId: row!.id, detail: { name } })
    return recordOf(row!)
  })
}

/** @throws RappelError `not-found`, `name-taken`, `alert-invalid` */
export function updateAlert(
  knex: Knex,
  alertId: number,
  changes: Partial<AlertInput>,
  change: Change,
): Promise<AlertRecord> {
  return changing(knex, { noun, name: changes.name }, async transaction => {
    const before = await findAlert(transaction, alertId)
    if (before === null) throw notFound(noun, alertId)
    const { name, definition } = { ...before, ...changes }
    await refuseMissing(transaction, definition)
    await transaction('alerts')
      .where({ id: alertId })
      .update({
        name,
        definition: JSON.stringify(definition),
        source_id: definition.sourceId,
        updated_at: change.nowMs,
      })
    await linkTemplates(transaction, alertId, definition)
    if (looksAtOtherRows(before.definition, definition)) await forgetRows(transaction, alertId)
    if (watermarkScope(before.definition) !== watermarkScope(definition)) {
      await transaction('alerts').where({ id: alertId }).update({ watermark: null })
    }
    const detail = { name, changed: changedFields(before, changes) }
    await auditIn(transaction, change, 'update', { noun, nounId: alertId, detail })
    return (await findAlert(transaction, alertId))!
  })
}

/** @throws RappelError `not-found` */
export function activateAlert(
  knex: Knex,
  alertId: number,
  nextRunAtMs: number | null,
  change: Change,
): Promise<AlertRecord> {
  return setActive(knex, alertId, { is_active: true, next_run_at: nextRunAtMs }, change)
}

/**
 * Sets how far an incremental alert has read; null lets its next run begin where the definition says.
 *
 * @throws RappelError `not-found`
 */
export function setWatermark(
  knex: Knex,
  alertId: number,
  watermark: string | null,
  change: Change,
): Promise<AlertRecord> {
  return knex.transaction(async transaction => {
    const before = await findAlert(transaction, alertId)
    if (before === null) throw notFound(noun, alertId)
    await transaction('alerts').where({ id: alertId }).update({ watermark, updated_at: change.nowMs })
    const detail = { name: before.name, from: before.watermark, to: watermark }
    await auditIn(transaction, change, 'set', { noun, nounId: alertId, detail })
    return { ...before, watermark }
  })
}

/** A run that is going on ends by itself. @throws RappelError `not-found` */
export function deactivateAlert(knex: Knex, alertId: number, change: Change): Promise<AlertRecord> {
  return setActive(knex, alertId, { is_active: false, next_run_at: null }, change)
}

/**
 * Hides it; runs, ledger and messages go on naming it, so that nobody is written to twice by its successor's id.
 *
 * @throws RappelError `not-found`; `run-in-progress`
 */
export function deleteAlert(knex: Knex, alertId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const deleted = await transaction('alerts')
      .where({ id: alertId })
      .whereNull('deleted_at')
      .whereNull('open_run_id')
      .update({ deleted_at: change.nowMs, is_active: false, next_run_at: null, source_id: null })
    const alert: AlertRow | undefined = (await transaction('alerts').where({ id: alertId }))[0]
    if (deleted === 0) {
      if (alert === undefined || alert.deleted_at !== null) throw notFound(noun, alertId)
      throw new RappelError('run-in-progress', { alertId, runId: alert.open_run_id })
    }
    await transaction('alert_templates').where({ alert_id: alertId }).delete()
    await auditIn(transaction, change, 'delete', { noun, nounId: alertId, detail: { name: alert!.name } })
  })
}

function setActive(
  knex: Knex,
  alertId: number,
  columns: { is_active: boolean; next_run_at: number | null },
  change: Change,
): Promise<AlertRecord> {
  return knex.transaction(async transaction => {
    const [row]: AlertRow[] = await live(transaction)
      .where({ id: alertId })
      .update({ ...columns, updated_at: change.nowMs })
      .returning('*')
    if (row === undefined) throw notFound(noun, alertId)
    const action = columns.is_active ? 'activate' : 'deactivate'
    await auditIn(transaction, change, action, { noun, nounId: alertId, detail: { name: row.name } })
    return recordOf(row)
  })
}

function live(knex: Knex): Knex.QueryBuilder {
  return knex('alerts').whereNull('deleted_at')
}

async function refuseMissing(transaction: Knex.Transaction, definition: AlertDefinition): Promise<void> {
  const templateIds = templateIdsOf(definition)
  const sources: number[] = await transaction('sources').where({ id: definition.sourceId }).pluck('id')
  const templates: number[] = await transaction('templates').whereIn('id', templateIds).pluck('id')
  const problems = [
    ...(sources.length === 0 ? [`there is no source ${definition.sourceId}`] : []),
    ...templateIds.filter(id => !templates.includes(id)).map(id => `there is no template ${id}`),
  ]
  if (problems.length > 0) throw new RappelError('alert-invalid', { problems })
}

async function linkTemplates(
  transaction: Knex.Transaction,
  alertId: number,
  definition: AlertDefinition,
): Promise<void> {
  await transaction('alert_templates').where({ alert_id: alertId }).delete()
  await transaction('alert_templates').insert(
    templateIdsOf(definition).map(templateId => ({ alert_id: alertId, template_id: templateId })),
  )
}

function templateIdsOf(definition: AlertDefinition): number[] {
  return [...new Set(definition.templates.map(choice => choice.templateId))]
}

interface AlertRow {
  id: number
  name: string
  definition: string
  is_active: boolean | number
  has_baseline: boolean | number
  next_run_at: number | null
  covered_until: string | null
  watermark: string | null
  open_run_id: number | null
  deleted_at: number | null
}

function recordOf(row: AlertRow): AlertRecord {
  return {
    id: row.id,
    name: row.name,
    isActive: Boolean(row.is_active),
    definition: JSON.parse(row.definition),
    nextRunAtMs: row.next_run_at,
    coveredUntil: row.covered_until,
    hasBaseline: Boolean(row.has_baseline),
    watermark: row.watermark,
  }
}

/** What the alert remembers of its rows would mean something else, or nothing. */
function looksAtOtherRows(before: AlertDefinition, after: AlertDefinition): boolean {
  return (
    before.trigger.kind !== after.trigger.kind ||
    before.sourceId !== after.sourceId ||
    before.keyColumns.join('\n') !== after.keyColumns.join('\n')
  )
}

/** Its next run looks without writing, as a first one does: a change must not write to everybody at once. */
async function forgetRows(transaction: Knex.Transaction, alertId: number): Promise<void> {
  await transaction('alerts').where({ id: alertId }).update({ has_baseline: false, watermark: null })
  await transaction('alert_memories').where({ alert_id: alertId }).delete()
}
