/**
 * Rows that could not be finished on their day: no phone yet, a value missing, a feast unconfirmed. Triggers that
 * go by days would not find them again once the day is covered, so the alert remembers since when each is open.
 * Triggers with a memory of their own need none of this: what is not finished they are simply not told.
 */
import { addDays, earlierDate, type LocalDate } from '../calendar/local-date.ts'
import type { TriggerContext } from './triggers/trigger.ts'

/** Days after which an open row is given up: a reminder is no news any more. */
const maxOpenDays = 7

const prefix = 'open:'
const closed = 'closed'

/** The context in which to judge a row that has been open for some days. */
export function contextOfRow(context: TriggerContext, memory: string | null): TriggerContext {
  if (memory === null || !memory.startsWith(prefix)) return context
  const openSince = memory.slice(prefix.length)
  return {
    ...context,
    coveredUntil: earlierDate(context.coveredUntil ?? openSince, openSince),
    maxCatchUpDays: maxOpenDays,
  }
}

/** What to remember of a row; undefined when that has not changed. */
export function openMemory(
  memory: string | null,
  isUnfinished: boolean,
  today: LocalDate,
): string | undefined {
  const isOpen = memory?.startsWith(prefix) === true
  if (isUnfinished === isOpen) return undefined
  return isUnfinished ? `${prefix}${addDays(today, -1)}` : closed
}
