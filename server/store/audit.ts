/** Who changed which part of the configuration, when. Written in the transaction of the change itself. */
import type { Knex } from 'knex'

/** Who makes a change and when: a parameter of every verb that changes the configuration. */
export interface Change {
  /** API key, user or `cli`; at most 80 characters. */
  actor: string
  nowMs: number
}

export interface AuditRecord {
  auditId: number
  atMs: number
  actor: string
  /** `create`, `update`, `delete`, `start`, `stop`, `activate`, `deactivate`, `revoke`, `set`. */
  action: string
  /** Table of the thing: `sources`, `operators`… */
  noun: string
  nounId: string
  detail: Record<string, unknown>
}

export interface AuditFilter {
  noun?: string
  nounId?: string | number
  /** Entries older than this one: the last of the page before. */
  beforeId?: number
  /** 1..500 */
  limit: number
}

const actorLimit = 80
const nounIdLimit = 80

/** @param detail names of what changed, never values that may be secret */
export async function auditIn(
  transaction: Knex.Transaction,
  { actor, nowMs }: Change,
  action: string,
  { noun, nounId, detail }: { noun: string; nounId: string | number; detail: Record<string, unknown> },
): Promise<void> {
  await transaction('audit').insert({
    at: nowMs,
    actor: actor.slice(0, actorLimit),
    action,
    noun,
    noun_id: String(nounId).slice(0, nounIdLimit),
    detail: JSON.stringify(detail),
  })
}

/** Newest first. */
export async function listAudit(knex: Knex, filter: AuditFilter): Promise<AuditRecord[]> {
  const query = knex('audit').orderBy('id', 'desc').limit(filter.limit)
  if (filter.noun !== undefined) query.where('noun', filter.noun)
  if (filter.nounId !== undefined) query.where('noun_id', String(filter.nounId))
  if (filter.beforeId !== undefined) query.where('id', '<', filter.beforeId)
  const rows = await query
  return rows.map(row => ({
    auditId: row.id,
    atMs: row.at,
    actor: row.actor,
    action: row.action,
    noun: row.noun,
    nounId: row.noun_id,
    detail: JSON.parse(row.detail),
  }))
}

/** Names of the fields that differ; a value that is an object is looked into once: `config.host`. */
export function changedFields(before: object, after: object): string[] {
  const changed: string[] = []
  for (const [field, value] of Object.entries(after)) {
    const old = (before as Record<string, unknown>)[field]
    if (JSON.stringify(old) === JSON.stringify(value)) continue
    if (isPlainObject(old) && isPlainObject(value)) {
      const names = new Set([...Object.keys(old), ...Object.keys(value)])
      for (const name of names) {
        if (JSON.stringify(old[name]) !== JSON.stringify(value[name])) changed.push(`${field}.${name}`)
      }
    } else {
      changed.push(field)
    }
  }
  return changed
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
