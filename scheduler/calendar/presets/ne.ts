import type { CountryPreset } from '../preset.ts'

/** Niger: the national day is the proclamation of the Republic, 18 December. */
export const niger: CountryPreset = {
  country: 'NE',
  zone: 'Africa/Niamey',
  nationalDay: { month: 12, day: 18 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    { feast: 'easter-monday', category: 'religious' },
    {
      id: 'concord-day',
      name: { fr: 'Journée de la concorde', en: 'Concord Day' },
      when: { kind: 'fixed', month: 4, day: 24 },
      category: 'public',
    },
    { feast: 'labour-day', category: 'public' },
    {
      id: '26-july',
      name: { fr: 'Journée du 26 juillet', en: '26 July' },
      when: { kind: 'fixed', month: 7, day: 26 },
      category: 'observance',
      from: 2024,
      isUnconfirmed: true,
    },
    {
      id: 'independence-day',
      name: { fr: "Fête de l'indépendance", en: 'Independence Day' },
      when: { kind: 'fixed', month: 8, day: 3 },
      category: 'public',
    },
    { feast: 'national-day', category: 'public' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'night-of-destiny', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
    { feast: 'islamic-new-year', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
  ],
}
