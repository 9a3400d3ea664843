/** Hexadecimal as UCP writes it: upper case, two digits an octet. */

/** @returns null when it is no whole number of octets; lower case is read as well */
export function octetsOfHex(hex: string): Buffer | null {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex)) return null
  return Buffer.from(hex, 'hex')
}

export function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex').toUpperCase()
}
