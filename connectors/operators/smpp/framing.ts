/**
 * From the bytes of a socket to PDUs.
 *
 * The bytes of one read are walked in place; only a PDU that straddles two reads is copied, once, when its last
 * byte is there. So a peer that sends one byte at a time costs no more than its bytes.
 *
 * @see SMPP v3.4 section 3.2 (header)
 */

/** command_length counts its own header. */
export const headerLength = 16

/** No field of the protocol needs more: message_payload is at most 64 kB, and texts are far below. */
export const maxPduLength = 64 * 1024

export type Frame =
  | { kind: 'pdu'; commandId: number; status: number; sequence: number; body: Buffer }
  | { kind: 'incomplete' }
  /** command_length is absurd: the stream cannot be read any further, the connection must be rebuilt. */
  | { kind: 'malformed'; reason: string; sequence: number }

export interface Framer {
  /** Hands over what the socket read. Call `next` until it says `incomplete` before the next chunk. */
  push(chunk: Buffer): void
  /** The next PDU; `body` is a view of the chunk, valid as long as the caller keeps it. */
  next(): Frame
  /** Octets of a PDU that has begun and not ended: 0 between PDUs. */
  pendingOctets(): number
}

const incomplete: Frame = { kind: 'incomplete' }
const empty = Buffer.alloc(0)

export function createFramer(limitOctets = maxPduLength): Framer {
  let current: Buffer = empty
  let offset = 0
  let straddling: Buffer[] = []
  let straddlingOctets = 0
  /** Octets that must be there before anything can be said: a header, then the whole PDU. */
  let neededOctets = headerLength
  let broken: Frame | null = null

  const malformed = (length: number, sequence: number): Frame => {
    const reason = `command_length ${length}, expected ${headerLength} to ${limitOctets}`
    broken = { kind: 'malformed', reason, sequence }
    return broken
  }

  const keepRest = (): Frame => {
    if (offset < current.length) {
      const rest = offset === 0 ? current : current.subarray(offset)
      straddling.push(rest)
      straddlingOctets += rest.length
    }
    current = empty
    offset = 0
    return incomplete
  }

  return {
    push(chunk) {
      if (straddlingOctets === 0) {
        current = offset < current.length ? Buffer.concat([current.subarray(offset), chunk]) : chunk
        offset = 0
        return
      }
      straddling.push(chunk)
      straddlingOctets += chunk.length
      if (straddlingOctets < neededOctets) return
      current = Buffer.concat(straddling, straddlingOctets)
      offset = 0
      straddling = []
      straddlingOctets = 0
    },
    next() {
      if (broken !== null) return broken
      const available = current.length - offset
      if (available < headerLength) {
        // A length that is already absurd is told at once: waiting for the rest of a header may never end.
        if (available >= 4) {
          const early = current.readUInt32BE(offset)
          if (early < headerLength || early > limitOctets) return malformed(early, 0)
        }
        neededOctets = available < 4 ? 4 : headerLength
        return keepRest()
      }
      const length = current.readUInt32BE(offset)
      if (length < headerLength || length > limitOctets) {
        return malformed(length, current.readUInt32BE(offset + 12))
      }
      if (available < length) {
        neededOctets = length
        return keepRest()
      }
      const start = offset
      offset += length
      return {
        kind: 'pdu',
        commandId: current.readUInt32BE(start + 4),
        status: current.readUInt32BE(start + 8),
        sequence: current.readUInt32BE(start + 12),
        body: length === headerLength ? empty : current.subarray(start + headerLength, start + length),
      }
    },
    pendingOctets: () => straddlingOctets + current.length - offset,
  }
}
