/**
 * Where a number belongs by its leading digits. Every prefix that a rule or a network names is in one index: which of
 * them a number has follows from the longest alone, so that this one look-up says all. Pure.
 */
import { countryByCallingCode, countryOfNumber } from '../../../templates/text/calling-codes.ts'
import { countryPresets } from '../../../templates/text/country-presets.ts'
import { type Network, networkKey } from './networks.ts'

export interface NumberPlace {
  /** The longest prefix of the index that the number begins with; empty when none. */
  head: string
  /** ISO 3166 alpha-2; null outside the countries with a preset. */
  country: string | null
  /** `BF:orange` by its prefix; null when no network has it. */
  network: string | null
  /** First digits of the international number by which the network was told; empty without one. */
  networkPrefix: string
}

export interface NumberPlan {
  /** @param recipient E.164 digits without `+` */
  placeOf(recipient: string): NumberPlace
}

/** @param rulePrefixes first digits of international numbers that rules name */
export function createNumberPlan(networks: readonly Network[], rulePrefixes: Iterable<string>): NumberPlan {
  const networkOf = new Map<string, string>()
  for (const { country, code, prefixes } of networks) {
    const { callingCode } = countryPresets[country]
    for (const prefix of prefixes) networkOf.set(callingCode + prefix, networkKey(country, code))
  }
  const places = new Map<string, NumberPlace>()
  const heads = [...countryByCallingCode.keys(), ...networkOf.keys(), ...rulePrefixes].filter(
    head => head !== '',
  )
  for (const head of heads) {
    const networkPrefix = longestIn(networkOf, head)
    places.set(head, {
      head,
      country: countryOfNumber(head),
      network: networkOf.get(networkPrefix) ?? null,
      networkPrefix,
    })
  }
  const lengths = [...new Set(heads.map(head => head.length))].sort((a, b) => b - a)
  const nowhere: NumberPlace = { head: '', country: null, network: null, networkPrefix: '' }
  return {
    placeOf(recipient) {
      for (const length of lengths) {
        const place = places.get(recipient.slice(0, length))
        if (place !== undefined) return place
      }
      return nowhere
    },
  }
}

function longestIn(prefixes: ReadonlyMap<string, unknown>, digits: string): string {
  for (let length = digits.length; length > 0; length -= 1) {
    const head = digits.slice(0, length)
    if (prefixes.has(head)) return head
  }
  return ''
}
