import test from 'ava'
import fc from 'fast-check'
import type { ReceiptState } from '../../../../connectors/operator.ts'
import { decodeShortMessage } from '../../../../connectors/operators/smpp/codec.ts'
import {
  type ReceiptOptions,
  readReceipt,
  receiptState,
} from '../../../../connectors/operators/smpp/receipt.ts'
import { remoteIdKeys } from '../../../../connectors/operators/smpp/remote-ids.ts'
import { shortMessage, type Tlv } from '../../../../connectors/operators/smpp/short-message.ts'
import { tag } from '../../../../connectors/operators/smpp/tables.ts'
import { receiptTime } from '../../../../connectors/operators/smpp/validity.ts'
import { bytesOf } from './vectors.ts'

const options: ReceiptOptions = { receiptIdMode: 'auto', smscUtcOffsetMinutes: 0 }
const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const canonical =
  'id:0123 sub:001 dlvrd:001 submit date:2703150905 done date:2703150907 stat:DELIVRD err:000 text:Votre contrat'

function read(text: string | Buffer, fields: { esmClass?: number; dataCoding?: number; tlvs?: Tlv[] } = {}) {
  const body = typeof text === 'string' ? octets(text) : text
  const message = shortMessage({ source: '22670000001', esmClass: 4, shortMessage: body, ...fields })
  const reading = readReceipt(message, options)
  return reading.kind === 'receipt' ? reading.receipt : null
}

test('a receipt of the standard is read field by field', t => {
  t.deepEqual(read(canonical), {
    remoteIdKeys: ['123', '7B', '291'],
    recipient: '22670000001',
    state: 'delivered',
    detail: 'stat:DELIVRD err:000',
    textPrefix: 'Votre contrat',
    submittedAtMs: Date.UTC(2027, 2, 15, 9, 5),
  })
})

test('P8: a hexadecimal id in the TLV and a decimal one in the text are both offered, TLV first', t => {
  const decoded = decodeShortMessage(bytesOf('P8').subarray(16))
  if (decoded.kind !== 'message') return t.fail()
  const reading = readReceipt(decoded.message, options)
  const receipt = reading.kind === 'receipt' ? reading.receipt : null
  t.is(receipt?.remoteIdKeys[0], '1A2B3C4D')
  t.true(receipt?.remoteIdKeys.includes('439041101'))
  t.is(receipt?.textPrefix, 'Votre contrat expire')
})

const spellings: [
  title: string,
  text: string,
  expected: { id: string; state: ReceiptState; textPrefix?: string },
][] = [
  ['keys in upper case', canonical.toUpperCase(), { id: '123', state: 'delivered' }],
  ['Text: capitalised', canonical.replace('text', 'Text'), { id: '123', state: 'delivered' }],
  ['no text at the end', 'id:9 stat:EXPIRED err:1', { id: '9', state: 'expired', textPrefix: '' }],
  ['other order', 'stat:UNDELIV err:0A3 id:77 submit date:270315090501', { id: '77', state: 'undelivered' }],
  ['several spaces and tabs', 'id: 88   stat:\tREJECTD  err: 12', { id: '88', state: 'rejected' }],
  ['a space before the colon', 'id :88 stat :ENROUTE', { id: '88', state: 'intermediate' }],
  ['a UUID', 'id:5F3a-11ee-BE56_x stat:DELIVRD', { id: '5F3A-11EE-BE56_X', state: 'delivered' }],
  ['leading zeros', 'id:000045 stat:DELIVRD err:000045', { id: '45', state: 'delivered' }],
  [
    'lines instead of spaces',
    'id:5\nstat:DELIVRD\nerr:0\ntext:a',
    { id: '5', state: 'delivered', textPrefix: 'a' },
  ],
  [
    'the words inside the text',
    'id:5 stat:EXPIRED err:0 text:id:6 stat:DELIVRD',
    { id: '5', state: 'expired' },
  ],
  ['the text first', 'text:bonjour id:5 stat:DELIVRD', { id: '5', state: 'delivered' }],
  ['a state outside the standard', 'id:5 stat:BUFFRED', { id: '5', state: 'intermediate' }],
  ['a state nobody knows', 'id:5 stat:XYZ', { id: '5', state: 'unknown' }],
  [
    'the comma list',
    'DELIVRD,270315090500,270315090400,000,22670000001,38001,,4711',
    { id: '4711', state: 'delivered' },
  ],
]

for (const [title, text, { id, state, textPrefix }] of spellings) {
  test(`a receipt with ${title} is read`, t => {
    const receipt = read(text)
    t.is(receipt?.remoteIdKeys[0], id)
    t.is(receipt?.state, state)
    if (textPrefix !== undefined) t.is(receipt?.textPrefix, textPrefix)
  })
}

test('a receipt without a readable id is still a receipt, to be matched by phone and text', t => {
  t.like(read('stat:DELIVRD text:Votre contrat'), {
    remoteIdKeys: [],
    state: 'delivered',
    textPrefix: 'Votre contrat',
  })
  t.like(read(''), { remoteIdKeys: [], state: 'unknown' })
})

test('TLVs win over the text and suffice without it', t => {
  const tlvs: Tlv[] = [
    { tag: tag.receiptedMessageId, value: octets('abc\0') },
    { tag: tag.messageState, value: Uint8Array.of(5) },
    { tag: tag.networkErrorCode, value: Uint8Array.of(3, 0, 0x22) },
  ]
  t.like(read('id:zz stat:DELIVRD err:000', { tlvs }), {
    remoteIdKeys: ['ABC', '2748', 'ZZ'],
    state: 'undelivered',
    detail: 'stat:DELIVRD err:000 network:3/34',
  })
  t.like(read('', { tlvs, esmClass: 0 }), { state: 'undelivered', detail: 'stat:UNDELIV network:3/34' })
})

test('a wrong data_coding does not matter: single octets under 8, and UTF-16 under 0', t => {
  t.like(read(canonical, { dataCoding: 8 }), { state: 'delivered' })
  const wide = Buffer.from(canonical, 'utf16le').swap16()
  t.like(read(wide, { dataCoding: 8 }), { state: 'delivered', textPrefix: 'Votre contrat' })
  t.like(read(wide), { state: 'delivered' })
})

test('the body may stand in message_payload, and behind a user data header', t => {
  const tlvs = [{ tag: tag.messagePayload, value: octets(canonical) }]
  t.like(read('', { tlvs }), { state: 'delivered' })
  const withHeader = Buffer.concat([Buffer.from('0500037a0101', 'hex'), octets(canonical)])
  t.like(read(withHeader, { esmClass: 0x44 }), { state: 'delivered' })
})

test('esm_class 0 or an acknowledgement with both id and stat is a receipt, anything less is a message', t => {
  t.like(read('id:5 stat:DELIVRD', { esmClass: 0 }), { state: 'delivered' })
  t.like(read('id:5 stat:DELIVRD', { esmClass: 8 }), { state: 'delivered' })
  t.is(read('stat:DELIVRD', { esmClass: 0 }), null)
  t.is(read('id:5 stat:bonjour', { esmClass: 0 }), null)
  t.is(read('STOP', { esmClass: 0 }), null)
})

test('an intermediate notification is never final', t => {
  t.like(read('id:5 stat:DELIVRD', { esmClass: 0x20 }), { state: 'intermediate' })
})

test('every state of the standard has its meaning, and prototypes are no states', t => {
  t.is(receiptState('DELIVRD'), 'delivered')
  t.is(receiptState('ACCEPTD'), 'intermediate')
  t.is(receiptState('UNKNOWN'), 'unknown')
  t.is(receiptState('constructor'), 'unknown')
  const byValue = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 200].map(
    value => read('', { tlvs: [{ tag: tag.messageState, value: Uint8Array.of(value) }] })?.state,
  )
  t.deepEqual(byValue, [
    'intermediate',
    'intermediate',
    'delivered',
    'expired',
    'undelivered',
    'undelivered',
    'intermediate',
    'unknown',
    'rejected',
    'undelivered',
    'unknown',
  ])
})

test('the mode of the connection orders the spellings of an id', t => {
  t.deepEqual(remoteIdKeys(['439041101'], 'hex-answer'), ['1A2B3C4D', '439041101'])
  t.deepEqual(remoteIdKeys(['1a2b3c4d'], 'decimal-answer'), ['439041101', '1A2B3C4D'])
  t.deepEqual(remoteIdKeys(['001a2b'], 'same'), ['1A2B'])
  t.deepEqual(remoteIdKeys(['ffffffffffffffff'], 'auto'), ['FFFFFFFFFFFFFFFF', '18446744073709551615'])
  t.deepEqual(remoteIdKeys(['18446744073709551615'], 'hex-answer'), [
    'FFFFFFFFFFFFFFFF',
    '18446744073709551615',
  ])
  t.deepEqual(remoteIdKeys(['', '  '], 'auto'), [])
})

test('hexadecimal and decimal spellings lead to each other, whatever the length', t => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), id => {
      const hex = id.toString(16)
      t.is(remoteIdKeys([id.toString()], 'hex-answer')[0], hex.toUpperCase())
      t.is(remoteIdKeys([hex], 'decimal-answer')[0], id.toString())
    }),
  )
})

test('dates of 10, 12 and 14 digits are read in the SMSC’s zone, others are none', t => {
  t.is(receiptTime('2703150905', 0), Date.UTC(2027, 2, 15, 9, 5))
  t.is(receiptTime('270315090533', 60), Date.UTC(2027, 2, 15, 8, 5, 33))
  t.is(receiptTime('20270315090533', -60), Date.UTC(2027, 2, 15, 10, 5, 33))
  for (const digits of ['', '27031509', '2713150905', '2703159905', '27031509051']) {
    t.is(receiptTime(digits, 0), null, digits)
  }
})

test('no text makes the reader throw or slow, and detail stays short', t => {
  const word = fc.constantFrom(
    'id:',
    'stat:',
    'err:',
    'text:',
    'submit date:',
    ' ',
    'DELIVRD',
    '0',
    ',',
    '\n',
    'é',
  )
  const bodies = fc.oneof(
    fc.array(word, { maxLength: 200 }).map(words => octets(words.join(''))),
    fc.uint8Array({ maxLength: 500 }).map(bytes => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(bodies, fc.integer({ min: 0, max: 255 }), (body, esmClass) => {
      const receipt = read(body, { esmClass })
      t.true((receipt?.detail.length ?? 0) <= 64)
      t.true((receipt?.textPrefix.length ?? 0) <= 160)
    }),
    { numRuns: 1000 },
  )
})
