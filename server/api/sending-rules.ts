/** When a message of a caller may leave: at once for transactional ones, within the sending hours for others. */
import type { Clock } from '../../connectors/clock.ts'
import { capDay, capKeyOf } from '../../scheduler/alerts/policy/decide.ts'
import {
  defaultCappedCategories,
  defaultStoppedCategories,
} from '../../scheduler/alerts/policy/usual-rules.ts'
import { holidayCheck } from '../../scheduler/calendar/holidays.ts'
import { calendarOverridesSchema } from '../../scheduler/calendar/overrides.ts'
import { placeSend } from '../../scheduler/calendar/place-send.ts'
import { defaultSendingHours } from '../../scheduler/calendar/sending-defaults.ts'
import type { SendingPlace } from '../../scheduler/calendar/sending-hours.ts'
import type { Category } from '../../scheduler/store.ts'
import type { Store } from '../store/operations.ts'
import { calendarSetting } from '../store/scheduler-store.ts'
import type { ApiSettings } from './dependencies.ts'

export type SendTime = { kind: 'at'; atMs: number; capKey: string | null } | { kind: 'never' }

export interface SendingRules {
  /** The calendar of this moment; one per request, so that a whole batch is judged alike. */
  today(): Promise<SendingCalendar>
  /** The overrides of feasts were changed here. */
  forget(): void
}

export interface SendingCalendar {
  /** @param wantedMs when the caller wants it to leave; the past counts as now */
  timeOf(message: {
    category: Category
    service: string
    wantedMs: number
    /** Hours of the short code; null: none. */
    within: SendingPlace | null
  }): SendTime
}

/** Feasts changed by another process count this late at most. */
const keptMs = 5_000

export function createSendingRules(dependencies: {
  store: Pick<Store, 'settings'>
  clock: Clock
  settings: ApiSettings
}): SendingRules {
  const { store, clock, settings } = dependencies
  const { zone, country } = settings
  let kept: { calendar: SendingCalendar; untilMs: number } | null = null

  async function readCalendar(): Promise<SendingCalendar> {
    const stored = await store.settings.get(calendarSetting)
    const overrides = calendarOverridesSchema.parse(stored === null ? {} : JSON.parse(stored))
    const isHoliday = holidayCheck(country, overrides)
    const placeOf = (category: Category): SendingPlace => ({
      hours: defaultSendingHours(category, country),
      zone,
      isHoliday,
    })
    return {
      timeOf({ category, service, wantedMs, within }) {
        const now = clock.now()
        const plannedAt = new Date(wantedMs)
        const placement = placeSend(
          { category, isUrgent: true, plannedAt },
          { ...placeOf(category), within },
          now,
        )
        if (placement.kind === 'never') return { kind: 'never' }
        const isCapped = defaultCappedCategories.includes(category)
        const capKey = isCapped ? capKeyOf(service, capDay(country, placement.at)) : null
        return { kind: 'at', atMs: placement.at.getTime(), capKey }
      },
    }
  }

  return {
    async today() {
      if (kept === null || kept.untilMs <= clock.nowMs()) {
        kept = { calendar: await readCalendar(), untilMs: clock.nowMs() + keptMs }
      }
      return kept.calendar
    },
    forget() {
      kept = null
    },
  }
}

/** Whether a STOP ends messages of this category: people still get what they asked for themselves. */
export function heedsStopList(category: Category): boolean {
  return defaultStoppedCategories.includes(category)
}
