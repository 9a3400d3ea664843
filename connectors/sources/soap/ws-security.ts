/** The UsernameToken header of WS-Security. Pure but for the nonce. */
import { createHash, randomBytes } from 'node:crypto'
import { escapeXml } from '../web/request-template.ts'

const secext = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const utility = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
const profile = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0'
const base64 =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary'

/** What services usually allow between their clock and ours, and how long a Timestamp lives. */
export const usualSkewMs = 300_000

export interface UsernameToken {
  user: string
  password: string
  passwordType: 'text' | 'digest'
  timestamp: boolean
}

/**
 * @param now the time of the token: a service refuses one that is some five minutes off its own
 * @see OASIS Web Services Security UsernameToken Profile 1.1 section 3.1
 */
export function usernameTokenHeader(
  token: UsernameToken,
  now: Date,
  nonce: Buffer = randomBytes(16),
): string {
  const created = utcSeconds(now)
  const isDigest = token.passwordType === 'digest'
  const password = isDigest ? passwordDigest(nonce, created, token.password) : escapeXml(token.password)
  const expires = utcSeconds(new Date(now.getTime() + usualSkewMs))
  const timestamp = `<wsu:Timestamp><wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`
  return (
    `<wsse:Security xmlns:wsse="${secext}" xmlns:wsu="${utility}">` +
    (token.timestamp ? timestamp : '') +
    `<wsse:UsernameToken><wsse:Username>${escapeXml(token.user)}</wsse:Username>` +
    `<wsse:Password Type="${profile}#Password${isDigest ? 'Digest' : 'Text'}">${password}</wsse:Password>` +
    (isDigest ? `<wsse:Nonce EncodingType="${base64}">${nonce.toString('base64')}</wsse:Nonce>` : '') +
    `<wsu:Created>${created}</wsu:Created></wsse:UsernameToken></wsse:Security>`
  )
}

/** Base64(SHA-1(nonce + created + password)) */
export function passwordDigest(nonce: Buffer, created: string, password: string): string {
  return createHash('sha1').update(nonce).update(created).update(password).digest('base64')
}

function utcSeconds(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`
}
