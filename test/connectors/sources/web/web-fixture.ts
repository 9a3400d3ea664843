/** What the fixtures of REST and SOAP share: a service with a login, whose address stands in one setting. */
import type { ServerResponse } from 'node:http'
import type { ExecutionContext } from 'ava'
import type { FixtureDatabase } from '../contract-fixture.ts'
import type { ServerFixture } from '../server-contract.ts'
import { selfSigned } from './certificate.ts'
import { type Answer, type WebServer, webServer } from './web-server.ts'

export interface WebDatabase extends FixtureDatabase {
  server: WebServer
}

export interface WebFixture {
  /** The setting that holds the address. */
  address: 'baseUrl' | 'endpoint'
  /** The request that is a table. */
  request(table: string): object
  answer: Answer
  /** Tables that a service has before any is made: no service is without. */
  tables: string[]
  settings?: Record<string, unknown>
}

const user = 'lecteur'
const password = 's3cret'
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** A service in which nothing but its first requests is set up. */
export async function webDatabase(
  t: ExecutionContext,
  fixture: WebFixture,
  tls?: { key: string; cert: string },
): Promise<WebDatabase> {
  const answer: Answer = (request, response) =>
    request.headers.authorization === authorization
      ? fixture.answer(request, response)
      : response.writeHead(401).end()
  const server = await webServer(t, answer, tls)
  const requests = Object.fromEntries(fixture.tables.map(table => [table, fixture.request(table)]))
  const login = { auth: { kind: 'basic', user }, password }
  const config = {
    [fixture.address]: server.url,
    allowLoopback: true,
    ...login,
    requests,
    ...fixture.settings,
  }
  return {
    server,
    config,
    prepare: async table => {
      requests[table] = fixture.request(table)
    },
  }
}

export function webServerFixture(
  fixture: WebFixture,
): Pick<
  ServerFixture<WebDatabase>,
  'database' | 'startServer' | 'placeWords' | 'atHost' | 'runningCount' | 'lacks'
> {
  const urlOf = (config: Record<string, unknown>): URL => new URL(String(config[fixture.address]))
  return {
    database: t => webDatabase(t, fixture),
    async startServer(t, options) {
      const tls = options?.tls === true ? selfSigned(t) : undefined
      const { server, config } = await webDatabase(t, fixture, tls)
      return { config, caPem: tls?.cert, stop: server.stop }
    },
    placeWords: config => [urlOf(config).host, user],
    atHost(config, host) {
      const url = urlOf(config)
      url.hostname = host
      // A base address has no path of its own.
      return { [fixture.address]: url.href.replace(/\/$/, '') }
    },
    runningCount: async ({ server }) => server.running(),
    lacks: {
      'read-only-transaction':
        'a service has no transactions; nothing is sent but the requests of the source',
      'write-warning':
        'a service does not tell what an account may do; what a request may do has its own test',
    },
  }
}

/** The bytes of `legacy` and `dos` as one service writes them: all in one code page. */
export const namesInBytes = {
  legacy: ['41ef636861204e924775657373616e209c2080', '5a6fe9'],
  dos: ['5a6f822080872081', '418b636861'],
} as const

/** `numbers_<count>` to the count. */
export function countOf(table: string): number | undefined {
  const count = /^numbers_(\d+)$/.exec(table)?.[1]
  return count === undefined ? undefined : Number(count)
}

export const padOf = (n: number): string => String(n).padStart(200, '0')

/** A body in pieces of text and of bytes given as hex. */
export function sendBytes(response: ServerResponse, ...pieces: (string | { hex: string })[]): void {
  const bytes = pieces.map(piece =>
    typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.hex, 'hex'),
  )
  response.end(Buffer.concat(bytes))
}
