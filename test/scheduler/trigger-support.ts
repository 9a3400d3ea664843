/** Contexts of runs for trigger tests. */

import type { TriggerContext, TriggerVerdict } from '../../scheduler/alerts/triggers/trigger.ts'
import type { LocalDate } from '../../scheduler/calendar/local-date.ts'
import { feastResolver } from '../../scheduler/calendar/observed.ts'
import { noOverrides } from '../../scheduler/calendar/overrides.ts'

/** A run at 09:00 in Ouagadougou, the day before covered, a week of catch-up. */
export function runOn(today: LocalDate, changes: Partial<TriggerContext> = {}): TriggerContext {
  return {
    now: new Date(`${today}T09:00:00Z`),
    zone: 'Africa/Ouagadougou',
    today,
    coveredUntil: null,
    maxCatchUpDays: 7,
    feasts: feastResolver('BF', noOverrides),
    isBaseline: false,
    ...changes,
  }
}

export function keysOf(verdict: TriggerVerdict): string[] {
  return verdict.occurrences.map(each => each.occurrenceKey)
}
