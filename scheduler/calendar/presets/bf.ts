import type { CountryPreset } from '../preset.ts'

/**
 * Burkina Faso: the law adopted on 9 January 2026 leaves eleven days off, turns six old ones into
 * commemorations and ends the Monday after a Sunday holiday. Its Islamic feasts, as announced by the
 * federation of Islamic associations, matched Umm al-Qura in every year checked from 2014 to 2025.
 */
export const burkinaFaso: CountryPreset = {
  country: 'BF',
  zone: 'Africa/Ouagadougou',
  nationalDay: { month: 12, day: 11 },
  hijriShiftDays: 0,
  holidays: [
    { feast: 'new-year', category: 'public' },
    {
      id: 'popular-uprising',
      name: { fr: 'Soulèvement populaire', en: 'Popular Uprising' },
      when: { kind: 'fixed', month: 1, day: 3 },
      category: 'public',
      to: 2025,
    },
    {
      id: 'popular-uprising',
      name: { fr: 'Soulèvement populaire', en: 'Popular Uprising' },
      when: { kind: 'fixed', month: 1, day: 3 },
      category: 'observance',
      from: 2026,
    },
    { feast: 'womens-day', category: 'public' },
    { feast: 'easter-monday', category: 'religious', to: 2025 },
    { feast: 'labour-day', category: 'public' },
    {
      id: 'customs-day',
      name: { fr: 'Journée des coutumes et traditions', en: 'Customs and Traditions Day' },
      when: { kind: 'fixed', month: 5, day: 15 },
      category: 'public',
      from: 2024,
    },
    { feast: 'ascension', category: 'religious' },
    {
      id: 'revolution-day',
      name: { fr: 'Commémoration du 4 août', en: '4 August commemoration' },
      when: { kind: 'fixed', month: 8, day: 4 },
      category: 'observance',
      from: 2026,
    },
    {
      id: 'independence-day',
      name: { fr: "Proclamation de l'indépendance", en: 'Independence Day' },
      when: { kind: 'fixed', month: 8, day: 5 },
      category: 'public',
      to: 2025,
    },
    {
      id: 'independence-day',
      name: { fr: "Proclamation de l'indépendance", en: 'Independence Day' },
      when: { kind: 'fixed', month: 8, day: 5 },
      category: 'observance',
      from: 2026,
    },
    { feast: 'assumption', category: 'religious' },
    {
      id: 'sankara-day',
      name: { fr: 'Commémoration du 15 octobre', en: '15 October commemoration' },
      when: { kind: 'fixed', month: 10, day: 15 },
      category: 'observance',
      from: 2026,
    },
    {
      id: 'martyrs-day',
      name: { fr: 'Journée des martyrs', en: "Martyrs' Day" },
      when: { kind: 'fixed', month: 10, day: 31 },
      category: 'observance',
      from: 2026,
    },
    { feast: 'all-saints', category: 'religious', to: 2025 },
    { feast: 'all-saints', category: 'observance', from: 2026 },
    { feast: 'national-day', category: 'public' },
    { feast: 'christmas', category: 'religious' },
    { feast: 'korite', category: 'religious' },
    { feast: 'tabaski', category: 'religious' },
    { feast: 'mouloud', category: 'religious' },
  ],
}
