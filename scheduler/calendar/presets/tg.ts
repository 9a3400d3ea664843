import type { CountryPreset } from '../preset.ts'

/** Togo. The shift of one day is the habit of a public data set and was not verified against communiqués. */
export const togo: CountryPreset = {
  country: 'TG',
  zone: 'Africa/Lome',
  nationalDay: { month: 4, day: 27 },
  hijriShiftDays: 1,
  holidays: [
    { feast: 'new-year', category: 'public' },
    {
      id: 'liberation-day',
      name: { fr: 'Fête de la libération nationale', en: 'Liberation Day' },
      when: { kind: 'fixed', month: 1, day: 13 },
      category: 'public',
    },
    { feast: 'easter-monday', category: 'religious' },
    { feast: 'national-day', category: 'public' },
    { feast: 'labour-day', category: 'public' },
    { feast: 'ascension', category: 'religious' },
    { feast: 'whit-monday', category: 'religious' },
    {
      id: 'martyrs-day',
      name: { fr: 'Journée des martyrs', en: "Martyrs' Day" },
      when: { kind: 'fixed', month: 6, day: 21 },
      category: 'public',
    },
    { feast: 'assumption', category: 'religious' },
    { feast: 'all-saints', category: 'religious' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
  ],
}
