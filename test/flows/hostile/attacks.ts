/** What a hostile SMSC does once it has accepted the bind, in octets of its protocol. */
import { encodeMessageResp, encodeShortMessage } from '../../../connectors/operators/smpp/codec.ts'
import { PduWriter } from '../../../connectors/operators/smpp/pdu-writer.ts'
import { shortMessage } from '../../../connectors/operators/smpp/short-message.ts'
import { command } from '../../../connectors/operators/smpp/tables.ts'
import { onWire } from '../../../connectors/operators/ucp/framing.ts'
import { buildOperation } from '../../../connectors/operators/ucp/operations.ts'
import { buildAck } from '../../../connectors/operators/ucp/results.ts'

export const attacks = ['mute', 'long-frames', 'half-frames', 'receipts', 'endless', 'enquiries'] as const

export type Attack = (typeof attacks)[number]

export const floodReceipts = 100_000

interface Words {
  /** Accepts the login that these octets hold. */
  acceptLogin(octets: Buffer): Uint8Array
  /** One frame of the longest length there is, filled with nothing useful. */
  longFrame(number: number): Uint8Array
  halfFrame: Uint8Array
  /** A receipt for an id that nobody was given. */
  receipt(number: number): Uint8Array
  /** Never completes a frame. */
  endless: Uint8Array
  /** Asks whether we are there. */
  enquiry(number: number): Uint8Array
}

const filler = Buffer.alloc(65_536, 0x41)

function pdu(build: (writer: PduWriter) => void): Uint8Array {
  const writer = new PduWriter()
  build(writer)
  return Uint8Array.from(writer.take())
}

const deliverOf = (sequence: number, text: Buffer) =>
  pdu(writer =>
    encodeShortMessage(
      writer,
      { commandId: command.deliverSm, sequence },
      shortMessage({
        source: `2267000${String(sequence % 10_000).padStart(4, '0')}`,
        sourceTon: 1,
        sourceNpi: 1,
        destination: '38001',
        destinationTon: 3,
        esmClass: 0x04,
        shortMessage: text,
      }),
    ),
  )

export const smpp: Words = {
  acceptLogin: octets =>
    pdu(writer =>
      encodeMessageResp(writer, {
        commandId: octets.readUInt32BE(4) + 0x80000000,
        sequence: octets.readUInt32BE(12),
        messageId: 'HOSTILE',
      }),
    ),
  longFrame(number) {
    const octets = Buffer.from(filler)
    octets.writeUInt32BE(octets.length, 0)
    octets.writeUInt32BE(command.deliverSm, 4)
    octets.writeUInt32BE(0, 8)
    octets.writeUInt32BE(number, 12)
    return octets
  },
  halfFrame: deliverOf(1, Buffer.from('half')).subarray(0, 30),
  receipt: number =>
    deliverOf(
      number,
      Buffer.from(
        `id:${900_000_000 + number} sub:001 dlvrd:001 submit date:2703150905 done date:2703150906 stat:DELIVRD err:000 text:Rappel`,
      ),
    ),
  // A length that is allowed, and octets that spell the same length again and again.
  endless: Buffer.alloc(65_536, Buffer.from('0000ffff', 'hex')),
  enquiry(number) {
    const octets = Buffer.alloc(16)
    octets.writeUInt32BE(16, 0)
    octets.writeUInt32BE(command.enquireLink, 4)
    octets.writeUInt32BE(number, 12)
    return octets
  },
}

const frame = (text: string): Uint8Array => Buffer.from(onWire(text), 'latin1')

export const ucp: Words = {
  acceptLogin: octets => frame(buildAck(60, Number(octets.toString('latin1', 1, 3)), '')),
  longFrame: number =>
    Buffer.concat([
      Buffer.from(`\x02${String(number % 100).padStart(2, '0')}/65535/O/52/38001/22670000001/`),
      filler,
      Buffer.from('/00\x03'),
    ]),
  halfFrame: Buffer.from('\x0200/00306/O/53/38001/00226'),
  receipt: number =>
    frame(
      buildOperation(53, number % 100, {
        AdC: '38001',
        OAdC: `002267000${String(number % 10_000).padStart(4, '0')}`,
        SCTS: `150327${String(Math.floor(number / 3_600) % 24).padStart(2, '0')}${String(Math.floor(number / 60) % 60).padStart(2, '0')}${String(number % 60).padStart(2, '0')}`,
        Dst: '0',
        Rsn: '000',
        DSCTS: '150327090530',
        MT: '3',
      }),
    ),
  endless: filler,
  enquiry: number => frame(buildOperation(31, number % 100, { AdC: '38001', PID: '0539' })),
}
