/** Why a start is refused: one line per problem, naming key, value, expectation and where it came from. */
import type { z } from 'zod'
import { findSetting, isSection, keyOf, settings } from './settings.ts'

export interface ConfigProblem {
  /** `http.port`, or the name of the file or variable when no setting is at fault. */
  key: string
  /** The whole readable line. */
  line: string
}

/** Where the value under a path was written, for example `rappel.yaml line 4`; undefined when nobody wrote it. */
export type FindOrigin = (path: readonly PropertyKey[]) => string | undefined

/** A value of more characters than this is cut: the line must stay one line. */
const longestShown = 60
/** Letters that may be wrong in a name that is still recognised. */
const largestDistance = 3

export function problem(key: string, what: string, origin?: string): ConfigProblem {
  const name = printable(key)
  return { key: name, line: `${name}: ${what}${origin === undefined ? '' : ` (${printable(origin, 300)})`}` }
}

/** One problem per line from what the schema refused. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  originOf: FindOrigin,
): ConfigProblem[] {
  const problems = issues.flatMap(issue => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(name => unknownKey([...issue.path, name], originOf))
    }
    const path = settingPath(issue.path)
    const key = keyOf(path)
    const found = shownValue(key, valueAt(input, path))
    const expected =
      issue.code === 'custom' && issue.message !== 'Invalid input' ? issue.message : expectedOf(key)
    return [problem(key, `found ${found}, expected ${expected}`, originOf(path))]
  })
  // One value may break several rules of its setting; they read the same.
  return [...new Map(problems.map(one => [one.line, one])).values()]
}

/** The nearest name that exists; undefined when none is near. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  // Editing distance costs length times length; no setting is this long.
  if (name.length > 64) return undefined
  const ranked = known
    .map(candidate => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  if (ranked === undefined) return undefined
  const allowed = Math.min(largestDistance, Math.floor(ranked.candidate.length / 3))
  return ranked.distance <= allowed ? ranked.candidate : undefined
}

/** Text that can stand on one line of a terminal. */
export function printable(text: string, maxLength: number = longestShown): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?')
}

/** The value of an unknown key is not shown: it may be a misspelt password. */
function unknownKey(path: readonly PropertyKey[], originOf: FindOrigin): ConfigProblem {
  const name = String(path.at(-1))
  const known = settings.map(setting => setting.key)
  const near =
    suggestion(keyOf(path), known) ??
    settings.find(setting => setting.path.at(-1)?.toLowerCase() === name.toLowerCase())?.key
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  return problem(keyOf(path), `unknown setting${hint}`, originOf(path))
}

/** An element of a list is refused under the name of its setting. */
function settingPath(path: readonly PropertyKey[]): readonly PropertyKey[] {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length)
    if (findSetting(keyOf(part)) !== undefined) return part
  }
  return path
}

function expectedOf(key: string): string {
  return findSetting(key)?.expected ?? 'settings below it, one per line and indented'
}

function shownValue(key: string, value: unknown): string {
  if (value === undefined) return 'nothing'
  const setting = findSetting(key)
  if (setting?.isSecret) return '*** (not shown)'
  // Someone may write a whole connection URL where a section belongs.
  if (isSection(key) || setting === undefined) return Array.isArray(value) ? 'a list' : `a ${typeof value}`
  if (setting.kind === 'text' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `${value} without quotes`
  }
  if (typeof value === 'object' && !Array.isArray(value)) return 'settings below it'
  const shown = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return printable(shown.replace(/(:\/\/)[^\s@]*@/g, '$1***@'))
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<PropertyKey, unknown>)[name]
        : undefined,
    input,
  )
}

/** @see Levenshtein 1966; one row at a time */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, replaced))
    }
    previous = row
  }
  return previous[b.length]!
}
