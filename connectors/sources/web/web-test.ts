/** The connection test of a web service: name, port, TLS, login, what it may do, rows. */
import { lookup } from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import type { Clock } from '../../clock.ts'
import type { SourceColumn, SourceError, SourceTestStep } from '../../source.ts'
import { orAborted } from '../row-reading.ts'
import { AddressRefused, bareHost, checkLiteral, guardedLookup, judgeAddress } from './address-guard.ts'
import { explainFailure, webError } from './web-errors.ts'
import type { WebSourceParts } from './web-parts.ts'

type Step = SourceTestStep['step']

/** `note` says something good to know of a step that went well. */
interface Tried {
  warning?: string
  note?: string
}

/** @param probe reads the first page of a table */
export async function testWebService(
  parts: WebSourceParts,
  probe: (name: string) => Promise<SourceColumn[]>,
  signal: AbortSignal | undefined,
): Promise<SourceTestStep[]> {
  const { service, settings, clock, url } = parts
  const { place } = service.client
  const isTls = url.protocol === 'https:'
  const within = <T>(run: (stop: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline(run, { clock, signal, timeoutMs: settings.connectTimeoutMs, late: () => connectLate(parts) })
  const attempts: [Step, () => Promise<Tried>][] = [
    ['resolve', () => within(() => resolve(parts))],
    ['connect', () => within(stop => openSocket(parts, stop, false))],
  ]
  if (isTls) attempts.push(['tls', () => within(stop => openSocket(parts, stop, true))])
  else if (parts.sendsSecret) {
    attempts.push([
      'tls',
      async () => ({ warning: 'The address begins with http: the login travels unencrypted.' }),
    ])
  }
  attempts.push(
    ['login', () => service.login(signal ?? new AbortController().signal).then(() => ({}))],
    ['read-only', async () => parts.mayWrite],
    ['select', () => select(parts.names, probe)],
  )
  const steps: SourceTestStep[] = []
  try {
    for (const [step, attempt] of attempts) {
      signal?.throwIfAborted()
      const { warning, note = '' } = await attempt()
      steps.push({ step, outcome: warning === undefined ? 'ok' : 'warning', detail: warning ?? note })
    }
  } catch (error) {
    signal?.throwIfAborted()
    const step = attempts[steps.length]?.[0] ?? 'select'
    const explained = explainFailure(place, error)
    // Only the first request shows whether the login is taken.
    if (explained.code === 'source-login-refused' && step === 'select') return refusedLogin(steps, explained)
    steps.push({ step, outcome: 'failed', detail: explained.message })
  }
  return steps
}

function refusedLogin(steps: readonly SourceTestStep[], { message }: SourceError): SourceTestStep[] {
  const before = steps.slice(
    0,
    steps.findIndex(({ step }) => step === 'login'),
  )
  return [...before, { step: 'login', outcome: 'failed', detail: message }]
}

async function select(
  names: readonly string[],
  probe: (name: string) => Promise<SourceColumn[]>,
): Promise<Tried> {
  const [name] = names
  const columns = name === undefined ? [] : await probe(name)
  return { note: `${name}: ${columns.length} columns` }
}

async function resolve({ url, settings }: WebSourceParts): Promise<Tried> {
  checkLiteral(url.hostname, settings)
  const host = bareHost(url.hostname)
  for (const { address } of await lookup(host, { all: true })) {
    const verdict = judgeAddress(address, settings)
    if (verdict.kind === 'refused') throw new AddressRefused(host, address, verdict.why)
  }
  return {}
}

async function openSocket(
  { url, settings }: WebSourceParts,
  stop: AbortSignal,
  isTls: boolean,
): Promise<Tried> {
  const host = bareHost(url.hostname)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const to = { host, port, lookup: guardedLookup(settings) }
  const { caPem, mode } = settings.tls
  const socket = isTls
    ? tls.connect({
        ...to,
        rejectUnauthorized: mode === 'verify',
        ...(net.isIP(host) === 0 && { servername: host }),
        ...(caPem !== undefined && { ca: caPem }),
      })
    : net.connect(to)
  const opened = new Promise<void>((done, fail) => {
    socket.once(isTls ? 'secureConnect' : 'connect', () => done())
    socket.once('error', fail)
  })
  try {
    await orAborted(opened, stop)
    if (!isTls || mode === 'verify') return {}
    return {
      warning:
        'Encrypted, but nobody asks who answers: set the mode verify, with the certificate if need be.',
    }
  } finally {
    socket.destroy()
  }
}

function connectLate({ service, settings }: WebSourceParts): Error {
  const words = `no connection within ${settings.connectTimeoutMs} ms`
  const advice = 'Check the address, the route and the firewalls between this machine and the service.'
  return webError(service.client.place, 'source-unreachable', { words, advice })
}

async function withDeadline<T>(
  run: (stop: AbortSignal) => Promise<T>,
  given: { clock: Clock; signal: AbortSignal | undefined; timeoutMs: number; late(): Error },
): Promise<T> {
  const over = new AbortController()
  const cancel = given.clock.after(given.timeoutMs, () => over.abort(given.late()))
  const stop = given.signal === undefined ? over.signal : AbortSignal.any([given.signal, over.signal])
  try {
    return await orAborted(run(stop), stop)
  } finally {
    cancel()
  }
}
