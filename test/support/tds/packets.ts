/** Packets of TDS: a message is cut into packets, whose header says where it ends. MS-TDS 2.2.3.1. */

export const packetType = {
  batch: 0x01,
  rpc: 0x03,
  answer: 0x04,
  attention: 0x06,
  transaction: 0x0e,
  login: 0x10,
  sspi: 0x11,
  prelogin: 0x12,
} as const

export interface TdsMessage {
  type: number
  data: Buffer
}

const headerLength = 8
const endOfMessage = 0x01

/** Puts arriving bytes together to messages. */
export class MessageAssembler {
  #pending = Buffer.alloc(0)
  #parts: Buffer[] = []

  /** @returns the messages that are complete now */
  push(bytes: Buffer): TdsMessage[] {
    this.#pending = Buffer.concat([this.#pending, bytes])
    const messages: TdsMessage[] = []
    while (this.#pending.length >= headerLength) {
      const length = this.#pending.readUInt16BE(2)
      if (length < headerLength) throw new Error('a packet shorter than its header')
      if (this.#pending.length < length) break
      this.#parts.push(this.#pending.subarray(headerLength, length))
      if ((this.#pending[1]! & endOfMessage) !== 0) {
        messages.push({ type: this.#pending[0]!, data: Buffer.concat(this.#parts) })
        this.#parts = []
      }
      this.#pending = this.#pending.subarray(length)
    }
    return messages
  }
}

/** One packet with its header. @param isLast the message ends with it */
export function packet(type: number, data: Buffer, isLast: boolean, id = 1): Buffer {
  const header = Buffer.alloc(headerLength)
  header[0] = type
  header[1] = isLast ? endOfMessage : 0
  header.writeUInt16BE(headerLength + data.length, 2)
  header.writeUInt16BE(51, 4)
  header[6] = id & 0xff
  return Buffer.concat([header, data])
}

/** Writes one answer in packets as they fill; `flush` sends what is there, `end` ends the message. */
export class AnswerWriter {
  readonly #write: (bytes: Buffer) => boolean
  readonly #capacity: number
  #held: Buffer[] = []
  #heldLength = 0
  #id = 1

  constructor(write: (bytes: Buffer) => boolean, packetSize: number) {
    this.#write = write
    this.#capacity = packetSize - headerLength
  }

  /** @returns false when the peer does not read as fast */
  put(bytes: Buffer): boolean {
    this.#held.push(bytes)
    this.#heldLength += bytes.length
    // One packet too many is kept: the last one must carry the mark of the end.
    return this.#heldLength > 4 * this.#capacity ? this.#send(false) : true
  }

  flush(): boolean {
    return this.#send(false)
  }

  end(): void {
    this.#send(true)
  }

  #send(isEnd: boolean): boolean {
    const bytes = Buffer.concat(this.#held)
    this.#held = []
    this.#heldLength = 0
    let goesOn = true
    let at = 0
    while (bytes.length - at > this.#capacity) {
      goesOn = this.#one(bytes.subarray(at, at + this.#capacity), false)
      at += this.#capacity
    }
    if (isEnd || at < bytes.length) goesOn = this.#one(bytes.subarray(at), isEnd)
    return goesOn
  }

  #one(data: Buffer, isLast: boolean): boolean {
    const goesOn = this.#write(packet(packetType.answer, data, isLast, this.#id))
    this.#id += 1
    return goesOn
  }
}
