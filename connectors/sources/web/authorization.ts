/** How a request says who asks: nothing, basic, bearer, an API key, or a token bought with client credentials. */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { KeptState } from '../kept-state.ts'
import { parseExactJson } from './json-text.ts'
import type { WebClient } from './web-client.ts'
import { webError } from './web-errors.ts'
import { serviceUrl } from './web-settings.ts'

/** A header name of RFC 9110. */
export const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, 'a header name')

/** The secret of each is `password`. */
export const authSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('basic'), user: z.string().min(1).max(255) }),
  z.strictObject({ kind: z.literal('bearer') }),
  z.strictObject({ kind: z.literal('api-key'), in: z.enum(['header', 'query']), name: headerName }),
  z.strictObject({
    kind: z.literal('oauth2'),
    tokenUrl: serviceUrl,
    clientId: z.string().min(1).max(512),
    scope: z.string().max(1_000).optional(),
    /** Some services want it beside the client. */
    audience: z.string().max(1_000).optional(),
    /** Where the client secret travels: RFC 6749 section 2.3.1 prefers `basic`. */
    clientIn: z.enum(['basic', 'body']).default('basic'),
  }),
])

type AuthSettings = z.output<typeof authSettings>

interface Secrets {
  secretHeaders?: Record<string, string>
  secretQuery?: Record<string, string>
}

export interface Authorization {
  secrets(signal: AbortSignal): Promise<Secrets>
  /** Forgets a token. @returns whether asking again can help */
  renew(): boolean
}

/** A token is renewed this long before it ends, so that none ends on its way. */
const renewAheadMs = 30_000
/** What a token is good for when the service does not say. */
const usualTokenSeconds = 300

/** What a login works with. */
interface AuthorizationContext {
  client: WebClient
  clock: Clock
  /** Where a token outlives the read that bought it. */
  kept: KeptState
}

export function openAuthorization(
  auth: AuthSettings,
  password: string,
  context: AuthorizationContext,
): Authorization {
  const { secrets } = context.client
  secrets.add(password)
  const user = userOf(auth)
  if (user !== undefined) secrets.add(basicCredentials(user, password))
  if (auth.kind === 'oauth2') return clientCredentials(auth, password, context)
  const fixed = fixedSecrets(auth, password)
  return { secrets: async () => fixed, renew: () => false }
}

/** @returns the name that a message may show */
export function userOf(auth: AuthSettings): string | undefined {
  if (auth.kind === 'basic') return auth.user
  return auth.kind === 'oauth2' ? auth.clientId : undefined
}

function basicHeader(user: string, password: string): string {
  return `Basic ${basicCredentials(user, password)}`
}

function basicCredentials(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64')
}

function fixedSecrets(auth: Exclude<AuthSettings, { kind: 'oauth2' }>, password: string): Secrets {
  switch (auth.kind) {
    case 'none':
      return {}
    case 'basic':
      return { secretHeaders: { authorization: basicHeader(auth.user, password) } }
    case 'bearer':
      return { secretHeaders: { authorization: `Bearer ${password}` } }
    case 'api-key':
      return auth.in === 'header'
        ? { secretHeaders: { [auth.name]: password } }
        : { secretQuery: { [auth.name]: password } }
  }
}

interface Token {
  text: string
  /** By the monotonic clock. */
  endsAtMs: number
}

const tokenKey = 'oauth2 token'

type OauthSettings = Extract<AuthSettings, { kind: 'oauth2' }>

function clientCredentials(
  auth: OauthSettings,
  password: string,
  { client, clock, kept }: AuthorizationContext,
): Authorization {
  let used: string | undefined
  return {
    async secrets(signal) {
      let token = kept.find(tokenKey) as Token | undefined
      if (token === undefined || clock.monotonicMs() >= token.endsAtMs) {
        const askedAtMs = clock.monotonicMs()
        const { text, seconds } = await askToken(auth, password, { client, signal })
        token = { text, endsAtMs: askedAtMs + Math.max(seconds * 1_000 - renewAheadMs, seconds * 500) }
        kept.keep(tokenKey, token, text.length * 2)
      }
      used = token.text
      client.secrets.add(used)
      return { secretHeaders: { authorization: `Bearer ${used}` } }
    },
    renew() {
      const token = kept.find(tokenKey) as Token | undefined
      // Another read may have bought a new one meanwhile.
      if (token !== undefined && token.text === used) kept.forget(tokenKey)
      return used !== undefined
    },
  }
}

/** @see RFC 6749 section 4.4 */
async function askToken(
  auth: OauthSettings,
  password: string,
  { client, signal }: { client: WebClient; signal: AbortSignal },
): Promise<{ text: string; seconds: number }> {
  const { clientId, scope, audience, clientIn } = auth
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(clientIn === 'body' && { client_id: clientId, client_secret: password }),
  })
  const basic = basicHeader(formEncoded(clientId), formEncoded(password))
  client.secrets.add(basic.slice('Basic '.length))
  const answer = await client.send(
    {
      method: 'POST',
      url: new URL(auth.tokenUrl),
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      ...(clientIn === 'basic' && { secretHeaders: { authorization: basic } }),
      body: Buffer.from(form.toString()),
    },
    signal,
  )
  const told = tokenAnswer(answer.body)
  if (
    answer.status === 200 &&
    typeof told.access_token === 'string' &&
    /^[\x21-\x7e]{1,16384}$/.test(told.access_token)
  ) {
    const seconds = Number(told.expires_in ?? usualTokenSeconds)
    return { text: told.access_token, seconds: seconds > 0 ? Math.min(seconds, 86_400) : usualTokenSeconds }
  }
  const said = [told.error, told.error_description].filter(text => typeof text === 'string').join(': ')
  const reason = client.secrets.hide(said).slice(0, 200)
  throw webError(client.place, answer.status >= 500 ? 'source-unreachable' : 'source-login-refused', {
    words: `the token service ${new URL(auth.tokenUrl).host} gave no token (status ${answer.status}${reason === '' ? '' : `, ${reason}`})`,
    advice: 'Check the token address, the client, its secret and the scope.',
    details: { status: answer.status },
  })
}

function tokenAnswer(body: Buffer): Record<string, unknown> {
  try {
    const told = parseExactJson(body.toString('utf8', 0, 65_536))
    return typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2)
}
