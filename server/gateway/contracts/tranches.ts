/** Tranches: what a short code may be used for, when, and with what in the text. Pure. */
import type { IsHoliday } from '../../../scheduler/calendar/holidays.ts'
import type { SendingPlace } from '../../../scheduler/calendar/sending-hours.ts'
import type { Category, ContractRefusal } from '../../../scheduler/store.ts'
import { type CountryCode, countryPresets } from '../../../templates/text/country-presets.ts'
import type { Tranche } from '../../store/contracts.ts'
import { isNumber } from './sender-rules.ts'
import { createMentionTest } from './stop-mention.ts'

/** Rows of the table: every range of nine countries several times over. */
const trancheLimit = 200

/** Working days are Monday to Saturday: French public holidays are none (AF2M charter, in force since 01/09/2024). */
const charterHours = { days: [1, 2, 3, 4, 5, 6], from: '08:00', to: '22:00', skipHolidays: true, pauses: [] }

/**
 * What the product ships; other ranges are filled in from the operator's contract.
 *
 * @see af2m.org, short-number plan since 2016: 36xxx promotion and customer information, 38xxx transactional
 */
export const shippedTranches: readonly Tranche[] = [
  {
    name: 'France 36xxx, marketing',
    country: 'FR',
    senders: '36###',
    categories: ['marketing'],
    hours: charterHours,
    stopMention: ['STOP', 'STOP{n}'],
  },
  {
    name: 'France 36xxx, customer information',
    country: 'FR',
    senders: '36###',
    categories: ['reminder'],
    hours: charterHours,
    stopMention: null,
  },
  {
    name: 'France 38xxx, transactional',
    country: 'FR',
    senders: '38###',
    categories: ['transactional', 'reminder'],
    hours: null,
    stopMention: null,
  },
]

export interface TrancheFacts {
  country: string
  sender: string
  category: Category
  /** Empty while a value is missing: its text is judged when it is whole. */
  text: string
}

export type TrancheReading =
  /** `within` null: at any time. */
  | { kind: 'allowed'; within: SendingPlace | null }
  | { kind: 'refused'; reason: ContractRefusal; detail: string; tranches: readonly string[] }

export type TrancheTable = (facts: TrancheFacts) => TrancheReading

const anyUse: TrancheReading = { kind: 'allowed', within: null }

/** @param isHolidayOf days off of a country, as confirmed */
export function createTrancheTable(
  tranches: readonly Tranche[],
  isHolidayOf: (country: CountryCode) => IsHoliday,
): TrancheTable {
  const byCountry = Map.groupBy(
    tranches.map(tranche => ({
      tranche,
      isOfSender: senderTest(tranche.senders),
      within: placeOf(tranche, isHolidayOf),
      hasMention: tranche.stopMention === null ? null : createMentionTest(tranche.stopMention),
    })),
    ({ tranche }) => tranche.country as string,
  )
  return ({ country, sender, category, text }) => {
    const ofCountry = byCountry.get(country)
    if (ofCountry === undefined) return anyUse
    const ofSender = ofCountry.filter(({ isOfSender }) => isOfSender(sender))
    if (ofSender.length === 0) return anyUse
    const row = ofSender.find(({ tranche }) => tranche.categories.includes(category))
    if (row === undefined) {
      const uses = [...new Set(ofSender.flatMap(({ tranche }) => tranche.categories))].join(', ')
      const names = ofSender.map(({ tranche }) => tranche.name)
      const detail = `${sender} is for ${uses} messages in ${country} (${names.join('; ')}), not for ${category} ones`
      return { kind: 'refused', reason: 'tranche-category', detail, tranches: names }
    }
    if (row.hasMention !== null && text !== '' && !row.hasMention(text)) {
      const detail = `the text must tell how to object: ${row.tranche.stopMention!.join(' or ')} (${row.tranche.name})`
      return { kind: 'refused', reason: 'stop-mention-missing', detail, tranches: [row.tranche.name] }
    }
    return row.within === null ? anyUse : { kind: 'allowed', within: row.within }
  }
}

/** What is wrong with a table that was asked for, beyond its shape; empty when it can stand. */
export function trancheProblems(tranches: readonly Tranche[]): string[] {
  if (tranches.length > trancheLimit) return [`${tranches.length} rows are more than ${trancheLimit}`]
  const seen = new Map<string, string>()
  return tranches.flatMap(({ name, country, senders, categories }) =>
    categories.flatMap(category => {
      const key = `${country}|${senders}|${category}`
      const other = seen.get(key)
      seen.set(key, name)
      return other === undefined
        ? []
        : [`${name}: ${other} says already what ${senders} does for ${category}`]
    }),
  )
}

function placeOf(
  { country, hours }: Tranche,
  isHolidayOf: (country: CountryCode) => IsHoliday,
): SendingPlace | null {
  if (hours === null) return null
  return { hours, zone: countryPresets[country].timeZone, isHoliday: isHolidayOf(country) }
}

function senderTest(senders: string): (sender: string) => boolean {
  if (senders === 'name') return sender => !isNumber(sender)
  const pattern = new RegExp(`^${senders.replaceAll('#', '\\d')}$`)
  return sender => pattern.test(sender)
}
