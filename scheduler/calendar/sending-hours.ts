/** When messages of a category may leave: days, hours, pauses, holidays; and the next allowed instant. */
import { z } from 'zod'
import type { IsHoliday } from './holidays.ts'
import type { LocalDate } from './local-date.ts'
import { addDays, weekdayOf } from './local-date.ts'
import { localDateAt, parseTimeOfDay, startOfDay, toInstant, toWallTime } from './zoned.ts'

/** Days looked at before giving up: more than a year, so that a rule for one day a year is still found. */
export const searchDays = 400

const secondsPerDay = 86_400

const timeSchema = z
  .string()
  .max(5)
  .refine(text => parseTimeOfDay(text) !== null, 'a time as HH:MM, 00:00 to 24:00')

const weekdaysSchema = z.array(z.int().min(1).max(7)).min(1).max(7)

/**
 * Sending hours as data. `from` is included, `to` is not; ISO weekdays (1 Monday … 7 Sunday).
 * Eight pauses are more than any day needs.
 */
export const sendingHoursSchema = z
  .object({
    days: weekdaysSchema,
    from: timeSchema,
    to: timeSchema,
    /** No sending on days off of the country. */
    skipHolidays: z.boolean(),
    /** Quiet times inside the window, such as Friday 12:30–14:30. */
    pauses: z
      .array(
        z
          .object({ days: weekdaysSchema, from: timeSchema, to: timeSchema })
          .refine(pause => pause.from < pause.to, 'a pause that ends after it starts'),
      )
      .max(8)
      .default([]),
  })
  .refine(hours => hours.from < hours.to, 'hours that end after they start')

export type SendingHours = z.output<typeof sendingHoursSchema>

/** Where the hours apply. */
export interface SendingPlace {
  hours: SendingHours
  zone: string
  isHoliday: IsHoliday
  /** Wishes for the holiday itself: a day off is a sending day for them, on a Sunday too; the hours still hold. */
  sendOnHolidays?: boolean
  /** Hours that must allow it too, such as those of a short code's contract, with a zone of their own. */
  within?: SendingPlace | null
}

/** Whether anything may leave on a day. */
function isSendingDay(date: LocalDate, place: SendingPlace): boolean {
  return windowsOf(date, place).length > 0
}

/** Whether an instant lies within the sending hours. */
export function isAllowed(instant: Date, place: SendingPlace): boolean {
  const wall = toWallTime(instant, place.zone)
  const isOpen = windowsOf(wall.date, place).some(
    window => wall.secondOfDay >= window.from && wall.secondOfDay < window.to,
  )
  return isOpen && (place.within == null || isAllowed(instant, place.within))
}

/** When the hours that hold an instant end; null when none holds it. Hours on both sides of midnight are two. */
export function closesAt(instant: Date, place: SendingPlace): Date | null {
  const wall = toWallTime(instant, place.zone)
  const window = windowsOf(wall.date, place).find(
    ({ from, to }) => wall.secondOfDay >= from && wall.secondOfDay < to,
  )
  if (window === undefined) return null
  if (window.to === secondsPerDay) return startOfDay(addDays(wall.date, 1), place.zone)
  return toInstant({ date: wall.date, secondOfDay: window.to }, place.zone)
}

/**
 * The first allowed instant at or after another.
 *
 * @returns the instant itself when it is allowed; `never` when the next 400 days hold none
 */
export function nextAllowed(instant: Date, place: SendingPlace): Date | 'never' {
  const { within, ...own } = place
  if (within == null) return nextOpen(instant, own)
  const latestMs = instant.getTime() + searchDays * secondsPerDay * 1_000
  // Each turn goes on to an opening of one of the two: they meet, or the days are over.
  for (let at = instant; at.getTime() <= latestMs; ) {
    const open = nextOpen(at, own)
    if (open === 'never') return 'never'
    const both = nextAllowed(open, within)
    if (both === 'never' || both.getTime() === open.getTime()) return both
    at = both
  }
  return 'never'
}

function nextOpen(instant: Date, place: SendingPlace): Date | 'never' {
  if (isAllowed(instant, place)) return instant
  let date = localDateAt(instant, place.zone)
  for (let day = 0; day < searchDays; day += 1) {
    for (const window of windowsOf(date, place)) {
      const opens = toInstant({ date, secondOfDay: window.from }, place.zone)
      // A gap of daylight saving can swallow a window: then its opening instant lies past its end.
      if (opens.getTime() >= instant.getTime() && isAllowed(opens, place)) return opens
    }
    date = addDays(date, 1)
  }
  return 'never'
}

/**
 * The last day whose reminders must leave on `today`, because no day between allows sending: on a Saturday
 * with Sunday and Monday off, that Monday. `today` itself when it is not a sending day or tomorrow is one.
 */
export function aheadUntil(today: LocalDate, place: SendingPlace): LocalDate {
  if (!isSendingDay(today, place)) return today
  let date = today
  for (let day = 0; day < searchDays; day += 1) {
    const next = addDays(date, 1)
    if (isSendingDay(next, place)) return date
    date = next
  }
  return today
}

/** Sending windows of one day in seconds of the day, in order; empty on a day without sending. */
export function windowsOf(date: LocalDate, place: SendingPlace): { from: number; to: number }[] {
  const { hours } = place
  const weekday = weekdayOf(date)
  const isFeast = (hours.skipHolidays || place.sendOnHolidays === true) && place.isHoliday(date)
  if (isFeast ? place.sendOnHolidays !== true : !hours.days.includes(weekday)) return []
  let windows = [{ from: seconds(hours.from), to: seconds(hours.to) }]
  for (const pause of hours.pauses) {
    if (pause.days.includes(weekday)) windows = cut(windows, seconds(pause.from), seconds(pause.to))
  }
  return windows
}

/** The last instant of a local day, to the millisecond. */
export function endOfDay(date: LocalDate, zone: string): Date {
  return new Date(startOfDay(addDays(date, 1), zone).getTime() - 1)
}

function cut(
  windows: { from: number; to: number }[],
  from: number,
  to: number,
): { from: number; to: number }[] {
  return windows
    .flatMap(window => [
      { from: window.from, to: Math.min(window.to, from) },
      { from: Math.max(window.from, to), to: window.to },
    ])
    .filter(window => window.from < window.to)
}

function seconds(time: string): number {
  const value = parseTimeOfDay(time)
  if (value === null) throw new RangeError(`not a time of day: ${time}`)
  return value
}
