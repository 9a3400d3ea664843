/** The conditions of a rule, asked one by one: routing and its explanation use the same answers. Pure. */
import type { Category } from '../../../scheduler/store.ts'
import { type CountryCode, countryPresets } from '../../../templates/text/country-presets.ts'
import type { RouteConditions } from '../../store/routes.ts'
import { isWithinHours } from './hours.ts'
import type { NumberPlace } from './number-plan.ts'

/** What the way of a message depends on. */
export interface MessageFacts {
  /** E.164 digits without `+`. */
  recipient: string
  /** null takes the operator's own, which no sender condition matches. */
  sender: string | null
  category: Category
  /** When it is to leave, epoch ms. */
  atMs: number
}

/** Messages to any phone of a country. */
export interface MessageKind extends Omit<MessageFacts, 'recipient' | 'atMs'> {
  country: CountryCode
}

/** What the conditions ask: the message without its own number, which only its place stands for. */
export interface ConditionFacts extends Omit<MessageFacts, 'recipient'> {
  place: NumberPlace
  /** By override, else by prefix: `BF:orange`. */
  network: string | null
}

export type ConditionName = keyof RouteConditions

/** Another condition: its field in `RouteConditions`, its line here. */
const conditions: {
  [Name in ConditionName]-?: (wanted: NonNullable<RouteConditions[Name]>, facts: ConditionFacts) => boolean
} = {
  countries: (countries, { place }) => place.country !== null && countries.includes(place.country),
  prefixes: (prefixes, { place }) => prefixes.some(prefix => place.head.startsWith(prefix)),
  networks: (networks, { network }) => network !== null && networks.includes(network),
  senders: (senders, { sender }) => sender !== null && senders.includes(sender),
  categories: (categories, { category }) => categories.includes(category),
  hours: (hours, { atMs }) => isWithinHours(hours, atMs),
}

const conditionNames = Object.keys(conditions) as ConditionName[]

/** The conditions that do not hold, in a fixed order; empty when the rule is for this message. */
export function missedConditions(when: RouteConditions, facts: ConditionFacts): ConditionName[] {
  return conditionNames.filter(name => {
    const wanted = when[name]
    if (wanted === undefined) return false
    const holds = conditions[name] as (wanted: unknown, facts: ConditionFacts) => boolean
    return !holds(wanted, facts)
  })
}

/** Whether some number of the country, at some hour, meets the conditions. */
export function mayHold(when: RouteConditions, { country, sender, category }: MessageKind): boolean {
  const { callingCode } = countryPresets[country]
  const isOfCountry = (prefix: string): boolean =>
    prefix.startsWith(callingCode) || callingCode.startsWith(prefix)
  return (
    (when.countries?.includes(country) ?? true) &&
    (when.prefixes?.some(isOfCountry) ?? true) &&
    (when.networks?.some(network => network.startsWith(`${country}:`)) ?? true) &&
    (when.senders === undefined || (sender !== null && when.senders.includes(sender))) &&
    (when.categories?.includes(category) ?? true)
  )
}
