/** Who wrote: a phone that may be answered, or something that must not be. Pure. */
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import { parsePhones } from '../../../templates/text/phone.ts'

export type InboundSender =
  /** E.164 digits. */
  | { kind: 'phone'; phone: string }
  /** Fewer than seven digits: a service, which would answer our answer. */
  | { kind: 'short-code'; phone: string }
  /** A name cannot be written to. */
  | { kind: 'name'; phone: string }
  /** One of our own numbers: an answer would come back to us. */
  | { kind: 'own-number'; phone: string }

/**
 * The shortest subscriber number of any plan has seven digits with its country code; services have three to six,
 * where they are not written with it.
 */
const fewestPhoneDigits = 7
const mostPhoneDigits = 15

/**
 * @param sender as the operator wrote it, national or international
 * @param ownNumbers digits without `+`
 */
export function readSender(
  sender: string,
  { country, ownNumbers }: { country: CountryCode; ownNumbers: ReadonlySet<string> },
): InboundSender {
  const bare = sender.trim().replace(/^\+/, '')
  if (ownNumbers.has(bare)) return { kind: 'own-number', phone: bare }
  if (!/^\d+$/.test(bare)) return { kind: 'name', phone: sender }
  if (bare.length < fewestPhoneDigits) return { kind: 'short-code', phone: bare }
  const read = parsePhones(bare, { country })
  const phone = read.kind === 'phones' && read.phones.length === 1 ? read.phones[0]!.e164Digits : bare
  if (ownNumbers.has(phone)) return { kind: 'own-number', phone }
  // A number of no plan that we know may be a phone abroad all the same; longer than E.164 it is none.
  return phone.length > mostPhoneDigits ? { kind: 'name', phone } : { kind: 'phone', phone }
}
