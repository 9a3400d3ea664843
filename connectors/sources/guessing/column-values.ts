/** What the values of a column look like. Pure; every test is one regular expression without backtracking to fear. */
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import { parsePhones } from '../../../templates/text/phone.ts'
import type { SourceValue } from '../../source.ts'
import type { ColumnRole } from './roles.ts'

interface ContentGuess {
  role: ColumnRole
  /** 0..1: what the values alone would be worth. */
  score: number
  /** Of the values that are not empty. */
  share: number
  /** The form of the values, where there are several. */
  detail?: string
}

/** What is known about the values of one column. */
export interface ColumnContent {
  /** Values that are not empty; below `fewestValues` nothing is known of them. */
  filled: number
  guesses: ContentGuess[]
}

/** Longer cells are comments. */
const longestValue = 200
/** Fewer values tell nothing. */
export const fewestValues = 3
/** Below it the values are something else, whatever a few of them look like. */
const leastShare = 0.5

/** `2027-03-15`, `15/03/2027`, `15-03-27`, `20270315`, and with a time behind. */
const dateForms: readonly (readonly [form: string, pattern: RegExp])[] = [
  ['yyyy-mm-dd', /^(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d(?:[T ]\d\d:\d\d.*)?$/],
  ['dd/mm/yyyy', /^[0-3]?\d[/.-](?:0?\d|1[0-2])[/.-](?:19|20)\d\d(?: \d\d:\d\d.*)?$/],
  ['dd/mm/yy', /^[0-3]?\d[/.-](?:0?\d|1[0-2])[/.-]\d\d$/],
  ['yyyymmdd', /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/],
  ['excel', /^[34]\d{4}(?:\.\d+)?$/],
]

/**
 * Plates of the countries served, blanks and hyphens taken out: BF 11HH1234(BF), CI 1234AB01 and AA123BB(01), SN DK1234A
 * and AA123BB, ML AB1234MD, NE 8A1234NY and AB1234, BJ AB1234RB, TG TG1234AA, CM LT123AB, FR AA123BB and 1234AB75.
 */
const plate =
  /^(?:\d{1,2}[A-Z]{1,2}\d{1,4}[A-Z]{0,2}|\d{2,4}[A-Z]{1,3}\d{2}|[A-Z]{2}\d{3,4}[A-Z]{1,3}\d{0,2}|[A-Z]{2}\d{4})$/

const email = /^[^\s@]{1,64}@[^\s@]{1,120}\.[a-z]{2,24}$/i
const currency = /^(?:XOF|XAF|EUR|USD|CFA|F ?CFA|FRANCS? CFA|€)$/i
/** `145 500`, `145.500,00`, `1,234.50`, `145500 F CFA`. */
const writtenAmount =
  /^-?\d{1,3}(?:[ .,\u00a0\u202f]\d{3})*(?:[.,]\d{1,2})?(?: ?(?:F|FCFA|F CFA|XOF|XAF|EUR|€))?$/i
const plainAmount = /^-?\d{1,12}(?:[.,]\d{1,2})?(?: ?(?:F|FCFA|F CFA|XOF|XAF|EUR|€))?$/i
const amountMark = /(?:\d[ .\u00a0\u202f]\d{3}|F ?C?F?A?$|[.,]\d{2}$|XOF$|XAF$|EUR$|€$)/i
const state =
  /^(?:0|1|[ONYAISRC]|oui|non|yes|no|true|false|vrai|faux|a envoyer|envoy[eé]e?s?|sent|pending|actif|active|inactif|suspendue?|resili[eé]e?|annul[eé]e?|en cours|valide|valid[eé]e?|pay[eé]e?|impay[eé]e?|regl[eé]e?|clos|eval|declar[eé]e?)$/i
const nameText = /^\p{L}[\p{L} .'’-]{1,80}$/u

/** @param values of one column, in any number; some hundred are enough */
export function readContent(values: readonly SourceValue[], country: CountryCode): ColumnContent {
  const texts = values.flatMap(textOf)
  if (texts.length < fewestValues) return { filled: texts.length, guesses: [] }
  const guesses: ContentGuess[] = [
    phoneGuess(texts, country),
    shared('email', texts, 0.95, text => email.test(text)),
    shared('currency', texts, 0.9, text => currency.test(text)),
    shared('plate', texts, 0.8, text => plate.test(text.toUpperCase().replaceAll(/[ -]/g, ''))),
    dateGuess(texts),
    amountGuess(texts),
    stateGuess(texts),
    ...nameGuesses(texts),
  ]
  return { filled: texts.length, guesses: guesses.filter(({ share }) => share >= leastShare) }
}

function textOf(value: SourceValue): string[] {
  if (value === null || value instanceof Uint8Array) return []
  const text = String(value).trim()
  return text === '' || text.length > longestValue ? [] : [text]
}

function shared(
  role: ColumnRole,
  texts: readonly string[],
  score: number,
  test: (text: string) => boolean,
): ContentGuess {
  const share = texts.filter(test).length / texts.length
  return { role, share, score: score * share }
}

function phoneGuess(texts: readonly string[], country: CountryCode): ContentGuess {
  const guess = shared('phone', texts, 0.85, text => parsePhones(text, { country }).kind === 'phones')
  // The same number on every row is the agency's or the company's.
  return new Set(texts).size * 4 < texts.length ? { ...guess, score: guess.score * 0.4 } : guess
}

function dateGuess(texts: readonly string[]): ContentGuess {
  const [form, count] = dateForms
    .map(([name, pattern]) => [name, texts.filter(text => pattern.test(text)).length] as const)
    .reduce((best, one) => (one[1] > best[1] ? one : best))
  // A date may be any date: which one it is, the name must say. Numbers may be anything.
  const score = form === 'excel' ? 0.05 : form === 'yyyymmdd' ? 0.2 : 0.25
  const share = count / texts.length
  return { role: 'dueDate', share, score: score * share, detail: form }
}

function amountGuess(texts: readonly string[]): ContentGuess {
  const isAmount = (text: string): boolean => writtenAmount.test(text) || plainAmount.test(text)
  const share = texts.filter(isAmount).length / texts.length
  const marked = texts.filter(text => isAmount(text) && amountMark.test(text)).length / texts.length
  return { role: 'amount', share, score: marked * 0.55 + (share - marked) * 0.05 }
}

function stateGuess(texts: readonly string[]): ContentGuess {
  const distinct = new Set(texts.map(text => text.toLowerCase()))
  const share = texts.filter(text => state.test(text)).length / texts.length
  const isFew = distinct.size <= 8 && distinct.size * 2 <= texts.length
  return { role: 'state', share, score: isFew ? share * 0.5 : share * 0.1 }
}

/** Names differ from row to row; one word or several is all that tells a family name from a full one. */
function nameGuesses(texts: readonly string[]): ContentGuess[] {
  const share = texts.filter(text => nameText.test(text)).length / texts.length
  const variety = new Set(texts).size / texts.length
  if (variety < 0.3) return []
  const several = texts.filter(text => /\S\s+\S/.test(text)).length / texts.length
  return [
    { role: 'fullName', share, score: share * (several > 0.6 ? 0.35 : 0.1) },
    { role: 'lastName', share, score: share * (several > 0.6 ? 0.05 : 0.15) },
    { role: 'firstName', share, score: share * 0.1 },
  ]
}
