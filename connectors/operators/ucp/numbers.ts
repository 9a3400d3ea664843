/** Phone numbers as one SMSC writes them, from and to E.164 digits. UCP knows no `+`. */
import type { UcpConfig } from './config.ts'

export type NumberConfig = Pick<UcpConfig, 'recipientFormat' | 'national'>

/** AdC and OAdC hold 16 digits. */
const longestAddress = 16

/**
 * The recipient as this SMSC wants it.
 *
 * @param recipient E.164 digits, with or without `+`
 * @returns null when it has no spelling here: no digits, too many, or a foreign number in national format
 */
export function writeNumber(recipient: string, { recipientFormat, national }: NumberConfig): string | null {
  const digits = recipient.startsWith('+') ? recipient.slice(1) : recipient
  if (!/^\d+$/.test(digits)) return null
  const written =
    recipientFormat === 'national' ? nationalOf(digits, national) : prefixes[recipientFormat] + digits
  return written === null || written.length > longestAddress ? null : written
}

/** A phone as the SMSC wrote it, as E.164 digits; anything else (short code, odd spelling) as it is. */
export function readNumber(written: string, { national }: Pick<NumberConfig, 'national'>): string {
  const digits = written.startsWith('+') ? written.slice(1) : written
  if (digits.startsWith('00')) return digits.slice(2)
  if (
    national === undefined ||
    digits.length !== national.length ||
    !digits.startsWith(national.trunkPrefix)
  ) {
    return digits
  }
  return national.countryCode + digits.slice(national.trunkPrefix.length)
}

const prefixes = { 'international-00': '00', international: '' } as const

function nationalOf(digits: string, national: NumberConfig['national']): string | null {
  if (national === undefined || !digits.startsWith(national.countryCode)) return null
  const written = national.trunkPrefix + digits.slice(national.countryCode.length)
  return written.length === national.length ? written : null
}
