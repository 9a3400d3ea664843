/**
 * XML to plain values: an element is its text, or an object of its children by name; attributes are `@name`, repeated
 * elements a list, nil is null. Namespace prefixes are gone. Text stays text: '007' is no number. Pure.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An answer nests some ten levels; the limit keeps walks from running deep. */
const mostLevels = 60

const namedEntities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Predefined and numeric entities only: those that a document declares itself are how a small one becomes huge. */
const entityDecoder = {
  decode: (text: string): string =>
    text.includes('&')
      ? text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{1,8}));/gi, decodeEntity)
      : text,
  addInputEntities(): void {
    throw new Error('a document type (DOCTYPE) is not accepted')
  },
  setExternalEntities: (): void => {},
  setXmlVersion: (): void => {},
  reset: (): void => {},
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: mostLevels,
  jPath: false,
  entityDecoder,
})

/**
 * @returns an object with the root element
 * @throws Error what is wrong and where
 */
export function parseXml(text: string): Record<string, unknown> {
  // The parser closes whatever is open and takes half a document for a whole one; the validator does not.
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw new Error(`${valid.err.msg} (line ${valid.err.line}, column ${valid.err.col})`)
  return parser.parse(text) as Record<string, unknown>
}

/** The text of a leaf, null for nil; anything else, and a list, as JSON. */
export function xmlText(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined || isNil(value)) return null
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value)
  const children = Object.keys(value).filter(key => !key.startsWith('@'))
  if (children.length === 0) return ''
  if (children.length === 1 && children[0] === '#text')
    return String((value as { '#text': unknown })['#text'])
  return JSON.stringify(value)
}

export function isNil(value: unknown): boolean {
  const nil = attribute(value, 'nil')
  return nil === 'true' || nil === '1'
}

/** Whether an element has text or attributes only. */
export function isLeaf(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return !Array.isArray(value) && Object.keys(value).every(key => key.startsWith('@') || key === '#text')
}

/**
 * Follows `href="#id0"` of SOAP 1.1 encoding and `ref="id0"` of 1.2 to the element that has the id: Axis 1.x writes
 * each object once, at the end of the body.
 *
 * @see SOAP 1.1 section 5.2.1, SOAP 1.2 part 2 section 3.1.5.2
 */
export function referenceResolver(body: unknown): (value: unknown) => unknown {
  const byId = new Map<string, unknown>()
  const waiting: unknown[] = [body]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue
    const id = attribute(value, 'id')
    if (id !== undefined) byId.set(id, value)
    for (const child of Object.values(value)) if (typeof child === 'object') waiting.push(child)
  }
  return value => {
    let current = value
    // A chain of references is no longer than what it refers to; one that turns in a circle ends here.
    for (let hops = 0; hops < 10; hops += 1) {
      const target = attribute(current, 'href') ?? attribute(current, 'ref')
      const found = target === undefined ? undefined : byId.get(target.replace(/^#/, ''))
      if (found === undefined || !isLeaf(current)) return current
      current = found
    }
    return null
  }
}

function attribute(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const text = (value as Record<string, unknown>)[`@${name}`]
  return typeof text === 'string' ? text : undefined
}

function decodeEntity(all: string, hex?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return namedEntities[name] ?? all
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\u{fffd}'
}
