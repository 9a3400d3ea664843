/** The wrong bytes that a faulty operator answers with: one function per sort, given the answer it replaces. */
import { command, status } from '../../smpp/tables.ts'
import type { SmppSort } from '../malformed-sorts.ts'

export interface ReplacedAnswer {
  /** submit_sm_resp or data_sm_resp. */
  commandId: number
  sequence: number
  messageId: string
  /** [0, 1), seeded. */
  random: () => number
}

/** Past every limit of a reader, short of the sign bit that some would trip over alone. */
const hugeLength = 0x7fffffff

/** As long as the longest answer, so that a reader cannot tell garbage by its size. */
const garbageOctets = 80

/** An octet above the 64 that message_id may have. */
const excessiveIdLength = 300

export const wrongBytes: Record<SmppSort, (answer: ReplacedAnswer) => Buffer> = {
  'length-zero': answer => header({ ...answer, length: 0 }),
  'length-too-short': answer => header({ ...answer, length: 8 }),
  'length-huge': answer => header({ ...answer, length: hugeLength }),
  /** A well-framed PDU that no version of the standard names. */
  'unknown-command': answer => header({ ...answer, commandId: 0x00000999 }),
  /** Begins with an absurd length, or it would only be a PDU that never ends. */
  'random-bytes': ({ random }) => {
    const octets = Buffer.alloc(garbageOctets)
    for (let index = 0; index < octets.length; index += 1) octets[index] = Math.floor(random() * 256)
    octets[0] = 0xff
    return octets
  },
  'unterminated-id': answer => pdu(answer, Buffer.from(answer.messageId, 'latin1')),
  'id-too-long': answer => pdu(answer, Buffer.from(`${'9'.repeat(excessiveIdLength)}\0`, 'latin1')),
  'empty-id': answer => pdu(answer, Buffer.from([0])),
  /** A TLV of length 2 whose value is not there. */
  'bad-tlv': answer => pdu(answer, Buffer.from(`${answer.messageId}\0\x02\x04\x00\x02`, 'latin1')),
  /** The rest never comes, and what follows would be read as its end. */
  'half-pdu': answer => pdu(answer, Buffer.from(`${answer.messageId}\0`, 'latin1')).subarray(0, 18),
  'wrong-sequence': answer =>
    pdu(
      { ...answer, sequence: (answer.sequence ^ 0x40000000) >>> 0 },
      Buffer.from(`${answer.messageId}\0`, 'latin1'),
    ),
  nack: answer => header({ ...answer, commandId: command.genericNack, status: status.systemError }),
}

function pdu(answer: { commandId: number; sequence: number }, body: Buffer): Buffer {
  return Buffer.concat([header({ ...answer, length: 16 + body.length }), body])
}

function header(fields: { commandId: number; sequence: number; status?: number; length?: number }): Buffer {
  const octets = Buffer.alloc(16)
  octets.writeUInt32BE(fields.length ?? 16, 0)
  octets.writeUInt32BE(fields.commandId, 4)
  octets.writeUInt32BE(fields.status ?? 0, 8)
  octets.writeUInt32BE(fields.sequence, 12)
  return octets
}
