/** The holidays of a country in a year, and the question every sending rule asks: is this day worked? */
import type { Name } from './feasts.ts'
import { feasts } from './feasts.ts'
import type { LocalDate } from './local-date.ts'
import { addDays, daysBetween, weekdayOf, yearOf } from './local-date.ts'
import type { DayStatus } from './observed.ts'
import { feastRecurrence, observedDays } from './observed.ts'
import type { CalendarOverrides } from './overrides.ts'
import type { HolidayCategory, HolidayRule } from './preset.ts'
import type { CountryCode } from './presets/countries.ts'
import { countryPresets } from './presets/countries.ts'

export interface Holiday {
  id: string
  date: LocalDate
  name: Name
  category: HolidayCategory
  /** `possible`: the other evening on which the moon may end Ramadan; never more than one day from the estimate. */
  status: DayStatus | 'possible'
  /** The Monday given for a holiday on a Sunday. */
  isBridge: boolean
}

/** Whether a day is not worked. */
export type IsHoliday = (date: LocalDate) => boolean

/**
 * Every holiday and observance of one year, by date.
 *
 * @throws RangeError outside the years of hijri.ts (1885..2171) for countries with Islamic feasts
 */
export function holidaysOf(country: CountryCode, year: number, overrides: CalendarOverrides): Holiday[] {
  const found: Holiday[] = []
  // The neighbours too: a Monday after Sunday 31 December, or the other end of Ramadan, may cross New Year.
  for (const ruleYear of [year - 1, year, year + 1]) {
    for (const rule of countryPresets[country].holidays) {
      found.push(...holidaysOfRule(rule, country, ruleYear, overrides))
    }
  }
  for (const extra of overrides.extraDays) {
    if (extra.country !== country) continue
    const name = { fr: extra.name, en: extra.name }
    const { date } = extra
    found.push({ id: 'extra', date, name, category: 'public', status: 'confirmed', isBridge: false })
  }
  return found
    .filter(holiday => yearOf(holiday.date) === year)
    .sort((a, b) => (a.date === b.date ? 0 : a.date < b.date ? -1 : 1))
}

/** Whether the day is off for those who work; an observance is not. */
export function isDayOff(holiday: Holiday): boolean {
  return holiday.category !== 'observance'
}

/**
 * The question "is this day off in that country?", with its answers kept by year. Estimated and possible days
 * count: better a marketing message a day later than one on a feast.
 */
export function holidayCheck(country: CountryCode, overrides: CalendarOverrides): IsHoliday {
  const years = new Map<number, Set<LocalDate>>()
  return date => {
    const year = yearOf(date)
    let days = years.get(year)
    if (days === undefined) {
      days = new Set(
        holidaysOf(country, year, overrides)
          .filter(isDayOff)
          .map(holiday => holiday.date),
      )
      years.set(year, days)
    }
    return days.has(date)
  }
}

function holidaysOfRule(
  rule: HolidayRule,
  country: CountryCode,
  year: number,
  overrides: CalendarOverrides,
): Holiday[] {
  const isUnconfirmed = rule.isUnconfirmed === true
  const dayRule =
    'feast' in rule
      ? { id: rule.feast, when: feastRecurrence(rule.feast, country), isUnconfirmed }
      : { id: rule.id, when: rule.when, isUnconfirmed }
  const name = 'feast' in rule ? feasts[rule.feast].name : rule.name
  const holidays: Holiday[] = []
  for (const day of observedDays(dayRule, country, year, overrides)) {
    if (day.year < (rule.from ?? 0) || day.year > (rule.to ?? 9999)) continue
    const base = { id: day.id, name, category: rule.category, status: day.status, isBridge: false }
    holidays.push({ ...base, date: day.date })
    if (rule.bridgeAfter === weekdayOf(day.date)) {
      holidays.push({ ...base, date: addDays(day.date, 1), isBridge: true })
    }
    if (day.id === 'korite' && day.status === 'estimated') {
      const date = otherEndOfRamadan(country, day.date, overrides)
      if (date !== null) holidays.push({ ...base, date, status: 'possible' })
    }
  }
  return holidays
}

/**
 * The end of Ramadan is announced only the evening before, after 29 or 30 days of fasting: the estimate is one
 * of the two days, this is the other.
 */
function otherEndOfRamadan(
  country: CountryCode,
  estimate: LocalDate,
  overrides: CalendarOverrides,
): LocalDate | null {
  const rule = { id: 'ramadan-start', when: feastRecurrence('ramadan-start', country), isUnconfirmed: false }
  for (const year of [yearOf(estimate) - 1, yearOf(estimate)]) {
    for (const start of observedDays(rule, country, year, overrides)) {
      const fasted = daysBetween(start.date, estimate)
      if (fasted === 29) return addDays(estimate, 1)
      if (fasted === 30) return addDays(estimate, -1)
    }
  }
  return null
}
