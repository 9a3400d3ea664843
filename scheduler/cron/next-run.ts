/**
 * When a cron schedule runs, in an IANA zone.
 *
 * The daylight-saving rule. A schedule of *times* (its hours are a choice: `30 2 * * *`) runs once for each
 * wall time: a time the clocks skip runs at the first instant after the gap, a time that comes twice runs
 * the first time only, and several skipped times are one run. A schedule of *intervals* (every hour:
 * `0 * * * *`, every five minutes) runs at each real instant whose clock matches: never in the skipped hour,
 * twice in the repeated one. Vixie cron treats the two the same way.
 */
import type { LocalDate } from '../calendar/local-date.ts'
import {
  addDays,
  dayOf,
  daysInMonth,
  fromDayNumber,
  localDate,
  monthOf,
  toDayNumber,
  weekdayOfDayNumber,
  yearOf,
} from '../calendar/local-date.ts'
import { startOfDay, toInstant, toWallTime } from '../calendar/zoned.ts'
import type { Cron } from './parse.ts'

/** A fifth Monday of February can be 40 years away (2072 to 2112, over 2100); nothing else is rarer. */
const searchYears = 41

const secondsPerDay = 86_400

/**
 * The first run after an instant.
 *
 * @param after excluded
 * @returns null when the schedule never runs (30 February)
 */
export function nextRun(cron: Cron, zone: string, after: Date): Date | null {
  const afterMs = Math.floor(after.getTime() / 1000) * 1000
  return cron.isInterval ? nextInterval(cron, zone, afterMs) : nextTime(cron, zone, afterMs)
}

/** The next `count` runs after an instant; fewer when the schedule ends. */
export function nextRuns(cron: Cron, zone: string, after: Date, count: number): Date[] {
  const runs: Date[] = []
  let last = after
  while (runs.length < count) {
    const run = nextRun(cron, zone, last)
    if (run === null) break
    runs.push(run)
    last = run
  }
  return runs
}

/**
 * The runs after `from` (excluded) up to `to` (included), oldest first.
 *
 * @param limit most runs collected; `isTruncated` says that there are more. None when `to` is before `from`,
 *   as after a clock that was set back.
 */
export function runsBetween(
  cron: Cron,
  zone: string,
  period: { from: Date; to: Date; limit: number },
): { runs: Date[]; isTruncated: boolean } {
  const runs: Date[] = []
  let run = nextRun(cron, zone, period.from)
  while (run !== null && run.getTime() <= period.to.getTime()) {
    if (runs.length >= period.limit) return { runs, isTruncated: true }
    runs.push(run)
    run = nextRun(cron, zone, run)
  }
  return { runs, isTruncated: false }
}

/** Whether a schedule runs on a day, by its day, month and weekday fields. */
export function matchesDay(cron: Cron, date: LocalDate): boolean {
  if (!cron.months.has(monthOf(date))) return false
  const day = dayOf(date)
  const length = daysInMonth(yearOf(date), monthOf(date))
  const weekday = weekdayOfDayNumber(toDayNumber(date)) % 7
  const byDay =
    cron.daysOfMonth.has(day) ||
    cron.monthDayRules.some(rule => rule.kind === 'last-day' && day === length - rule.before)
  const byWeekday =
    cron.weekdays.has(weekday) ||
    cron.weekdayRules.some(
      rule =>
        rule.kind !== 'last-day' &&
        rule.weekday === weekday &&
        (rule.kind === 'last-weekday' ? day + 7 > length : Math.ceil(day / 7) === rule.nth),
    )
  return cron.isEitherDay ? byDay || byWeekday : byDay && byWeekday
}

function nextTime(cron: Cron, zone: string, afterMs: number): Date | null {
  const wall = toWallTime(new Date(afterMs), zone)
  // Instants never decrease along the wall times of the calendar, so nothing before `wall` can come after.
  let fromSecond = wall.secondOfDay + 1
  let date = nextDay(cron, wall.date, wall.date)
  while (date !== null) {
    if (date !== wall.date) fromSecond = 0
    let time = nextTimeOfDay(cron, fromSecond)
    while (time !== null) {
      const instant = toInstant({ date, secondOfDay: time }, zone)
      if (instant.getTime() > afterMs) return instant
      time = nextTimeOfDay(cron, time + 1)
    }
    date = nextDay(cron, addDays(date, 1), wall.date)
  }
  return null
}

function nextInterval(cron: Cron, zone: string, afterMs: number): Date | null {
  const start = toWallTime(new Date(afterMs), zone).date
  let ms = afterMs + 1000
  for (;;) {
    const wall = toWallTime(new Date(ms), zone)
    const date = nextDay(cron, wall.date, start)
    if (date === null) return null
    if (date !== wall.date) {
      ms = startOfDay(date, zone).getTime()
      // A day that a zone skipped whole (Apia, 30 December 2011) starts on the next.
      if (toWallTime(new Date(ms), zone).date !== date) continue
    }
    const second = toWallTime(new Date(ms), zone).secondOfDay % 3600
    const match = nextTimeOfHour(cron, second)
    if (match === second) return new Date(ms)
    // Never past the hour in one step: the clocks may change there.
    ms += ((match ?? 3600) - second) * 1000
  }
}

/** The first matching day from `from` on, or null beyond the search horizon counted from `start`. */
function nextDay(cron: Cron, from: LocalDate, start: LocalDate): LocalDate | null {
  const lastYear = Math.min(yearOf(start) + searchYears, 9998)
  let day = toDayNumber(from)
  for (;;) {
    const date = fromDayNumber(day)
    const year = yearOf(date)
    if (year > lastYear) return null
    const month = monthOf(date)
    if (!cron.months.has(month)) {
      day = toDayNumber(month === 12 ? localDate(year + 1, 1, 1) : localDate(year, month + 1, 1))
    } else if (matchesDay(cron, date)) return date
    else day += 1
  }
}

/** The first second of the day at or after `from` that the hour, minute and second fields name. */
function nextTimeOfDay(cron: Cron, from: number): number | null {
  if (from >= secondsPerDay) return null
  const fromHour = Math.floor(from / 3600)
  for (const hour of cron.hours) {
    if (hour < fromHour) continue
    const second = nextTimeOfHour(cron, hour === fromHour ? from % 3600 : 0)
    if (second !== null) return hour * 3600 + second
  }
  return null
}

function nextTimeOfHour(cron: Cron, from: number): number | null {
  const fromMinute = Math.floor(from / 60)
  for (const minute of cron.minutes) {
    if (minute < fromMinute) continue
    const least = minute === fromMinute ? from % 60 : 0
    const second = cron.seconds.find(value => value >= least)
    if (second !== undefined) return minute * 60 + second
  }
  return null
}
