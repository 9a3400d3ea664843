import type { CountryPreset } from '../preset.ts'

/** Côte d'Ivoire. The day off for the Night of Destiny is the day that follows the night: 27 Ramadan. */
export const coteDIvoire: CountryPreset = {
  country: 'CI',
  zone: 'Africa/Abidjan',
  nationalDay: { month: 8, day: 7 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    { feast: 'easter-monday', category: 'religious' },
    { feast: 'labour-day', category: 'public' },
    { feast: 'ascension', category: 'religious' },
    { feast: 'whit-monday', category: 'religious' },
    { feast: 'national-day', category: 'public' },
    { feast: 'assumption', category: 'religious' },
    { feast: 'all-saints', category: 'religious' },
    {
      id: 'peace-day',
      name: { fr: 'Journée nationale de la paix', en: 'National Peace Day' },
      when: { kind: 'fixed', month: 11, day: 15 },
      category: 'public',
    },
    { feast: 'christmas', category: 'religious' },
    { feast: 'night-of-destiny', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
  ],
}
