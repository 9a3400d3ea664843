/** One endpoint as an Express handler: scope, parts of the request, handler, answer. No middleware in between. */

import { hash } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import { RappelError } from '../errors.ts'
import { type Client, requireScope } from './authentication.ts'
import { csvText } from './csv.ts'
import { type Call, type Endpoint, usualBodyBytes } from './endpoint.ts'
import { sendJson, sendText } from './failures.ts'
import { invalidRequest, parseWith } from './issues.ts'
import { readJson } from './read-body.ts'
import type { Workshop } from './workshop.ts'

/** As wide as the store keeps it. */
const idempotencyKeyShape = /^[\x21-\x7e]{1,128}$/

export function serve(endpoint: Endpoint, workshop: Workshop): RequestHandler {
  const mostBytes = endpoint.bodyBytes ?? usualBodyBytes
  return async (request, response) => {
    response.locals.path = endpoint.path
    const client: Client = response.locals.client
    requireScope(client, endpoint.scope)
    const { value, bytes } =
      endpoint.method === 'get' ? { value: undefined, bytes: null } : await readJson(request, mostBytes)
    const call: Call<unknown, unknown, unknown> = {
      params:
        endpoint.params === undefined
          ? undefined
          : parseWith(endpoint.params, { ...request.params }, 'params'),
      query: queryOf(endpoint, request),
      body: bodyOf(endpoint, value),
      client,
      change: { actor: `api:${client.name}`, nowMs: workshop.clock.nowMs() },
      get signal() {
        return signalOf(response)
      },
      ...(endpoint.takesIdempotencyKey === true && idempotencyOf(endpoint, request, client, bytes)),
      setHeader: (name, value) => void response.setHeader(name, value),
    }
    const answer = await endpoint.handle(call as Call<never, never, never>, workshop)
    if (endpoint.status === 204) response.status(204).end()
    else if (endpoint.csvRows !== undefined && wantsCsv(call.query)) {
      sendText(response, endpoint.status, 'text/csv', csvText(endpoint.csvRows(answer)))
    } else sendJson(response, endpoint.status, answer)
  }
}

function wantsCsv(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'format' in query && query.format === 'csv'
}

function bodyOf(endpoint: Endpoint, value: unknown): unknown {
  if (endpoint.body === undefined) {
    // An empty object says nothing; anything else was meant to say something that would not be heard.
    if (value === undefined || isEmptyObject(value)) return undefined
    throw invalidRequest([{ path: 'body', expected: 'no body', received: 'a body' }])
  }
  return parseWith(endpoint.body, value === undefined && endpoint.isBodyOptional ? {} : value, 'body')
}

function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  )
}

function queryOf(endpoint: Endpoint, request: Request): unknown {
  const start = request.url.indexOf('?')
  if (start === -1) return endpoint.query === undefined ? undefined : parseWith(endpoint.query, {}, 'query')
  const parameters = new URLSearchParams(request.url.slice(start + 1))
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of parameters) {
    if (Object.hasOwn(query, name)) {
      throw invalidRequest([
        { path: `query.${name.slice(0, 100)}`, expected: 'once', received: 'more than once' },
      ])
    }
    query[name] = value
  }
  if (endpoint.query !== undefined) return parseWith(endpoint.query, { ...query }, 'query')
  const [first] = Object.keys(query)
  if (first === undefined) return undefined
  throw invalidRequest([
    { path: `query.${first.slice(0, 100)}`, expected: 'no such parameter', received: 'a parameter' },
  ])
}

function idempotencyOf(
  endpoint: Endpoint,
  request: Request,
  client: Client,
  bytes: Buffer | null,
): Pick<Call<unknown, unknown, unknown>, 'idempotency'> {
  const key = request.headers['idempotency-key']
  if (key === undefined) return {}
  if (typeof key !== 'string' || !idempotencyKeyShape.test(key)) {
    throw new RappelError('invalid-request', {
      issues: [
        {
          path: 'header.idempotency-key',
          expected: '1 to 128 printable ASCII characters without blanks',
          received: 'something else',
        },
      ],
    })
  }
  // The path too: the same body means another thing to another endpoint.
  const requestHash = hash('sha256', `${endpoint.path}\n${bytes?.toString('latin1') ?? ''}`)
  return { idempotency: { clientId: client.apiKeyId, key, requestHash } }
}

function signalOf(response: Response): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
