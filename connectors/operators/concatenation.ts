/**
 * How the parts of a long message are tied together: the concatenation elements of a user data header.
 *
 * @see 3GPP TS 23.040 section 9.2.3.24.1 (8-bit reference) and 9.2.3.24.8 (16-bit reference)
 */

export interface Concatenation {
  reference: number
  partNumber: number
  partCount: number
}

/**
 * Information elements 00 (8-bit reference) and 08 (16-bit); any other, such as 24 and 25, is stepped over.
 *
 * @param header without the octet of its own length
 */
export function concatenationOf(header: Uint8Array): Concatenation | null {
  let offset = 0
  while (offset + 2 <= header.length) {
    const element = header[offset]
    const length = header[offset + 1] ?? 0
    const value = header.subarray(offset + 2, offset + 2 + length)
    if (value.length < length) return null
    if (element === 0x00 && length === 3) return concatenation(value[0] ?? 0, value[1] ?? 0, value[2] ?? 0)
    if (element === 0x08 && length === 4) {
      return concatenation(((value[0] ?? 0) << 8) | (value[1] ?? 0), value[2] ?? 0, value[3] ?? 0)
    }
    offset += 2 + length
  }
  return null
}

/** A part outside 1..count would never complete its message: it is taken as a message of its own. */
export function concatenation(
  reference: number,
  partCount: number,
  partNumber: number,
): Concatenation | null {
  if (partCount < 1 || partCount > 255 || partNumber < 1 || partNumber > partCount) return null
  return { reference, partCount, partNumber }
}
