/** Which column is what: by its name and by a sample of its values, with how sure it is and why. Pure. */
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import type { SourceRow } from '../../source.ts'
import { guessByName, type NameGuess } from './column-names.ts'
import { type ColumnContent, fewestValues, readContent } from './column-values.ts'
import { type ColumnRole, columnRoles, type GuessReason } from './roles.ts'

interface ColumnGuess {
  role: ColumnRole
  column: string
  /** 0..1; below 0.5 a person should look twice. */
  confidence: number
  reasons: GuessReason[]
  /** The one proposed for the role; no column is proposed for two. */
  isBest: boolean
}

/** Weaker ones are noise. */
const leastConfidence = 0.3
const mostConfidence = 0.99
/** Roles whose values are told apart from everything else: a name against them is wrong. */
const decidable: ReadonlySet<ColumnRole> = new Set([
  'phone',
  'email',
  'plate',
  'dueDate',
  'amount',
  'currency',
])
/** What a name is worth when the values say otherwise. */
const contradictedFactor = 0.4
/** Guesses shown per role. */
const mostPerRole = 3

/**
 * @param columns as the query names them
 * @param rows some hundred of them; none is enough for names
 * @param country of phones written without their code
 * @returns by role, the surest first
 */
export function guessMapping(
  columns: readonly string[],
  rows: readonly SourceRow[],
  country: CountryCode,
): ColumnGuess[] {
  const all = columns.flatMap(column => {
    const values = rows.map(row => row[column] ?? null)
    return guessesOf(column, readContent(values, country))
  })
  const place = new Map(columns.map((column, index) => [column, index]))
  const likely = preferFullName(all)
    .filter(({ confidence }) => confidence >= leastConfidence)
    .sort((a, b) => b.confidence - a.confidence || place.get(a.column)! - place.get(b.column)!)
  const taken = new Set<string>()
  const served = new Set<ColumnRole>()
  const judged = likely.map(guess => {
    const isBest = !taken.has(guess.column) && !served.has(guess.role)
    if (isBest) {
      taken.add(guess.column)
      served.add(guess.role)
    }
    return { ...guess, isBest }
  })
  return columnRoles.flatMap(role => judged.filter(guess => guess.role === role).slice(0, mostPerRole))
}

type Unjudged = Omit<ColumnGuess, 'isBest'>

function guessesOf(column: string, content: ColumnContent): Unjudged[] {
  const named = guessByName(column)
  return columnRoles.flatMap(role => {
    const name = named.find(guess => guess.role === role)
    const guess = together(role, column, name, content)
    return guess === undefined ? [] : [guess]
  })
}

function together(
  role: ColumnRole,
  column: string,
  name: NameGuess | undefined,
  { filled, guesses }: ColumnContent,
): Unjudged | undefined {
  const seen = guesses.find(guess => guess.role === role)
  if (name === undefined && seen === undefined) return undefined
  const reasons: GuessReason[] = [...(name?.reasons ?? [])]
  if (seen !== undefined) {
    const share = Math.round(seen.share * 100) / 100
    reasons.push({ code: 'content', share, ...(seen.detail !== undefined && { detail: seen.detail }) })
    const confidence = 1 - (1 - (name?.score ?? 0)) * (1 - seen.score)
    return { role, column, confidence: rounded(confidence), reasons }
  }
  const score = name?.score ?? 0
  if (filled < fewestValues) {
    const code = filled === 0 ? 'content-empty' : 'content-few'
    return { role, column, confidence: rounded(score), reasons: [...reasons, { code }] }
  }
  if (!decidable.has(role)) return { role, column, confidence: rounded(score), reasons }
  return {
    role,
    column,
    confidence: rounded(score * contradictedFactor),
    reasons: [...reasons, { code: 'content-contradicts' }],
  }
}

/** `nom` beside no `prenom` holds both. */
function preferFullName(guesses: readonly Unjudged[]): Unjudged[] {
  const isNamed = (role: ColumnRole): boolean =>
    guesses.some(guess => guess.role === role && guess.reasons[0]?.code.startsWith('name') === true)
  if (isNamed('firstName') || isNamed('fullName') || !isNamed('lastName')) return [...guesses]
  const full = new Map(guesses.filter(({ role }) => role === 'fullName').map(guess => [guess.column, guess]))
  return guesses.flatMap(guess => {
    if (guess.role !== 'lastName') return guess.role === 'fullName' ? [] : [guess]
    const isBoth = (full.get(guess.column)?.confidence ?? 0) >= leastConfidence
    return isBoth ? [{ ...guess, role: 'fullName' as const }] : [guess]
  })
}

function rounded(confidence: number): number {
  return Math.round(Math.min(confidence, mostConfidence) * 100) / 100
}
