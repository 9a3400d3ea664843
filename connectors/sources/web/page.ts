/** One answer to rows: where the list is, which columns there are, what is said about the next page. Pure. */
import type { SourceValue } from '../../source.ts'
import { uniqueColumnNames } from '../tables/table-set.ts'
import { NestsTooDeep, parseExactJson } from './json-text.ts'
import { type PathStep, parsePath, type Resolve, walk } from './paths.ts'
import { type PageColumn, plainJson, rowReader, tooDeep } from './row-values.ts'
import { soapBody } from './soap-answer.ts'
import { formatOf, textOfBody, UnreadableAnswer } from './text-of-body.ts'
import { isLeaf, isNil, parseXml, referenceResolver, xmlText } from './xml-text.ts'

/** What to take out of an answer; plain data, so that a thread can be handed it. */
export interface PageShape {
  format: 'json' | 'xml' | 'auto'
  isSoap: boolean
  encoding: 'utf8' | 'cp1252' | 'cp850'
  rowsPath: string | undefined
  fields: Readonly<Record<string, string>> | undefined
  mayBeAbsent: boolean
  /** Name -> path of values beside the rows, such as the next cursor. */
  asides: Readonly<Record<string, string>>
}

export interface Page {
  /** Those named, or every name that a row of this page has, in the order first seen. */
  columns(): PageColumn[]
  rowCount: number
  /** Values beside the rows; a name that the answer does not have is absent. */
  asides: Record<string, SourceValue>
  /** Every value is text or NULL, as in XML. */
  isText: boolean
  /** @returns the values of a row by its place, in the order of `columns`: made each time. @throws UnreadableAnswer */
  values(columns: readonly PageColumn[]): (index: number) => SourceValue[]
}

/** Nested objects deeper than this stay one column of JSON. */
const flattenedLevels = 4
/** SQLite has at most 2,000 columns. */
const mostColumns = 1_000

/**
 * @throws UnreadableAnswer what is wrong with the answer and what to do
 */
export function readPage(body: Uint8Array, contentType: string, shape: PageShape): Page {
  const text = textOfBody(body, contentType, shape.encoding)
  const found = formatOf(text, contentType)
  const wanted = shape.isSoap ? 'xml' : shape.format
  if (wanted !== 'auto' && wanted !== found) {
    throw new UnreadableAnswer(
      `the answer is ${found.toUpperCase()} where ${wanted.toUpperCase()} was expected`,
      'Correct the format of the request.',
    )
  }
  return found === 'json' ? jsonPage(text, shape) : xmlPage(text, shape)
}

function jsonPage(text: string, shape: PageShape): Page {
  const document = parsed(text, 'JSON', parseExactJson)
  return pageOf({ document, shape, isXml: false, resolve: value => value })
}

function xmlPage(text: string, shape: PageShape): Page {
  const root = parsed(text, 'XML', parseXml)
  const document = shape.isSoap ? soapBody(root) : root
  const resolve = shape.isSoap ? referenceResolver(document) : (value: unknown) => value
  return pageOf({ document, shape, isXml: true, resolve })
}

function parsed<T>(text: string, format: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (cause) {
    if (cause instanceof NestsTooDeep) throw tooDeep(cause)
    // The parser's words quote the text, which holds customers.
    const place = /(?:at position \d+|\(line \d+, column \d+\)|DOCTYPE|external entit)/i.exec(
      cause instanceof Error ? cause.message : '',
    )
    throw new UnreadableAnswer(
      `the answer is no whole ${format} of ${text.length} characters${place === null ? '' : ` (${place[0].replace(/[()]/g, '')})`}`,
      'It may have been cut on its way; try again, and ask the service.',
    )
  }
}

interface PageSource {
  document: unknown
  shape: PageShape
  isXml: boolean
  resolve: Resolve
}

function pageOf(source: PageSource): Page {
  const { document, shape, isXml, resolve } = source
  const rows = rowsOf(source)
  const plain = isXml ? xmlText : plainJson
  const asides: Record<string, SourceValue> = {}
  for (const [name, path] of Object.entries(shape.asides)) {
    const walked = walk(document, stepsOf(path, isXml), resolve)
    if (walked.kind === 'found') asides[name] = plain(walked.value)
  }
  return {
    columns: () =>
      shape.fields === undefined ? foundColumns(rows, resolve) : namedColumns(shape.fields, isXml),
    rowCount: rows.length,
    asides,
    isText: isXml,
    values(columns) {
      const valuesOf = rowReader(columns, { isXml, resolve, plain })
      return index => valuesOf(rows[index])
    },
  }
}

function rowsOf({ document, shape, isXml, resolve }: PageSource): unknown[] {
  if (shape.rowsPath === undefined) return onlyList(document, isXml)
  const walked = walk(document, stepsOf(shape.rowsPath, isXml), resolve)
  if (walked.kind === 'absent') {
    if (shape.mayBeAbsent || (isXml && isEmptyElement(walked.parent))) return []
    const there = namesIn(walked.parent)
    throw new UnreadableAnswer(
      `the answer has no "${walked.step}" of the path ${shape.rowsPath} (there is: ${there})`,
      'Correct rowsPath; if the service leaves the list out when there are no rows, set mayBeAbsent.',
    )
  }
  if (Array.isArray(walked.value)) return walked.value
  if (walked.value === null || isNil(walked.value)) return []
  if (isXml && walked.value === '') return []
  if (typeof walked.value === 'object' || isXml) return [walked.value]
  throw new UnreadableAnswer(
    `the path ${shape.rowsPath} leads to a ${typeof walked.value}`,
    'Correct rowsPath.',
  )
}

/** Without a path there is nothing to guess about: one list, or an error. */
function onlyList(document: unknown, isXml: boolean): unknown[] {
  if (Array.isArray(document)) return document
  const root = isXml ? Object.values(document as object)[0] : document
  const lists =
    typeof root === 'object' && root !== null
      ? Object.entries(root).filter(([, value]) => Array.isArray(value))
      : []
  if (lists.length === 1) return lists[0]![1] as unknown[]
  const words =
    lists.length === 0 ? 'the answer holds no list' : `the answer holds several lists: ${namesIn(root)}`
  throw new UnreadableAnswer(words, 'Give rowsPath, the path to the list of rows.')
}

function isEmptyElement(value: unknown): boolean {
  return value === '' || value === null || isNil(value) || (typeof value === 'object' && isLeaf(value))
}

/** Path steps as the format spells names: XML has lost its prefixes. */
function stepsOf(path: string, isXml: boolean): PathStep[] {
  const steps = parsePath(path) ?? []
  return isXml
    ? steps.map(step => (typeof step === 'string' ? step.replace(/^(@?)[^:@]*:/, '$1') : step))
    : steps
}

function namedColumns(fields: Readonly<Record<string, string>>, isXml: boolean): PageColumn[] {
  return Object.entries(fields).map(([name, path]) => ({ name, path: stepsOf(path, isXml) }))
}

function foundColumns(rows: readonly unknown[], resolve: Resolve): PageColumn[] {
  const found = new Map<string, PathStep[]>()
  for (const row of rows) collectNames(resolve(row), [], { found, resolve })
  const names = uniqueColumnNames([...found.keys()].map(key => key || 'value'))
  if (names.length > mostColumns) {
    throw new UnreadableAnswer(
      `the rows have more than ${mostColumns} different names`,
      'Name the fields to take.',
    )
  }
  return [...found.values()].map((path, index) => ({ name: names[index]!, path }))
}

function collectNames(
  value: unknown,
  path: PathStep[],
  to: { found: Map<string, PathStep[]>; resolve: Resolve },
): void {
  if (Array.isArray(value) || isLeaf(value) || path.length === flattenedLevels) {
    const name = path.join('.')
    if (!to.found.has(name) && to.found.size <= mostColumns) to.found.set(name, path)
    return
  }
  for (const [key, child] of Object.entries(value as object)) {
    collectNames(to.resolve(child), [...path, key], to)
  }
}

function namesIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return Object.keys(value).slice(0, 10).join(', ').slice(0, 200) || 'nothing'
}
