/** Words: `tronque`, `majuscule`, `titre`, `pluriel`. */
import { parseAmountValue } from '../values.ts'
import type { HelperFunction } from './helper.ts'

/** `{{tronque nom 25}}`: at most so many characters, cut between words when half of the room stays used. */
export const truncateHelper: HelperFunction = {
  kind: 'function',
  minArguments: 2,
  maxArguments: 2,
  hash: [],
  checkLiteral: (position, value) =>
    position === 1 && !isLength(value) ? 'a whole number of characters, 1 to 1000' : null,
  run([value, length]) {
    if (!isLength(length))
      return { kind: 'failed', code: 'value-not-a-number', expected: 'a whole number, 1 to 1000' }
    return truncate(String(value), Number(length))
  },
}

function isLength(value: unknown): boolean {
  return (
    (typeof value === 'number' || typeof value === 'string') &&
    /^\d{1,4}$/.test(String(value)) &&
    Number(value) >= 1 &&
    Number(value) <= 1000
  )
}

const graphemes = new Intl.Segmenter('fr', { granularity: 'grapheme' })

function truncate(text: string, length: number): string {
  if (text.length <= length) return text
  const next = graphemes.segment(text.slice(0, length + 32)).containing(length)
  const end = next === undefined ? length : next.index
  const kept = text.slice(0, end)
  const lastSpace = kept.lastIndexOf(' ')
  const cutsWord = /\S/.test(text[end] ?? ' ')
  const between = cutsWord && lastSpace >= length / 2 ? kept.slice(0, lastSpace) : kept
  return between.replace(/[\s,;:.-]+$/, '')
}

export const upperHelper: HelperFunction = {
  kind: 'function',
  minArguments: 1,
  maxArguments: 1,
  hash: [],
  run: ([value]) => String(value).toUpperCase(),
}

/** `OUEDRAOGO JEAN-BAPTISTE` -> `Ouedraogo Jean-Baptiste`. */
export const titleHelper: HelperFunction = {
  kind: 'function',
  minArguments: 1,
  maxArguments: 1,
  hash: [],
  run: ([value]) =>
    String(value).replace(
      /(\p{L})([\p{L}\p{M}]*)/gu,
      (_, first: string, rest: string) => first.toUpperCase() + rest.toLowerCase(),
    ),
}

/** `{{jours echeance}} {{pluriel (jours echeance) "jour"}}`: the word alone; French counts 0 and 1,5 as singular. */
export const pluralHelper: HelperFunction = {
  kind: 'function',
  minArguments: 2,
  maxArguments: 3,
  hash: [],
  run([count, singular, plural], { language }) {
    const amount = parseAmountValue(count)
    if (amount.kind === 'not-an-amount')
      return { kind: 'failed', code: 'value-not-a-number', expected: 'a count' }
    const number = Number(`${amount.whole}.${amount.fraction}`)
    const isSingular = language === 'fr' ? number < 2 : number === 1
    return String(isSingular ? singular : (plural ?? `${singular}s`))
  },
}
