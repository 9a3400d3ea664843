import test from 'ava'
import fc from 'fast-check'
import { decodeShortMessage } from '../../../../connectors/operators/smpp/codec.ts'
import { readIncoming } from '../../../../connectors/operators/smpp/incoming.ts'
import { type ShortMessage, shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { tag } from '../../../../connectors/operators/smpp/tables.ts'
import { bytesOf } from './vectors.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const read = (fields: Partial<ShortMessage>, alphabet: 'gsm' | 'latin1' | 'ascii' | 'cp1252' = 'gsm') =>
  readIncoming(shortMessage({ source: '22670000001', destination: '38001', ...fields }), alphabet)

test('P10: STOP is read with both addresses', t => {
  const decoded = decodeShortMessage(bytesOf('P10').subarray(16))
  if (decoded.kind !== 'message') return t.fail()
  t.deepEqual(readIncoming(decoded.message, 'gsm'), {
    sender: '22670112233',
    recipient: '38001',
    encoding: 'gsm7',
    text: 'STOP',
    reference: null,
    partNumber: 1,
    partCount: 1,
  })
})

test('data_coding 0 has the meaning of the connection', t => {
  t.is(read({ shortMessage: hex('0005401b65') }).text, '@é¡€')
  t.is(read({ shortMessage: hex('40e9') }, 'latin1').text, '@é')
  t.is(read({ shortMessage: hex('40e980') }, 'cp1252').text, '@é€')
})

test('each data_coding is read as TS 23.038 and SMPP have it', t => {
  const cases: [dataCoding: number, octets: string, text: string, encoding: string][] = [
    [1, '40', '@', 'gsm7'],
    [3, 'e9', 'é', 'gsm7'],
    [8, '00e900f4', 'éô', 'ucs2'],
    [0x10, '05', 'é', 'gsm7'],
    [0x18, '00e9', 'é', 'ucs2'],
    [0xf0, '05', 'é', 'gsm7'],
    [0xe0, '00e9', 'é', 'ucs2'],
    [0xc8, '05', 'é', 'gsm7'],
    [2, '00ff', '00ff', 'binary'],
    [4, '00ff', '00ff', 'binary'],
    [0xf5, '00ff', '00ff', 'binary'],
  ]
  for (const [dataCoding, octets, text, encoding] of cases) {
    t.like(read({ dataCoding, shortMessage: hex(octets) }), { text, encoding }, `data_coding ${dataCoding}`)
  }
})

test('a UTF-16 text with an odd last octet loses that octet only', t => {
  t.is(read({ dataCoding: 8, shortMessage: hex('00e900') }).text, 'é')
})

test('user data headers with 8-bit and 16-bit references tie parts together', t => {
  t.like(read({ esmClass: 0x40, shortMessage: hex('0500037a020148') }), {
    text: 'H',
    reference: 0x7a,
    partCount: 2,
    partNumber: 1,
  })
  t.like(read({ esmClass: 0x40, shortMessage: hex('060804017a030348') }), {
    text: 'H',
    reference: 0x17a,
    partCount: 3,
    partNumber: 3,
  })
})

test('unknown and national-language elements are stepped over', t => {
  const header = '0b' + '240101' + '250101' + '00037a0202'
  t.like(read({ esmClass: 0x40, shortMessage: hex(`${header}48`) }), {
    text: 'H',
    reference: 0x7a,
    partNumber: 2,
  })
  t.like(read({ esmClass: 0x40, shortMessage: hex('037001ff48') }), {
    text: 'H',
    reference: null,
    partCount: 1,
  })
})

test('sar_* parameters and message_payload are read', t => {
  const tlvs = [
    { tag: tag.sarMsgRefNum, value: hex('017a') },
    { tag: tag.sarTotalSegments, value: hex('02') },
    { tag: tag.sarSegmentSeqnum, value: hex('01') },
    { tag: tag.messagePayload, value: Buffer.from('bonjour') },
  ]
  t.like(read({ tlvs }), { text: 'bonjour', reference: 0x17a, partCount: 2, partNumber: 1 })
})

test('a header that lies about its length or its parts leaves a single message', t => {
  t.like(read({ esmClass: 0x40, shortMessage: hex('ff48') }), { reference: null, partCount: 1 })
  t.like(read({ esmClass: 0x40, shortMessage: hex('0500037a020948') }), { text: 'H', reference: null })
  t.like(read({ esmClass: 0x40, shortMessage: hex('0500037a000048') }), { text: 'H', reference: null })
  t.like(read({ esmClass: 0x40, shortMessage: hex('0300ff0148') }), { text: 'H', reference: null })
  t.like(read({ esmClass: 0x40 }), { text: '', reference: null })
})

test('no octets make the reader throw', t => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 254 }),
      fc.nat(255),
      fc.nat(255),
      (octets, esmClass, dataCoding) => {
        const part = read({ esmClass, dataCoding, shortMessage: octets })
        t.true(part.partNumber >= 1 && part.partNumber <= part.partCount)
      },
    ),
    { numRuns: 1000 },
  )
})
