/** What a support engineer needs when a web service cannot be read: where, as whom, why, what to do. */
import { SourceError, type SourceErrorCode } from '../../source.ts'
import { errorCode, errorWords } from '../error-words.ts'
import { AddressRefused } from './address-guard.ts'

/** Begins every message: `REST api.example.com:443 as lecteur`. */
export interface WebPlace {
  /** `REST` or `SOAP`. */
  product: string
  /** `host:port` */
  host: string
  user: string | undefined
}

const adviceByCode: Record<string, string> = {
  ENOTFOUND: 'The host name is unknown: check its spelling and the DNS of this machine.',
  EAI_AGAIN: 'The name server does not answer: check the DNS of this machine, or give the address.',
  ECONNREFUSED: 'Nothing listens there: check the port and that the service runs.',
  ETIMEDOUT:
    'No answer: check the address, the route and the firewalls between this machine and the service.',
  EHOSTUNREACH: 'No route to the host: check the address and the network.',
  ENETUNREACH: 'No route to the network: check the address and the network.',
  ECONNRESET:
    'The connection was cut: check that the address begins rightly (http or https) and the firewalls.',
  EPIPE: 'The connection was cut: check that the service runs, and the firewalls.',
  EPROTO: 'The service does not speak TLS there: check that the address begins rightly (http or https).',
}

export function placeOf(place: WebPlace): string {
  return `${place.product} ${place.host}${place.user === undefined ? '' : ` as ${place.user}`}`
}

/** A SourceError about a service. `words` are the service's or Node's own. */
export function webError(
  place: WebPlace,
  code: SourceErrorCode,
  {
    words,
    advice,
    cause,
    details = {},
  }: {
    words: string
    advice: string
    cause?: unknown
    details?: Record<string, string | number>
  },
): SourceError {
  const told = { host: place.host, ...(place.user !== undefined && { user: place.user }), words, ...details }
  return new SourceError(code, `${placeOf(place)}: ${words}. ${advice}`, told, cause)
}

/** A failed exchange in our words, whatever failed. */
export function explainFailure(place: WebPlace, cause: unknown): SourceError {
  if (cause instanceof SourceError) return cause
  const words = errorWords(cause)
  if (cause instanceof AddressRefused) {
    const advice = 'Give the address of the service in the network of the company.'
    return webError(place, 'source-query-refused', {
      words,
      advice,
      cause,
      details: { reason: 'address-refused' },
    })
  }
  const code = errorCode(cause)
  if (code.startsWith('HPE_')) {
    const advice = 'What answers there is no web service that Node can read: check the address.'
    return webError(place, 'source-query-failed', { words, advice, cause })
  }
  const advice = adviceByCode[code]
  if (advice !== undefined) return webError(place, 'source-unreachable', { words, advice, cause })
  if (/cert|self.signed|altname|ssl|tls/i.test(`${code} ${words}`)) {
    const tlsAdvice =
      'Give the certificate of the authority, or check that the name in the address is the one in the certificate.'
    return webError(place, 'source-unreachable', { words, advice: tlsAdvice, cause })
  }
  return webError(place, 'source-query-failed', { words, advice: 'Check the request.', cause })
}

/** `api.example.com:443`, for messages. */
export function hostAndPort(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
}
