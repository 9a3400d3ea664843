/** Whether an instant lies in the days and hours of a rule. Pure. */
import { weekdayOf } from '../../../scheduler/calendar/local-date.ts'
import { isZone, parseTimeOfDay, toWallTime } from '../../../scheduler/calendar/zoned.ts'
import type { RouteHours } from '../../store/routes.ts'

const secondsPerDay = 86_400

/**
 * A window that ends before it begins runs over midnight: on Monday from 22:00 to 06:00 holds Tuesday at 05:59, and
 * Monday at 05:59 only when Sunday is one of its days. Equal ends are the whole day.
 *
 * Hours that `hoursProblem` refuses are never open: one zone that this runtime has lost must not stop every message.
 */
export function isWithinHours({ days, from, to, zone }: RouteHours, atMs: number): boolean {
  const start = parseTimeOfDay(from)
  const end = parseTimeOfDay(to)
  if (start === null || end === null || !isZone(zone)) return false
  const { date, secondOfDay } = toWallTime(new Date(atMs), zone)
  const today = weekdayOf(date)
  if (start < end) return days.includes(today) && secondOfDay >= start && secondOfDay < end
  const yesterday = today === 1 ? 7 : today - 1
  return (days.includes(today) && secondOfDay >= start) || (days.includes(yesterday) && secondOfDay < end)
}

/** What is wrong with hours that were asked for; null when nothing is. */
export function hoursProblem({ from, to, zone }: RouteHours): string | null {
  for (const time of [from, to]) {
    if (parseTimeOfDay(time) === null) return `${JSON.stringify(time)} is not a time from 00:00 to 24:00`
  }
  if (parseTimeOfDay(from) === secondsPerDay) return 'hours cannot begin at 24:00'
  return isZone(zone) ? null : `${JSON.stringify(zone)} is not an IANA zone`
}
