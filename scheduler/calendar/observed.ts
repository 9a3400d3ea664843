/** From a rule to the days on which a country observes it in a year: shift, confirmation, status. */
import type { FeastName } from './feasts.ts'
import { feasts } from './feasts.ts'
import type { LocalDate } from './local-date.ts'
import { yearOf } from './local-date.ts'
import type { CalendarOverrides } from './overrides.ts'
import type { CountryCode } from './presets/countries.ts'
import { countryPresets } from './presets/countries.ts'
import type { Recurrence } from './recurrence.ts'
import { datesOf } from './recurrence.ts'

/** `estimated` until an administrator confirms the date: Islamic days, and rules without official source. */
export type DayStatus = 'confirmed' | 'estimated'

export interface ObservedDay {
  id: string
  date: LocalDate
  status: DayStatus
  /** The year of the estimate and its rank in that year: the identity of this occurrence, whatever its date. */
  year: number
  occurrence: number
}

export interface DayRule {
  id: string
  when: Recurrence
  isUnconfirmed: boolean
}

/**
 * A feast on the days of one year, given the country and what has been confirmed.
 * A function so that triggers need to know neither country nor overrides.
 */
export type FeastResolver = (feast: FeastName, year: number) => readonly ObservedDay[]

/** A resolver that remembers its answers: triggers ask once per row. */
export function feastResolver(country: CountryCode, overrides: CalendarOverrides): FeastResolver {
  const answers = new Map<string, readonly ObservedDay[]>()
  return (feast, year) => {
    const key = `${feast}:${year}`
    let days = answers.get(key)
    if (days === undefined) {
      days = feastDays(feast, country, year, overrides)
      answers.set(key, days)
    }
    return days
  }
}

/** The days of one year on which a country keeps a feast: none, one or two, in order. */
export function feastDays(
  feast: FeastName,
  country: CountryCode,
  year: number,
  overrides: CalendarOverrides,
): ObservedDay[] {
  const rule = { id: feast, when: feastRecurrence(feast, country), isUnconfirmed: false }
  return observedDays(rule, country, year, overrides)
}

/** When a country keeps a feast, before shifts and confirmations. */
export function feastRecurrence(feast: FeastName, country: CountryCode): Recurrence {
  const { when } = feasts[feast]
  return when === 'by-country' ? { kind: 'fixed', ...countryPresets[country].nationalDay } : when
}

/**
 * The days of one year on which a rule is observed. Neighbouring years are looked at too, because a shift or
 * a confirmation can carry a day over New Year.
 */
export function observedDays(
  rule: DayRule,
  country: CountryCode,
  year: number,
  overrides: CalendarOverrides,
): ObservedDay[] {
  const years = rule.when.kind === 'fixed' && overrides.confirmedDays.length === 0 ? [year] : around(year)
  return years
    .flatMap(nominal => nominalDays(rule, country, nominal, overrides))
    .filter(day => yearOf(day.date) === year)
    .sort((a, b) => (a.date < b.date ? -1 : 1))
}

function nominalDays(
  rule: DayRule,
  country: CountryCode,
  year: number,
  overrides: CalendarOverrides,
): ObservedDay[] {
  const shift = overrides.hijriShiftDays[country] ?? countryPresets[country].hijriShiftDays
  const isEstimate = rule.when.kind === 'hijri' || rule.isUnconfirmed
  const days: ObservedDay[] = []
  datesOf(rule.when, year, shift).forEach((date, index) => {
    const occurrence = index + 1
    const known = overrides.confirmedDays.find(
      each =>
        each.country === country &&
        each.id === rule.id &&
        each.year === year &&
        each.occurrence === occurrence,
    )
    if (known?.date === null) return
    const status = known !== undefined || !isEstimate ? 'confirmed' : 'estimated'
    days.push({ id: rule.id, date: known?.date ?? date, status, year, occurrence })
  })
  return days
}

function around(year: number): number[] {
  return [year - 1, year, year + 1]
}
