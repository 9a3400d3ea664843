/** Outgoing calls to one service: guarded addresses, checked redirects, kept connections. */
import http from 'node:http'
import https from 'node:https'
import type { Clock } from '../../clock.ts'
import { AddressRefused, checkLiteral, guardedLookup } from './address-guard.ts'
import { type Exchange, exchange, type WebAnswer, type WebRequest } from './exchange.ts'
import { KnownSecrets } from './known-secrets.ts'
import { explainFailure, type WebPlace, webError } from './web-errors.ts'
import type { WebSettings } from './web-settings.ts'

/** A read asks page after page and one ahead; more connections would only press the service. */
const mostConnections = 4

/** A request whose secrets stay with the origin that they were given for. */
export interface GuardedRequest extends WebRequest {
  /** Added while the request stays on its own origin. */
  secretHeaders?: Readonly<Record<string, string>>
  /** The same as query parameters. */
  secretQuery?: Readonly<Record<string, string>>
}

export class WebClient {
  readonly place: WebPlace
  /** What is sent and must be told to nobody else, as far as it is known by now. */
  readonly secrets = new KnownSecrets()
  readonly #exchange: Exchange

  constructor(settings: WebSettings, place: WebPlace, clock: Clock) {
    this.place = place
    const options = { keepAlive: true, maxSockets: mostConnections }
    const agents = { http: new http.Agent(options), https: new https.Agent(options) }
    this.#exchange = { settings, place, clock, agents, lookup: guardedLookup(settings) }
  }

  /**
   * Sends a request and follows its redirects.
   *
   * @throws SourceError; the signal's reason when it is aborted
   */
  async send(request: GuardedRequest, signal: AbortSignal): Promise<WebAnswer> {
    try {
      return await this.#follow(request, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw explainFailure(this.place, error)
    }
  }

  /** Closes kept connections and breaks off what is under way. */
  close(): void {
    this.#exchange.agents.http.destroy()
    this.#exchange.agents.https.destroy()
  }

  async #follow(request: GuardedRequest, signal: AbortSignal): Promise<WebAnswer> {
    const { settings } = this.#exchange
    let { method, body, headers } = request
    let url = request.url
    const seen = new Set<string>()
    for (let hops = 0; ; hops += 1) {
      checkLiteral(url.hostname, settings)
      const isOwn = url.origin === request.url.origin
      const answer = await exchange(
        this.#exchange,
        {
          method,
          url: isOwn ? withQuery(url, request.secretQuery) : url,
          headers: isOwn ? { ...headers, ...request.secretHeaders } : headers,
          body,
        },
        signal,
      )
      const next = redirectOf(answer, url)
      if (next === undefined) return { ...answer, url }
      this.#checkRedirect({ from: url, to: next, status: answer.status, method })
      if (hops === settings.maxRedirects || seen.has(next.href)) {
        throw this.#badRedirect(`redirected ${hops + 1} times, at last to ${shown(next)}`)
      }
      seen.add(next.href)
      if (answer.status === 303 && method === 'POST') {
        method = 'GET'
        body = undefined
        headers = Object.fromEntries(
          Object.entries(headers).filter(([name]) => !/^(?:content-|soapaction)/i.test(name)),
        )
      }
      url = next
    }
  }

  #checkRedirect({ from, to, status, method }: { from: URL; to: URL; status: number; method: string }): void {
    if (to.protocol !== 'https:' && to.protocol !== 'http:') {
      throw this.#badRedirect(`redirected to ${to.protocol}, which is no web address`)
    }
    if (from.protocol === 'https:' && to.protocol === 'http:') {
      throw this.#badRedirect(`redirected from https to ${shown(to)}, which is not encrypted`)
    }
    // A body is what was asked for, and with SOAP it holds the password.
    if (method === 'POST' && status !== 303 && (to.origin !== from.origin || status < 307)) {
      throw this.#badRedirect(`a POST was redirected (${status}) to ${shown(to)}`)
    }
    try {
      checkLiteral(to.hostname, this.#exchange.settings)
    } catch (error) {
      if (!(error instanceof AddressRefused)) throw error
      throw this.#badRedirect(`redirected to ${shown(to)}: ${error.message}`, error)
    }
  }

  #badRedirect(words: string, cause?: unknown): Error {
    const advice = 'Give the address that the service has in the end.'
    return webError(this.place, 'source-query-failed', {
      words,
      advice,
      cause,
      details: { reason: 'redirect' },
    })
  }
}

/** @returns undefined when the answer is no redirect */
function redirectOf({ status, headers }: WebAnswer, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined
  const to = URL.parse(headers.location, from.href)
  if (to === null) return undefined
  // Node would send them as a login of its own.
  to.username = ''
  to.password = ''
  return to
}

/** An address for messages: queries may hold keys. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

function withQuery(url: URL, query: Readonly<Record<string, string>> = {}): URL {
  const whole = new URL(url)
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
  return whole
}
