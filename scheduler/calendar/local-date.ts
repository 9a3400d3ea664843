/**
 * A day of the civil calendar without time or zone, as the text `YYYY-MM-DD`, and its arithmetic.
 *
 * Text rather than Date because a Date is an instant: the day it shows depends on a zone, and the classic
 * off-by-one comes from there. ISO text also sorts, compares and stores as it is.
 */

/** `YYYY-MM-DD`, years 0001 to 9999. Two of them compare with `<` and `===`. */
export type LocalDate = string

/** ISO 8601 day of the week: 1 Monday … 7 Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7

const msPerDay = 86_400_000

/** Day 0 is Thursday 1970-01-01. */
const weekdayOfDayZero = 4

/**
 * Builds a date from numbers that are known to be one.
 *
 * @throws RangeError when there is no such day (30 February): a bug of the caller, who should have asked
 *   `isRealDate` about values from outside
 */
export function localDate(year: number, month: number, day: number): LocalDate {
  if (!isRealDate(year, month, day)) throw new RangeError(`no such day: ${year}-${month}-${day}`)
  return write(year, month, day)
}

/** Whether the civil calendar has that day; month 1..12, years 1..9999. */
export function isRealDate(year: number, month: number, day: number): boolean {
  if (!Number.isInteger(year) || !Number.isInteger(month) || !Number.isInteger(day)) return false
  if (year < 1 || year > 9999 || month < 1 || month > 12) return false
  return day >= 1 && day <= daysInMonth(year, month)
}

/** `YYYY-MM-DD` of a real day, or null for anything else. */
export function parseIsoDate(text: string): LocalDate | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return null
  return isRealDate(Number(match[1]), Number(match[2]), Number(match[3])) ? text : null
}

/** Days in a month, month 1..12. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function yearOf(date: LocalDate): number {
  return Number(date.slice(0, 4))
}

/** 1..12 */
export function monthOf(date: LocalDate): number {
  return Number(date.slice(5, 7))
}

/** 1..31 */
export function dayOf(date: LocalDate): number {
  return Number(date.slice(8, 10))
}

/** Days since 1970-01-01; negative before. */
export function toDayNumber(date: LocalDate): number {
  // Date.UTC reads years 0..99 as 1900..1999: moved by one 400-year cycle (146,097 days), which changes no day.
  return Date.UTC(yearOf(date) + 400, monthOf(date) - 1, dayOf(date)) / msPerDay - 146_097
}

/** The inverse of `toDayNumber`. */
export function fromDayNumber(dayNumber: number): LocalDate {
  const utc = new Date(dayNumber * msPerDay)
  return write(utc.getUTCFullYear(), utc.getUTCMonth() + 1, utc.getUTCDate())
}

/** `days` may be negative. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return fromDayNumber(toDayNumber(date) + days)
}

/** Days to walk from `from` to `to`; negative when `to` is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return toDayNumber(to) - toDayNumber(from)
}

export function weekdayOf(date: LocalDate): Weekday {
  return weekdayOfDayNumber(toDayNumber(date))
}

export function weekdayOfDayNumber(dayNumber: number): Weekday {
  const sinceMonday = (((dayNumber + weekdayOfDayZero - 1) % 7) + 7) % 7
  return (sinceMonday + 1) as Weekday
}

/** The later of two days. */
export function laterDate(a: LocalDate, b: LocalDate): LocalDate {
  return a > b ? a : b
}

/** The earlier of two days. */
export function earlierDate(a: LocalDate, b: LocalDate): LocalDate {
  return a < b ? a : b
}

function write(year: number, month: number, day: number): LocalDate {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}
