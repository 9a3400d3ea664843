/** A configured request and the parameters of a query to what is sent. Pure. */
import type { SourceParams } from '../../source.ts'
import type { WebTable } from '../web/page-fetcher.ts'
import {
  escapeJson,
  escapeXml,
  fillJson,
  fillNamed,
  fillPath,
  fillText,
  TemplateRefused,
} from '../web/request-template.ts'
import type { GuardedRequest } from '../web/web-client.ts'
import { earlyPage, type NextPage, nextPage } from './paging.ts'
import type { RestConfig, RestRequest } from './rest-settings.ts'

/**
 * @returns asks for page after page, see `WebTable`
 * @throws TemplateRefused, UnreadableAnswer of the paging
 */
export function requestsOf(
  { baseUrl }: Pick<RestConfig, 'baseUrl'>,
  request: RestRequest,
  given: SourceParams,
): Required<Pick<WebTable, 'request' | 'requestEarly' | 'endsEmpty'>> {
  const params = withSince(request, { ...request.defaults, ...given })
  let number = 0
  const built = (next: NextPage): GuardedRequest | undefined => {
    number += 1
    if (next.kind === 'end') return undefined
    if (next.kind === 'go') return { ...builtRequest(baseUrl, request, { params, query: {} }), url: next.url }
    return builtRequest(baseUrl, request, { params: { ...params, ...next.params }, query: next.query })
  }
  return {
    endsEmpty: request.paging.kind === 'page',
    request: seen => built(nextPage(request.paging, number, seen)),
    requestEarly(answer, before) {
      const next = earlyPage(request.paging, number, { answer, before })
      return next === undefined ? undefined : built(next)
    },
  }
}

function builtRequest(
  baseUrl: string,
  request: RestRequest,
  { params, query }: { params: SourceParams; query: Record<string, string> },
): GuardedRequest {
  const { method, since } = request
  const url = new URL(baseUrl.replace(/\/$/, '') + fillPath(request.path, params))
  const sinceValue = since === undefined ? undefined : params[since.from]
  const named = {
    ...fillNamed(request.query, params),
    ...(since?.param !== undefined && sinceValue != null && { [since.param]: String(sinceValue) }),
    ...query,
  }
  for (const [name, value] of Object.entries(named)) url.searchParams.set(name, value)
  const body = request.body === undefined ? undefined : bodyOf(request.body, params)
  const accept = {
    json: 'application/json',
    xml: 'application/xml, text/xml',
    auto: 'application/json, */*;q=0.5',
  }
  const headers = {
    accept: accept[request.format],
    ...(body !== undefined && { 'content-type': body.type }),
    ...lowerCased(fillNamed(request.headers, params)),
  }
  return {
    method,
    url,
    headers: checked(headers),
    body: body === undefined ? undefined : Buffer.from(body.text),
  }
}

function bodyOf(
  body: NonNullable<RestRequest['body']>,
  params: SourceParams,
): { type: string; text: string } {
  switch (body.kind) {
    case 'json':
      return { type: 'application/json', text: JSON.stringify(fillJson(body.value, params)) }
    case 'form': {
      const text = new URLSearchParams(fillNamed(body.fields, params)).toString()
      return { type: 'application/x-www-form-urlencoded', text }
    }
    case 'text': {
      const makeSafe = /json/i.test(body.contentType) ? escapeJson : escapeXml
      return { type: body.contentType, text: fillText(body.text, params, makeSafe) }
    }
  }
}

/** A value with a line end in it would add a header of its own. */
function checked(headers: Record<string, string>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TemplateRefused(
        `the header ${name} cannot carry its value: a line end or a letter outside Latin-1`,
      )
    }
  }
  return headers
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function withSince({ since }: RestRequest, params: SourceParams): SourceParams {
  const value = since === undefined ? undefined : params[since.from]
  if (since === undefined || value === null || value === undefined) {
    return since === undefined ? params : { [since.from]: null, ...params }
  }
  return { ...params, [since.from]: formatted(value, since.format) }
}

/**
 * A local date-time stays what it says; only the formats that name an instant (`iso-z`, epochs) take it for UTC, as
 * a value without a zone has no other meaning to give.
 */
function formatted(
  value: string | number,
  format: NonNullable<RestRequest['since']>['format'],
): string | number {
  if (format === 'as-is') return value
  const parts = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?)?$/.exec(String(value))
  if (parts === null) throw new TemplateRefused(`the value "${value}" is no date to be written as ${format}`)
  const [, date, time = '00:00'] = parts
  const full = time.length === 5 ? `${time}:00` : time
  switch (format) {
    case 'date':
      return date!
    case 'iso':
      return `${date}T${full}`
    case 'iso-z':
      return `${date}T${full}Z`
    case 'epoch-seconds':
      return Math.floor(Date.parse(`${date}T${full}Z`) / 1_000)
    case 'epoch-ms':
      return Date.parse(`${date}T${full}Z`)
  }
}
