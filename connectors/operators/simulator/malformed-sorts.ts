/** Ways in which bytes can be wrong. Each was met in the field or is a reading of the standard gone astray. */

const inBoth = ['length-huge', 'unknown-command', 'random-bytes', 'empty-id', 'wrong-sequence'] as const

export const malformedSorts = {
  smpp: [
    ...inBoth,
    'length-zero',
    'length-too-short',
    'unterminated-id',
    'id-too-long',
    'bad-tlv',
    'half-pdu',
    'nack',
  ],
  ucp: [...inBoth, 'wrong-checksum', 'half-frame', 'endless-frame', 'other-phone', 'no-verdict'],
} as const

export type SmppSort = (typeof malformedSorts.smpp)[number]
export type UcpSort = (typeof malformedSorts.ucp)[number]
export type MalformedSort = SmppSort | UcpSort

/** Both protocols' once each. */
export const everyMalformedSort = [...new Set<MalformedSort>([...malformedSorts.smpp, ...malformedSorts.ucp])]
