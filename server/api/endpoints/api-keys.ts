/** API keys: made, listed, revoked. */
import type { z } from 'zod'
import { createApiKey } from '../../secrets.ts'
import type { ApiKeyRecord } from '../../store/api-keys.ts'
import { type apiKey, apiKeyList, apiKeyRequest, newApiKey } from '../contract/api-keys.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { iso, isoOrNull } from './times.ts'

const noun = 'api-keys'

export const apiKeyEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api-keys',
    noun,
    scope: 'admin',
    summary: 'List the keys, revoked ones too',
    status: 200,
    answer: apiKeyList,
    handle: async (_call, { store }) => ({ apiKeys: (await store.apiKeys.list()).map(apiKeyOf) }),
  }),
  endpoint({
    method: 'post',
    path: '/api-keys',
    noun,
    scope: 'admin',
    summary: 'Make a key; it is shown this once',
    body: apiKeyRequest,
    status: 201,
    answer: newApiKey,
    errors: ['name-taken'],
    async handle({ body, change }, { store }) {
      const { key, prefix, hash } = createApiKey()
      const scopes = [...new Set(body.scopes)]
      const record = await store.apiKeys.create({ name: body.name, prefix, hash, scopes }, change)
      return { ...apiKeyOf(record), key }
    },
  }),
  endpoint({
    method: 'delete',
    path: '/api-keys/:id',
    noun,
    scope: 'admin',
    summary: 'Revoke a key, at once and for good',
    params: idParams,
    status: 204,
    errors: ['not-found'],
    async handle({ params, change }, { store, authenticator }) {
      await store.apiKeys.revoke(params.id, change)
      authenticator.forget()
    },
  }),
]

function apiKeyOf(record: ApiKeyRecord): z.input<typeof apiKey> {
  const { apiKeyId, name, prefix, scopes, createdAtMs, revokedAtMs } = record
  return { apiKeyId, name, prefix, scopes, createdAt: iso(createdAtMs), revokedAt: isoOrNull(revokedAtMs) }
}
