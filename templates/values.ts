/**
 * Dates and amounts as customers' tables and files write them. Pure: nothing depends on a zone or on the present.
 */

/** A value of a row; the same union as a source gives, kept here because this room imports no connector. */
export type TemplateValue = string | number | bigint | boolean | null | undefined | Uint8Array

/** A day of the calendar, without a zone. */
export interface LocalDate {
  year: number
  /** 1..12 */
  month: number
  /** 1..31 */
  day: number
}

export type ParsedDate = ({ kind: 'date' } & LocalDate) | { kind: 'not-a-date' }

const notADate: ParsedDate = Object.freeze({ kind: 'not-a-date' })
const millisecondsPerDay = 86_400_000

/** Day 0 of Excel's calendar. Serials below 61 are off by one there (29/02/1900 never was) and are not dates here. */
const excelEpochMs = Date.UTC(1899, 11, 30)
/** 01/01/1901: a smaller number in a date column is a count of days, not a date. */
const firstExcelSerial = 367
/** 31/12/2199; eight digits such as 20270315 lie above and read YYYYMMDD. */
const lastExcelSerial = 109_574
const firstYear = 1900
const lastYear = 2199
/** The longest text read, `2027-03-15T00:00:00.000000+00:00` with room; longer is not a date. */
const maxDateLength = 40

const yearFirst = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T]\d{1,2}:\d{2}.*)?$/
const dayFirst = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[ T]\d{1,2}:\d{2}.*)?$/
const compact = /^(\d{4})(\d{2})(\d{2})$/
const serial = /^\d{3,6}(?:[.,]\d+)?$/

/**
 * Reads `YYYY-MM-DD[ T]…`, `DD/MM/YYYY`, `YYYYMMDD` (also with `.` or `-`), or an Excel serial.
 *
 * A two-digit year is not read: 27 is a birth year as well as next year. A time after the date is ignored.
 *
 * @returns `not-a-date` also for days that do not exist, such as 31/02, and for years outside 1900..2199
 */
export function parseLocalDate(value: TemplateValue): ParsedDate {
  if (typeof value === 'number') return parseDateNumber(value)
  if (typeof value === 'bigint') return parseDateNumber(Number(value))
  if (typeof value !== 'string' || value.length > maxDateLength) return notADate
  const text = value.trim()
  const iso = yearFirst.exec(text)
  if (iso !== null) return dateOf(iso[1]!, iso[3]!, iso[4]!)
  const french = dayFirst.exec(text)
  if (french !== null) return dateOf(french[4]!, french[3]!, french[1]!)
  const packed = compact.exec(text)
  if (packed !== null) return dateOf(packed[1]!, packed[2]!, packed[3]!)
  return serial.test(text) ? parseDateNumber(Number(text.replace(',', '.'))) : notADate
}

function parseDateNumber(value: number): ParsedDate {
  if (value >= firstExcelSerial && value < lastExcelSerial + 1) {
    const date = new Date(excelEpochMs + Math.floor(value) * millisecondsPerDay)
    return {
      kind: 'date',
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
    }
  }
  const packed = Number.isInteger(value) ? compact.exec(String(value)) : null
  return packed === null ? notADate : dateOf(packed[1]!, packed[2]!, packed[3]!)
}

function dateOf(yearText: string, monthText: string, dayText: string): ParsedDate {
  const year = Number(yearText)
  const month = Number(monthText)
  const day = Number(dayText)
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  return exists && year >= firstYear && year <= lastYear ? { kind: 'date', year, month, day } : notADate
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days from one date to another, negative when the second is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  const fromMs = Date.UTC(from.year, from.month - 1, from.day)
  const toMs = Date.UTC(to.year, to.month - 1, to.day)
  return Math.round((toMs - fromMs) / millisecondsPerDay)
}

export type ParsedAmount =
  | {
      kind: 'amount'
      isNegative: boolean
      /** Digits before the decimal sign, without leading zeros; at least `0`. */
      whole: string
      /** Digits after it; may be empty. */
      fraction: string
    }
  | { kind: 'not-an-amount' }

const notAnAmount: ParsedAmount = Object.freeze({ kind: 'not-an-amount' })
/** An amount with its currency and spaces; longer is a sentence. */
const maxAmountLength = 40
/** 10^15 is more than the premiums of a country, and all of it stays exact in a double. */
const maxWholeDigits = 15

const currency =
  /(?:^(?:XOF|XAF|EUR|FCFA|€))|(?:(?:F ?\.?C\.?F\.?A\.?|F ?CFA|CFA|XOF|XAF|EUR(?:OS?)?|€|FRS?|F)\.?$)/i
/** Apostrophes group thousands in Swiss files. */
const spaces = /[ ']/g
const plainNumber = /^-?\d+(?:[.,]\d+)?$/
const grouped = /^-?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+(?:(?!\1)[.,]\d+)?$/
const groupedOnce = /^-?\d{1,3}([.,])\d{3}(?!\1)[.,]\d+$/

/**
 * Reads `145500.00`, `145 500,00 F`, `1.145.500`, `145500`, keeping exact decimals.
 *
 * `145.500` is not read: a database means 145.5 by it and a clerk 145 500, and a premium wrong by a thousand is
 * worse than a message held.
 */
export function parseAmountValue(value: TemplateValue): ParsedAmount {
  if (typeof value === 'number') return parseAmountNumber(value)
  if (typeof value === 'bigint')
    return value < 10n ** 15n && value > -(10n ** 15n) ? amountOf(String(value), '.') : notAnAmount
  if (typeof value !== 'string' || value.length > maxAmountLength) return notAnAmount
  const bare = value
    .replace(/[\s\u00a0\u202f]+/g, ' ')
    .trim()
    .replace(currency, '')
  const text = bare.replace(spaces, '').replace(/^[−–]/, '-')
  if (plainNumber.test(text)) {
    const isAmbiguous = /^-?[1-9]\d{0,2}[.,]\d{3}$/.test(text)
    return isAmbiguous ? notAnAmount : amountOf(text, text.includes(',') ? ',' : '.')
  }
  const groups = grouped.exec(text) ?? groupedOnce.exec(text)
  if (groups === null) return notAnAmount
  const groupSign = groups[1]!
  const decimalSign = groupSign === ',' ? '.' : ','
  const ungrouped = text.replaceAll(groupSign, '')
  return plainNumber.test(ungrouped) ? amountOf(ungrouped, decimalSign) : notAnAmount
}

function parseAmountNumber(value: number): ParsedAmount {
  // Beyond these, String() writes an exponent.
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return notAnAmount
  return Math.abs(value) < 1e-6 ? amountOf('0', '.') : amountOf(String(value), '.')
}

function amountOf(text: string, decimalSign: string): ParsedAmount {
  const isNegative = text.startsWith('-')
  const [wholeText = '', fraction = ''] = text.slice(isNegative ? 1 : 0).split(decimalSign)
  const whole = wholeText.replace(/^0+(?=\d)/, '')
  if (whole.length > maxWholeDigits) return notAnAmount
  return { kind: 'amount', isNegative: isNegative && /[1-9]/.test(text), whole, fraction }
}
