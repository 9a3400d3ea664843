/** Which rows of a query an alert is for: a filter as data, and why a row was left out. */
import { z } from 'zod'
import type { SourceRow, SourceValue } from '../../connectors/source.ts'
import { cut, fold, isEqual, order, textOf } from './compare-values.ts'

const comparisons = ['eq', 'ne', 'contains', 'startsWith', 'lt', 'lte', 'gt', 'gte'] as const

/** A word, a number or a date; 200 characters are the longest value worth comparing with. */
const operandSchema = z.union([z.string().max(200), z.number(), z.boolean()])
const columnSchema = z.string().min(1).max(128)

const conditionSchema = z.discriminatedUnion('op', [
  z.strictObject({ column: columnSchema, op: z.enum(comparisons), value: operandSchema }),
  // A list of agencies or products; longer lists belong in the query.
  z.strictObject({
    column: columnSchema,
    op: z.literal('in'),
    value: z.array(operandSchema).min(1).max(500),
  }),
  z.strictObject({ column: columnSchema, op: z.enum(['empty', 'notEmpty']) }),
])

export type AudienceCondition = z.output<typeof conditionSchema>

export type AudienceFilter =
  | AudienceCondition
  | { all: AudienceFilter[] }
  | { any: AudienceFilter[] }
  | { not: AudienceFilter }

/** Groups within groups: more than five are unreadable. The schema is built that deep, so parsing is bounded. */
const deepestAudience = 5

/** Conditions in one filter: each is evaluated for each row. */
const mostConditions = 100

/** A filter as stored and as the API takes it; an empty `all` is everybody, an empty `any` nobody. */
export const audienceSchema: z.ZodType<AudienceFilter> = levels(deepestAudience).refine(
  filter => countConditions(filter) <= mostConditions,
  `at most ${mostConditions} conditions`,
)

/** Why a row is not in the audience: the first condition that decided, in a form the page can put in words. */
export type AudienceVerdict = { kind: 'included' } | { kind: 'excluded'; because: AudienceExclusion }

export interface AudienceExclusion {
  code: 'condition-failed' | 'none-matched' | 'must-not-match' | 'column-missing'
  column: string
  op: AudienceCondition['op'] | ''
  /** What the filter wanted and what the row held, each cut to 60 characters. */
  expected: string
  actual: string
}

/**
 * Judges one row. A filter that names a column the query does not give excludes every row: a misspelt name
 * must never widen an audience, not even under `not`.
 *
 * Texts compare without case, accents and extra blanks. `lt` to `gte` compare numbers with numbers (decimal
 * comma and thousands blanks read) and dates with dates, else texts; `eq`, `ne` and `in` compare as numbers
 * when the filter's value is a number, as dates when both are dates: the code "007" is not the code "7".
 */
export function explainAudience(filter: AudienceFilter, row: SourceRow): AudienceVerdict {
  const missing = findMissingColumn(filter, row)
  if (missing !== null) {
    const because = { code: 'column-missing', column: missing, op: '', expected: '', actual: '' } as const
    return { kind: 'excluded', because }
  }
  const failed = explainFailure(filter, row)
  return failed === null ? { kind: 'included' } : { kind: 'excluded', because: failed }
}

/** Whether a row is in the audience. */
export function isInAudience(filter: AudienceFilter, row: SourceRow): boolean {
  return explainAudience(filter, row).kind === 'included'
}

function levels(depth: number): z.ZodType<AudienceFilter> {
  if (depth === 1) return conditionSchema
  const inner = levels(depth - 1)
  const members = z.array(inner).max(mostConditions)
  return z.union([
    conditionSchema,
    z.strictObject({ all: members }),
    z.strictObject({ any: members }),
    z.strictObject({ not: inner }),
  ])
}

function countConditions(filter: AudienceFilter): number {
  if ('all' in filter) return filter.all.reduce((sum, each) => sum + countConditions(each), 1)
  if ('any' in filter) return filter.any.reduce((sum, each) => sum + countConditions(each), 1)
  return 'not' in filter ? countConditions(filter.not) : 1
}

function findMissingColumn(filter: AudienceFilter, row: SourceRow): string | null {
  if ('all' in filter) return firstMissing(filter.all, row)
  if ('any' in filter) return firstMissing(filter.any, row)
  if ('not' in filter) return findMissingColumn(filter.not, row)
  return Object.hasOwn(row, filter.column) ? null : filter.column
}

function firstMissing(filters: readonly AudienceFilter[], row: SourceRow): string | null {
  for (const each of filters) {
    const missing = findMissingColumn(each, row)
    if (missing !== null) return missing
  }
  return null
}

/** Null when the filter holds. */
function explainFailure(filter: AudienceFilter, row: SourceRow): AudienceExclusion | null {
  if ('all' in filter) {
    for (const each of filter.all) {
      const failed = explainFailure(each, row)
      if (failed !== null) return failed
    }
    return null
  }
  if ('any' in filter) {
    let first: AudienceExclusion | null = null
    for (const each of filter.any) {
      const failed = explainFailure(each, row)
      if (failed === null) return null
      first ??= failed
    }
    return { ...(first ?? noCondition), code: 'none-matched' }
  }
  if ('not' in filter) {
    if (explainFailure(filter.not, row) !== null) return null
    return { ...exclusionOf(firstCondition(filter.not), row), code: 'must-not-match' }
  }
  return holds(filter, row[filter.column] ?? null) ? null : exclusionOf(filter, row)
}

const noCondition: AudienceExclusion = {
  code: 'condition-failed',
  column: '',
  op: '',
  expected: '',
  actual: '',
}

function firstCondition(filter: AudienceFilter): AudienceCondition | null {
  if ('all' in filter) return filter.all[0] === undefined ? null : firstCondition(filter.all[0])
  if ('any' in filter) return filter.any[0] === undefined ? null : firstCondition(filter.any[0])
  return 'not' in filter ? firstCondition(filter.not) : filter
}

function exclusionOf(condition: AudienceCondition | null, row: SourceRow): AudienceExclusion {
  if (condition === null) return noCondition
  const { column, op } = condition
  const expected = 'value' in condition ? cut(String(condition.value)) : ''
  return { code: 'condition-failed', column, op, expected, actual: cut(textOf(row[column] ?? null)) }
}

function holds(condition: AudienceCondition, value: SourceValue): boolean {
  const isEmpty = value === null || (typeof value === 'string' && value.trim() === '')
  switch (condition.op) {
    case 'empty':
      return isEmpty
    case 'notEmpty':
      return !isEmpty
    case 'eq':
      return isEqual(value, condition.value)
    case 'ne':
      return !isEqual(value, condition.value)
    case 'in':
      return condition.value.some(each => isEqual(value, each))
    case 'contains':
      return !isEmpty && fold(textOf(value)).includes(fold(String(condition.value)))
    case 'startsWith':
      return !isEmpty && fold(textOf(value)).startsWith(fold(String(condition.value)))
    default:
      // An empty value is neither more nor less than anything.
      return !isEmpty && isOrdered(condition.op, order(value, condition.value))
  }
}

function isOrdered(op: 'lt' | 'lte' | 'gt' | 'gte', sign: number): boolean {
  if (op === 'lt') return sign < 0
  if (op === 'lte') return sign <= 0
  return op === 'gt' ? sign > 0 : sign >= 0
}
