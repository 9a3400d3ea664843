/** From what zod says to what the API answers: path, what was expected, what came. Values are never repeated. */
import type { z } from 'zod'
import { RappelError } from '../errors.ts'
import type { RequestIssue } from './contract/error.ts'

/** A hostile body may be wrong in a million places; a person mends the first ones. */
const mostIssues = 20

/**
 * @param where `body`, `query`, `params` or `body.config`: the first step of every path
 * @param input what was parsed, to tell what stood at the path
 */
export function issuesOf(error: z.ZodError, where: string, input: unknown): RequestIssue[] {
  return error.issues.flatMap(issue => issuesOfOne(issue, where, input)).slice(0, mostIssues)
}

export function invalidRequest(issues: readonly RequestIssue[]): RappelError {
  return new RappelError('invalid-request', { issues })
}

/** @param problems one sentence each; empty passes. @throws RappelError `invalid-request` */
export function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) {
    throw new RappelError('invalid-request', { problems: problems.slice(0, mostIssues).map(cut) })
  }
}

/** @throws RappelError `invalid-request` */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  where: string,
): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw invalidRequest(issuesOf(parsed.error, where, input))
}

/**
 * The same, and fields that the schema does not know are refused: a misspelt `audience` must not be dropped in
 * silence and a whole portfolio written to.
 *
 * @throws RappelError `invalid-request`
 */
export function parseKnown<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  where: string,
): z.output<Schema> {
  const data = parseWith(schema, input, where)
  const unknown = unknownFields(input, data, where)
  if (unknown.length > 0) throw invalidRequest(unknown.slice(0, mostIssues))
  return data
}

function unknownFields(input: unknown, data: unknown, path: string): RequestIssue[] {
  if (typeof input !== 'object' || input === null || typeof data !== 'object' || data === null) return []
  return Object.entries(input).flatMap(([field, value]) => {
    const at = `${path}.${field}`
    if (!Object.hasOwn(data, field))
      return [{ path: cut(at), expected: 'no such field', received: kindOf(value) }]
    return unknownFields(value, (data as Record<string, unknown>)[field], at)
  })
}

function issuesOfOne(issue: z.core.$ZodIssue, where: string, input: unknown): RequestIssue[] {
  const path = [where, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      path: cut(`${path}.${key}`),
      expected: 'no such field',
      received: 'a field',
    }))
  }
  return [{ path: cut(path), expected: cut(expectedBy(issue)), received: receivedAt(input, issue.path) }]
}

function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin)}`
    case 'invalid_format':
      return issue.format === 'regex' ? issue.message : issue.format
    case 'invalid_value':
      return issue.values.map(String).join(' | ')
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? issue.options.join(' | ')
        : unionMembers(issue.errors)
    default:
      return issue.message
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' || origin === 'set' ? ' entries' : ''
}

function unionMembers(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  return [...new Set(errors.flatMap(issues => issues.slice(0, 1).map(expectedBy)))].join(' | ')
}

function receivedAt(input: unknown, path: readonly PropertyKey[]): string {
  let value = input
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return 'nothing'
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return kindOf(value)
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'string') return `a string of ${value.length} characters`
  // A number is never a secret and often explains itself: 0 where 1 is the least.
  return typeof value === 'number' ? `the number ${value}` : `a ${typeof value}`
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`
}
