/** A real web service in the test, and sources that read it. */
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { type Clock, systemClock } from '../../../../connectors/clock.ts'
import type { Source } from '../../../../connectors/source.ts'
import { sourceKinds } from '../../../../connectors/sources/kinds.ts'

export interface WebServer {
  url: string
  port: number
  /** Every request so far. */
  asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[]
  /** Connections open now. */
  connections(): Promise<number>
  /** Requests whose answer is neither sent to its end nor given up. */
  running(): number
  stop(): Promise<void>
}

export type Answer = (request: WebServer['asked'][number], response: ServerResponse) => unknown

/** @param answer is called with the whole request */
export async function webServer(
  t: ExecutionContext,
  answer: Answer,
  tls?: { key: string; cert: string },
): Promise<WebServer> {
  const asked: WebServer['asked'] = []
  let running = 0
  const listener: RequestListener = (request, response) => {
    const pieces: Buffer[] = []
    running += 1
    response.on('close', () => {
      running -= 1
    })
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const seen = { method, url, headers, body: Buffer.concat(pieces).toString() }
      asked.push(seen)
      answer(seen, response)
    })
  }
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  t.teardown(stop)
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    asked,
    connections: () => new Promise(resolve => server.getConnections((_, count) => resolve(count))),
    running: () => running,
    stop,
  }
}

export function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers })
  response.end(typeof value === 'string' ? value : JSON.stringify(value))
}

export function xml(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'text/xml; charset=utf-8' })
  response.end(text)
}

/** A REST source of one request named `contrats`. */
export function restSource(
  t: ExecutionContext,
  server: Pick<WebServer, 'url'>,
  {
    request = {},
    clock = systemClock,
    ...config
  }: Record<string, unknown> & { clock?: Clock; request?: object } = {},
): Source {
  const whole = { baseUrl: server.url, allowLoopback: true, requests: { contrats: request }, ...config }
  const source = sourceKinds.rest.open(whole, { clock })
  t.teardown(() => source.close())
  return source
}

export function soapSource(
  t: ExecutionContext,
  server: Pick<WebServer, 'url'>,
  { clock = systemClock, ...config }: Record<string, unknown> & { clock?: Clock },
): Source {
  const whole = { endpoint: `${server.url}/service`, allowLoopback: true, ...config }
  const source = sourceKinds.soap.open(whole, { clock })
  t.teardown(() => source.close())
  return source
}

/** Every row of a table. */
export const everything = { sql: 'SELECT * FROM contrats' }
