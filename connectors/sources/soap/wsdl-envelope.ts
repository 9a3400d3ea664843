/**
 * Envelopes from a stored description. The package `soap` knows WSDL and writes the envelope; the envelope is sent by
 * us, guarded, and the answer read by us too: the package makes numbers of long decimals and instants of local dates.
 */
import type { IHttpClient, Client as SoapClient, WSDL as SoapWsdl } from 'soap'
import { errorWords } from '../error-words.ts'
import type { SoapConfig } from './soap-settings.ts'

type StoredWsdl = NonNullable<SoapConfig['wsdl']>

interface WrittenEnvelope {
  xml: string
  headers: Record<string, string>
}

export interface EnvelopeWriter {
  /**
   * @param securityXml the header to put in; empty for none
   * @throws DescriptionRefused
   */
  write(operation: string, args: unknown, securityXml: string): WrittenEnvelope
}

/** A description that cannot be used, or arguments that do not fit it. */
export class DescriptionRefused extends Error {
  override readonly name = 'DescriptionRefused'
}

/** Never asked: it only gives relative locations a beginning. */
const base = 'http://stored.invalid/service.wsdl'
/** What the package is told the service answered. */
const emptyAnswer = '<Envelope><Body/></Envelope>'

/** @throws DescriptionRefused */
export async function openDescription(
  stored: StoredWsdl,
  { endpoint, version }: Pick<SoapConfig, 'endpoint' | 'version'>,
): Promise<EnvelopeWriter> {
  const texts = storedTexts(stored)
  checkImports(texts)
  // Loaded here: most installations have no SOAP source, and it brings a dozen packages along.
  const { Client, WSDL } = await import('soap')
  let captured: { xml: string; headers: Record<string, string> } | undefined
  const httpClient: IHttpClient = {
    request(url, data, callback, headers) {
      if (data === null) callback(null, { status: 200 }, texts.get(url) ?? '')
      else {
        captured = { xml: String(data), headers: headers as Record<string, string> }
        callback(null, { status: 200, headers: {} }, emptyAnswer)
      }
      return undefined as never
    },
  }
  const wsdl = await parsed(WSDL, stored.text, httpClient)
  const client = new Client(wsdl, endpoint, { httpClient, forceSoap12Headers: version === '1.2' })
  let security = ''
  client.setSecurity({ toXML: () => security })
  return {
    write(operation, args, securityXml) {
      const invoke = methodOf(client, operation, { version, port: stored.port })
      captured = undefined
      security = securityXml
      try {
        invoke(args, () => {})
      } catch (cause) {
        const words = errorWords(cause)
        throw new DescriptionRefused(`the arguments do not fit the operation ${operation}: ${words}`, {
          cause,
        })
      }
      if (captured === undefined)
        throw new DescriptionRefused(`no envelope could be written for ${operation}`)
      return captured
    },
  }
}

function storedTexts({ text, parts }: StoredWsdl): Map<string, string> {
  const texts = new Map([[base, text]])
  for (const part of parts) {
    const url = URL.parse(part.location, base)
    if (url !== null) texts.set(url.href, part.text)
  }
  return texts
}

/** Nothing is fetched when a description is used, neither from the network nor from this machine's files. */
function checkImports(texts: ReadonlyMap<string, string>): void {
  for (const [from, text] of texts) {
    for (const [, attributes] of text.matchAll(/<(?:[\w.-]+:)?(?:import|include|redefine)\b([^>]*)>/g)) {
      const location = /\b(?:schemaLocation|location)\s*=\s*["']([^"']*)["']/.exec(attributes ?? '')?.[1]
      if (location === undefined || location === '') continue
      const url = URL.parse(location, from)
      if (url !== null && texts.has(url.href)) continue
      const message = `the description imports "${location.slice(0, 200)}", which is not stored with it: add it to wsdl.parts under this location`
      throw new DescriptionRefused(message)
    }
  }
}

function parsed(WSDL: typeof SoapWsdl, text: string, httpClient: IHttpClient): Promise<SoapWsdl> {
  return new Promise((resolve, reject) => {
    const wsdl = new WSDL(text, base, { httpClient })
    wsdl.onReady(error => {
      if (error === null || error === undefined) resolve(wsdl)
      else {
        const words = errorWords(error)
        reject(new DescriptionRefused(`the description cannot be read: ${words}`, { cause: error }))
      }
    })
  })
}

type Invoke = (args: unknown, callback: () => void) => void

function methodOf(
  client: SoapClient,
  operation: string,
  { version, port }: { version: '1.1' | '1.2'; port: string | undefined },
): Invoke {
  const services = client.describe() as Record<string, Record<string, Record<string, unknown>>>
  const found: { service: string; port: string }[] = []
  const operations = new Set<string>()
  for (const [service, ports] of Object.entries(services)) {
    for (const [name, methods] of Object.entries(ports)) {
      for (const method of Object.keys(methods)) operations.add(method)
      if (Object.hasOwn(methods, operation) && (port ?? name) === name) found.push({ service, port: name })
    }
  }
  // Makers give the port of SOAP 1.2 a name with 12 in it, and the same operations.
  const chosen = found.find(each => /12/.test(each.port) === (version === '1.2')) ?? found[0]
  if (chosen === undefined) {
    const there = [...operations].slice(0, 30).join(', ')
    throw new DescriptionRefused(`the description has no operation ${operation}; it has: ${there || 'none'}`)
  }
  const byService = client as unknown as Record<string, Record<string, Record<string, Invoke>>>
  return byService[chosen.service]![chosen.port]![operation]!
}
