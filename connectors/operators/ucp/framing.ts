/**
 * From the bytes of a socket to the texts of frames: skip to STX, read to ETX. There is no escaping.
 *
 * Octets between ETX and the next STX (line ends of some gateways) are dropped, whatever their number. A frame that
 * begins inside another shows that the first was cut off: it is told, and reading goes on with the second.
 */

/**
 * Longest frame read, octets. The longest of the standard, an operation 51 with 1,403 digits of TMsg and 400 of
 * XSer, is below 2.2 kB; the rest is for fields that newer peers append.
 */
export const maxFrameOctets = 8 * 1024

export type StreamItem =
  /** The characters between STX and ETX. */
  | { kind: 'text'; text: string }
  | { kind: 'incomplete' }
  /** A frame that was begun and never ended; the stream is in step again. */
  | { kind: 'cut-off'; octets: number }
  /** More than the ceiling without ETX: no peer of ours; the connection must be rebuilt. */
  | { kind: 'too-long'; reason: string }

export interface FrameReader {
  /** Hands over what the socket read. Call `next` until it says `incomplete` before the next chunk. */
  push(chunk: Buffer): void
  next(): StreamItem
  /** Octets of a frame that has begun and not ended: 0 between frames. */
  pendingOctets(): number
  /** Octets outside of frames since the last call. */
  takeSkipped(): number
}

export const stx = 0x02
export const etx = 0x03

const incomplete: StreamItem = { kind: 'incomplete' }
const empty = Buffer.alloc(0)

export function createFrameReader(limitOctets = maxFrameOctets): FrameReader {
  let chunk: Buffer = empty
  let offset = 0
  /** Pieces of the frame that is begun, without its STX. */
  let pieces: string[] = []
  let pieceOctets = 0
  let isInFrame = false
  let skipped = 0
  let broken: StreamItem | null = null

  const keep = (from: number, to: number): void => {
    if (to > from) pieces.push(chunk.toString('latin1', from, to))
    pieceOctets += to - from
  }

  const takePieces = (): string => {
    const text = pieces.length === 1 ? pieces[0]! : pieces.join('')
    pieces = []
    pieceOctets = 0
    return text
  }

  /** @returns false when no frame begins in what is left */
  const findStart = (): boolean => {
    const start = chunk.indexOf(stx, offset)
    skipped += (start < 0 ? chunk.length : start) - offset
    offset = start < 0 ? chunk.length : start + 1
    isInFrame = start >= 0
    return isInFrame
  }

  return {
    push(next) {
      chunk = next
      offset = 0
    },
    next() {
      if (broken !== null) return broken
      if (!isInFrame && !findStart()) {
        chunk = empty
        offset = 0
        return incomplete
      }
      const end = chunk.indexOf(etx, offset)
      const last = end < 0 ? chunk.length : end
      const restart = chunk.subarray(offset, last).indexOf(stx)
      if (restart >= 0) {
        const octets = pieceOctets + restart
        offset += restart + 1
        takePieces()
        return { kind: 'cut-off', octets }
      }
      if (pieceOctets + last - offset > limitOctets) {
        broken = { kind: 'too-long', reason: `frame above ${limitOctets} octets` }
        takePieces()
        chunk = empty
        return broken
      }
      keep(offset, last)
      if (end < 0) {
        chunk = empty
        offset = 0
        return incomplete
      }
      offset = end + 1
      isInFrame = false
      return { kind: 'text', text: takePieces() }
    },
    pendingOctets: () => (isInFrame ? pieceOctets + 1 : 0),
    takeSkipped() {
      const count = skipped
      skipped = 0
      return count
    },
  }
}

/** STX, the frame, ETX: what goes on the wire, one octet per character. */
export function onWire(frameText: string): string {
  return `\x02${frameText}\x03`
}
