/** SOAP services: each configured request is a table. */
import { type Source, SourceError, type SourceParams } from '../source.ts'
import { errorWords } from './error-words.ts'
import { throwAwayState } from './kept-state.ts'
import { fillEnvelope } from './soap/raw-envelope.ts'
import type { SoapConfig, SoapRequest } from './soap/soap-settings.ts'
import { usernameTokenHeader, usualSkewMs } from './soap/ws-security.ts'
import { DescriptionRefused, type EnvelopeWriter, openDescription } from './soap/wsdl-envelope.ts'
import type { SourceContext } from './source-context.ts'
import { openAuthorization } from './web/authorization.ts'
import type { WebAnswer } from './web/exchange.ts'
import { fillJson, TemplateRefused } from './web/request-template.ts'
import type { SoapFault } from './web/soap-answer.ts'
import { type GuardedRequest, WebClient } from './web/web-client.ts'
import { hostAndPort, placeOf, type WebPlace, webError } from './web/web-errors.ts'
import { WebService } from './web/web-service.ts'
import { openWebSource } from './web/web-source.ts'

/** Faults come with 500, and in SOAP 1.2 those of the caller with 400. */
const faultStatuses = [400, 500]

export function openSoap(config: SoapConfig, { clock, kept = throwAwayState() }: SourceContext): Source {
  const { auth, endpoint } = config
  const user = auth.kind === 'none' ? undefined : auth.user
  const place = { product: 'SOAP', host: hostAndPort(endpoint), user }
  const client = new WebClient(config, place, clock)
  const login = auth.kind === 'basic' ? auth : ({ kind: 'none' } as const)
  const authorization = openAuthorization(login, config.password, { client, clock, kept })
  const service = new WebService(client, authorization, { clock, kept })
  let description: Promise<EnvelopeWriter> | undefined

  return openWebSource({
    service,
    settings: config,
    clock,
    url: new URL(endpoint),
    sendsSecret: auth.kind !== 'none',
    mayWrite: {
      warning: 'An operation may change something, whatever its name: ask whoever runs the service.',
    },
    names: Object.keys(config.requests),
    async tableOf(name, params) {
      const request = config.requests[name]!
      const { rowsPath, fields, mayBeAbsent } = request
      if ('operation' in request) description ??= openDescription(config.wsdl!, config)
      const writer = await description?.catch(error => {
        throw explainDescription(error, place)
      })
      return {
        name,
        shape: {
          format: 'xml',
          isSoap: true,
          encoding: config.encoding,
          rowsPath,
          fields,
          mayBeAbsent,
          asides: {},
        },
        request(seen) {
          if (seen !== undefined) return undefined
          try {
            return requestOf(config, request, { params, writer, now: clock.now() })
          } catch (error) {
            throw error instanceof DescriptionRefused ? explainDescription(error, place) : error
          }
        },
        maxPages: 1,
        alsoAnswers: faultStatuses,
        explainFault: (fault, answer) => explainFault(fault, answer, { place, nowMs: clock.nowMs() }),
      }
    },
  })
}

function requestOf(
  config: SoapConfig,
  request: SoapRequest,
  { params: given, writer, now }: { params: SourceParams; writer: EnvelopeWriter | undefined; now: Date },
): GuardedRequest {
  const { auth, password, version, endpoint } = config
  const inBody = auth.kind === 'in-body' ? { user: auth.user, password } : {}
  const params = { ...request.defaults, ...given, ...inBody }
  const securityXml = auth.kind === 'ws-security' ? usernameTokenHeader({ ...auth, password }, now) : ''
  const written =
    'envelope' in request
      ? {
          xml: fillEnvelope(request.envelope, params, securityXml),
          headers: rawHeaders(version, request.soapAction),
        }
      : writer!.write(request.operation, fillArguments(request.arguments, params), securityXml)
  const headers = Object.entries(written.headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    method: 'POST',
    url: new URL(endpoint),
    headers: {
      ...Object.fromEntries(headers),
      accept: 'application/soap+xml, text/xml, multipart/related;q=0.1',
    },
    body: Buffer.from(written.xml),
  }
}

function rawHeaders(version: '1.1' | '1.2', action: string): Record<string, string> {
  if (version === '1.1') return { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action}"` }
  const parameter = action === '' ? '' : `; action="${action}"`
  return { 'content-type': `application/soap+xml; charset=utf-8${parameter}` }
}

/** The package sends text that begins like a CDATA section as it stands, and with it whatever follows. */
function fillArguments(template: unknown, params: SourceParams): unknown {
  const raw = Object.entries(params).find(([, value]) => String(value).startsWith('<![CDATA['))
  if (raw !== undefined) throw new TemplateRefused(`the value of :${raw[0]} begins with <![CDATA[`)
  return fillJson(template, params)
}

function explainDescription(error: unknown, place: WebPlace): SourceError {
  const words = errorWords(error)
  const message = `${placeOf(place)}: ${words}.`
  return new SourceError('source-query-refused', message, { reason: 'description' }, error)
}

function explainFault(
  fault: SoapFault,
  { headers, status }: WebAnswer,
  { place, nowMs }: { place: WebPlace; nowMs: number },
): SourceError {
  const skewMs = Math.abs(Date.parse(headers.date ?? '') - nowMs)
  const skew =
    skewMs > 60_000
      ? ` The clocks of the service and of this machine are ${Math.round(skewMs / 1_000)} s apart; services usually allow ${usualSkewMs / 1_000} s.`
      : ''
  const code = fault.isLogin ? 'source-login-refused' : 'source-query-failed'
  const advice = fault.isLogin
    ? `Check the user, the password, the kind of WS-Security password and the clock.${skew}`
    : `Check the request, or ask whoever runs the service.${skew}`
  return webError(place, code, {
    words: `the service answered with the fault ${fault.code}: ${fault.message}`,
    advice,
    cause: fault,
    details: { status, fault: fault.code },
  })
}
