/**
 * The growing buffer that a batch of PDUs is written into, so that a batch costs one socket write.
 *
 * `take` hands the written octets out without copying them; the writer goes on behind them and never writes over
 * what it handed out, because a socket may hold a buffer long after `write` returned.
 */
import { headerLength } from './framing.ts'

/** One slab serves some thousand PDUs; larger ones would only wait for the collector. */
const slabOctets = 256 * 1024

export class PduWriter {
  /** The slab being written; only valid until the next call that may grow it. */
  buffer: Buffer
  /** Where the next octet goes. */
  offset = 0
  private takenOffset = 0
  private pduOffset = 0

  constructor(firstSlabOctets = slabOctets) {
    this.buffer = Buffer.allocUnsafeSlow(firstSlabOctets)
  }

  /** Makes room for `octets` more; call it before writing into `buffer` directly. */
  reserve(octets: number): void {
    if (this.offset + octets <= this.buffer.length) return
    const waiting = this.buffer.subarray(this.takenOffset, this.offset)
    const larger = Buffer.allocUnsafeSlow(Math.max(slabOctets, 2 * waiting.length + octets))
    waiting.copy(larger, 0)
    this.pduOffset -= this.takenOffset
    this.offset = waiting.length
    this.takenOffset = 0
    this.buffer = larger
  }

  /** Starts a PDU; `octets` is an upper bound of its body. */
  begin(header: { commandId: number; status: number; sequence: number }, octets: number): void {
    this.reserve(headerLength + octets)
    this.pduOffset = this.offset
    this.offset += 4
    this.uint32(header.commandId)
    this.uint32(header.status)
    this.uint32(header.sequence)
  }

  /** Ends the PDU by writing its command_length. */
  end(): void {
    const endOffset = this.offset
    this.offset = this.pduOffset
    this.uint32(endOffset - this.pduOffset)
    this.offset = endOffset
  }

  /** Drops the PDU that was begun, as if it never was. */
  cancel(): void {
    this.offset = this.pduOffset
  }

  uint8(value: number): void {
    this.buffer[this.offset++] = value
  }

  uint16(value: number): void {
    this.buffer[this.offset++] = value >>> 8
    this.buffer[this.offset++] = value
  }

  uint32(value: number): void {
    this.buffer[this.offset++] = value >>> 24
    this.buffer[this.offset++] = value >>> 16
    this.buffer[this.offset++] = value >>> 8
    this.buffer[this.offset++] = value
  }

  /** A C-octet string in Latin-1; a NUL inside the text would end the field early and is left out. */
  cString(text: string): void {
    const buffer = this.buffer
    let offset = this.offset
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code !== 0) buffer[offset++] = code
    }
    buffer[offset++] = 0
    this.offset = offset
  }

  bytes(octets: Uint8Array): void {
    this.buffer.set(octets, this.offset)
    this.offset += octets.length
  }

  /** Octets written and not taken yet. */
  get length(): number {
    return this.offset - this.takenOffset
  }

  /** Hands out everything written since the last `take`. */
  take(): Buffer {
    const taken = this.buffer.subarray(this.takenOffset, this.offset)
    this.takenOffset = this.offset
    return taken
  }
}
