/** Settings of a web service, whatever it speaks. */
import { z } from 'zod'
import { isCertificatePem } from '../../pem.ts'
import { readingSettings } from '../settings.ts'
import { parsePath } from './paths.ts'

/** `https://host[:port][/path]`; a user or password in it would appear in messages. */
export const serviceUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_048)
  .refine(isPlainUrl, 'no user, password or fragment in the address')

export const webSettings = {
  ...readingSettings,
  /** The one secret, whatever the login calls it: password, bearer token, API key, client secret. */
  password: z.string().max(4_096).default(''),
  /** For https addresses. `require` encrypts without asking who answers; `verify` also checks the certificate. */
  tls: z
    .strictObject({
      mode: z.enum(['require', 'verify']),
      caPem: z.string().max(100_000).refine(isCertificatePem, 'a certificate, PEM').optional(),
    })
    .default({ mode: 'verify' }),
  /** Lets the service be on this machine. Off, so that an address cannot be turned against the product itself. */
  allowLoopback: z.boolean().default(false),
  /** From the first packet to the established connection, TLS included. */
  connectTimeoutMs: z.int().min(100).max(300_000).default(10_000),
  /** From the sent request to the answer's first byte. */
  answerTimeoutMs: z.int().min(100).max(600_000).default(30_000),
  /** One whole answer, so that a service that drips bytes is noticed. */
  requestTimeoutMs: z.int().min(100).max(600_000).default(60_000),
  /** One answer, as sent and again unpacked: it is held in memory whole, some ten times over once parsed. */
  maxBodyBytes: z.int().min(1_024).max(67_108_864).default(16_777_216),
  /** Hops of one request. */
  maxRedirects: z.int().min(0).max(10).default(5),
}

const webObject = z.strictObject(webSettings)
export type WebSettings = z.output<typeof webObject>

/** A path to a value in an answer, for example `data.items`, `$.a[*].b` or, in XML, `contrats/contrat`. */
export const valuePath = z
  .string()
  .min(1)
  .max(500)
  .refine(path => parsePath(path) !== undefined, 'names joined by dots or slashes, for example data.items')

/** A name of a table or column as a query writes it. */
const tableName = z.string().regex(/^[\p{L}_][\p{L}\p{N}_]{0,127}$/u, 'letters, digits and _')

/** Columns of a table: SQLite has at most 2,000. */
const mostFields = 1_000

/** Where the rows of an answer are and what becomes of them; the same for every request. */
export const rowSettings = {
  /** The path to the list of rows; absent: the answer is the list, or holds exactly one. */
  rowsPath: valuePath.optional(),
  /** Column -> path within a row; absent: every value of a row, nested ones with dotted names. */
  fields: z
    .record(z.string().min(1).max(128), valuePath)
    .refine(fields => Object.keys(fields).length <= mostFields, `at most ${mostFields} columns`)
    .refine(fields => Object.keys(fields).length > 0, 'one column or more; leave fields out for all')
    .refine(hasDistinctNames, 'two columns differ only by capital letters')
    .optional(),
  /** Set when the service leaves the list out of its answer to say that there are no rows. */
  mayBeAbsent: z.boolean().default(false),
  /** Values of the parameters that a query does not give, so that the request can also be tried alone. */
  defaults: z
    .record(z.string().regex(/^[A-Za-z_]\w{0,63}$/), z.union([z.string().max(1_000), z.number(), z.null()]))
    .default({}),
}

/** Requests of one source: each is a table. */
export function requestTable<Request extends z.ZodType>(request: Request) {
  return z
    .record(tableName, request)
    .refine(requests => Object.keys(requests).length > 0, 'one request or more')
    .refine(requests => Object.keys(requests).length <= 200, 'at most 200 requests')
    .refine(hasDistinctNames, 'two tables differ only by capital letters')
}

function hasDistinctNames(requests: Record<string, unknown>): boolean {
  const names = Object.keys(requests)
  return new Set(names.map(name => name.toLowerCase())).size === names.length
}

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.username === '' && url.password === '' && url.hash === ''
}
