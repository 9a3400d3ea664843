/** Settings of a REST source: an address, a login, and requests that are its tables. */
import { z } from 'zod'
import { authSettings, headerName } from '../web/authorization.ts'
import { requestTable, rowSettings, serviceUrl, webSettings } from '../web/web-settings.ts'
import { pagingSettings } from './paging.ts'

/** A request is written by a person; together the settings stay below what a row of the store should hold. */
const template = z.string().max(4_000)

/** Set by the client, or by the login: a template would break the framing or leave a secret in plain settings. */
const ownHeaders =
  /^(?:host|connection|content-length|transfer-encoding|te|upgrade|expect|trailer|keep-alive|accept-encoding|if-none-match|authorization|cookie|proxy-.*)$/i

const headers = z
  .record(headerName, template.regex(/^[\x20-\x7e\u00a0-\u00ff]*$/, 'one line of Latin letters'))
  .refine(
    given => !Object.keys(given).some(name => ownHeaders.test(name)),
    'headers of the connection and of the login are not set here; a secret belongs into auth and password',
  )
  .default({})

const body = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('json'), value: z.json() }),
  z.strictObject({ kind: z.literal('form'), fields: z.record(z.string().min(1).max(100), template) }),
  /** XML, or another text: parameters are escaped as the type asks. */
  z.strictObject({
    kind: z.literal('text'),
    contentType: z
      .string()
      .regex(/^[\w.+-]+\/(?:[\w.-]+\+)?(?:xml|json)(?:;[ \w=.-]*)?$/, 'a type of XML or JSON'),
    text: z.string().max(100_000),
  }),
])

/** What `since` looks like in the request; the query gives it as `YYYY-MM-DD[ HH:MM:SS]` or as a number. */
const sinceFormat = z.enum(['as-is', 'date', 'iso', 'iso-z', 'epoch-seconds', 'epoch-ms'])

const restRequest = z.strictObject({
  method: z.enum(['GET', 'POST']).default('GET'),
  /** Behind the base address; with `:name` parameters. */
  path: template
    .regex(/^(?:\/[^/?#\\\s][^?#\\\s]*)?\/?$/, 'a path such as /contracts, without a query')
    .default(''),
  query: z.record(z.string().min(1).max(100), template).default({}),
  headers,
  body: body.optional(),
  format: z.enum(['json', 'xml', 'auto']).default('auto'),
  paging: pagingSettings.default({ kind: 'none' }),
  /** Asks only for what changed: `param` is added to the address when the query gives `from`. */
  since: z
    .strictObject({
      param: z.string().min(1).max(100).optional(),
      from: z
        .string()
        .regex(/^[A-Za-z_]\w{0,63}$/)
        .default('since'),
      format: sinceFormat.default('as-is'),
    })
    .optional(),
  maxPages: z.int().min(1).max(100_000).default(10_000),
  ...rowSettings,
})

export const restConfigSchema = z.strictObject({
  baseUrl: serviceUrl.refine(url => !url.includes('?'), 'no query; give it in the requests'),
  auth: authSettings.default({ kind: 'none' }),
  ...webSettings,
  requests: requestTable(
    restRequest.refine(({ method, body }) => method === 'POST' || body === undefined, 'a GET has no body'),
  ),
})

export type RestConfig = z.output<typeof restConfigSchema>
export type RestRequest = RestConfig['requests'][string]
