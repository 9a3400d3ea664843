/**
 * Days of the Islamic calendar, from the Umm al-Qura tables that Intl carries.
 *
 * They are estimates: each country announces its feasts after seeing the moon, usually on the same day or one
 * later (see `hijriShiftDays` of the presets). `islamic-civil` would be a day off in many years.
 */
import type { LocalDate } from './local-date.ts'
import { fromDayNumber, localDate, toDayNumber, yearOf } from './local-date.ts'

export interface HijriDate {
  year: number
  /** 1 Muharram … 9 Ramadan, 10 Shawwal, 12 Dhu al-Hijja */
  month: number
  /** 1..30 */
  day: number
}

/** The Gregorian years that ICU's Umm al-Qura table covers whole (1300–1600 AH). */
const firstHijriYear = 1883
const lastHijriYear = 2173

const locale = 'en-u-ca-islamic-umalqura-nu-latn'
const msPerDay = 86_400_000

/** Years kept before the cache starts afresh: each holds some 14 months. */
const cachedYears = 300

/** A Hijri month by the Gregorian day it starts on. */
interface HijriMonth {
  year: number
  month: number
  startDay: number
  /** 29 or 30 */
  length: number
}

const years = new Map<number, HijriMonth[]>()
let formatter: Intl.DateTimeFormat | undefined

/**
 * Whether this Node can compute Islamic dates. Builds with `small-icu` silently answer in the Gregorian
 * calendar; the product refuses to start on them.
 */
export function hasHijriCalendar(): boolean {
  return new Intl.DateTimeFormat(locale).resolvedOptions().calendar === 'islamic-umalqura'
}

/**
 * The Hijri date of a day.
 *
 * @throws RangeError outside 1883..2173, or when `hasHijriCalendar` is false
 */
export function hijriOf(date: LocalDate): HijriDate {
  const day = toDayNumber(date)
  const { year, month, startDay } = monthsOf(yearOf(date)).findLast(each => each.startDay <= day)!
  return { year, month, day: day - startDay + 1 }
}

/**
 * The days of a Gregorian year on which a Hijri day and month fall: none, one or two, in order. The Hijri
 * year has 354 or 355 days, so that a feast can come twice (the start of Ramadan in 2030).
 *
 * @throws RangeError as `hijriOf`
 */
export function hijriDatesIn(gregorianYear: number, month: number, day: number): LocalDate[] {
  return monthsOf(gregorianYear)
    .filter(each => each.month === month && day <= each.length)
    .map(each => fromDayNumber(each.startDay + day - 1))
    .filter(date => yearOf(date) === gregorianYear)
}

/**
 * The Hijri months that touch a Gregorian year. Intl is asked about month starts only, some 28 times: asking
 * about each day would hold the event loop for tens of milliseconds.
 */
function monthsOf(gregorianYear: number): HijriMonth[] {
  const cached = years.get(gregorianYear)
  if (cached !== undefined) return cached
  if (gregorianYear < firstHijriYear || gregorianYear > lastHijriYear) {
    const span = `${firstHijriYear} to ${lastHijriYear}`
    throw new RangeError(`Islamic dates are known from ${span}, not in ${gregorianYear}`)
  }
  if (!hasHijriCalendar()) {
    throw new RangeError(
      'this Node lacks the islamic-umalqura calendar (small-icu build): use one with full ICU',
    )
  }
  const lastDay = toDayNumber(localDate(gregorianYear, 12, 31))
  const newYear = toDayNumber(localDate(gregorianYear, 1, 1))
  const months: HijriMonth[] = []
  let startDay = newYear - askIntl(newYear).day + 1
  while (startDay <= lastDay) {
    const { year, month } = askIntl(startDay)
    const length = askIntl(startDay + 29).day === 1 ? 29 : 30
    months.push({ year, month, startDay, length })
    startDay += length
  }
  if (years.size >= cachedYears) years.clear()
  years.set(gregorianYear, months)
  return months
}

/** At noon UTC of the day, away from every edge. */
function askIntl(dayNumber: number): HijriDate {
  formatter ??= new Intl.DateTimeFormat(locale, {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'numeric',
    year: 'numeric',
  })
  const hijri: HijriDate = { year: 0, month: 0, day: 0 }
  for (const { type, value } of formatter.formatToParts((dayNumber + 0.5) * msPerDay)) {
    if (type === 'year' || type === 'month' || type === 'day') hijri[type] = Number(value)
  }
  return hijri
}
