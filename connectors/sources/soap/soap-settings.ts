/** Settings of a SOAP source: an endpoint, a login, and requests that are its tables. */
import { z } from 'zod'
import { requestTable, rowSettings, serviceUrl, webSettings } from '../web/web-settings.ts'
import { parseXml } from '../web/xml-text.ts'
import { isEnvelopeTemplate } from './raw-envelope.ts'

/** Descriptions of whole insurance packages stay below; each is parsed when the source is first used. */
const mostWsdlLength = 2_000_000

const wsdlText = z
  .string()
  .min(1)
  .max(mostWsdlLength)
  .refine(isXml, 'an XML document without a document type')

const auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('basic'), user: z.string().min(1).max(255) }),
  /** A UsernameToken of WS-Security 1.0 or 1.1. */
  z.strictObject({
    kind: z.literal('ws-security'),
    user: z.string().min(1).max(255),
    passwordType: z.enum(['text', 'digest']),
    /** A Timestamp beside the token; services that do not ask for one may refuse it. */
    timestamp: z.boolean().default(false),
  }),
  /** The operation itself takes them: `:user` and `:password` in arguments, `{{user}}` and `{{password}}` in envelopes. */
  z.strictObject({ kind: z.literal('in-body'), user: z.string().min(1).max(255) }),
])

const operationRequest = z.strictObject({
  operation: z.string().min(1).max(200),
  /** As JSON; a text `:name` is a parameter. */
  arguments: z
    .record(z.string(), z.json())
    .refine(given => !hasRawXml(given), '$xml and _xml would send values unescaped')
    .default({}),
  ...rowSettings,
})

const envelopeRequest = z.strictObject({
  /** For services that no description fits (rpc/encoded): the whole envelope, with `{{name}}` parameters. */
  envelope: z
    .string()
    .max(100_000)
    .refine(isEnvelopeTemplate, 'an envelope in XML whose only placeholders are {{name}}'),
  soapAction: z
    .string()
    .regex(/^[\x21\x23-\x7e]{0,500}$/, 'an action without blanks or quotes')
    .default(''),
  ...rowSettings,
})

export const soapConfigSchema = z
  .strictObject({
    /** Where requests go; the address in the description is often one of the maker's test machine. */
    endpoint: serviceUrl,
    version: z.enum(['1.1', '1.2']).default('1.1'),
    auth: auth.default({ kind: 'none' }),
    ...webSettings,
    /** The description, stored: nothing is fetched when it is used. */
    wsdl: z
      .strictObject({
        text: wsdlText,
        /** What it imports or includes, by the location written there. */
        parts: z
          .array(z.strictObject({ location: z.string().min(1).max(1_000), text: wsdlText }))
          .max(100)
          .default([]),
        /** The port to use when several have the operation. */
        port: z.string().max(200).optional(),
      })
      .optional(),
    requests: requestTable(z.union([operationRequest, envelopeRequest])),
  })
  .refine(
    ({ wsdl, requests }) =>
      wsdl !== undefined || Object.values(requests).every(request => 'envelope' in request),
    { path: ['wsdl'], message: 'a request names an operation: give the description, or write the envelope' },
  )

export type SoapConfig = z.output<typeof soapConfigSchema>
export type SoapRequest = SoapConfig['requests'][string]

function isXml(text: string): boolean {
  try {
    parseXml(text)
    return true
  } catch {
    return false
  }
}

function hasRawXml(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, child]) => ['$xml', '_xml'].includes(key) || hasRawXml(child))
}
