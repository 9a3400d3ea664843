/** What a support engineer needs when a database server cannot be read: where, as whom, why, what to do. */
import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Clock } from '../clock.ts'
import { SourceError, type SourceErrorCode, type SourceTestStep } from '../source.ts'
import { causesOf, errorCode, errorWords } from './error-words.ts'
import { orAborted } from './row-reading.ts'
import type { TlsSettings } from './settings.ts'

export interface ServerPlace {
  /** The server's product, for the messages. */
  product: string
  host: string
  port: number
  user: string
  database: string
  connectTimeoutMs: number
}

/** In codes and words of Node, OpenSSL and the drivers. */
const aboutTls = /certificate|self.signed|altname|ssl|tls|EPROTO/i

const rowsInPlain =
  'The connection is not encrypted: whoever is on the network between can read the rows. Set the TLS mode to require where the server can.'

const adviceByCode: Record<string, string> = {
  ENOTFOUND: 'The host name is unknown: check its spelling and the DNS of this machine.',
  EAI_AGAIN: 'The name server does not answer: check the DNS of this machine, or give the address.',
  ECONNREFUSED:
    'Nothing listens there: check the port, that the server runs, and that it accepts remote clients.',
  ETIMEDOUT: 'No answer: check the address, the route and the firewalls between this machine and the server.',
  EHOSTUNREACH: 'No route to the host: check the address and the network.',
  ENETUNREACH: 'No route to the network: check the address and the network.',
  ECONNRESET: 'The connection was cut: check the TLS setting and the firewalls.',
  // Written to a server that had gone: which of the two is seen depends on the moment.
  EPIPE: 'The connection was cut: check that the server runs, and the firewalls.',
}

/** `PostgreSQL 10.0.0.7:5432/agence as lecteur`: the beginning of every message; never the password. */
export function placeName({ product, host, port, user, database }: ServerPlace): string {
  return `${product} ${host}:${port}/${database} as ${user}`
}

/** A SourceError about a server. `words` are the server's or the driver's own. */
export function serverError(
  place: ServerPlace,
  code: SourceErrorCode,
  { words, advice, cause }: { words: string; advice: string; cause?: unknown },
): SourceError {
  const { host, port, user } = place
  return new SourceError(
    code,
    `${placeName(place)}: ${words.replace(/\.$/, '')}. ${advice}`,
    { host, port, user, words },
    cause,
  )
}

/** The network's failures, the same for every driver; undefined when the server itself refused something. */
export function networkError(place: ServerPlace, cause: unknown): SourceError | undefined {
  const code = errorCode(cause)
  const words = errorWords(cause)
  const advice = adviceByCode[code]
  if (advice !== undefined) return serverError(place, 'source-unreachable', { words, advice, cause })
  if (aboutTls.test(`${code} ${words}`)) {
    const tlsAdvice = 'Check the TLS mode of the source and the certificate of the authority.'
    return serverError(place, 'source-unreachable', { words, advice: tlsAdvice, cause })
  }
  return undefined
}

/** A connection that took longer than its limit. */
export function connectTimedOut(place: ServerPlace): SourceError {
  const words = `no login within ${place.connectTimeoutMs} ms`
  return serverError(place, 'source-unreachable', { words, advice: adviceByCode.ETIMEDOUT ?? '' })
}

export interface TlsTest {
  /** All but `off` encrypt; `strict` is SQL Server's. */
  mode: TlsSettings['mode'] | 'strict'
  /** What is at stake without TLS, where it is more than the rows. */
  withoutTls?: string
  /** Asked after the login: why the encryption agreed on is not what it should be; empty when it is. */
  findWeakness?(): string
}

interface TestAttempts {
  place: ServerPlace
  clock: Clock
  signal: AbortSignal | undefined
  /** Adds the step `tls`. Absent: there is nothing to tell. */
  tls?: TlsTest
  /** Logs in; rejects with a SourceError. */
  login(): Promise<{
    /** Why the account is not read-only, in the server's words; empty when it is. */
    findWriteRights(): Promise<string>
    /** Rejects with a SourceError when the account may not read. */
    select(): Promise<unknown>
    close(): Promise<void>
  }>
}

/** Tries the connection step by step and stops at the first failure: what follows would only repeat it. */
export async function testServer(attempts: TestAttempts): Promise<SourceTestStep[]> {
  const { place, clock, signal, login } = attempts
  const steps: SourceTestStep[] = []
  let session: Awaited<ReturnType<typeof login>> | undefined
  let trying: SourceTestStep['step'] = 'resolve'
  const tried: [SourceTestStep['step'], () => Promise<unknown>][] = [
    ['resolve', () => lookup(place.host)],
    ['connect', () => openPort(place, clock, signal)],
    ['login', async () => (session = await login())],
    ['read-only', async () => session?.findWriteRights()],
    ['select', async () => session?.select()],
  ]
  try {
    for (const [step, attempt] of tried) {
      trying = step
      signal?.throwIfAborted()
      const found = await attempt()
      const warning = step === 'read-only' ? String(found) : ''
      if (step === 'login') steps.push(...tlsStep(attempts))
      steps.push({ step, outcome: warning === '' ? 'ok' : 'warning', detail: warning })
    }
  } catch (error) {
    const explained = error instanceof SourceError ? error : networkError(place, error)
    const detail = explained?.message ?? errorWords(error)
    if (trying === 'login') steps.push(...tlsStep(attempts, explained))
    const isTold = steps.at(-1)?.outcome === 'failed'
    if (!isTold) steps.push({ step: trying, outcome: 'failed', detail })
  } finally {
    await session?.close()
  }
  return steps
}

/**
 * What the login tells of TLS, which comes before it.
 *
 * @param failure of the login; absent when it was accepted
 * @returns no step when nothing is known
 */
function tlsStep({ place, tls }: TestAttempts, failure?: SourceError): SourceTestStep[] {
  if (tls === undefined) return []
  if (tls.mode === 'off') {
    if (isTlsDemanded(failure)) return []
    const isAtHome = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(place.host)
    return [toldTls(isAtHome ? '' : (tls.withoutTls ?? rowsInPlain))]
  }
  if (failure === undefined) return [toldTls(tls.findWeakness?.() ?? '')]
  if (failure.code === 'source-login-refused') return [toldTls('')]
  const codes = causesOf(failure.cause).map(cause => `${errorCode(cause)} ${errorWords(cause)}`)
  const isAboutTls = aboutTls.test(`${codes.join(' ')} ${failure.details.words ?? failure.message}`)
  return isAboutTls ? [{ step: 'tls', outcome: 'failed', detail: failure.message }] : []
}

/** The server refuses a login in plain: nothing is known of TLS but what the login's failure says itself. */
function isTlsDemanded(failure: SourceError | undefined): boolean {
  // tedious' code for a SQL Server that forces encryption.
  return causesOf(failure?.cause).some(cause => errorCode(cause) === 'EENCRYPT')
}

function toldTls(warning: string): SourceTestStep {
  return { step: 'tls', outcome: warning === '' ? 'ok' : 'warning', detail: warning }
}

async function openPort(place: ServerPlace, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const late = new AbortController()
  const cancel = clock.after(place.connectTimeoutMs, () => late.abort(connectTimedOut(place)))
  const socket = connect({ host: place.host, port: place.port })
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })
  try {
    await orAborted(opened, signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]))
  } finally {
    cancel()
    socket.destroy()
  }
}
