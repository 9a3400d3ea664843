/** One service asked politely: it says who asks, waits when told to, and takes only an answer for an answer. */
import type { Clock } from '../../clock.ts'
import type { SourceError } from '../../source.ts'
import type { KeptState } from '../kept-state.ts'
import type { Authorization } from './authorization.ts'
import type { WebAnswer } from './exchange.ts'
import { KeptAnswers } from './kept-answers.ts'
import { type GuardedRequest, shown, type WebClient } from './web-client.ts'
import { webError } from './web-errors.ts'

/** Asked again so often when the service says that it is busy. */
const mostWaits = 6
/** The first wait when it does not say how long; doubled each time. */
const usualWaitMs = 1_000

interface AskOptions {
  signal: AbortSignal
  /** By the monotonic clock: when the read ends in any case. */
  untilMs: number
  /** Statuses above 299 that are answers too: SOAP tells faults with 500. */
  alsoAnswers?: readonly number[]
}

export class WebService {
  readonly client: WebClient
  readonly #authorization: Authorization
  readonly #clock: Clock
  readonly #answers: KeptAnswers
  /** What is remembered between reads. */
  readonly kept: KeptState

  constructor(
    client: WebClient,
    authorization: Authorization,
    { clock, kept }: { clock: Clock; kept: KeptState },
  ) {
    this.client = client
    this.#authorization = authorization
    this.#clock = clock
    this.kept = kept
    this.#answers = new KeptAnswers(kept)
  }

  /**
   * @throws SourceError for every answer that is none
   */
  async ask(request: GuardedRequest, options: AskOptions): Promise<WebAnswer> {
    const key = answerKey(request)
    const known = key === undefined ? undefined : this.#answers.find(key)
    const asked = known === undefined ? request : withHeader(request, 'if-none-match', known.headers.etag!)
    let wasRenewed = false
    for (let waits = 0; ; ) {
      const secrets = await this.#authorization.secrets(options.signal)
      const answer = await this.client.send({ ...asked, ...secrets }, options.signal)
      const { status } = answer
      if (status === 304 && known !== undefined) return known
      if (status === 200 || status === 204 || options.alsoAnswers?.includes(status) === true) {
        if (key !== undefined) this.#answers.keep(key, answer)
        return answer
      }
      if (status === 401 && !wasRenewed && this.#authorization.renew()) {
        wasRenewed = true
      } else if ((status === 429 || status === 503) && waits < mostWaits) {
        await this.#wait(answer, waits, options)
        waits += 1
      } else {
        throw this.#refused(answer)
      }
    }
  }

  /** Takes an answer for none: it is asked for anew next time. */
  forget(request: GuardedRequest): void {
    const key = answerKey(request)
    if (key !== undefined) this.#answers.forget(key)
  }

  /** Logs in where that is a step of its own. */
  async login(signal: AbortSignal): Promise<void> {
    await this.#authorization.secrets(signal)
  }

  close(): void {
    this.client.close()
  }

  async #wait(answer: WebAnswer, waits: number, { signal, untilMs }: AskOptions): Promise<void> {
    const delayMs = retryAfterMs(answer, this.#clock.nowMs()) ?? usualWaitMs * 2 ** waits
    const leftMs = Math.max(untilMs - this.#clock.monotonicMs(), 0)
    if (delayMs < leftMs) return await this.#clock.sleep(delayMs, signal)
    const words = `the service is busy (status ${answer.status}) and asks to wait ${Math.ceil(delayMs / 1_000)} s, longer than the read may last`
    const advice = 'Ask less often or for less, or raise timeoutMs of the source.'
    throw webError(this.client.place, 'source-timeout', { words, advice, details: { status: answer.status } })
  }

  #refused({ status, body, headers, url }: WebAnswer): SourceError {
    // Hidden before it is cut: half a secret is no longer known for one.
    const said = this.client.secrets.hide(problemWords(body, headers['content-type'] ?? '')).slice(0, 200)
    const words = `status ${status} for ${shown(url)}${said === '' ? '' : ` ("${said}")`}`
    const isLogin = status === 401 || status === 403
    const code = isLogin ? 'source-login-refused' : 'source-query-failed'
    return webError(this.client.place, code, { words, advice: adviceOf(status), details: { status } })
  }
}

/** @returns undefined for a request whose answer is not kept */
function answerKey({ method, url, headers }: GuardedRequest): string | undefined {
  return method === 'GET' ? JSON.stringify([url.href, headers]) : undefined
}

/** @returns undefined when the service does not say; a date counts from `nowMs` */
function retryAfterMs({ headers }: Pick<WebAnswer, 'headers'>, nowMs: number): number | undefined {
  const told = headers['retry-after']?.trim()
  if (told === undefined) return undefined
  if (/^\d{1,6}$/.test(told)) return Number(told) * 1_000
  const atMs = Date.parse(told)
  return Number.isNaN(atMs) ? undefined : Math.max(atMs - nowMs, 0)
}

function adviceOf(status: number): string {
  if (status === 401) return 'Check the kind of login, the user and the password, token or key.'
  if (status === 403)
    return 'The login is known and may not read this: ask whoever runs the service for the right.'
  if (status === 404) return 'Check the base address and the path of the request.'
  if (status === 407) return 'A proxy stands between and wants a login; it must let this machine through.'
  if (status === 304) return 'The service says "not modified" without having been asked.'
  if (status === 429 || status === 503) return 'The service stays busy: ask less often or for less.'
  return status >= 500 ? 'The service failed: ask whoever runs it.' : 'Check the request.'
}

/** What the service itself says, as far as it says it in JSON: RFC 9457 and its many forerunners. */
function problemWords(body: Buffer, contentType: string): string {
  if (!/json/i.test(contentType)) return ''
  try {
    const told = JSON.parse(body.toString('utf8', 0, 65_536)) as Record<string, unknown>
    const nested = typeof told.error === 'object' && told.error !== null ? (told.error as typeof told) : told
    const words = [nested.detail, nested.message, nested.title, nested.error_description, told.error]
    return String(words.find(text => typeof text === 'string') ?? '').replace(/\s+/g, ' ')
  } catch {
    return ''
  }
}

function withHeader(request: GuardedRequest, name: string, value: string): GuardedRequest {
  return { ...request, headers: { ...request.headers, [name]: value } }
}
