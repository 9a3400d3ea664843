/** The feasts that wishes and holidays are tied to: by name, because some of their dates are known only late. */
import type { Recurrence } from './recurrence.ts'

/** Words for a person, in the product's two languages. */
export interface Name {
  fr: string
  en: string
}

export interface Feast {
  name: Name
  /** `national-day` has none of its own: each country's preset says when. */
  when: Recurrence | 'by-country'
}

export const feasts = {
  'new-year': { name: { fr: "Jour de l'An", en: "New Year's Day" }, when: fixed(1, 1) },
  'womens-day': {
    name: { fr: 'Journée internationale des droits de la femme', en: "International Women's Day" },
    when: fixed(3, 8),
  },
  'good-friday': { name: { fr: 'Vendredi saint', en: 'Good Friday' }, when: easter(-2) },
  easter: { name: { fr: 'Pâques', en: 'Easter' }, when: easter(0) },
  'easter-monday': { name: { fr: 'Lundi de Pâques', en: 'Easter Monday' }, when: easter(1) },
  'labour-day': { name: { fr: 'Fête du travail', en: 'Labour Day' }, when: fixed(5, 1) },
  ascension: { name: { fr: 'Ascension', en: 'Ascension Day' }, when: easter(39) },
  pentecost: { name: { fr: 'Pentecôte', en: 'Pentecost' }, when: easter(49) },
  'whit-monday': { name: { fr: 'Lundi de Pentecôte', en: 'Whit Monday' }, when: easter(50) },
  assumption: { name: { fr: 'Assomption', en: 'Assumption' }, when: fixed(8, 15) },
  'all-saints': { name: { fr: 'Toussaint', en: "All Saints' Day" }, when: fixed(11, 1) },
  christmas: { name: { fr: 'Noël', en: 'Christmas' }, when: fixed(12, 25) },
  'islamic-new-year': { name: { fr: 'Nouvel An musulman', en: 'Islamic New Year' }, when: hijri(1, 1) },
  tamkharit: { name: { fr: 'Tamkharit (Achoura)', en: 'Tamkharit (Ashura)' }, when: hijri(1, 10) },
  magal: { name: { fr: 'Grand Magal de Touba', en: 'Grand Magal of Touba' }, when: hijri(2, 18) },
  mouloud: { name: { fr: 'Mouloud', en: 'Mawlid' }, when: hijri(3, 12) },
  'prophet-baptism': {
    name: { fr: 'Baptême du Prophète', en: "The Prophet's Baptism" },
    when: hijri(3, 19),
  },
  isra: { name: { fr: 'Isra et Miraj', en: "Isra and Mi'raj" }, when: hijri(7, 27) },
  'ramadan-start': { name: { fr: 'Début du Ramadan', en: 'Start of Ramadan' }, when: hijri(9, 1) },
  'night-of-destiny': { name: { fr: 'Nuit du destin', en: 'Night of Destiny' }, when: hijri(9, 27) },
  /** End of Ramadan, Eid al-Fitr. */
  korite: { name: { fr: 'Fête du Ramadan (Korité)', en: 'Eid al-Fitr' }, when: hijri(10, 1) },
  /** Eid al-Adha. */
  tabaski: { name: { fr: 'Tabaski', en: 'Eid al-Adha (Tabaski)' }, when: hijri(12, 10) },
  'national-day': { name: { fr: 'Fête nationale', en: 'National Day' }, when: 'by-country' },
} as const satisfies Record<string, Feast>

export type FeastName = keyof typeof feasts

/** Every feast name, for schemas and lists. */
export const feastNames = Object.keys(feasts) as [FeastName, ...FeastName[]]

function fixed(month: number, day: number): Recurrence {
  return { kind: 'fixed', month, day }
}

function easter(offsetDays: number): Recurrence {
  return { kind: 'easter', offsetDays }
}

function hijri(month: number, day: number): Recurrence {
  return { kind: 'hijri', month, day }
}
