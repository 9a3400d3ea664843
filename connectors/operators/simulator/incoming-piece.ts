/** A part of an incoming message, and how much of a text fits in one. */

/** Octets of one part without and with the 6 octets of the user data header. */
export const sizes = {
  gsm7: { alone: 160, part: 153 },
  latin1: { alone: 140, part: 134 },
  ucs2: { alone: 140, part: 134 },
} as const

/** One part on its way, before a protocol spells it. */
export interface IncomingPiece {
  from: string
  to: string
  encoding: keyof typeof sizes
  /** Without user data header; septets unpacked. */
  octets: Buffer
  reference: number
  partNumber: number
  partCount: number
  /** When it first left; 0 before. */
  sentAtMs: number
}
