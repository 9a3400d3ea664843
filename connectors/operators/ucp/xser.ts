/** Extra services: type, length and data, repeated, as hex in one field. */
import { hexOf, octetsOfHex } from './hex.ts'

/** Types by number; 03 to 0B belong to ANSI-136 networks. */
export const xserType = {
  /** GSM user data header, with its own length octet first. */
  userDataHeader: 0x01,
  /** GSM data coding scheme, one octet. */
  dataCoding: 0x02,
  billingIdentifier: 0x0c,
  /** No second try by the SMSC. */
  singleShot: 0x0d,
} as const

export interface ExtraService {
  type: number
  data: Uint8Array
}

/** The field holds 400 digits: 200 octets, types and lengths included. */
const longestOctets = 200

/** @throws RangeError when the services need more than the 200 octets of the field */
export function buildXser(services: readonly ExtraService[]): string {
  let field = ''
  for (const { type, data } of services) field += hexOf(Uint8Array.of(type, data.length)) + hexOf(data)
  if (field.length > longestOctets * 2) throw new RangeError(`XSer of ${field.length / 2} octets`)
  return field
}

export type XserReading =
  | { kind: 'services'; services: ExtraService[] }
  | { kind: 'malformed'; reason: string }

/** Reads the field; types nobody knows are given as they are. */
export function readXser(field: string): XserReading {
  const octets = octetsOfHex(field)
  if (octets === null) return { kind: 'malformed', reason: 'XSer is not hex' }
  const services: ExtraService[] = []
  let offset = 0
  while (offset < octets.length) {
    const length = octets[offset + 1]
    if (length === undefined || offset + 2 + length > octets.length) {
      return {
        kind: 'malformed',
        reason: `XSer ends within service ${hexOf(octets.subarray(offset, offset + 1))}`,
      }
    }
    services.push({ type: octets[offset]!, data: octets.subarray(offset + 2, offset + 2 + length) })
    offset += 2 + length
  }
  return { kind: 'services', services }
}

export function serviceData(services: readonly ExtraService[], type: number): Uint8Array | undefined {
  return services.find(service => service.type === type)?.data
}
