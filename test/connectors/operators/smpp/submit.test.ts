import test from 'ava'
import fc from 'fast-check'
import type { OutgoingPart } from '../../../../connectors/operator.ts'
import { decodeShortMessage } from '../../../../connectors/operators/smpp/codec.ts'
import { type SmppConfigInput, smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { readIncoming } from '../../../../connectors/operators/smpp/incoming.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { tlvInteger, tlvValue } from '../../../../connectors/operators/smpp/short-message.ts'
import { createSubmitEncoder } from '../../../../connectors/operators/smpp/submit.ts'
import { tag } from '../../../../connectors/operators/smpp/tables.ts'
import { absoluteTime, relativeTime } from '../../../../connectors/operators/smpp/validity.ts'
import { part } from '../link-under-test.ts'
import { vectors } from './vectors.ts'

const nowMs = Date.UTC(2027, 2, 15, 22)

function encode(outgoing: OutgoingPart, config: Partial<SmppConfigInput> = {}, sequence = 1) {
  const parsed = smppConfigSchema.parse({ host: 'localhost', systemId: 'ASSUR1', ...config })
  const writer = new PduWriter(32)
  const refusal = createSubmitEncoder(parsed).encode(writer, outgoing, sequence, nowMs)
  return { refusal, pdu: writer.take() }
}

function fieldsOf(outgoing: OutgoingPart, config: Partial<SmppConfigInput> = {}) {
  const { refusal, pdu } = encode(outgoing, config)
  if (refusal !== null) throw new Error(refusal.statusName)
  const decoded = decodeShortMessage(pdu.subarray(16))
  if (decoded.kind === 'malformed') throw new Error(decoded.reason)
  return decoded.message
}

const to = (recipient: string, text: string, fields: Partial<OutgoingPart> = {}) =>
  part(1, { recipient, text, ...fields })

test('P3, P6, P7 and P17 come out of a part byte for byte', t => {
  const p3 = to('22670112233', 'Votre contrat expire le 15/03/2027.', { validitySeconds: 86_400 })
  t.is(encode(p3, {}, 2).pdu.toString('hex'), vectors.P3)
  const p6 = to('22651112233', 'Prime réglée 45 €', { sender: 'ASSURANCE' })
  t.is(encode(p6, {}, 4).pdu.toString('hex'), vectors.P6)
  const p7 = to('22670112233', 'Fête: bonne année ', {
    sender: 'ASSURANCE',
    encoding: 'ucs2',
    partCount: 2,
    reference: 0x7a,
  })
  t.is(encode(p7, {}, 5).pdu.toString('hex'), vectors.P7)
  const p17 = to('22670112233', 'suite du message', { partCount: 2, partNumber: 2, reference: 0x7a })
  t.is(encode(p17, { longMessages: 'sar' }, 10).pdu.toString('hex'), vectors.P17)
})

test('P16: a long text in payload mode goes whole into message_payload', t => {
  const p16 = to('22670112233', 'A'.repeat(200))
  t.is(encode(p16, { longMessages: 'payload' }, 9).pdu.toString('hex'), vectors.P16)
  t.is(fieldsOf(to('22670112233', 'A'.repeat(160)), { longMessages: 'payload' }).shortMessage.length, 160)
})

test('TON and NPI follow the sender, and each pair may be overridden', t => {
  const of = (sender: string, config: Partial<SmppConfigInput> = {}) => {
    const { sourceTon, sourceNpi, source } = fieldsOf(part(1, { sender }), config)
    return [sourceTon, sourceNpi, source]
  }
  t.deepEqual(of('38001'), [3, 0, '38001'])
  t.deepEqual(of('ASSUR'), [5, 0, 'ASSUR'])
  t.deepEqual(of('+22670000000'), [1, 1, '22670000000'])
  t.deepEqual(of('0022670000000'), [2, 1, '0022670000000'])
  t.deepEqual(of('38001', { shortCodeAddress: { ton: 0, npi: 1 } }), [0, 1, '38001'])
  t.deepEqual(of('Étoile@BF'), [5, 0, 'Etoile?BF'])
  const message = fieldsOf(part(1), { destinationAddress: { ton: 0, npi: 1 } })
  t.deepEqual([message.destinationTon, message.destination], [0, '22670000001'])
})

test('alphabet, flash, receipt, validity and service type are options of the connection', t => {
  const octetsOf = (text: string, config: Partial<SmppConfigInput>) => [
    ...fieldsOf(to('1', text), config).shortMessage,
  ]
  t.deepEqual(octetsOf('é@', { defaultAlphabet: 'latin1', textDataCoding: 3 }), [0xe9, 0x40])
  t.deepEqual(octetsOf('é@€Ω', { defaultAlphabet: 'ascii' }), [0x65, 0x40, 0x3f, 0x3f])
  t.deepEqual(octetsOf('€é', { defaultAlphabet: 'cp1252' }), [0x80, 0xe9])
  t.is(fieldsOf(to('1', 'a'), { textDataCoding: 3 }).dataCoding, 3)
  const flash = part(1, { isFlash: true })
  t.is(fieldsOf(flash).dataCoding, 0xf0)
  t.is(fieldsOf(flash, { flash: 'class-10' }).dataCoding, 0x10)
  t.is(fieldsOf({ ...flash, encoding: 'ucs2' }).dataCoding, 0x18)
  const subunit = fieldsOf(flash, { flash: 'dest-addr-subunit' })
  t.deepEqual([subunit.dataCoding, tlvInteger(subunit.tlvs, tag.destAddrSubunit)], [0, 1])
  t.is(fieldsOf(flash, { flash: 'off' }).dataCoding, 0)
  t.is(fieldsOf(part(1, { requestReceipt: false })).registeredDelivery, 0)
  t.is(fieldsOf(part(1), { intermediateReceipts: true }).registeredDelivery, 0x11)
  const valid = part(1, { validitySeconds: 7200 })
  t.is(fieldsOf(valid).validityPeriod, '000000020000000R')
  t.is(fieldsOf(valid, { validityFormat: 'absolute' }).validityPeriod, '270316000000000+')
  t.is(fieldsOf(valid, { validityFormat: 'none' }).validityPeriod, '')
  t.is(fieldsOf(part(1), { serviceType: 'CMT' }).serviceType, 'CMT')
  t.is(fieldsOf(part(1, { partCount: 2 }), { esmMode: 3 }).esmClass, 0x43)
})

test('times are relative or absolute as the standard writes them', t => {
  t.is(relativeTime(86_400), '000001000000000R')
  t.is(relativeTime(0), '')
  t.is(relativeTime(-5), '')
  t.is(relativeTime(1e12), '000203000000000R')
  t.is(absoluteTime(86_400, nowMs), '270316220000000+')
})

test('a part that SMPP cannot express is refused and no octet is written', t => {
  const cases: [OutgoingPart, string][] = [
    [part(1, { sender: 'NOMBEAUCOUPTROPLONG' }), 'ESME_RINVSRCADR'],
    [part(1, { sender: '1'.repeat(21) }), 'ESME_RINVSRCADR'],
    [part(1, { recipient: '' }), 'ESME_RINVDSTADR'],
    [part(1, { recipient: '70 00 00 01' }), 'ESME_RINVDSTADR'],
    [part(1, { recipient: '1'.repeat(21) }), 'ESME_RINVDSTADR'],
    [part(1, { text: 'x'.repeat(255) }), 'ESME_RINVMSGLEN'],
    [part(1, { text: 'ê' }), 'ESME_RINVDCS'],
  ]
  for (const [outgoing, statusName] of cases) {
    const { refusal, pdu } = encode(outgoing)
    t.is(refusal?.statusName, statusName)
    t.is(pdu.length, 0)
  }
  t.is(fieldsOf(part(1, { recipient: '+22670000001' })).destination, '22670000001')
})

test('what a part says is what a receiver reads, in every mode', t => {
  const gsm = fc.string({ unit: fc.constantFrom(...'abcXYZ 019éèà@$_£{}€Δ\n'), maxLength: 76 })
  const ucs2 = fc.string({ unit: 'binary', maxLength: 33 })
  const modes = fc.constantFrom('udh8', 'udh16', 'sar', 'payload')
  const texts = fc.oneof(
    gsm.map(text => ({ text, encoding: 'gsm7' as const })),
    ucs2.map(text => ({ text, encoding: 'ucs2' as const })),
  )
  const position = fc
    .record({ partCount: fc.integer({ min: 1, max: 255 }), seed: fc.nat(), reference: fc.nat(255) })
    .map(({ partCount, seed, reference }) => ({ partCount, partNumber: 1 + (seed % partCount), reference }))
  fc.assert(
    fc.property(texts, modes, position, (text, longMessages, place) => {
      const message = fieldsOf(part(1, { ...text, ...place }), { longMessages })
      const read = readIncoming(message, 'gsm')
      t.is(read.text, text.text)
      t.is(read.partCount, place.partCount)
      t.is(read.partNumber, place.partNumber)
      t.is(read.reference, place.partCount > 1 ? place.reference : null)
      t.is(
        tlvValue(message.tlvs, tag.messagePayload) !== undefined,
        longMessages === 'payload' && place.partCount > 1,
      )
    }),
    { numRuns: 500 },
  )
})
