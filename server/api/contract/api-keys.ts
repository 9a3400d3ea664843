/** API keys. The key itself is answered once, when it is made. */
import { z } from 'zod'
import { scopeSchema, scopes } from './scopes.ts'
import { id, instant, name } from './values.ts'

export const apiKeyRequest = z.strictObject({
  name,
  scopes: z.array(scopeSchema).min(1).max(scopes.length),
})

export const apiKey = z
  .strictObject({
    apiKeyId: id,
    name,
    /** First characters, by which its owner recognises it. */
    prefix: z.string(),
    scopes: z.array(z.string()),
    createdAt: instant,
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' })

export const apiKeyList = z.strictObject({ apiKeys: z.array(apiKey) })
export const newApiKey = z.strictObject({ ...apiKey.shape, key: z.string() })
