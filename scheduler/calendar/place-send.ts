/** From the moment a message is planned for to the moment it may leave. */
import type { Category } from '../store.ts'
import type { LocalDate } from './local-date.ts'
import { addDays } from './local-date.ts'
import type { SendingPlace } from './sending-hours.ts'
import { isAllowed, nextAllowed, searchDays, windowsOf } from './sending-hours.ts'
import { localDateAt, toInstant, toWallTime } from './zoned.ts'

export interface PlannedSend {
  category: Category
  /** Ignores sending hours: codes, alarms. Only transactional messages can be urgent. */
  isUrgent?: boolean
  plannedAt: Date
  /** The day a reminder is about; before it, an excluded day moves the reminder earlier rather than later. */
  dueDate?: LocalDate
}

export type Placement = { kind: 'at'; at: Date; moved: 'no' | 'earlier' | 'later' } | { kind: 'never' }

/** A window's last usable moment: a minute before it closes. */
const closingMarginSeconds = 60

/**
 * Places a message within the sending hours. A planned instant in the past counts as now.
 * A reminder up to its due date moves to the latest allowed day before, if that is not over yet; everything
 * else, and a reminder for which it is too late, moves to the next allowed instant.
 */
export function placeSend(send: PlannedSend, place: SendingPlace, now: Date): Placement {
  const wanted = send.plannedAt.getTime() < now.getTime() ? now : send.plannedAt
  if (send.category === 'transactional' && send.isUrgent === true)
    return { kind: 'at', at: wanted, moved: 'no' }
  if (isAllowed(wanted, place)) return { kind: 'at', at: wanted, moved: 'no' }
  if (send.dueDate !== undefined && localDateAt(wanted, place.zone) <= send.dueDate) {
    const earlier = lastAllowed(wanted, now, place)
    if (earlier !== null) return { kind: 'at', at: earlier, moved: 'earlier' }
  }
  const later = nextAllowed(wanted, place)
  return later === 'never' ? { kind: 'never' } : { kind: 'at', at: later, moved: 'later' }
}

/** At the wanted time of day, or the window's end when that has closed, on the latest allowed day since `now`. */
function lastAllowed(wanted: Date, now: Date, place: SendingPlace): Date | null {
  const wall = toWallTime(wanted, place.zone)
  const firstDay = localDateAt(now, place.zone)
  let date = wall.date
  for (let day = 0; day < searchDays && date >= firstDay; day += 1, date = addDays(date, -1)) {
    const windows = windowsOf(date, place)
    const isWantedDay = date === wall.date
    for (const window of windows.reverse()) {
      if (isWantedDay && window.from > wall.secondOfDay) continue
      const last = window.to - closingMarginSeconds
      const secondOfDay = Math.max(window.from, Math.min(wall.secondOfDay, last))
      const at = toInstant({ date, secondOfDay }, place.zone)
      if (at.getTime() < now.getTime()) {
        // The wanted time of day is over on that day; the rest of its window still serves.
        return isAllowed(now, place) ? now : null
      }
      if (isAllowed(at, place)) return at
    }
  }
  return null
}
