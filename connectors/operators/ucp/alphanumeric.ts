/**
 * A sender that is a name: OTOA 5039 with the name's septets packed into hex in OAdC.
 *
 * The first octet counts the semi-octets in use, so that 7 characters and 8 can be told apart.
 *
 * @see 3GPP TS 23.038 section 6.1.2.1 (packing), TS 23.040 section 9.1.2.5 (address fields)
 */
import { decodeGsm7, encodeGsm7, packSeptets, unpackSeptets } from '../../../templates/text/gsm-alphabet.ts'
import { hexOf, octetsOfHex } from './hex.ts'

/** OTOA of such a sender, and of an international number. */
export const alphanumericOtoa = '5039'
export const internationalOtoa = '1139'

/** Septets that fit the ten octets of an address. */
const longestSeptets = 11

/** @returns OAdC, or null when the name is empty, too long, or has characters outside the GSM alphabet */
export function packName(name: string): string | null {
  const septets = encodeGsm7(name)
  if (septets === null || septets.length === 0 || septets.length > longestSeptets) return null
  const semiOctets = Math.ceil((septets.length * 7) / 4)
  return hexOf(Uint8Array.of(semiOctets)) + hexOf(packSeptets(septets))
}

/** @returns the name, or null when the field is no such name */
export function unpackName(field: string): string | null {
  const octets = octetsOfHex(field)
  if (octets === null || octets.length < 2) return null
  const count = Math.floor((octets[0]! * 4) / 7)
  const packed = octets.subarray(1)
  if (count > Math.floor((packed.length * 8) / 7)) return null
  return decodeGsm7(unpackSeptets(packed, count))
}
