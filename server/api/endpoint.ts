/**
 * A route of the API as data. The Express router, the validation, the OpenAPI document and the documentation page
 * all come from this one declaration.
 */
import type { z } from 'zod'
import type { ErrorCode } from '../errors.ts'
import type { Change } from '../store/audit.ts'
import type { Client } from './authentication.ts'
import type { Scope } from './contract/scopes.ts'
import type { CsvCell } from './csv.ts'
import type { Workshop } from './workshop.ts'

export type Method = 'get' | 'post' | 'put' | 'delete'

/** A request whose parts have passed their schemas. */
export interface Call<Params, Query, Body> {
  params: Params
  query: Query
  body: Body
  client: Client
  /** Who and when, for the audit. */
  change: Change
  /** Aborted when the client goes away before it is answered. */
  readonly signal: AbortSignal
  /** Present on endpoints that take an Idempotency-Key, when one was sent. */
  idempotency?: { clientId: number; key: string; requestHash: string }
  setHeader(name: string, value: string): void
}

export interface EndpointSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  method: Method
  /** Below /api/v1, for example `/messages/:id`. */
  path: string
  /** Heading under which it stands in the documentation. */
  noun: string
  scope: Scope
  /** One sentence in the imperative. */
  summary: string
  params?: Params
  query?: Query
  body?: Body
  /** The body as documented, where the handler checks more than `body` does. */
  documentedBody?: z.ZodType
  /** A body that may be left out counts as `{}`. */
  isBodyOptional?: boolean
  /** Bytes of the body at most; `usualBodyBytes` when absent. */
  bodyBytes?: number
  takesIdempotencyKey?: boolean
  status: 200 | 201 | 202 | 204
  /** Absent with 204. */
  answer?: Answer
  /** The answer as a table, its heading first: given when the query says `format=csv`. */
  csvRows?(answer: z.input<Answer>): CsvCell[][]
  /** Codes besides those that every endpoint may answer. */
  errors?: readonly ErrorCode[]
  handle(
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
    workshop: Workshop,
  ): Promise<z.input<Answer>>
}

export type Endpoint = EndpointSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>

/** Types the handler by its schemas, then forgets them: the router treats all endpoints alike. */
export function endpoint<
  Params extends z.ZodType = z.ZodType<undefined>,
  Query extends z.ZodType = z.ZodType<undefined>,
  Body extends z.ZodType = z.ZodType<undefined>,
  Answer extends z.ZodType = z.ZodType<undefined>,
>(spec: EndpointSpec<Params, Query, Body, Answer>): Endpoint {
  return spec as unknown as Endpoint
}

/** Settings fit in this many times over; a body is read into memory before it is understood. */
export const usualBodyBytes = 256 * 1024
/** 1,000 messages of 1,600 characters at 3 octets are 4.8 MB; the other half is for their values and escapes. */
export const batchBodyBytes = 8 * 1024 * 1024
