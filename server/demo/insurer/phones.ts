/**
 * Invented numbers of Burkina Faso, `PP 00 NN NN`, and the ways the customers' files misspell them.
 *
 * @see ARCEP Burkina Faso, closed plan of 8 digits; operator prefixes after libphonenumber's carrier table (2026)
 */

import { hash, type Random } from './random.ts'

const operatorPrefixes = {
  orange: '04 05 06 07 44 45 46 54 55 56 57 64 65 66 67 74 75 76 77'.split(' '),
  moov: '01 02 03 50 51 52 53 60 61 62 63 70 71 72 73'.split(' '),
  telecel: '58 68 69 78 79'.split(' '),
} as const

const prefixes = Object.values(operatorPrefixes).flat()
/** A number cell drops a leading zero, so the spellings that come from number cells need another prefix. */
const prefixesWithoutZero = prefixes.filter(prefix => !prefix.startsWith('0'))

/**
 * The mobile number of one insured: 8 digits, another one for every `ordinal` below 39 × 10,000.
 *
 * @param line 0 for the first phone of the insured, 1 for the second
 */
export function mobileNumber(ordinal: number, line = 0, from: readonly string[] = prefixes): string {
  const subscriber = (ordinal * 7919) % 10_000
  const turn = hash(`prefix/${subscriber}`) + Math.floor(ordinal / 10_000) + line
  return `${from[turn % from.length]!}00${String(subscriber).padStart(4, '0')}`
}

/** `70 00 22 33`, with another separator when asked. */
function spaced(digits: string, separator = ' '): string {
  return digits.replace(/(\d\d)(?=\d)/g, `$1${separator}`)
}

export type PhoneDirt =
  | 'phone-two-in-cell'
  | 'phone-decimal-point'
  | 'phone-empty'
  | 'phone-fixed-line'
  | 'phone-dotted'
  | 'phone-plus-226'
  | 'phone-00226'
  | 'phone-scientific'
  | 'phone-letters'
  | 'phone-wrong-length'
  | 'phone-padded'

/** How a clean file writes it: with or without spaces. */
export function cleanPhone(random: Random, ordinal: number): string {
  const digits = mobileNumber(ordinal)
  return random.isChance(0.6) ? spaced(digits) : digits
}

/** What stands in the cell of an insured whose phone has this kind of dirt. */
export function dirtyPhone(random: Random, ordinal: number, kind: PhoneDirt): string | null {
  const digits = mobileNumber(ordinal)
  const asNumber = mobileNumber(ordinal, 0, prefixesWithoutZero)
  switch (kind) {
    case 'phone-two-in-cell':
      return spaced(digits) + random.pick(['/', '/', ' / ', ' - ', ' ; ']) + spaced(mobileNumber(ordinal, 1))
    case 'phone-decimal-point':
      return `${asNumber}.0`
    case 'phone-empty':
      return random.pick([null, null, '', '   '])
    case 'phone-fixed-line':
      return `25 30 ${spaced(digits.slice(4))}`
    case 'phone-dotted':
      return spaced(digits, '.')
    case 'phone-plus-226':
      return random.isChance(0.5) ? `+226 ${spaced(digits)}` : `+226${digits}`
    case 'phone-00226':
      return `00226${digits}`
    case 'phone-scientific':
      return `${(Number(asNumber) / 1e7).toFixed(2).replace('.', ',')}E+07`
    case 'phone-letters':
      return random.pick(['NEANT', 'VOIR AGENT', asNumber.replaceAll('0', 'O')])
    case 'phone-wrong-length':
      return random.isChance(0.5) ? digits.slice(0, 7) : `${digits}${random.integer(0, 9)}`
    case 'phone-padded':
      return digits.padEnd(20)
  }
}
