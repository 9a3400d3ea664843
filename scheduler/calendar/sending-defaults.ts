/** The sending hours that a new installation starts with, by category and country; all editable. */
import type { Category } from '../store.ts'
import type { CountryCode } from './presets/countries.ts'
import type { SendingHours } from './sending-hours.ts'

/** A courtesy in countries with a Muslim majority; off until the administrator adds it to a category. */
export const fridayPause: SendingHours['pauses'][number] = { days: [5], from: '12:30', to: '14:30' }

const mondayToSaturday = [1, 2, 3, 4, 5, 6]

const defaults: Record<Category, SendingHours> = {
  // A comfort window: what is urgent ignores it.
  transactional: { days: [1, 2, 3, 4, 5, 6, 7], from: '06:30', to: '21:00', skipHolidays: false, pauses: [] },
  reminder: { days: mondayToSaturday, from: '08:00', to: '19:30', skipHolidays: false, pauses: [] },
  marketing: { days: mondayToSaturday, from: '08:00', to: '20:00', skipHolidays: true, pauses: [] },
}

/**
 * The hours of a category. France differs: the operators' charter (AF2M, since 1 September 2024) allows
 * messages that are not functional on working days only, so reminders skip holidays there too.
 */
export function defaultSendingHours(category: Category, country: CountryCode): SendingHours {
  const hours = defaults[category]
  return country === 'FR' && category === 'reminder' ? { ...hours, skipHolidays: true } : hours
}
