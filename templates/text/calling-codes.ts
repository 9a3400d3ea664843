/** Which country a number belongs to, by its calling code alone. */
import { type CountryCode, countryCodes, countryPresets } from './country-presets.ts'

/** Of the presets; none of them begins with another. */
export const countryByCallingCode: ReadonlyMap<string, CountryCode> = new Map(
  countryCodes.map(country => [countryPresets[country].callingCode, country]),
)

/** @see ITU-T E.164, clause 6.2.1: one to three digits */
const longestCallingCode = 3

/**
 * @param e164Digits digits without `+`
 * @returns null outside the countries with a preset
 */
export function countryOfNumber(e164Digits: string): CountryCode | null {
  for (let length = longestCallingCode; length > 0; length -= 1) {
    const country = countryByCallingCode.get(e164Digits.slice(0, length))
    if (country !== undefined) return country
  }
  return null
}
