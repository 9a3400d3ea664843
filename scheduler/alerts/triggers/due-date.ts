/** Due date: reminders at offsets from a date of the row, J-30 to J+30, or from its anniversary. */
import { z } from 'zod'
import type { LocalDate } from '../../calendar/local-date.ts'
import {
  addDays,
  dayOf,
  daysBetween,
  isRealDate,
  laterDate,
  localDate,
  monthOf,
  yearOf,
} from '../../calendar/local-date.ts'
import { readDate } from './row-values.ts'
import type { TriggerContext, TriggerKind, TriggerOccurrence } from './trigger.ts'
import { longestColumnName, nothingDue } from './trigger.ts'
import { isWithin, runWindow } from './window.ts'

export const dueDateSchema = z.object({
  kind: z.literal('due-date'),
  dateColumn: z.string().min(1).max(longestColumnName),
  /** Days from the date: -30 is J-30, 0 the day itself, 7 is J+7. A year either side; thirty is ample. */
  offsetsDays: z.array(z.int().min(-366).max(366)).min(1).max(30),
  /** The date comes back every year: birthdays. 29 February is kept on the 28th in common years. */
  isYearly: z.boolean().default(false),
})

type DueDateDefinition = z.output<typeof dueDateSchema>

interface Candidate {
  dueDate: LocalDate
  offset: number
  sendDate: LocalDate
}

/**
 * Every offset whose day lies in the window of the run is a candidate; one message leaves, for the candidate
 * closest to today. A reminder before the due date is not sent after it. A date that moved is another due
 * date and has its own occurrences.
 */
export const dueDate: TriggerKind<DueDateDefinition> = {
  usesMemory: false,
  hasBaseline: false,
  judge(definition, row, context) {
    const read = readDate(row.values, definition.dateColumn)
    if (read.kind === 'rejected') return { occurrences: [], rejected: read.rejected }
    const candidates = candidatesOf(definition, read.date, context)
    if (candidates.length === 0) return nothingDue
    const inTime = candidates.filter(each => each.offset > 0 || context.today <= each.dueDate)
    const best = closestTo(context.today, inTime)
    if (best !== null) return { occurrences: [occurrence(best, context.today)] }
    const lost = candidates[0]!
    const detail = `${dueDateKey(lost.dueDate, lost.offset)} was missed and its day is over`
    return { occurrences: [], rejected: { code: 'reminder-too-late', column: definition.dateColumn, detail } }
  },
}

/** `2027-03-15:J-7`, `2027-03-15:J0`, `2027-03-15:J+7`. */
function dueDateKey(due: LocalDate, offset: number): string {
  return `${due}:J${offset > 0 ? '+' : ''}${offset}`
}

function candidatesOf(definition: DueDateDefinition, date: LocalDate, context: TriggerContext): Candidate[] {
  const window = runWindow(context)
  // Up to the due date, days without sending are looked at ahead; after it they wait for the next run.
  const ahead = { ...window, until: laterDate(context.aheadUntil ?? context.today, context.today) }
  const found: Candidate[] = []
  for (const due of definition.isYearly ? anniversaries(date, context.today) : [date]) {
    for (const offset of definition.offsetsDays) {
      const sendDate = shift(due, offset)
      if (sendDate !== null && isWithin(sendDate, offset <= 0 ? ahead : window)) {
        found.push({ dueDate: due, offset, sendDate })
      }
    }
  }
  return found
}

/** The nearest day to today; of two equally near the later, which says more about where the contract stands. */
function closestTo(today: LocalDate, candidates: readonly Candidate[]): Candidate | null {
  let best: Candidate | null = null
  for (const each of candidates) {
    const distance = Math.abs(daysBetween(today, each.sendDate))
    const least = best === null ? Infinity : Math.abs(daysBetween(today, best.sendDate))
    if (distance < least || (distance === least && best !== null && each.sendDate > best.sendDate))
      best = each
  }
  return best
}

function occurrence({ dueDate, offset }: Candidate, today: LocalDate): TriggerOccurrence {
  const daysLeft = daysBetween(today, dueDate)
  return {
    occurrenceKey: dueDateKey(dueDate, offset),
    extraValues: { jours: Math.abs(daysLeft), retard: Math.max(-daysLeft, 0) },
    offsetDays: offset,
    dueDate,
  }
}

/** Last year's, this year's and next year's: offsets reach a year either side. The first is never the birth itself. */
function anniversaries(date: LocalDate, today: LocalDate): LocalDate[] {
  const year = yearOf(today)
  return [year - 1, year, year + 1]
    .filter(each => each > yearOf(date))
    .map(each =>
      isRealDate(each, monthOf(date), dayOf(date))
        ? localDate(each, monthOf(date), dayOf(date))
        : localDate(each, 2, 28),
    )
}

/** Null at the ends of the calendar, where a hostile row may stand. */
function shift(date: LocalDate, days: number): LocalDate | null {
  const year = yearOf(date)
  return year < 3 || year > 9996 ? null : addDays(date, days)
}
