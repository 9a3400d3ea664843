import type { CountryPreset } from '../preset.ts'

/**
 * Benin: since the law of 2 September 2024 the feast of traditional religions lasts two days. The second
 * Friday of January and the day before is inferred from the communiqué for 2026 (8 and 9 January).
 */
export const benin: CountryPreset = {
  country: 'BJ',
  zone: 'Africa/Porto-Novo',
  nationalDay: { month: 8, day: 1 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    {
      id: 'traditional-religions',
      name: { fr: 'Fête des religions traditionnelles', en: 'Traditional Religions Day' },
      when: { kind: 'fixed', month: 1, day: 10 },
      category: 'religious',
      to: 2024,
    },
    {
      id: 'traditional-religions-eve',
      name: {
        fr: 'Fête des religions traditionnelles (premier jour)',
        en: 'Traditional Religions, first day',
      },
      when: { kind: 'nth-weekday', month: 1, weekday: 5, nth: 2, offsetDays: -1 },
      category: 'religious',
      from: 2025,
      isUnconfirmed: true,
    },
    {
      id: 'traditional-religions',
      name: { fr: 'Fête des religions traditionnelles', en: 'Traditional Religions Day' },
      when: { kind: 'nth-weekday', month: 1, weekday: 5, nth: 2, offsetDays: 0 },
      category: 'religious',
      from: 2025,
      isUnconfirmed: true,
    },
    { feast: 'easter-monday', category: 'religious' },
    { feast: 'labour-day', category: 'public' },
    { feast: 'ascension', category: 'religious' },
    { feast: 'whit-monday', category: 'religious' },
    { feast: 'national-day', category: 'public' },
    { feast: 'assumption', category: 'religious' },
    { feast: 'all-saints', category: 'religious' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
  ],
}
