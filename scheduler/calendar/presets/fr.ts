import type { CountryPreset } from '../preset.ts'

/** France without Alsace-Moselle, which adds Good Friday and 26 December. */
export const france: CountryPreset = {
  country: 'FR',
  zone: 'Europe/Paris',
  nationalDay: { month: 7, day: 14 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    { feast: 'easter-monday', category: 'religious' },
    { feast: 'labour-day', category: 'public' },
    {
      id: 'victory-day',
      name: { fr: 'Victoire de 1945', en: 'Victory Day' },
      when: { kind: 'fixed', month: 5, day: 8 },
      category: 'public',
    },
    { feast: 'ascension', category: 'religious' },
    { feast: 'whit-monday', category: 'religious' },
    { feast: 'national-day', category: 'public' },
    { feast: 'assumption', category: 'religious' },
    { feast: 'all-saints', category: 'religious' },
    {
      id: 'armistice-day',
      name: { fr: 'Armistice de 1918', en: 'Armistice Day' },
      when: { kind: 'fixed', month: 11, day: 11 },
      category: 'public',
    },
    { feast: 'christmas', category: 'religious' },
  ],
}
