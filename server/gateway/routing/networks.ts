/**
 * Prefix tables: which network a number's prefix belongs to. What the product ships is the country presets; a country
 * that an administrator changed has its own table in the store. Pure.
 */
import { type CountryCode, countryCodes, countryPresets } from '../../../templates/text/country-presets.ts'
import type { CountryNetworks } from '../../store/networks.ts'

export interface Network {
  country: CountryCode
  /** Stable within the country. */
  code: string
  label: string
  prefixes: readonly string[]
}

/** Networks of one country; the largest plan here has six. */
const networksPerCountry = 50

/** The tables in force. @param changed those of the store */
export function networksInForce(changed: readonly CountryNetworks[]): Network[] {
  return countryCodes.flatMap(country => {
    const own = changed.find(entry => entry.country === country)
    return (own?.networks ?? shippedNetworks(country)).map(network => ({ country, ...network }))
  })
}

/** What the store must keep so that these tables are in force: a table like the shipped one goes on following it. */
export function changedNetworks(wanted: readonly Network[]): CountryNetworks[] {
  return countryCodes.flatMap(country => {
    const networks = wanted
      .filter(network => network.country === country)
      .map(({ code, label, prefixes }) => ({ code, label, prefixes }))
    return JSON.stringify(networks) === JSON.stringify(shippedNetworks(country))
      ? []
      : [{ country, networks }]
  })
}

/** What is wrong with tables that were asked for; empty when they can stand. */
export function networkProblems(wanted: readonly Network[]): string[] {
  const problems: string[] = []
  for (const [country, networks] of Map.groupBy(wanted, network => network.country)) {
    if (networks.length > networksPerCountry) {
      problems.push(`${country}: ${networks.length} networks are more than ${networksPerCountry}`)
    }
    const codes = new Set<string>()
    const owners = new Map<string, string>()
    for (const { code, prefixes } of networks) {
      if (codes.has(code)) problems.push(`${country}: the code ${code} stands there twice`)
      codes.add(code)
      for (const prefix of prefixes) {
        const owner = owners.get(prefix)
        if (owner !== undefined) problems.push(`${country}: prefix ${prefix} is of ${owner} and of ${code}`)
        owners.set(prefix, code)
      }
    }
  }
  return problems
}

/** `BF:orange`, as rules name it. */
export function networkKey(country: string, code: string): string {
  return `${country}:${code}`
}

function shippedNetworks(
  country: CountryCode,
): { code: string; label: string; prefixes: readonly string[] }[] {
  return countryPresets[country].operators.map(({ operator: code, label, prefixes }) => ({
    code,
    label,
    prefixes,
  }))
}
