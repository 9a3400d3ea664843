/**
 * A phone writes to the short code: the text becomes one or several deliveries.
 *
 * @see 3GPP TS 23.040 section 9.2.3.24.1 (concatenation)
 */
import type { Deliveries, Delivery } from './deliveries.ts'
import { encodeGsm } from './gsm-alphabet.ts'
import { type IncomingPiece, sizes } from './incoming-piece.ts'

export interface IncomingMessage {
  /** Phone, E.164 digits without `+`. */
  from: string
  /** Short code. */
  to: string
  text: string
  /** Account that receives it; absent: the first. */
  systemId?: string
  /** Absent: GSM when the text allows it, UCS-2 otherwise. `latin1` over UCP is what an SMSC of that alphabet sends. */
  encoding?: 'gsm7' | 'ucs2' | 'latin1'
  /** Of a long message, 0..255; absent: 1. */
  reference?: number
  /** Part numbers in the order of their delivery; may repeat or leave out some. Absent: all, in order. */
  partOrder?: readonly number[]
}

const gsmEscape = 0x1b

/**
 * Queues a message for whoever is bound as receiver.
 *
 * @returns true once every part is acknowledged, false when one was rejected; pending until somebody is bound
 * @throws RangeError for a text above 255 parts or outside the encoding asked for
 */
export function deliverIncoming(
  deliveries: Deliveries,
  incoming: IncomingMessage,
  nowMs: number,
): Promise<boolean> {
  const pieces = piecesOf(incoming)
  const settled = pieces.map(
    piece =>
      new Promise<boolean>(resolve => {
        const delivery: Delivery = { kind: 'incoming', piece, onSettled: resolve }
        deliveries.add(delivery, nowMs)
      }),
  )
  deliveries.pump()
  return Promise.all(settled).then(results => results.every(isAcknowledged => isAcknowledged))
}

/** With its length first; null for a message of one part. */
export function concatenationHeader({ reference, partNumber, partCount }: IncomingPiece): Buffer | null {
  return partCount === 1 ? null : Buffer.from([5, 0, 3, reference, partCount, partNumber])
}

function piecesOf(incoming: IncomingMessage): IncomingPiece[] {
  const { from, to } = incoming
  const { octets, encoding } = encode(incoming)
  const { alone, part } = sizes[encoding]
  const common = { from, to, encoding, sentAtMs: 0 }
  if (octets.length <= alone) return [{ ...common, octets, reference: 0, partNumber: 1, partCount: 1 }]
  const parts = split(octets, part, encoding)
  if (parts.length > 255) throw new RangeError(`${parts.length} parts, at most 255`)
  const order = incoming.partOrder ?? parts.map((_, index) => index + 1)
  return order.map(partNumber => {
    const piece = parts[partNumber - 1]
    if (piece === undefined) throw new RangeError(`part ${partNumber} of ${parts.length} does not exist`)
    const reference = incoming.reference ?? 1
    return { ...common, octets: piece, reference, partNumber, partCount: parts.length }
  })
}

function encode(incoming: IncomingMessage): { octets: Buffer; encoding: keyof typeof sizes } {
  const { text, encoding } = incoming
  if (encoding === 'latin1') return { octets: Buffer.from(text, 'latin1'), encoding }
  if (encoding !== 'ucs2') {
    const octets = encodeGsm(text)
    if (octets !== null) return { octets, encoding: 'gsm7' }
    if (encoding === 'gsm7') throw new RangeError('the text has characters outside the GSM alphabet')
  }
  return { octets: Buffer.from(text, 'utf16le').swap16(), encoding: 'ucs2' }
}

/** Cuts neither between an escape and its character nor inside a surrogate pair. */
function split(octets: Buffer, size: number, encoding: keyof typeof sizes): Buffer[] {
  const pieces: Buffer[] = []
  for (let start = 0; start < octets.length; ) {
    let end = Math.min(start + size, octets.length)
    if (end < octets.length) {
      if (encoding === 'gsm7' && octets[end - 1] === gsmEscape) end -= 1
      if (encoding === 'ucs2' && (octets[end - 2]! & 0xfc) === 0xd8) end -= 2
    }
    pieces.push(octets.subarray(start, end))
    start = end
  }
  return pieces
}
