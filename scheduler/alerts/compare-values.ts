/** How the values of a row compare with the values of a filter. */
import type { SourceValue } from '../../connectors/source.ts'
import { parseLocalDate } from '../../templates/values.ts'

/** What a filter compares with. */
export type Operand = string | number | boolean

/** A text as audiences compare it: no case, accents, typographic apostrophes or extra blanks. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[’‘ʼ]/g, "'")
    .toLowerCase()
    .replace(/œ/g, 'oe')
    .replace(/æ/g, 'ae')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Whether a row's value is the filter's: as numbers for a number, as yes or no for a boolean, else as folded texts or dates. */
export function isEqual(value: SourceValue, operand: Operand): boolean {
  if (value === null) return operand === ''
  if (typeof operand === 'boolean') return isTrue(value) === operand
  if (typeof operand === 'number') return toNumber(value) === operand
  if (fold(textOf(value)) === fold(operand)) return true
  const [a, b] = [toDay(value), toDay(operand)]
  return a !== null && a === b
}

/** Negative, zero or positive: dates with dates, numbers with numbers, else folded texts. */
export function order(value: SourceValue, operand: Operand): number {
  const days = [toDay(value), toDay(operand)] as const
  if (days[0] !== null && days[1] !== null) return days[0] - days[1]
  const numbers = [toNumber(value), toNumber(operand)] as const
  if (numbers[0] !== null && numbers[1] !== null) return numbers[0] - numbers[1]
  const [a, b] = [fold(textOf(value)), fold(String(operand))]
  return a < b ? -1 : a > b ? 1 : 0
}

/** 0/1, O/N, true/false as databases of insurers write a yes or no; null for anything else. */
function isTrue(value: SourceValue): boolean | null {
  const text = fold(textOf(value))
  if (['1', 'true', 'o', 'oui', 'y', 'yes', 't'].includes(text)) return true
  return ['0', 'false', 'n', 'non', 'no', 'f'].includes(text) ? false : null
}

/** Plain and decimal-comma numbers, blanks between thousands; null for anything else. */
function toNumber(value: SourceValue | Operand): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.length > 40) return null
  const text = value.replace(/[\s\u00a0\u202f]/g, '').replace(',', '.')
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null
}

/** yyyymmdd as a sortable number when the value is written as a date with separators; bare numbers are numbers. */
function toDay(value: SourceValue | Operand): number | null {
  if (typeof value !== 'string' || value.length > 40 || !/\d[-/.]\d/.test(value)) return null
  const parsed = parseLocalDate(value)
  return parsed.kind === 'date' ? parsed.year * 10_000 + parsed.month * 100 + parsed.day : null
}

/** A value as text; binary as its size. */
export function textOf(value: SourceValue): string {
  if (value === null) return ''
  return value instanceof Uint8Array ? `${value.byteLength} bytes` : String(value)
}

/** Cut to 60 characters, for a person to recognise. */
export function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
