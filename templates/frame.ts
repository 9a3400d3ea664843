/**
 * One rendering: the values it reads, what it found missing, why it failed.
 */
import type { HelperContext, HelperFailureCode, HelperValue } from './helpers/helper.ts'
import type { TemplateValue } from './values.ts'

export interface Frame {
  values: Readonly<Record<string, TemplateValue>>
  context: HelperContext
  /** Names of missing values in the order met; null until there is one. */
  missing: string[] | null
  /** The first failure; the rest of the evaluation no longer matters. */
  failure: RenderFailure | null
}

export interface RenderFailure {
  code: HelperFailureCode | 'value-too-long' | 'value-not-text' | 'output-too-long'
  /** Where and what: `line`, `column`, `expected`, and `helper` or `variable`. Never the value itself. */
  detail: Readonly<Record<string, string | number>>
}

/** The longest text rendered: more than 60 parts, far beyond what any policy lets out. */
export const maxOutputLength = 10_000
/** A value longer than the output allows cannot be meant for an SMS; refused before a helper walks it. */
const maxValueLength = maxOutputLength

/** The one name of `{{nom}}`, `{{this.nom}}` or `{{[NOM ASSU]}}`; null for `a.b`, `../a`, `@root` and literals. */
export function simpleName(node: hbs.AST.Node): string | null {
  if (node.type !== 'PathExpression') return null
  const { data, depth, parts } = node as hbs.AST.PathExpression
  return !data && depth === 0 && parts.length === 1 ? parts[0]! : null
}

/** Own properties only, so that no prototype is ever reached; blanks around a value are the padding of CHAR columns. */
export function readVariable(frame: Frame, name: string, node: hbs.AST.Node): HelperValue {
  const value = Object.hasOwn(frame.values, name) ? frame.values[name] : undefined
  if (typeof value === 'string') {
    if (value.length > maxValueLength) {
      return fail(frame, 'value-too-long', node, {
        variable: name,
        expected: `at most ${maxValueLength} characters`,
      })
    }
    const trimmed = value.trim()
    return trimmed === '' ? null : trimmed
  }
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean') return value
  if (typeof value === 'bigint' && value < 10n ** 30n && value > -(10n ** 30n)) return value
  return fail(frame, 'value-not-text', node, { variable: name, expected: 'text, a number, a date or yes/no' })
}

/** Notes the first failure of a rendering; the value is then of no matter. */
export function fail(
  frame: Frame,
  code: RenderFailure['code'],
  node: hbs.AST.Node,
  detail: Record<string, string | number>,
): null {
  if (frame.failure === null) {
    const { line, column } = place(node, '')
    frame.failure = { code, detail: { line, column, ...detail } }
  }
  return null
}

/** Where a node stands, counted from 1. */
export function place(node: hbs.AST.Node, found: string): { line: number; column: number; found: string } {
  const start = node.loc?.start
  return { line: start?.line ?? 1, column: (start?.column ?? 0) + 1, found: found.slice(0, 60) }
}
