/**
 * From the text of a template to Handlebars' own syntax tree, with errors that name line and column.
 */
import Handlebars from 'handlebars'

export type TemplateErrorCode =
  | 'template-too-long'
  | 'template-too-complex'
  | 'template-too-deep'
  | 'template-syntax'
  | 'template-construct-forbidden'
  | 'template-helper-unknown'
  | 'template-helper-arguments'
  | 'template-path-forbidden'

/** A template that cannot be used. Lines and columns count from 1. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly code: TemplateErrorCode
  readonly line: number
  readonly column: number
  /** What stands there, as written; empty when the whole template is meant. */
  readonly found: string
  readonly expected: string

  constructor(
    code: TemplateErrorCode,
    at: { line: number; column: number; found: string },
    expected: string,
  ) {
    super(
      `line ${at.line}, column ${at.column}: ${at.found === '' ? '' : `"${at.found}": `}expected ${expected}`,
    )
    this.code = code
    this.line = at.line
    this.column = at.column
    this.found = at.found
    this.expected = expected
  }
}

/** Six parts of 153 characters with their variables written out leave room for comments; more is not an SMS. */
const maxTemplateLength = 4_000

/** @throws TemplateError `template-too-long` or `template-syntax` */
export function parseTemplate(source: string): hbs.AST.Program {
  const at = { line: 1, column: 1, found: '' }
  // Handlebars takes a ready syntax tree as well, which a JSON body could smuggle in.
  if (typeof source !== 'string') throw new TemplateError('template-syntax', at, 'a text')
  if (source.length > maxTemplateLength) {
    throw new TemplateError(
      'template-too-long',
      at,
      `at most ${maxTemplateLength} characters, got ${source.length}`,
    )
  }
  try {
    return Handlebars.parse(source)
  } catch (error) {
    throw syntaxError(source, error)
  }
}

/** `Handlebars.Exception` carries a position; the generated parser only draws one in its message. */
function syntaxError(source: string, error: unknown): TemplateError {
  const message = error instanceof Error ? error.message : String(error)
  const position = error as { lineNumber?: unknown; column?: unknown }
  if (typeof position.lineNumber === 'number' && typeof position.column === 'number') {
    const at = { line: position.lineNumber, column: position.column + 1, found: '' }
    return new TemplateError('template-syntax', at, message.replace(/ - \d+:\d+$/, ''))
  }
  const [summary = '', shown = '', pointer = '', expecting = ''] = message.split('\n')
  const at = { ...locate(source, shown, pointer), found: '' }
  const line = /line (\d+)/.exec(summary)?.[1]
  if (line !== undefined && shown === '') at.line = Number(line)
  return new TemplateError('template-syntax', at, expectation(expecting) ?? summary)
}

/** The parser shows the twenty characters before and after the place, without line feeds, and `---^` below. */
function locate(source: string, shown: string, pointer: string): { line: number; column: number } {
  const isCut = shown.startsWith('...')
  const context = (isCut ? shown.slice(3) : shown).replace(/\.\.\.$/, '')
  const caret = Math.max(0, pointer.indexOf('^') - (isCut ? 3 : 0))
  const flat = source.replace(/\n/g, '')
  const start = flat.indexOf(context)
  let left = start < 0 ? 0 : start + caret
  let line = 1
  let column = 1
  for (let index = 0; index < source.length && left > 0; index++) {
    if (source[index] === '\n') {
      line++
      column = 1
    } else {
      column++
      left--
    }
  }
  return { line, column }
}

const tokenWords: Readonly<Record<string, string>> = {
  CLOSE: '}}',
  CLOSE_UNESCAPED: '}}}',
  CLOSE_SEXPR: ')',
  ID: 'a name',
  STRING: 'a text in quotes',
  NUMBER: 'a number',
  OPEN_ENDBLOCK: 'the end of the block {{/…}}',
  INVERSE: '{{else}}',
  EOF: 'the end of the template',
  EQUALS: '=',
}

function expectation(expecting: string): string | null {
  const tokens = [...expecting.replace(/, got .*$/, '').matchAll(/'([A-Z_]+)'/g)].map(match => match[1]!)
  const words = tokens.map(token => tokenWords[token]).filter(word => word !== undefined)
  return words.length > 0 ? words.join(' or ') : null
}
