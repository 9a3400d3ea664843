/** The real API over a real SQLite store and the real gateway and engine; spoken to by HTTP. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../connectors/clock.ts'
import { createApi } from '../../server/api/app.ts'
import type { Scope } from '../../server/api/contract/scopes.ts'
import type { ApiSettings } from '../../server/api/dependencies.ts'
import { endpoints } from '../../server/api/endpoints/all.ts'
import { errorCodesOf } from '../../server/api/openapi.ts'
import { type Application, openApplication } from '../../server/application.ts'
import { createLogger } from '../../server/log.ts'
import { followOperators } from '../../server/operator-changes.ts'
import { createApiKey, createSecretBox } from '../../server/secrets.ts'
import { type Teardown, tempDir } from '../support/temp-dir.ts'

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: an answer is JSON; each test says what it must be.
  body: any
}

export interface ApiUnderTest {
  url: string
  application: Application
  /** A key with every scope. */
  key: string
  /** Everything the log was told. */
  logLines: string[]
  newKey(scopes: Scope[]): Promise<string>
  /** Calls with the admin key unless told otherwise; `body` is written as JSON, `raw` as it is. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  stopping: { isStopping: boolean }
}

export interface CallOptions {
  body?: unknown
  raw?: string | Uint8Array
  /** null sends none. */
  key?: string | null
  headers?: Record<string, string>
}

export async function startApi(
  t: Teardown,
  options: {
    settings?: Partial<ApiSettings>
    clock?: Clock
    change?: (application: Application) => Application
  } = {},
): Promise<ApiUnderTest> {
  const { clock = systemClock, settings = {}, change = (same: Application) => same } = options
  const logLines: string[] = []
  const log = createLogger({ level: 'info', clock, write: line => void logLines.push(line) })
  const directory = tempDir(t)
  const opened = await openApplication({
    database: { kind: 'sqlite', file: join(directory, 'rappel.db') },
    secrets: createSecretBox(Buffer.alloc(32, 7)),
    clock,
    log,
    inbound: { country: 'BF' },
    traceDirectory: join(directory, 'traces'),
    onFailure: error => {
      throw error
    },
  })
  const application = change(opened)
  const stopping = { isStopping: false }
  const app = createApi({
    ...application,
    reloadOperators: await followOperators(application),
    clock,
    log,
    settings: { version: '0.0.0', country: 'BF', zone: 'Africa/Ouagadougou', ...settings },
    isStopping: () => stopping.isStopping,
  })
  const server = createServer(app)
  // Idle connections are closed by the client alone: closed by the server at the moment of the next request, they would
  // make that one fail.
  server.keepAliveTimeout = 0
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await opened.close(0)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let made = 0
  const newKey = async (scopes: Scope[]): Promise<string> => {
    const { key, prefix, hash } = createApiKey()
    made += 1
    await application.store.apiKeys.create(
      { name: `key ${made}`, prefix, hash, scopes },
      { actor: 'test', nowMs: clock.nowMs() },
    )
    return key
  }
  const adminKey = await newKey(['admin'])
  return { url, application, key: adminKey, logLines, newKey, call, stopping }

  async function call(
    method: string,
    path: string,
    { body, raw, key = adminKey, headers }: CallOptions = {},
  ) {
    const content = raw ?? (body === undefined ? null : JSON.stringify(body))
    const { text, ...told } = await exchange(url + path, content, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(content !== null && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    const isJson = told.headers.get('content-type')?.startsWith('application/json') === true
    const answer = { ...told, body: isJson ? JSON.parse(text) : text }
    checkDeclared(method, path, answer)
    return answer
  }
}

/**
 * Each on a connection of its own. `fetch` gives up one that takes ten seconds, as on a loaded machine, and writes into
 * an old one that the server has just closed.
 */
function exchange(
  url: string,
  content: string | Uint8Array | null,
  options: { method: string; headers: Record<string, string> },
): Promise<{ status: number; headers: Headers; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const headers = new Headers()
        for (let index = 0; index < response.rawHeaders.length; index += 2) {
          headers.append(response.rawHeaders[index]!, response.rawHeaders[index + 1]!)
        }
        resolve({ status: response.statusCode!, headers, text: Buffer.concat(chunks).toString() })
      })
    })
    sent.on('error', reject)
    sent.end(content ?? undefined)
  })
}

/** Every answer of every test is held against what the endpoint declares. */
function checkDeclared(method: string, path: string, { status, body }: Answer): void {
  const asked = path.replace(/\?.*$/, '')
  const declared = endpoints.find(
    endpoint =>
      endpoint.method === method.toLowerCase() &&
      new RegExp(`^/api/v1${endpoint.path.replace(/:\w+/g, '\\d+')}$`).test(asked),
  )
  if (declared !== undefined && typeof body?.error?.code === 'string') {
    const codes: string[] = errorCodesOf(declared)
    if (!codes.includes(body.error.code))
      throw new Error(`${method} ${asked} answers ${body.error.code}, undeclared`)
  }
  // A table is text; whoever asks for one looks at it.
  if (declared?.status !== status || declared.answer === undefined || typeof body === 'string') return
  declared.answer.parse(body)
}

/** An operator that is never bound and a route for every number: messages stay queued. */
export async function addOperator(api: ApiUnderTest): Promise<number> {
  const added = await api.call('POST', '/api/v1/operators', {
    body: {
      name: 'Opérateur A',
      protocol: 'smpp',
      config: { host: '127.0.0.1', port: 1, systemId: 'rappel', password: 'secret-a' },
      sender: 'ASSUR',
      isStarted: false,
    },
  })
  const { operatorId } = added.body
  await api.call('PUT', '/api/v1/routes', { body: { rules: [{ name: 'All', operators: [{ operatorId }] }] } })
  return operatorId
}

/** Invented Burkina numbers, one per index below 10,000. */
export function phone(index: number): string {
  return `+2267000${String(index).padStart(4, '0')}`
}
