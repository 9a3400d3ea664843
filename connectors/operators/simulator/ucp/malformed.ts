/** The wrong bytes that a faulty SMSC answers with: one function per sort, given the answer it replaces. */
import { buildFrame } from '../../ucp/frame.ts'
import { onWire } from '../../ucp/framing.ts'
import { buildAck } from '../../ucp/results.ts'
import type { Asked, MessageId } from '../dialogue-words.ts'
import type { UcpSort } from '../malformed-sorts.ts'

export interface ReplacedAnswer extends Asked {
  id: MessageId
  /** [0, 1), seeded. */
  random: () => number
}

/** The most that five digits say. */
const hugeLength = '99999'

/** More than any reader takes for one frame. */
const endlessOctets = 20_000

const garbageOctets = 80
const stx = 0x02

/** What goes on the wire, one octet per character. */
export const wrongBytes: Record<UcpSort, (answer: ReplacedAnswer) => string> = {
  /** LEN says more than there is between STX and ETX. */
  'length-huge': answer => onWire(goodAnswer(answer).replace(/(?<=^\d\d\/)\d{5}/, hugeLength)),
  /** An operation that no version of the standard names. */
  'unknown-command': ({ sequence }) =>
    onWire(buildFrame({ trn: sequence, type: 'O', ot: 99, fields: ['1'] })),
  /** Between frames: whatever it is, it begins none. */
  'random-bytes': ({ random }) => {
    const octets = Array.from({ length: garbageOctets }, () => Math.floor(random() * 256))
    return String.fromCharCode(...octets.map(octet => (octet === stx ? 0 : octet)))
  },
  /** Accepted, but nobody is told as what. */
  'empty-id': ({ operation, sequence }) => onWire(buildAck(operation, sequence, '')),
  'wrong-sequence': answer => onWire(goodAnswer({ ...answer, sequence: (answer.sequence + 50) % 100 })),
  'wrong-checksum': answer => {
    const good = goodAnswer(answer)
    return onWire(good.slice(0, -2) + (good.endsWith('00') ? '01' : '00'))
  },
  /** The rest never comes. */
  'half-frame': answer => onWire(goodAnswer(answer)).slice(0, 18),
  'endless-frame': answer => onWire(goodAnswer(answer)).slice(0, 18) + '4'.repeat(endlessOctets),
  /** The id of a part to somebody else. */
  'other-phone': ({ operation, sequence, id }) =>
    onWire(buildAck(operation, sequence, `0022600000000:${id.inReceipt}`)),
  /** Neither A nor N. */
  'no-verdict': ({ operation, sequence, id }) =>
    onWire(buildFrame({ trn: sequence, type: 'R', ot: operation, fields: ['', '', id.inAnswer] })),
}

function goodAnswer({ operation, sequence, id }: ReplacedAnswer): string {
  return buildAck(operation, sequence, id.inAnswer)
}
