import type { CountryPreset } from '../preset.ts'

/** Mali: its announced feasts were once a day before and once a day after Umm al-Qura, so no usual shift. */
export const mali: CountryPreset = {
  country: 'ML',
  zone: 'Africa/Bamako',
  nationalDay: { month: 9, day: 22 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    {
      id: 'sovereignty-day',
      name: { fr: 'Journée de la souveraineté retrouvée', en: 'Regained Sovereignty Day' },
      when: { kind: 'fixed', month: 1, day: 14 },
      category: 'observance',
      from: 2023,
      isUnconfirmed: true,
    },
    {
      id: 'army-day',
      name: { fr: "Fête de l'armée", en: 'Army Day' },
      when: { kind: 'fixed', month: 1, day: 20 },
      category: 'public',
    },
    {
      id: 'martyrs-day',
      name: { fr: 'Journée des martyrs', en: "Martyrs' Day" },
      when: { kind: 'fixed', month: 3, day: 26 },
      category: 'public',
    },
    { feast: 'easter-monday', category: 'religious' },
    { feast: 'labour-day', category: 'public' },
    {
      id: 'africa-day',
      name: { fr: "Journée de l'Afrique", en: 'Africa Day' },
      when: { kind: 'fixed', month: 5, day: 25 },
      category: 'public',
    },
    { feast: 'national-day', category: 'public' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
    { feast: 'prophet-baptism', category: 'religious', isUnconfirmed: true },
  ],
}
