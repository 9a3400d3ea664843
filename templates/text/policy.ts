/**
 * What is done with characters that the GSM 7-bit alphabet lacks, and with texts that are too long.
 * The last step before a text becomes parts; preview and send both go through it.
 */
import { countSeptets, septetCost } from './gsm-alphabet.ts'
import { limitParts, type ReferenceBits, type TextEncoding } from './segments.ts'
import { noReplacements, type Replacement, type TransliteratedText, transliterate } from './transliterate.ts'

/**
 * - `smart`: typography and accents are replaced when that makes the text GSM-7; otherwise UCS-2, unaltered
 * - `simple`: as smart, and what is left becomes `?`: the text is always GSM-7
 * - `ucs2`: accents are kept and cost UCS-2; typography alone may be replaced when that avoids it
 * - `reject`: nothing is replaced; a text outside GSM-7 is refused
 */
export type EncodingPolicy = 'smart' | 'simple' | 'ucs2' | 'reject'

export const encodingPolicies: readonly EncodingPolicy[] = ['smart', 'simple', 'ucs2', 'reject']

export interface PrepareOptions {
  /** 1..255. */
  maxParts: number
  tooLong: 'truncate' | 'refuse'
  referenceBits?: ReferenceBits
}

/** A character that the alphabet lacks and where it stands, in UTF-16 code units from 0. */
export interface OffendingCharacter {
  character: string
  /** For example `U+00EA`. */
  codePoint: string
  /** The first ten. */
  positions: number[]
}

export type PreparedText =
  | {
      kind: 'ready'
      text: string
      encoding: TextEncoding
      units: number
      parts: string[]
      replacements: readonly Replacement[]
      /** UTF-16 code units cut off the end by `tooLong: 'truncate'`. */
      truncated: number
    }
  | { kind: 'refused'; code: 'text-empty'; details: Record<string, never> }
  | { kind: 'refused'; code: 'text-too-long'; details: { units: number; maxParts: number } }
  | { kind: 'refused'; code: 'text-not-encodable'; details: { characters: OffendingCharacter[] } }

/** More than 255 parts of 153 septets cannot leave; what lies beyond is not worth a walk over megabytes. */
const longestText = 40_000

/** Makes a text ready for its parts, or says why it cannot be sent. Never throws. */
export function prepareText(text: string, policy: EncodingPolicy, options: PrepareOptions): PreparedText {
  let whole = text
  let cut = 0
  if (text.length > longestText) {
    if (options.tooLong === 'refuse') return tooLong(text.length, options.maxParts)
    whole = text.slice(0, longestText)
    cut = text.length - longestText
  }
  const { text: written, replacements } = applyPolicy(whole, policy)
  if (!/\S/.test(written)) return { kind: 'refused', code: 'text-empty', details: {} }
  if (policy === 'reject' && countSeptets(written) < 0) {
    return {
      kind: 'refused',
      code: 'text-not-encodable',
      details: { characters: offendingCharacters(written) },
    }
  }
  const limited = limitParts(written, options)
  if (limited.kind === 'too-long') return tooLong(limited.units, limited.maxParts)
  return {
    kind: 'ready',
    text: limited.text,
    encoding: limited.split.encoding,
    units: limited.split.units,
    parts: limited.split.parts,
    replacements,
    truncated: limited.kind === 'truncated' ? limited.removed + cut : cut,
  }
}

/**
 * The characters outside GSM-7, in order of first appearance.
 *
 * @returns at most 20 different characters, enough to mend a template
 */
function offendingCharacters(text: string): OffendingCharacter[] {
  const found = new Map<string, OffendingCharacter>()
  let position = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (septetCost(code) === 0) {
      const entry = found.get(character)
      if (entry !== undefined) {
        if (entry.positions.length < 10) entry.positions.push(position)
      } else if (found.size < 20) {
        const codePoint = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
        found.set(character, { character, codePoint, positions: [position] })
      }
    }
    position += character.length
  }
  return [...found.values()]
}

function applyPolicy(text: string, policy: EncodingPolicy): TransliteratedText {
  if (countSeptets(text) >= 0 && !text.includes('\r')) return { text, replacements: noReplacements }
  if (policy === 'reject') return transliterate(text, 0)
  const replaced = transliterate(text, policy === 'ucs2' ? 1 : 2)
  if (countSeptets(replaced.text) >= 0) return replaced
  // In UCS-2 an accent costs nothing: replacing it would spoil the text without saving a part.
  return policy === 'simple' ? withQuestionMarks(replaced) : transliterate(text, 0)
}

const graphemes = new Intl.Segmenter('fr', { granularity: 'grapheme' })

/** One `?` per character as the reader sees it, so that a family of four emoji is not seven marks. */
function withQuestionMarks({ text, replacements }: TransliteratedText): TransliteratedText {
  const counts = new Map<string, number>()
  let written = ''
  for (const { segment } of graphemes.segment(text)) {
    if (countSeptets(segment) >= 0) {
      written += segment
      continue
    }
    written += '?'
    counts.set(segment, (counts.get(segment) ?? 0) + 1)
  }
  const marks = [...counts].map(([from, count]) => ({ from, to: '?', count }))
  return { text: written, replacements: [...replacements, ...marks] }
}

function tooLong(units: number, maxParts: number): PreparedText {
  return { kind: 'refused', code: 'text-too-long', details: { units, maxParts } }
}
