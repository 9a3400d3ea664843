import type { CountryPreset } from '../preset.ts'

/** Cameroon: the only rule found for a Sunday is that of 1 May. */
export const cameroon: CountryPreset = {
  country: 'CM',
  zone: 'Africa/Douala',
  nationalDay: { month: 5, day: 20 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    {
      id: 'youth-day',
      name: { fr: 'Fête de la jeunesse', en: 'Youth Day' },
      when: { kind: 'fixed', month: 2, day: 11 },
      category: 'public',
    },
    { feast: 'good-friday', category: 'religious' },
    { feast: 'labour-day', category: 'public', bridgeAfter: 7 },
    { feast: 'ascension', category: 'religious' },
    { feast: 'national-day', category: 'public' },
    { feast: 'assumption', category: 'religious' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
  ],
}
