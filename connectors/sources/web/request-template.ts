/** Texts of a configured request with `:name` parameters, each value escaped for the place it stands in. Pure. */
import type { SourceParams } from '../../source.ts'

type ParamValue = string | number | null

/** A parameter that nobody gave a value, or a value that cannot stand where the template has it. */
export class TemplateRefused extends Error {
  override readonly name = 'TemplateRefused'
}

/** `:name` not preceded by a letter, digit or colon: `urn:a` and `::x` hold none. */
const parameter = /(?<![\w:]):([A-Za-z_]\w{0,63})/g
const wholeParameter = /^:([A-Za-z_]\w{0,63})$/

/**
 * @param makeSafe makes a value safe in its place
 * @throws TemplateRefused
 */
export function fillText(
  template: string,
  params: SourceParams,
  makeSafe: (value: string) => string,
): string {
  return template.replace(parameter, (_, name: string) => makeSafe(String(paramValue(name, params) ?? '')))
}

/** A path: a value cannot add a segment to it, nor climb. */
export function fillPath(template: string, params: SourceParams): string {
  return fillText(template, params, value => {
    if (value === '' || value === '.' || value === '..') {
      throw new TemplateRefused(`the value "${value}" cannot stand in the path ${template}`)
    }
    return encodeURIComponent(value)
  })
}

/** Named texts, such as query parameters; one that is a parameter without a value (null) is left out. */
export function fillNamed(
  templates: Readonly<Record<string, string>>,
  params: SourceParams,
): Record<string, string> {
  const filled: Record<string, string> = {}
  for (const [name, template] of Object.entries(templates)) {
    const whole = wholeParameter.exec(template)?.[1]
    const value = whole === undefined ? fillText(template, params, text => text) : paramValue(whole, params)
    if (value !== null) filled[name] = String(value)
  }
  return filled
}

/** A JSON value: a text that is one parameter becomes its value, number or text; null leaves the property out. */
export function fillJson(template: unknown, params: SourceParams): unknown {
  if (typeof template === 'string') {
    const whole = wholeParameter.exec(template)?.[1]
    return whole === undefined ? fillText(template, params, text => text) : paramValue(whole, params)
  }
  if (Array.isArray(template)) return template.map(element => fillJson(element, params))
  if (typeof template !== 'object' || template === null) return template
  const filled = Object.entries(template).map(([key, value]) => [key, fillJson(value, params)] as const)
  const isLeftOut = (key: string, value: unknown): boolean =>
    value === null && typeof (template as Record<string, unknown>)[key] === 'string'
  return Object.fromEntries(filled.filter(([key, value]) => !isLeftOut(key, value)))
}

/** For text between tags and within quotes. Signs that XML cannot hold at all are refused. */
export function escapeXml(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to refuse
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(value)) {
    throw new TemplateRefused('a value holds a control character, which XML cannot carry')
  }
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return value.replace(/[&<>"']/g, sign => entities[sign]!)
}

/** The inside of a JSON string. */
export function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}

/** @throws TemplateRefused */
export function paramValue(name: string, params: SourceParams): ParamValue {
  const value = Object.hasOwn(params, name) ? params[name] : undefined
  if (value !== undefined) return value
  throw new TemplateRefused(
    `the request names the parameter :${name}, and neither the query nor its defaults give a value`,
  )
}
