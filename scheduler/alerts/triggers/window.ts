/** The local days that a run answers for. */
import type { LocalDate } from '../../calendar/local-date.ts'
import { addDays, earlierDate, laterDate } from '../../calendar/local-date.ts'
import type { TriggerContext } from './trigger.ts'

/** Days after `after` up to and including `until`. */
export interface DayWindow {
  after: LocalDate
  until: LocalDate
}

/**
 * The days since the last finished run, bounded by the catch-up limit. Today always belongs to it, although a
 * run of this morning covered it or the clock was set back: rows entered since are found, and the ledger
 * stops the others.
 */
export function runWindow(context: TriggerContext): DayWindow {
  const yesterday = addDays(context.today, -1)
  const oldest = addDays(yesterday, -Math.max(context.maxCatchUpDays, 0))
  const after = earlierDate(laterDate(context.coveredUntil ?? yesterday, oldest), yesterday)
  return { after, until: context.today }
}

export function isWithin(date: LocalDate, window: DayWindow): boolean {
  return date > window.after && date <= window.until
}
