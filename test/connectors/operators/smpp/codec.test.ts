import test from 'ava'
import fc from 'fast-check'
import {
  decodeMessageId,
  decodeShortMessage,
  encodeEmpty,
  encodeMessageResp,
  encodeShortMessage,
} from '../../../../connectors/operators/smpp/codec.ts'
import { createFramer } from '../../../../connectors/operators/smpp/framing.ts'
import { decodeWithPackage, encodeWithPackage } from '../../../../connectors/operators/smpp/package-codec.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { type ShortMessage, shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { command, tag } from '../../../../connectors/operators/smpp/tables.ts'
import { bytesOf, vectors } from './vectors.ts'

const written = (build: (writer: PduWriter) => void): Buffer => {
  const writer = new PduWriter(16)
  build(writer)
  return writer.take()
}

const unframed = (pdu: Buffer) => {
  const framer = createFramer()
  framer.push(pdu)
  const frame = framer.next()
  if (frame.kind !== 'pdu') throw new Error(frame.kind)
  return frame
}

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

const contract = { destinationTon: 1, destinationNpi: 1, destination: '22670112233', registeredDelivery: 1 }
const shortCode = { sourceTon: 3, sourceNpi: 0, source: '38001' }
const name = { sourceTon: 5, sourceNpi: 0, source: 'ASSURANCE' }
const fromPhone = {
  sourceTon: 1,
  sourceNpi: 1,
  source: '22670112233',
  destinationTon: 3,
  destination: '38001',
}

/** The fields of every vector that carries a message. */
const messages: Partial<Record<keyof typeof vectors, [sequence: number, fields: Partial<ShortMessage>]>> = {
  P3: [
    2,
    {
      ...shortCode,
      ...contract,
      validityPeriod: '000001000000000R',
      shortMessage: octets('Votre contrat expire le 15/03/2027.'),
    },
  ],
  P6: [
    4,
    {
      ...name,
      ...contract,
      destination: '22651112233',
      shortMessage: octets('Prime r\x05gl\x05e 45 \x1b\x65'),
    },
  ],
  P7: [
    5,
    {
      ...name,
      ...contract,
      esmClass: 0x40,
      dataCoding: 8,
      shortMessage: Buffer.concat([
        Buffer.from('0500037a0201', 'hex'),
        Buffer.from('Fête: bonne année ', 'utf16le').swap16(),
      ]),
    },
  ],
  P8: [
    0x65,
    {
      ...fromPhone,
      esmClass: 4,
      shortMessage: octets(
        'id:439041101 sub:001 dlvrd:001 submit date:2703150905 done date:2703150906 stat:DELIVRD err:000 text:Votre contrat expire',
      ),
      tlvs: [
        { tag: tag.receiptedMessageId, value: octets('1A2B3C4D\0') },
        { tag: tag.messageState, value: Uint8Array.of(2) },
      ],
    },
  ],
  P10: [0x66, { ...fromPhone, shortMessage: octets('STOP') }],
  P16: [
    9,
    { ...shortCode, ...contract, tlvs: [{ tag: tag.messagePayload, value: Buffer.alloc(200, 0x41) }] },
  ],
  P17: [
    10,
    {
      ...shortCode,
      ...contract,
      shortMessage: octets('suite du message'),
      tlvs: [
        { tag: tag.sarMsgRefNum, value: Uint8Array.of(0, 0x7a) },
        { tag: tag.sarTotalSegments, value: Uint8Array.of(2) },
        { tag: tag.sarSegmentSeqnum, value: Uint8Array.of(2) },
      ],
    },
  ],
}

for (const [key, [sequence, fields]] of Object.entries(messages)) {
  const vector = key as keyof typeof vectors
  const commandId = vector === 'P8' || vector === 'P10' ? command.deliverSm : command.submitSm

  test(`${vector} is encoded byte for byte`, t => {
    const pdu = written(writer => encodeShortMessage(writer, { commandId, sequence }, shortMessage(fields)))
    t.is(pdu.toString('hex'), vectors[vector])
  })

  test(`${vector} is decoded field by field`, t => {
    const frame = unframed(bytesOf(vector))
    t.is(frame.commandId, commandId)
    t.is(frame.sequence, sequence)
    const decoded = decodeShortMessage(frame.body)
    if (decoded.kind !== 'message') return t.fail(decoded.reason)
    t.deepEqual(plain(decoded.message), plain(shortMessage(fields)))
  })
}

/** Octets as hexadecimal, so that views and copies compare equal. */
function plain(message: ShortMessage) {
  const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')
  const tlvs = message.tlvs.map(tlv => ({ tag: tlv.tag, value: hex(tlv.value) }))
  return { ...message, shortMessage: hex(message.shortMessage), tlvs }
}

test('PDUs without body and responses are encoded byte for byte', t => {
  const hexOf = (build: (writer: PduWriter) => void): string => written(build).toString('hex')
  const { submitSmResp, deliverSmResp } = command
  t.is(
    hexOf(w => encodeMessageResp(w, { commandId: submitSmResp, sequence: 2, messageId: '1A2B3C4D' })),
    vectors.P4,
  )
  t.is(
    hexOf(w => encodeMessageResp(w, { commandId: submitSmResp, sequence: 3, status: 0x58 })),
    vectors.P5,
  )
  t.is(
    hexOf(w => encodeMessageResp(w, { commandId: deliverSmResp, sequence: 0x65 })),
    vectors.P9,
  )
  t.is(
    hexOf(w => encodeEmpty(w, command.enquireLink, 6)),
    vectors.P11,
  )
  t.is(
    hexOf(w => encodeEmpty(w, command.enquireLinkResp, 6)),
    vectors.P12,
  )
  t.is(
    hexOf(w => encodeEmpty(w, command.unbind, 7)),
    vectors.P13,
  )
  t.is(
    hexOf(w => encodeEmpty(w, command.unbindResp, 7)),
    vectors.P14,
  )
  t.is(
    hexOf(w => encodeEmpty(w, command.genericNack, 8, 3)),
    vectors.P15,
  )
})

test('responses are decoded, with and without body', t => {
  const accepted = unframed(bytesOf('P4'))
  t.deepEqual(
    [accepted.commandId, accepted.status, accepted.sequence, decodeMessageId(accepted.body)],
    [command.submitSmResp, 0, 2, '1A2B3C4D'],
  )
  const throttled = unframed(bytesOf('P5'))
  t.deepEqual([throttled.status, throttled.body.length, decodeMessageId(throttled.body)], [0x58, 0, ''])
  t.is(decodeMessageId(octets('no-nul')), 'no-nul')
  t.is(decodeMessageId(Buffer.alloc(70, 0x41)).length, 64)
})

test('binds go through the package and come out byte for byte, both ways', t => {
  const fields = { system_id: 'ASSUR1', password: 'S3cret!', system_type: '', interface_version: 0x34 }
  const bind = encodeWithPackage('bind_transceiver', { sequence: 1 }, fields)
  t.is(bind.kind === 'bytes' && bind.bytes.toString('hex'), vectors.P1)
  const answer = encodeWithPackage(
    'bind_transceiver_resp',
    { sequence: 1 },
    { system_id: 'SMSC-BF', sc_interface_version: 0x34 },
  )
  t.is(answer.kind === 'bytes' && answer.bytes.toString('hex'), vectors.P2)
  const decoded = decodeWithPackage(bytesOf('P1'))
  t.like(decoded, { kind: 'pdu', command: 'bind_transceiver', sequence: 1, fields })
  t.like(decodeWithPackage(bytesOf('P2')), {
    command: 'bind_transceiver_resp',
    status: 0,
    fields: { system_id: 'SMSC-BF', sc_interface_version: 0x34 },
  })
  t.like(decodeWithPackage(bytesOf('P18')), { command: 'bind_transceiver_resp', status: 0x0e })
})

test('a letter that the package would fold to seven bits is refused', t => {
  const encoded = encodeWithPackage('bind_transceiver', { sequence: 1 }, { system_id: 'Société' })
  t.deepEqual(encoded, { kind: 'malformed', reason: 'system_id must be printable ASCII' })
})

test('a whole PDU that the package cannot read is a value', t => {
  // sar_msg_ref_num of length 0: the package reads past the end.
  const broken = Buffer.from('00000015800000090000000000000001' + '00' + '020c0000', 'hex')
  t.is(decodeWithPackage(broken).kind, 'malformed')
  t.is(decodeWithPackage(Buffer.alloc(8)).kind, 'malformed')
  t.is(decodeWithPackage(bytesOf('P1').subarray(0, 20)).kind, 'malformed')
})

test('a message whose TLV is cut short is malformed, an unknown TLV is passed over', t => {
  const { body } = unframed(bytesOf('P8'))
  const cut = decodeShortMessage(body.subarray(0, body.length - 1))
  t.like(cut, { kind: 'malformed', status: 0xc0 })
  const vendor = Buffer.concat([body, Buffer.from('1400000201ff', 'hex')])
  const decoded = decodeShortMessage(vendor)
  t.is(decoded.kind === 'message' && decoded.message.tlvs.length, 3)
})

test('mandatory fields that end early and an sm_length above the body are malformed', t => {
  const { body } = unframed(bytesOf('P10'))
  t.like(decodeShortMessage(body.subarray(0, 12)), { kind: 'malformed', status: 1 })
  t.like(decodeShortMessage(body.subarray(0, body.length - 2)), { kind: 'malformed', status: 1 })
  t.like(decodeShortMessage(Buffer.alloc(0)), { kind: 'malformed' })
})

test('a short_message above 254 octets is refused by the encoder', t => {
  const message = shortMessage({ shortMessage: Buffer.alloc(255) })
  const encode = () =>
    written(writer => encodeShortMessage(writer, { commandId: command.submitSm, sequence: 1 }, message))
  t.throws(encode, { instanceOf: RangeError })
})

const text = (maxLength: number) =>
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map(code => String.fromCharCode(code)), maxLength })
const octet = fc.integer({ min: 0, max: 255 })
const anyMessage: fc.Arbitrary<ShortMessage> = fc.record({
  serviceType: text(5),
  sourceTon: octet,
  sourceNpi: octet,
  source: text(20),
  destinationTon: octet,
  destinationNpi: octet,
  destination: text(20),
  esmClass: octet,
  protocolId: octet,
  priorityFlag: octet,
  scheduleDeliveryTime: text(16),
  validityPeriod: text(16),
  registeredDelivery: octet,
  replaceIfPresent: octet,
  dataCoding: octet,
  defaultMessageId: octet,
  shortMessage: fc.uint8Array({ maxLength: 254 }),
  tlvs: fc.array(
    fc.record({ tag: fc.integer({ min: 0, max: 65535 }), value: fc.uint8Array({ maxLength: 300 }) }),
    { maxLength: 5 },
  ),
})

test('encode then decode gives every message back', t => {
  fc.assert(
    fc.property(anyMessage, fc.constantFrom(command.submitSm, command.deliverSm), (message, commandId) => {
      const pdu = written(writer => encodeShortMessage(writer, { commandId, sequence: 7 }, message))
      const decoded = decodeShortMessage(unframed(pdu).body, commandId)
      t.deepEqual(decoded.kind === 'message' && plain(decoded.message), plain(message))
    }),
    { numRuns: 300 },
  )
})

test('no bytes and no mutation of a PDU make a decoder throw', t => {
  const seeds = Object.keys(vectors).map(key => bytesOf(key as keyof typeof vectors))
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(300), octet), { maxLength: 6 }), fc.nat(40))
    .map(([seed, changes, cut]) => {
      const pdu = Buffer.from(seed)
      for (const [position, value] of changes) pdu[position % pdu.length] = value
      return pdu.subarray(0, Math.max(pdu.length - cut, 0))
    })
  const random = fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.oneof(mutated, random), pdu => {
      const framer = createFramer()
      framer.push(pdu)
      for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) {
        decodeShortMessage(frame.body, frame.commandId)
        decodeMessageId(frame.body)
      }
      decodeShortMessage(pdu)
      decodeShortMessage(pdu, command.dataSm)
      decodeWithPackage(pdu)
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

test('a batch written into a slab that grows several times comes out whole', t => {
  const writer = new PduWriter(16)
  const expected: Buffer[] = []
  for (let sequence = 1; sequence <= 50; sequence++) {
    const message = shortMessage({ shortMessage: Buffer.alloc(sequence * 4, sequence) })
    const header = { commandId: command.submitSm, sequence }
    encodeShortMessage(writer, header, message)
    expected.push(written(alone => encodeShortMessage(alone, header, message)))
    if (sequence % 20 === 0) t.is(Buffer.compare(writer.take(), Buffer.concat(expected.splice(0))), 0)
  }
  t.is(Buffer.compare(writer.take(), Buffer.concat(expected)), 0)
  t.is(writer.length, 0)
})
