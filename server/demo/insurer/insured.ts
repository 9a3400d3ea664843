/** The insured: persons and companies, clean at first, then dirtied by the shares of dirt.ts. */

import iconv from 'iconv-lite'
import { addDays, type Day } from './days.ts'
import type { DirtCounts } from './dirt.ts'
import {
  apostropheSurnames,
  companyForms,
  companyNames,
  companyTrades,
  frenchGivenNames,
  menGivenNames,
  surnames,
  westAfricanNames,
  windows1252Names,
  womenGivenNames,
} from './names.ts'
import { cleanPhone, dirtyPhone, type PhoneDirt } from './phones.ts'
import { createDirtPicker, type DirtPicker } from './pick-dirty.ts'
import { createRandom, type Random } from './random.ts'

export interface Insured {
  code: string
  civility: 'M.' | 'Mme' | 'Mlle' | 'Sté' | null
  isCompany: boolean
  /** A Buffer holds text in Windows-1252, to be stored as it is in a text column. */
  surname: string | Buffer
  givenName: string | Buffer | null
  birthDay: Day | null
  phone: string | null
}

/** Name columns of such files are CHAR(30) for persons and VARCHAR(70) for companies. */
const paddedNameLength = 30
const companyNameLength = 70

const phoneDirtKinds: readonly PhoneDirt[] = [
  'phone-two-in-cell',
  'phone-decimal-point',
  'phone-empty',
  'phone-fixed-line',
  'phone-dotted',
  'phone-plus-226',
  'phone-00226',
  'phone-scientific',
  'phone-letters',
  'phone-wrong-length',
  'phone-padded',
]

/** One clean insured. `ordinal` counts from 1 and decides the code and the phone. */
export function makeInsured(random: Random, ordinal: number, today: Day): Insured {
  const code = `A${String(ordinal).padStart(6, '0')}`
  const phone = cleanPhone(random, ordinal)
  if (random.isChance(0.14)) {
    const surname = `${random.pick(companyTrades)} ${random.pick(companyNames)} ${random.pick(companyForms)}`
    return { code, civility: 'Sté', isCompany: true, surname, givenName: null, birthDay: null, phone }
  }
  const isWoman = random.isChance(0.38)
  const civility = isWoman ? (random.isChance(0.2) ? 'Mlle' : 'Mme') : 'M.'
  const givenNames = isWoman ? womenGivenNames : menGivenNames
  const [first, second] = [random.pick(givenNames), random.pick(givenNames)]
  const givenName = first === second || random.isChance(0.4) ? first : `${first} ${second}`
  const birthDay = addDays(today, -random.integer(19 * 365, 78 * 365))
  return { code, civility, isCompany: false, surname: random.pick(surnames), givenName, birthDay, phone }
}

/**
 * All the insured of a new file.
 *
 * @param shownFirst indexes of the insured that today's alerts reach
 */
export function makeAllInsured(options: {
  seed: number
  today: Day
  count: number
  dirt: DirtCounts
  shownFirst: ReadonlySet<number>
}): Insured[] {
  const { seed, today, count, dirt, shownFirst } = options
  const people = createRandom(seed, 'insured')
  const insured = Array.from({ length: count }, (_, index) => makeInsured(people, index + 1, today))

  const random = createRandom(seed, 'insured-dirt')
  const phones = createDirtPicker(random, shownFirst)
  const names = createDirtPicker(random, shownFirst)
  makeTwins(insured, dirt, phones, names)
  dirtyPhones(insured, dirt, random, phones)
  dirtyNames(insured, dirt, random, names)
  return insured
}

/** Duplicates come first: both of a pair stay clean otherwise, or the pair could not be told. */
function makeTwins(insured: Insured[], dirt: DirtCounts, phones: DirtPicker, names: DirtPicker): void {
  const persons = indexesOf(insured, one => !one.isCompany)
  const samePhone = phones.take(2 * dirt['same-phone-two-insured'], persons)
  for (const [first, second] of pairs(samePhone)) {
    insured[second]!.phone = insured[first]!.phone
    if (insured[second]!.surname === insured[first]!.surname) {
      insured[second]!.surname = surnames.find(surname => surname !== insured[first]!.surname)!
    }
  }
  const samePerson = phones.take(2 * dirt['same-person-twice'], persons)
  for (const [first, second] of pairs(samePerson)) {
    insured[second] = { ...insured[first]!, code: insured[second]!.code }
  }
  names.take(samePhone.length + samePerson.length, [...samePhone, ...samePerson])
}

function dirtyPhones(insured: Insured[], dirt: DirtCounts, random: Random, phones: DirtPicker): void {
  const everyone = [...insured.keys()]
  for (const kind of phoneDirtKinds) {
    for (const index of phones.take(dirt[kind], everyone)) {
      insured[index]!.phone = dirtyPhone(random, index + 1, kind)
    }
  }
}

function dirtyNames(insured: Insured[], dirt: DirtCounts, random: Random, names: DirtPicker): void {
  const persons = indexesOf(insured, one => !one.isCompany)
  const companies = indexesOf(insured, one => one.isCompany)
  const change = (count: number, candidates: number[], changed: (one: Insured) => Partial<Insured>): void => {
    for (const index of names.take(count, candidates))
      Object.assign(insured[index]!, changed(insured[index]!))
  }

  change(dirt['name-french-letter'], persons, one => ({
    givenName: random.pick(one.civility === 'M.' ? frenchGivenNames.men : frenchGivenNames.women),
  }))
  change(dirt['name-typographic-apostrophe'], persons, () => ({ surname: random.pick(apostropheSurnames) }))
  change(dirt['name-west-african-letter'], persons, () => random.pick(westAfricanNames))
  change(dirt['name-windows-1252'], persons, () => {
    const { surname, givenName } = random.pick(windows1252Names)
    return { surname: iconv.encode(surname, 'win1252'), givenName: iconv.encode(givenName, 'win1252') }
  })
  change(dirt['company-name-of-70'], companies, () => ({ surname: longCompanyName(random) }))
  change(dirt['civility-missing'], persons, () => ({ civility: null }))
  change(dirt['name-padded'], persons, one => ({ surname: String(one.surname).padEnd(paddedNameLength) }))
}

/** Cut by the column in the middle of a word, as old files have it. */
function longCompanyName(random: Random): string {
  const [first, second, ...others] = random.shuffle(companyTrades)
  const activity = `SOCIETE BURKINABE DE ${first} ET DE ${second} GENERAL ${random.pick(companyNames)}`
  const cut = `${activity} ${random.pick(companyForms)} ${others.join(' ')}`.slice(0, companyNameLength)
  return cut.endsWith(' ') ? `${cut.trimEnd()}.` : cut
}

function indexesOf(insured: readonly Insured[], isWanted: (one: Insured) => boolean): number[] {
  return [...insured.keys()].filter(index => isWanted(insured[index]!))
}

function pairs(indexes: readonly number[]): [first: number, second: number][] {
  return Array.from({ length: indexes.length >> 1 }, (_, pair) => [
    indexes[2 * pair]!,
    indexes[2 * pair + 1]!,
  ])
}
