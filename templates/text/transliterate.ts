/**
 * Rewrites a text so that it fits the GSM 7-bit alphabet, which more than doubles what one SMS holds.
 *
 * Order: repair and NFC, then the tables of the level, then any accented letter left loses its marks; a
 * character that still does not fit is kept.
 */
import { countSeptets, gsmDefaultTable, gsmExtensionTable, septetCost } from './gsm-alphabet.ts'
import { asciiOnly, letters, typography, windows1252 } from './replacement-tables.ts'

/** 0 repair and NFC only · 1 typography · 2 and letters outside GSM-7 · 3 plain ASCII, for SMSCs with a wrong table. */
export type TransliterationLevel = 0 | 1 | 2 | 3

export interface Replacement {
  from: string
  to: string
  count: number
}

export interface TransliteratedText {
  text: string
  /** In order of first appearance; one entry per different character. */
  replacements: readonly Replacement[]
}

export const noReplacements: readonly Replacement[] = Object.freeze([])

/**
 * @param text any string; length is the caller's limit, the cost is linear
 * @returns NFC text with LF line ends and without lone surrogates, and what was replaced
 */
export function transliterate(text: string, level: TransliterationLevel = 2): TransliteratedText {
  // Every character of the alphabet is its own NFC form, so such a text needs no work.
  if (level < 3 && countSeptets(text) >= 0 && !text.includes('\r'))
    return { text, replacements: noReplacements }
  const report = new Map<string, Replacement>()
  const repaired = repairText(text, report)
  const written = level === 0 ? repaired : replaceCharacters(repaired, level, report)
  return { text: written, replacements: report.size === 0 ? noReplacements : [...report.values()] }
}

/** Level 0: Windows-1252 read as Latin-1 is put right, CR LF and CR become LF, lone surrogates go, NFC. */
function repairText(text: string, report: Map<string, Replacement>): string {
  let repaired = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  if (!repaired.isWellFormed()) {
    repaired = repaired.replace(/\p{Surrogate}/gu, () => note(report, '\ufffd', ''))
  }
  repaired = repaired.replace(/[\u0080-\u009f]/g, character => {
    const meant = windows1252.get(character.charCodeAt(0))
    return meant === undefined ? character : note(report, character, meant)
  })
  return repaired.normalize('NFC')
}

type Table = ReadonlyMap<string, string>

const typographyTable = tableOf(typography)
const letterTable = tableOf(typography, letters)
const asciiTable = tableOf(typography, letters, asciiOnly)
const tables: Record<1 | 2 | 3, Table> = { 1: typographyTable, 2: letterTable, 3: asciiTable }

const gsmCharacters = gsmDefaultTable.replace('\u001b', '') + gsmExtensionTable.map(([, c]) => c).join('')
const outsideGsm = new RegExp(`[^${gsmCharacters.replace(/[\\\]^-]/g, '\\$&')}]`, 'gu')
const outsideAscii = /[^\n\f\x20-\x5f\x61-\x7e]/gu

const noBreak = ' \\u00a0\\u202f'
/** Three at most: an open-ended run would make a text of spaces quadratic. */
const openingQuote = new RegExp(`«[${noBreak}]{0,3}`, 'g')
const closingQuote = new RegExp(`[${noBreak}]{0,3}»`, 'g')
const numberSign = new RegExp(
  `(?<![\\p{L}\\d])([nN])[${noBreak}]?[°º˚](?:[${noBreak}]{0,3}(?=[^\\s]))?`,
  'gu',
)

function replaceCharacters(text: string, level: 1 | 2 | 3, report: Map<string, Replacement>): string {
  let written = text
  if (written.includes('«')) written = written.replace(openingQuote, () => note(report, '«', '"'))
  if (written.includes('»')) written = written.replace(closingQuote, () => note(report, '»', '"'))
  if (/[°º˚]/.test(written)) {
    written = written.replace(numberSign, (sign: string, n: string, offset: number, whole: string) => {
      const isFollowed = offset + sign.length < whole.length
      return n + note(report, '°', isFollowed ? 'o ' : 'o')
    })
  }
  const pattern = level === 3 ? outsideAscii : outsideGsm
  return written.replace(pattern, (character: string, offset: number, whole: string) => {
    const replacement = replacementOf(character, level, offset, whole)
    return replacement === null ? character : note(report, character, replacement)
  })
}

const joiner = '\u200d'
const isMark = /^\p{M}$/u
const isVariationSelector = /^[\ufe00-\ufe0f]$/
const isEmoji = /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}]|\ufe0f)$/u

/** @returns null when the character is kept */
function replacementOf(character: string, level: 1 | 2 | 3, offset: number, whole: string): string | null {
  if (character === joiner && isEmoji.test(characterBefore(whole, offset))) return null
  const known = tables[level].get(character)
  if (known !== undefined) return known
  const code = character.codePointAt(0)!
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return ''
  if (code >= 0xff01 && code <= 0xff5e) return fromFullWidth(code, level)
  if (isMark.test(character)) {
    const isOwnBusiness = level >= 2 || isVariationSelector.test(character)
    return isOwnBusiness && isReplaceable(baseBefore(whole, offset), level) ? '' : null
  }
  return level === 1 ? null : withoutMarks(character, level)
}

function fromFullWidth(code: number, level: 1 | 2 | 3): string {
  const narrow = String.fromCharCode(code - 0xfee0)
  return tables[level].get(narrow) ?? narrow
}

/** The letter under its accents, when the whole of it fits; otherwise null: half an Arabic word helps nobody. */
function withoutMarks(character: string, level: 2 | 3): string | null {
  const bare = character.normalize('NFKD').replace(/\p{M}/gu, '')
  let written = ''
  for (const part of bare) {
    const fitting = fits(part, level) ? part : tables[level].get(part)
    if (fitting === undefined) return null
    written += fitting
  }
  return written === '' ? null : written
}

function fits(character: string, level: 1 | 2 | 3): boolean {
  const code = character.codePointAt(0)!
  return septetCost(code) > 0 && (level < 3 || code < 0x80)
}

function isReplaceable(character: string, level: 1 | 2 | 3): boolean {
  if (character === '' || fits(character, level) || tables[level].has(character)) return true
  return level !== 1 && withoutMarks(character, level) !== null
}

function characterBefore(text: string, offset: number): string {
  if (offset === 0) return ''
  const low = text.charCodeAt(offset - 1)
  const isPair = low >= 0xdc00 && low <= 0xdfff && offset >= 2
  return text.slice(isPair ? offset - 2 : offset - 1, offset)
}

/** Marks looked back over: real text stacks two or three; more would make a hostile text quadratic. */
const maxStackedMarks = 8

function baseBefore(text: string, offset: number): string {
  let position = offset
  for (let step = 0; step <= maxStackedMarks; step++) {
    const character = characterBefore(text, position)
    if (character === '' || !isMark.test(character)) return character
    position -= character.length
  }
  return ''
}

function note(report: Map<string, Replacement>, from: string, to: string): string {
  const key = `${from}>${to}`
  const entry = report.get(key)
  if (entry === undefined) report.set(key, { from, to, count: 1 })
  else entry.count++
  return to
}

function tableOf(...lists: (readonly (readonly [string, string])[])[]): Table {
  return new Map(lists.flatMap(list => list.flatMap(([from, to]) => [...from].map(c => [c, to] as const))))
}
