/**
 * From a cell of a customer's file to the pieces that may each be a phone number.
 */
/** What a source gives for a cell; anything but text and whole numbers is rejected. */
export type PhoneCell = string | number | bigint | boolean | null | undefined | Uint8Array

export type PhoneRejection =
  | 'empty'
  /** `7,01E+07`: the spreadsheet lost digits; the column must be formatted as text. */
  | 'scientific-notation'
  | 'too-short'
  | 'too-long'
  | 'fixed-line'
  | 'not-a-number'
  | 'invalid'

export interface RejectedPhone {
  /** As written, at most 40 characters. */
  raw: string
  reason: PhoneRejection
}

export interface CleanPhoneCell {
  /** Trimmed, without labels, none empty. */
  tokens: string[]
  rejected: RejectedPhone[]
}

/** Ten numbers with their spaces and separators; a longer cell is a comment, not a list of phones. */
const maxPhoneCellLength = 250

/** `ou`, `et` and their like stand between numbers in files typed by hand. A bare hyphen is inside a number. */
const separators = /[/;,|\\&\n\r\t]|\s[-–—]\s|\s(?:ou|et|or|and)\s/iu
const scientific = /(?<![\p{L}\d.,])\d+(?:[.,]\d+)?e[+-]?\d+(?![\p{L}\d])/giu
/** `Tel: 70 00 00 01`, `Mob. 70 00 00 01`. */
const leadingLabel = /^\p{L}[\p{L}. ]{0,20}[:.]? ?(?=[+\d(])/u
/** `70 00 00 01 (bureau)`, `70 00 00 01 domicile`. */
const trailingLabel = /(?<=\d) ?[ (]\p{L}[\p{L}.' ]{0,40}\)?$/u
/** Zero-width characters and direction marks that come along when a number is copied from a phone. */
const invisible = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** Cuts a cell into pieces. Linear in the cell, which is limited. */
export function cleanPhoneCell(cell: PhoneCell): CleanPhoneCell {
  const rejected: RejectedPhone[] = []
  const text = textOfCell(cell)
  if (text.kind === 'rejected') return { tokens: [], rejected: [{ raw: text.raw, reason: text.reason }] }

  const plain = text.text.normalize('NFKC').replace(invisible, '').trim()
  const withoutScientific = plain.replace(scientific, raw => {
    rejected.push({ raw: raw.slice(0, 40), reason: 'scientific-notation' })
    return ';'
  })
  const whole = withoutScientific.replace(/^(\+?\d+)[.,]0+$/, '$1')
  const tokens = whole
    .split(separators)
    .map(piece => piece.trim().replace(/^(\+?\d+)\.0+$/, '$1'))
    .map(piece => piece.replace(leadingLabel, '').replace(trailingLabel, '').trim())
    .filter(piece => piece !== '')
  if (tokens.length === 0 && rejected.length === 0) rejected.push({ raw: '', reason: 'empty' })
  return { tokens, rejected }
}

type CellText = { kind: 'text'; text: string } | { kind: 'rejected'; raw: string; reason: PhoneRejection }

function textOfCell(cell: PhoneCell): CellText {
  if (cell === null || cell === undefined || cell === '')
    return { kind: 'rejected', raw: '', reason: 'empty' }
  if (typeof cell === 'string') {
    if (cell.length <= maxPhoneCellLength) return { kind: 'text', text: cell }
    return { kind: 'rejected', raw: cell.slice(0, 40), reason: 'too-long' }
  }
  if (typeof cell === 'bigint') {
    // A bigint of megabytes would take seconds to write out; E.164 has 15 digits.
    if (cell >= 0n && cell < 10n ** 18n) return { kind: 'text', text: String(cell) }
    return { kind: 'rejected', raw: 'bigint', reason: 'invalid' }
  }
  if (typeof cell === 'number') {
    if (Number.isSafeInteger(cell) && cell >= 0) return { kind: 'text', text: String(cell) }
    return { kind: 'rejected', raw: String(cell).slice(0, 40), reason: 'invalid' }
  }
  return {
    kind: 'rejected',
    raw: typeof cell === 'boolean' ? String(cell) : 'binary',
    reason: 'not-a-number',
  }
}
