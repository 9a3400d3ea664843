/** Type of number, numbering plan and spelling of the addresses of a submit_sm. */
import type { SmppConfig } from './config.ts'

export interface Address {
  ton: number
  npi: number
  digits: string
}

export type AddressResult = { kind: 'address'; address: Address } | { kind: 'unusable'; reason: string }

type AddressConfig = Pick<
  SmppConfig,
  | 'shortCodeAddress'
  | 'alphanumericAddress'
  | 'internationalAddress'
  | 'nationalAddress'
  | 'destinationAddress'
>

/** source_addr and destination_addr are 21 octets with their NUL. */
const longestAddress = 20
/** TS 23.040 section 9.1.2.5: eleven septet characters fit the address field of a phone. */
const longestName = 11

/**
 * The sender as the SMSC wants it: a name 5/0, `+` international 1/1, up to 8 digits the short code pair 3/0,
 * other digits national 2/1; each pair may be overridden in the configuration.
 *
 * @returns `unusable` when the sender has no spelling the protocol can carry
 */
export function sourceAddress(sender: string, config: AddressConfig): AddressResult {
  const trimmed = sender.trim()
  if (/^\+?\d+$/.test(trimmed)) return numericSource(trimmed, config)
  if (trimmed === '') return { kind: 'address', address: { ...config.alphanumericAddress, digits: '' } }
  const name = toPlainAscii(trimmed)
  if (name.length > longestName) {
    return { kind: 'unusable', reason: `sender name of ${name.length} characters, at most ${longestName}` }
  }
  return { kind: 'address', address: { ...config.alphanumericAddress, digits: name } }
}

/** The recipient, digits with or without `+`. */
export function destinationAddress(recipient: string, config: AddressConfig): AddressResult {
  const digits = recipient.startsWith('+') ? recipient.slice(1) : recipient
  if (digits.length === 0 || digits.length > longestAddress || !isAllDigits(digits)) {
    return { kind: 'unusable', reason: `recipient must be 1 to ${longestAddress} digits` }
  }
  return { kind: 'address', address: { ...config.destinationAddress, digits } }
}

function numericSource(sender: string, config: AddressConfig): AddressResult {
  const isInternational = sender.startsWith('+')
  const digits = isInternational ? sender.slice(1) : sender
  if (digits.length > longestAddress) {
    return { kind: 'unusable', reason: `sender of ${digits.length} digits, at most ${longestAddress}` }
  }
  if (isInternational) return { kind: 'address', address: { ...config.internationalAddress, digits } }
  const pair = digits.length <= 8 ? config.shortCodeAddress : config.nationalAddress
  return { kind: 'address', address: { ...pair, digits } }
}

/** Accents dropped and anything else outside ASCII replaced: in the GSM alphabet `@` is 0x00 and would end the field. */
function toPlainAscii(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]|@/gu, '?')
}

/** Whether every character is 0-9; written by hand because it runs for every part. */
export function isAllDigits(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}
