/** Envelopes written by hand, with `{{name}}` parameters: for services older than their own descriptions. Pure. */
import type { SourceParams } from '../../source.ts'
import { escapeXml, paramValue } from '../web/request-template.ts'
import { parseXml } from '../web/xml-text.ts'

const placeholder = /\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}/g

/** Where the security header goes; the only placeholder whose value is XML. */
const securityName = 'wsSecurity'

export function isEnvelopeTemplate(text: string): boolean {
  const filled = text.replace(placeholder, 'x')
  if (filled.includes('{{')) return false
  try {
    return 'Envelope' in parseXml(filled)
  } catch {
    return false
  }
}

/**
 * @param securityXml the WS-Security header, made by us; empty for none
 * @throws TemplateRefused for a parameter without value
 */
export function fillEnvelope(template: string, params: SourceParams, securityXml: string): string {
  return template.replace(placeholder, (_, name: string) =>
    name === securityName ? securityXml : escapeXml(String(paramValue(name, params) ?? '')),
  )
}
