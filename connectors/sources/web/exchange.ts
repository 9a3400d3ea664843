/** One request and its answer over Node's own HTTP, with a limit on everything the other side decides. */
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Clock } from '../../clock.ts'
import { errorCode } from '../error-words.ts'
import { type WebPlace, webError } from './web-errors.ts'
import type { WebSettings } from './web-settings.ts'

export interface WebRequest {
  method: 'GET' | 'POST'
  url: URL
  headers: Readonly<Record<string, string>>
  body?: Buffer | undefined
}

export interface WebAnswer {
  status: number
  headers: IncomingHttpHeaders
  /** Unpacked. */
  body: Buffer
  /** Where it came from in the end. */
  url: URL
}

export interface Exchange {
  settings: WebSettings
  place: WebPlace
  clock: Clock
  agents: { http: http.Agent; https: https.Agent }
  lookup: LookupFunction
}

/** Headers longer than this are no answer of a web service; Node's own limit is as large. */
const mostHeaderBytes = 16_384

const unpackers: Readonly<Record<string, (packed: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>>> = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
}

/**
 * Sends one request and reads its whole answer. No redirect is followed here.
 *
 * @param signal ends the exchange with its reason
 * @throws SourceError for what passed a limit; what Node throws for the network, see `explainFailure`
 */
export async function exchange(
  context: Exchange,
  request: WebRequest,
  signal: AbortSignal,
): Promise<WebAnswer> {
  signal.throwIfAborted()
  const { settings, clock } = context
  const opening = openRequest(context, request)
  let answer: IncomingMessage | undefined
  let stopped: { reason: unknown } | undefined
  const stop = (reason: unknown): void => {
    // What Node says of a connection that we cut ourselves would only hide why.
    stopped ??= { reason }
    answer?.destroy()
    opening.destroy(new Error('stopped'))
  }
  const onAbort = (): void => stop(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const cancelWhole = clock.after(settings.requestTimeoutMs, () => stop(late(context, 'whole')))
  try {
    answer = await answerOf(context, opening, { request, stop })
    const body = await bodyOf(context, answer)
    if (stopped !== undefined) throw stopped.reason
    return { status: answer.statusCode ?? 0, headers: answer.headers, body, url: request.url }
  } catch (error) {
    if (stopped !== undefined) throw stopped.reason
    // A server may close a kept connection at the very moment we use it: nothing was read, so asking again is safe.
    const wasStale = opening.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(errorCode(error))
    if (!wasStale) throw error
  } finally {
    cancelWhole()
    signal.removeEventListener('abort', onAbort)
    if (answer?.complete !== true) opening.destroy()
  }
  return await exchange(context, request, signal)
}

function openRequest({ agents, lookup, settings }: Exchange, request: WebRequest): http.ClientRequest {
  const { url, method, headers, body } = request
  const isTls = url.protocol === 'https:'
  const { caPem, mode } = settings.tls
  const tls = { rejectUnauthorized: mode === 'verify', ...(caPem !== undefined && { ca: caPem }) }
  return (isTls ? https : http).request(url, {
    method,
    agent: isTls ? agents.https : agents.http,
    lookup,
    maxHeaderSize: mostHeaderBytes,
    headers: {
      'accept-encoding': 'gzip, br',
      ...headers,
      ...(body !== undefined && { 'content-length': String(body.length) }),
    },
    ...(isTls && tls),
  })
}

function answerOf(
  context: Exchange,
  opening: http.ClientRequest,
  { request, stop }: { request: WebRequest; stop(reason: unknown): void },
): Promise<IncomingMessage> {
  const { settings, clock } = context
  return new Promise((resolve, reject) => {
    let cancel = clock.after(settings.connectTimeoutMs, () => stop(late(context, 'connect')))
    const connected = (): void => {
      cancel()
      cancel = clock.after(settings.answerTimeoutMs, () => stop(late(context, 'answer')))
    }
    opening.once('socket', socket => {
      if (opening.reusedSocket) return connected()
      socket.once(request.url.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
    })
    opening.once('response', answer => {
      cancel()
      resolve(answer)
    })
    opening.on('error', error => {
      cancel()
      reject(error)
    })
    opening.end(request.body)
  })
}

async function bodyOf(context: Exchange, answer: IncomingMessage): Promise<Buffer> {
  const { maxBodyBytes } = context.settings
  const encoding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const unpack = unpackers[encoding]
  if (unpack === undefined && encoding !== 'identity' && encoding !== '') {
    const advice = 'Only gzip, deflate and br are read.'
    throw webError(context.place, 'source-query-failed', {
      words: `an answer packed as "${encoding}"`,
      advice,
    })
  }
  const tooLarge = (): Error =>
    webError(context.place, 'source-query-failed', {
      words: `the answer is larger than ${maxBodyBytes} bytes`,
      advice: 'Ask for smaller pages, or raise maxBodyBytes of the source.',
      details: { maxBodyBytes },
    })
  if (Number(answer.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  const sent = await wholeBody(answer, { maxBodyBytes, tooLarge })
  if (unpack === undefined || sent.length === 0) return sent
  try {
    return await unpack(sent, { maxOutputLength: maxBodyBytes })
  } catch (cause) {
    if (errorCode(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    const words = `the answer is said to be ${encoding} and is not, or is cut`
    throw webError(context.place, 'source-query-failed', {
      words,
      advice: 'Check what stands between.',
      cause,
    })
  }
}

/** By events: iterating the stream costs half as much again per answer (measured). */
function wholeBody(
  answer: IncomingMessage,
  { maxBodyBytes, tooLarge }: { maxBodyBytes: number; tooLarge(): Error },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let length = 0
    answer.on('data', (piece: Buffer) => {
      length += piece.length
      if (length > maxBodyBytes) {
        answer.destroy()
        reject(tooLarge())
      } else pieces.push(piece)
    })
    answer.once('end', () => resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)))
    answer.once('error', reject)
    answer.once('close', () => reject(new Error('the connection was cut in the middle of the answer')))
  })
}

function late({ settings, place }: Exchange, what: 'connect' | 'answer' | 'whole'): Error {
  if (what === 'connect') {
    const words = `no connection within ${settings.connectTimeoutMs} ms`
    const advice = 'Check the address, the route and the firewalls between this machine and the service.'
    return webError(place, 'source-unreachable', { words, advice })
  }
  const timeoutMs = what === 'answer' ? settings.answerTimeoutMs : settings.requestTimeoutMs
  const words =
    what === 'answer' ? `no answer within ${timeoutMs} ms` : `the answer took longer than ${timeoutMs} ms`
  const advice = 'Ask for less at a time, or raise the time limits of the source.'
  return webError(place, 'source-timeout', { words, advice, details: { timeoutMs } })
}
