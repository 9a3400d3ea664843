/**
 * A phone writes to the short code: the text becomes one or several deliver_sm.
 *
 * @see SMPP 3.4 section 4.6.1; 3GPP TS 23.040 section 9.2.3.24.1 (concatenation)
 */
import { type ShortMessage, shortMessage } from '../smpp/short-message.ts'
import { command } from '../smpp/tables.ts'
import type { Deliveries, Delivery } from './deliveries.ts'
import { encodeGsm } from './gsm-alphabet.ts'

export interface IncomingMessage {
  /** Phone, E.164 digits without `+`. */
  from: string
  /** Short code. */
  to: string
  text: string
  /** Account that receives it; absent: the first. */
  systemId?: string
  /** Absent: GSM when the text allows it, UCS-2 otherwise. */
  encoding?: 'gsm7' | 'ucs2' | 'latin1'
  /** Of a long message, 0..255; absent: 1. */
  reference?: number
  /** Part numbers in the order of their delivery; may repeat or leave out some. Absent: all, in order. */
  partOrder?: readonly number[]
}

/** Octets of one deliver_sm without and with the 6 octets of the user data header. */
const sizes = {
  gsm7: { alone: 160, part: 153, dataCoding: 0 },
  latin1: { alone: 140, part: 134, dataCoding: 3 },
  ucs2: { alone: 140, part: 134, dataCoding: 8 },
} as const

const userDataHeaderBit = 0x40
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
  const messages = compose(incoming)
  const settled = messages.map(
    message =>
      new Promise<boolean>(resolve => {
        const delivery: Delivery = {
          kind: 'incoming',
          compose: () => ({ commandId: command.deliverSm, message }),
          onSettled: resolve,
        }
        deliveries.add(delivery, nowMs)
      }),
  )
  deliveries.pump()
  return Promise.all(settled).then(results => results.every(isAcknowledged => isAcknowledged))
}

function compose(incoming: IncomingMessage): ShortMessage[] {
  const { octets, encoding } = encode(incoming)
  const { alone, part, dataCoding } = sizes[encoding]
  const address = {
    source: incoming.from,
    sourceTon: 1,
    sourceNpi: 1,
    destination: incoming.to,
    destinationTon: 3,
    dataCoding,
  }
  if (octets.length <= alone) return [shortMessage({ ...address, shortMessage: octets })]
  const pieces = split(octets, part, encoding)
  if (pieces.length > 255) throw new RangeError(`${pieces.length} parts, at most 255`)
  const order = incoming.partOrder ?? pieces.map((_, index) => index + 1)
  return order.map(number => {
    const piece = pieces[number - 1]
    if (piece === undefined) throw new RangeError(`part ${number} of ${pieces.length} does not exist`)
    const header = Buffer.from([5, 0, 3, incoming.reference ?? 1, pieces.length, number])
    return shortMessage({
      ...address,
      esmClass: userDataHeaderBit,
      shortMessage: Buffer.concat([header, piece]),
    })
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
