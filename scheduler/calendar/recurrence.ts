/** Rules that say on which days of a year something falls, and their evaluation. */
import { easterOf } from './easter.ts'
import { hijriDatesIn } from './hijri.ts'
import type { LocalDate, Weekday } from './local-date.ts'
import { addDays, daysInMonth, isRealDate, localDate, weekdayOf } from './local-date.ts'

export type Recurrence =
  | { kind: 'fixed'; month: number; day: number }
  /** `offsetDays` from Easter Sunday: -2 Good Friday, 39 Ascension, 50 Whit Monday. */
  | { kind: 'easter'; offsetDays: number }
  /** A day of the Islamic calendar, moved by the country's usual shift. */
  | { kind: 'hijri'; month: number; day: number }
  /** The `nth` (1..5, or -1 for the last) weekday of a month, moved by `offsetDays`. */
  | { kind: 'nth-weekday'; month: number; weekday: Weekday; nth: number; offsetDays: number }

/**
 * The days a rule gives for one year, in order; none when that year has no such day (29 February, a fifth
 * Friday). A shift can carry a day over New Year: it still belongs to the year that was asked.
 *
 * @param hijriShiftDays added to Islamic days only
 * @throws RangeError for Islamic rules outside the years of hijri.ts
 */
export function datesOf(rule: Recurrence, year: number, hijriShiftDays: number): LocalDate[] {
  switch (rule.kind) {
    case 'fixed':
      return isRealDate(year, rule.month, rule.day) ? [localDate(year, rule.month, rule.day)] : []
    case 'easter':
      return [addDays(easterOf(year), rule.offsetDays)]
    case 'hijri':
      return hijriDatesIn(year, rule.month, rule.day).map(date => addDays(date, hijriShiftDays))
    case 'nth-weekday': {
      const day = nthWeekday(year, rule.month, rule.weekday, rule.nth)
      return day === null ? [] : [addDays(day, rule.offsetDays)]
    }
  }
}

function nthWeekday(year: number, month: number, weekday: Weekday, nth: number): LocalDate | null {
  const length = daysInMonth(year, month)
  if (nth === -1) {
    const last = localDate(year, month, length)
    return addDays(last, -((weekdayOf(last) - weekday + 7) % 7))
  }
  const day = 1 + ((weekday - weekdayOf(localDate(year, month, 1)) + 7) % 7) + (nth - 1) * 7
  return day <= length ? localDate(year, month, day) : null
}
