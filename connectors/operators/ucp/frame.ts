/**
 * One frame of UCP as text, without STX and ETX: `TRN/LEN/O|R/OT/field/field/…/checksum`. Pure, used by both ends.
 *
 * Reading never throws: what cannot be read is `{kind: 'malformed', reason}`, with what could still be read of it.
 *
 * @see EMI-UCP interface specification 4.0 to 5.2, section "UCP format"; facts: seven sample frames recomputed
 */

/** `O` asks, `R` answers. */
export type FrameType = 'O' | 'R'

export interface Frame {
  kind: 'frame'
  /** 0..99, chosen by the side that asks and repeated in the answer. */
  trn: number
  type: FrameType
  /** 0..99. */
  ot: number
  /** As written, empty ones included; a newer peer may have appended some that the tables do not name. */
  fields: string[]
}

export interface MalformedFrame {
  kind: 'malformed'
  reason: string
  /** What an answer to it would say; `syntax` is EC 02, `checksum` EC 01. */
  fault: 'syntax' | 'checksum'
  /** Null when the header could not be read: then nothing can be answered. */
  header: { trn: number; type: FrameType; ot: number } | null
}

/** TRN, LEN, O or R and OT with their slashes. */
const headerLength = 14
/** The checksum and the slash before it. */
const trailerLength = 3

/** The characters between STX and ETX. Fields must not hold `/` or control characters: text travels as hex. */
export function buildFrame(frame: {
  trn: number
  type: FrameType
  ot: number
  fields: readonly string[]
}): string {
  const data = `${frame.fields.join('/')}/`
  const length = headerLength + data.length + 2
  const text = `${two(frame.trn)}/${String(length).padStart(5, '0')}/${frame.type}/${two(frame.ot)}/${data}`
  return text + checksumOf(text, text.length)
}

/** Reads the characters between STX and ETX, in the order header, length, checksum. */
export function parseFrame(text: string): Frame | MalformedFrame {
  const header = headerOf(text)
  if (header === null) {
    return { kind: 'malformed', reason: 'no header TRN/LEN/O|R/OT/', fault: 'syntax', header }
  }
  const told = Number(text.slice(3, 8))
  if (told !== text.length) {
    const reason = `LEN ${told}, but ${text.length} characters`
    return { kind: 'malformed', reason, fault: 'syntax', header }
  }
  const end = text.length - trailerLength
  if (end < headerLength - 1 || text.charCodeAt(end) !== slash) {
    return { kind: 'malformed', reason: 'no checksum field', fault: 'syntax', header }
  }
  const expected = checksumOf(text, end + 1)
  const found = text.slice(end + 1)
  if (found.toUpperCase() !== expected) {
    return { kind: 'malformed', reason: `checksum ${found}, expected ${expected}`, fault: 'checksum', header }
  }
  const fields = end < headerLength ? [] : text.slice(headerLength, end).split('/')
  return { kind: 'frame', ...header, fields }
}

/**
 * Two upper-case hex digits: the sum of the character codes, modulo 256.
 *
 * @param length of the text that counts: up to the slash before the checksum
 */
export function checksumOf(text: string, length: number): string {
  let sum = 0
  for (let index = 0; index < length; index++) sum += text.charCodeAt(index)
  return octetHex[sum & 0xff]!
}

const slash = 0x2f
const headerPattern = /^\d\d\/\d{5}\/[OR]\/\d\d\//

function headerOf(text: string): MalformedFrame['header'] {
  if (!headerPattern.test(text)) return null
  const type = text[9] === 'O' ? 'O' : 'R'
  return { trn: Number(text.slice(0, 2)), type, ot: Number(text.slice(11, 13)) }
}

const octetHex = Array.from({ length: 256 }, (_, value) => value.toString(16).toUpperCase().padStart(2, '0'))

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
