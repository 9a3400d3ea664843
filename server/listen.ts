/** The HTTP listener: plain or TLS, limits on what a slow or silent client may hold, one readable refusal. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../connectors/clock.ts'
import type { Config } from './config.ts'

export interface Listener {
  /** `http://127.0.0.1:8480`; the address of this machine where it listens on every one. */
  url: string
  /** Takes no new connection, lets requests under way end within `graceMs`, then cuts. */
  close(graceMs: number): Promise<void>
}

export type ListenOutcome =
  | { kind: 'listening'; listener: Listener }
  /** `reason` is one line that names address and port, or the file of the certificate. */
  | { kind: 'refused'; reason: string }

/** Longer than the 60 s of common proxies: the side that closes an idle connection first must be the proxy. */
const keepAliveMs = 65_000
/** Headers of a request are there at once; only an attack drips them. */
const headersMs = 20_000
/** A body of 1,000 messages over the slowest link of an agency. */
const requestMs = 120_000
/** Clients are some programs and some dozen people; a flood must not use up the descriptors. */
const mostConnections = 2_000

export async function listen(
  { host, port, tls }: Config['http'],
  handle: RequestListener,
  clock: Clock,
): Promise<ListenOutcome> {
  let server: Server
  try {
    server =
      tls === null
        ? createServer(handle)
        : createTlsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, handle)
  } catch (error) {
    const files = tls === null ? '' : ` (${tls.certFile}, ${tls.keyFile})`
    return { kind: 'refused', reason: `http.tls cannot be used${files}: ${messageOf(error)}` }
  }
  server.keepAliveTimeout = keepAliveMs
  server.headersTimeout = headersMs
  server.requestTimeout = requestMs
  server.maxConnections = mostConnections
  const failure = await bind(server, host, port)
  if (failure !== null) return { kind: 'refused', reason: refusal(failure, host, port) }
  return {
    kind: 'listening',
    listener: { url: urlOf(server, host, tls !== null), close: closerOf(server, clock) },
  }
}

function bind(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise(resolve => {
    server.once('error', resolve)
    server.listen(port, host, () => {
      server.off('error', resolve)
      resolve(null)
    })
  })
}

function closerOf(server: Server, clock: Clock): Listener['close'] {
  return graceMs =>
    new Promise(resolve => {
      const cancel = clock.after(graceMs, () => server.closeAllConnections())
      server.close(() => {
        cancel()
        resolve()
      })
      server.closeIdleConnections()
    })
}

function refusal(error: NodeJS.ErrnoException, host: string, port: number): string {
  const address = `http.host ${host}, http.port ${port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return `${address}: another program listens there; stop it or choose another port with --port`
    case 'EACCES':
      return `${address}: this account may not listen there; choose a port above 1023`
    case 'EADDRNOTAVAIL':
      return `${address}: this machine does not have that address`
    case 'ENOTFOUND':
      return `${address}: no machine has that name`
    default:
      return `${address}: ${error.message}`
  }
}

function urlOf(server: Server, host: string, isTls: boolean): string {
  const { port } = server.address() as AddressInfo
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const name = reachable.includes(':') ? `[${reachable}]` : reachable
  return `${isTls ? 'https' : 'http'}://${name}:${port}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
