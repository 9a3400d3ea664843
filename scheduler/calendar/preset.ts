/** The shape of a country's calendar preset; the presets themselves are data in `presets/`. */
import type { FeastName, Name } from './feasts.ts'
import type { Weekday } from './local-date.ts'
import type { Recurrence } from './recurrence.ts'

/**
 * `public` and `religious` days are not worked; an `observance` is worked and only shown.
 */
export type HolidayCategory = 'public' | 'religious' | 'observance'

interface RuleBase {
  category: HolidayCategory
  /** First and last year in which the rule holds; absent means always. */
  from?: number
  to?: number
  /** When the day falls on that weekday, the next day is off as well. */
  bridgeAfter?: Weekday
  /** The rule was inferred or no official source was found: its days stay estimated until confirmed. */
  isUnconfirmed?: true
}

/** Either a feast of feasts.ts or a day of this country only. */
export type HolidayRule =
  | (RuleBase & { feast: FeastName })
  | (RuleBase & { id: string; name: Name; when: Recurrence })

export interface CountryPreset {
  /** ISO 3166-1 alpha-2. */
  country: string
  /** IANA zone of the capital. */
  zone: string
  nationalDay: { month: number; day: number }
  /** Days by which the country's announced Islamic feasts usually differ from Umm al-Qura. */
  hijriShiftDays: number
  holidays: readonly HolidayRule[]
}
