/** Who calls: bearer keys, remembered for some seconds so that the hot path asks the store nothing. */
import type { Clock } from '../../connectors/clock.ts'
import { RappelError } from '../errors.ts'
import { apiKeyPrefix, hashApiKey } from '../secrets.ts'
import type { Store } from '../store/operations.ts'
import type { Scope } from './contract/scopes.ts'

export interface Client {
  apiKeyId: number
  name: string
  scopes: ReadonlySet<string>
}

export interface Authenticator {
  /** The client of a key seen lately; null asks for `authenticate`. Never waits. */
  remembered(authorization: string | undefined): Client | null
  /** @throws RappelError `not-authenticated` */
  authenticate(authorization: string | undefined): Promise<Client>
  /** Forgets every key: one was revoked. */
  forget(): void
}

/** A key revoked by another process (the command line) is refused this late at most. */
const rememberedMs = 5_000
/** Keys in use at once; above it the memory starts anew. */
const mostRemembered = 10_000

export function createAuthenticator(store: Pick<Store, 'apiKeys'>, clock: Clock): Authenticator {
  const clients = new Map<string, { client: Client; untilMs: number }>()
  let generation = 0
  return {
    remembered(authorization) {
      const key = presentedKey(authorization)
      if (key === null) return null
      const entry = clients.get(hashApiKey(key))
      return entry !== undefined && entry.untilMs > clock.nowMs() ? entry.client : null
    },
    async authenticate(authorization) {
      const key = presentedKey(authorization)
      if (key === null)
        throw new RappelError('not-authenticated', { expected: 'Authorization: Bearer <key>' })
      const hash = hashApiKey(key)
      const asked = generation
      const record = await store.apiKeys.findByHash(hash)
      if (record === null) {
        clients.delete(hash)
        throw new RappelError('not-authenticated', { expected: 'a key in force' })
      }
      const client = { apiKeyId: record.apiKeyId, name: record.name, scopes: new Set(record.scopes) }
      // Asked before a revocation, answered after it: good for this request, not for the next.
      if (asked === generation) {
        if (clients.size >= mostRemembered) clients.clear()
        clients.set(hash, { client, untilMs: clock.nowMs() + rememberedMs })
      }
      return client
    },
    forget() {
      generation += 1
      clients.clear()
    },
  }
}

/** @throws RappelError `not-permitted` */
export function requireScope(client: Client, scope: Scope): void {
  if (client.scopes.has(scope) || client.scopes.has('admin')) return
  throw new RappelError('not-permitted', { scope })
}

function presentedKey(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > 200) return null
  const space = authorization.indexOf(' ')
  if (authorization.slice(0, space).toLowerCase() !== 'bearer') return null
  const key = authorization.slice(space + 1).trim()
  return apiKeyPrefix(key) === null ? null : key
}
