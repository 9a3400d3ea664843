/** Calendar: wishes and notices on a day of the year or a moving feast, to every row. */
import { z } from 'zod'
import type { FeastName } from '../../calendar/feasts.ts'
import { feastNames, feasts } from '../../calendar/feasts.ts'
import type { LocalDate } from '../../calendar/local-date.ts'
import { addDays, daysBetween, isRealDate, localDate, yearOf } from '../../calendar/local-date.ts'
import { parseTimeOfDay } from '../../calendar/zoned.ts'
import type { TriggerContext, TriggerKind, TriggerOccurrence } from './trigger.ts'
import { nothingDue } from './trigger.ts'
import { isWithin, runWindow } from './window.ts'

const dayOfYearSchema = z
  .object({ month: z.int().min(1).max(12), day: z.int().min(1).max(31) })
  .refine(({ month, day }) => isRealDate(2028, month, day), 'a day that exists')

export const calendarSchema = z.object({
  kind: z.literal('calendar'),
  /** A feast by name, or a day of the year (29 February comes in leap years only). */
  on: z.union([z.object({ feast: z.enum(feastNames) }), dayOfYearSchema]),
  /** Days from the feast: -1 is its eve. */
  offsetDays: z.int().min(-60).max(60).default(0),
  /** Local time of the message; absent means as soon as the sending hours allow. */
  time: z
    .string()
    .max(5)
    .refine(text => parseTimeOfDay(text) !== null, 'a time as HH:MM')
    .optional(),
})

type CalendarDefinition = z.output<typeof calendarSchema>

interface FeastDay {
  /** Identity of the occurrence, whatever date is confirmed for it. */
  key: string
  date: LocalDate
  isEstimated: boolean
}

/** Later than this after its planned day, a wish is worse than none, whatever the catch-up policy. */
const longestLateDays = 2

export const calendar: TriggerKind<CalendarDefinition> = {
  usesMemory: false,
  hasBaseline: false,
  judge(definition, _row, context) {
    const window = runWindow(context)
    let latest: FeastDay | null = null
    for (const day of daysAround(definition, yearOf(context.today), context)) {
      const sendDate = addDays(day.date, definition.offsetDays)
      if (!isWithin(sendDate, window) || daysBetween(sendDate, context.today) > longestLateDays) continue
      if (latest === null || day.date > latest.date) latest = day
    }
    if (latest === null) return nothingDue
    return { occurrences: [occurrence(definition, latest, context.today)] }
  },
}

function occurrence(definition: CalendarDefinition, day: FeastDay, today: LocalDate): TriggerOccurrence {
  const { on } = definition
  const names = 'feast' in on ? { fete: feasts[on.feast].name.fr, feast: feasts[on.feast].name.en } : {}
  return {
    occurrenceKey: day.key,
    extraValues: { ...names, annee: yearOf(day.date), jours: Math.abs(daysBetween(today, day.date)) },
    offsetDays: definition.offsetDays,
    isFeastEstimated: day.isEstimated,
    ...(definition.time === undefined ? {} : { plannedTime: definition.time }),
  }
}

/** The year before and after as well: the eve of New Year's Day is in December. */
function daysAround(definition: CalendarDefinition, year: number, context: TriggerContext): FeastDay[] {
  const { on } = definition
  return [year - 1, year, year + 1].flatMap(each =>
    'feast' in on ? feastDays(on.feast, each, context) : dayOfYear(on, each),
  )
}

function feastDays(feast: FeastName, year: number, context: TriggerContext): FeastDay[] {
  return context.feasts(feast, year).map(day => ({
    key: day.occurrence === 1 ? `${feast}:${day.year}` : `${feast}:${day.year}:${day.occurrence}`,
    date: day.date,
    isEstimated: day.status === 'estimated',
  }))
}

function dayOfYear(on: { month: number; day: number }, year: number): FeastDay[] {
  if (!isRealDate(year, on.month, on.day)) return []
  const date = localDate(year, on.month, on.day)
  return [{ key: `day:${date}`, date, isEstimated: false }]
}
