/** Dunning: reminders of something unpaid, repeated until its row disappears. */
import { z } from 'zod'
import type { LocalDate } from '../../calendar/local-date.ts'
import { daysBetween } from '../../calendar/local-date.ts'
import { readDate } from './row-values.ts'
import type { TriggerKind, TriggerVerdict } from './trigger.ts'
import { longestColumnName, nothingDue } from './trigger.ts'

export const dunningSchema = z.object({
  kind: z.literal('dunning'),
  /** The day the amount was due. */
  dateColumn: z.string().min(1).max(longestColumnName),
  firstAfterDays: z.int().min(0).max(366),
  everyDays: z.int().min(1).max(366),
  /** Twenty-four: two years of monthly letters. */
  maxReminders: z.int().min(1).max(24),
})

type DunningDefinition = z.output<typeof dunningSchema>

/**
 * The rank of a reminder follows from the date (first after `firstAfterDays`, then every `everyDays`), so that
 * a stop of some weeks gives the one reminder that is due now and never a burst. Memory is `<due>:<rank>` of
 * the last one; another due date starts afresh. A debt whose last reminder is more than one period old when
 * it is first seen gets none and is listed once.
 */
export const dunning: TriggerKind<DunningDefinition> = {
  usesMemory: true,
  hasBaseline: false,
  judge(definition, row, context, memory) {
    const read = readDate(row.values, definition.dateColumn)
    if (read.kind === 'rejected') return { occurrences: [], rejected: read.rejected }
    const due = read.date
    const overdueDays = daysBetween(due, context.today)
    const reached = Math.floor((overdueDays - definition.firstAfterDays) / definition.everyDays) + 1
    if (reached < 1) return nothingDue
    const rank = Math.min(reached, definition.maxReminders)
    const last = lastRank(memory, due)
    if (rank <= last) return nothingDue
    if (last === 0 && reached > definition.maxReminders) return tooLate(definition, due, overdueDays)
    return {
      occurrences: [
        {
          occurrenceKey: `${due}:R${rank}`,
          extraValues: { relance: rank, retard: overdueDays, jours: overdueDays },
          offsetDays: rank,
          dueDate: due,
        },
      ],
      memory: remember(due, rank),
    }
  },
}

function remember(due: LocalDate, rank: number): string {
  return `${due}:${rank}`
}

function lastRank(memory: string | null, due: LocalDate): number {
  if (memory === null || !memory.startsWith(`${due}:`)) return 0
  const rank = Number(memory.slice(due.length + 1))
  return Number.isSafeInteger(rank) ? rank : 0
}

function tooLate(definition: DunningDefinition, due: LocalDate, overdueDays: number): TriggerVerdict {
  const detail = `${overdueDays} days overdue when first seen: every reminder is in the past`
  return {
    occurrences: [],
    memory: remember(due, definition.maxReminders),
    rejected: { code: 'reminder-too-late', column: definition.dateColumn, detail },
  }
}
