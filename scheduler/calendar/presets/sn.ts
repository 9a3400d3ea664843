import type { CountryPreset } from '../preset.ts'

/**
 * Senegal. Tabaski was announced one day after Umm al-Qura in the four years checked, hence the shift. When
 * Korité or Tabaski falls on a Sunday the Monday is off too; a decree may add a bridge day.
 */
export const senegal: CountryPreset = {
  country: 'SN',
  zone: 'Africa/Dakar',
  nationalDay: { month: 4, day: 4 },
  hijriShiftDays: 1,
  holidays: [
    { feast: 'new-year', category: 'public' },
    { feast: 'easter-monday', category: 'religious' },
    { feast: 'national-day', category: 'public' },
    { feast: 'labour-day', category: 'public' },
    { feast: 'ascension', category: 'religious' },
    { feast: 'whit-monday', category: 'religious' },
    { feast: 'assumption', category: 'religious' },
    { feast: 'all-saints', category: 'religious' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'korite', category: 'religious', bridgeAfter: 7 },
    { feast: 'tabaski', category: 'religious', bridgeAfter: 7 },
    { feast: 'tamkharit', category: 'religious' },
    { feast: 'magal', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
  ],
}
