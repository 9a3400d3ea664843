/**
 * What can be told of a number from its digits alone: country, operator by prefix, and how it is shown.
 */
import { type CountryCode, type CountryPreset, countryCodes, countryPresets } from './country-presets.ts'

/** The preset whose calling code begins these digits, and what follows it. */
export interface NationalNumber {
  preset: CountryPreset
  nationalDigits: string
}

/** @param e164Digits digits without `+`; @returns null outside the countries of the presets */
function nationalNumber(e164Digits: string): NationalNumber | null {
  for (const code of countryCodes) {
    const preset = countryPresets[code]
    if (!e164Digits.startsWith(preset.callingCode)) continue
    const nationalDigits = e164Digits.slice(preset.callingCode.length)
    if (nationalDigits.length === preset.nationalDigits) return { preset, nationalDigits }
  }
  return null
}

/** For display: `+226 70 00 00 01`; digits behind a `+` outside the countries of the presets. */
export function formatPhone(e164Digits: string): string {
  const number = nationalNumber(e164Digits)
  if (number === null) return `+${e164Digits}`
  let shown = `+${number.preset.callingCode}`
  let position = 0
  for (const size of number.preset.displayGroups) {
    shown += ` ${number.nationalDigits.slice(position, position + size)}`
    position += size
  }
  return shown
}

/**
 * The operator whose prefix is the longest match. A first guess only: numbers are ported.
 *
 * @returns null when the country or the prefix is unknown
 */
export function guessOperator(
  e164Digits: string,
): { country: CountryCode; operator: string; label: string } | null {
  const number = nationalNumber(e164Digits)
  if (number === null) return null
  let best: { operator: string; label: string } | null = null
  let bestLength = 0
  for (const { operator, label, prefixes } of number.preset.operators) {
    for (const prefix of prefixes) {
      if (prefix.length <= bestLength || !number.nationalDigits.startsWith(prefix)) continue
      best = { operator, label }
      bestLength = prefix.length
    }
  }
  return best === null ? null : { country: number.preset.code, ...best }
}
