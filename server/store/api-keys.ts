/** Keys of API clients. Only a hash is kept: a stolen database opens no door. */
import type { Knex } from 'knex'
import { auditIn, type Change } from './audit.ts'
import { changing, notFound } from './named.ts'

export interface ApiKeyInput {
  /** Unique, at most 80 characters. */
  name: string
  /** First characters of the key, by which its owner recognises it; at most 16. */
  prefix: string
  /** SHA-256 of the key, hex. */
  hash: string
  scopes: string[]
}

export interface ApiKeyRecord {
  apiKeyId: number
  name: string
  prefix: string
  scopes: string[]
  createdAtMs: number
  revokedAtMs: number | null
}

const noun = 'api_keys'

/** @throws RappelError `name-taken` */
export function createApiKey(knex: Knex, key: ApiKeyInput, change: Change): Promise<ApiKeyRecord> {
  return changing(knex, { noun, name: key.name }, async transaction => {
    const { name, prefix, hash, scopes } = key
    const [row]: ApiKeyRow[] = await transaction('api_keys')
      .insert({ name, prefix, hash, scopes: JSON.stringify(scopes), created_at: change.nowMs })
      .returning('*')
    await auditIn(transaction, change, 'create', { noun, nounId: row!.id, detail: { name, prefix, scopes } })
    return recordOf(row!)
  })
}

/** The key in force with this hash; null when unknown or revoked. */
export async function findApiKeyByHash(knex: Knex, hash: string): Promise<ApiKeyRecord | null> {
  const [row]: ApiKeyRow[] = await knex('api_keys').where({ hash }).whereNull('revoked_at')
  return row === undefined ? null : recordOf(row)
}

/** Revoked ones too, oldest first. */
export async function listApiKeys(knex: Knex): Promise<ApiKeyRecord[]> {
  const rows: ApiKeyRow[] = await knex('api_keys').orderBy('id')
  return rows.map(recordOf)
}

/** A key revoked already keeps its date. @throws RappelError `not-found` */
export function revokeApiKey(knex: Knex, apiKeyId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const [key]: ApiKeyRow[] = await transaction('api_keys').where({ id: apiKeyId })
    if (key === undefined) throw notFound(noun, apiKeyId)
    const revoked = await transaction('api_keys')
      .where({ id: apiKeyId })
      .whereNull('revoked_at')
      .update({ revoked_at: change.nowMs })
    if (revoked === 0) return
    await auditIn(transaction, change, 'revoke', { noun, nounId: apiKeyId, detail: { name: key.name } })
  })
}

interface ApiKeyRow {
  id: number
  name: string
  prefix: string
  scopes: string
  created_at: number
  revoked_at: number | null
}

function recordOf(row: ApiKeyRow): ApiKeyRecord {
  return {
    apiKeyId: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: JSON.parse(row.scopes),
    createdAtMs: row.created_at,
    revokedAtMs: row.revoked_at,
  }
}
