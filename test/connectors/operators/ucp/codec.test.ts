import test from 'ava'
import fc from 'fast-check'
import { packName, unpackName } from '../../../../connectors/operators/ucp/alphanumeric.ts'
import { buildFrame, checksumOf, parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import {
  buildOperation,
  isKnownOperation,
  operationFields,
  readOperation,
} from '../../../../connectors/operators/ucp/operations.ts'
import { buildAck, buildNack, readResult } from '../../../../connectors/operators/ucp/results.ts'
import { buildXser, readXser } from '../../../../connectors/operators/ucp/xser.ts'
import { gsmDefaultTable } from '../../../../templates/text/gsm-alphabet.ts'
import { quotedFrames, vectors } from './vectors.ts'

const allFrames = [
  ...Object.entries(vectors),
  ...quotedFrames.map(frame => [frame.slice(0, 14), frame] as const),
]

for (const [name, text] of allFrames) {
  test(`${name} is read and built again, byte for byte`, t => {
    const frame = parseFrame(text)
    if (frame.kind === 'malformed') return t.fail(frame.reason)
    t.is(buildFrame(frame), text)
    if (frame.type === 'R') {
      const result = readResult(frame)
      if (result.kind === 'malformed') return t.fail(result.reason)
      const again =
        result.kind === 'ack'
          ? buildAck(frame.ot, frame.trn, result.sm)
          : buildNack(frame.ot, frame.trn, result.ec, result.sm)
      t.is(again, text)
      return
    }
    if (!isKnownOperation(frame.ot)) return t.fail(`operation ${frame.ot} has no fields`)
    const reading = readOperation(frame.ot, frame)
    if (reading.kind === 'malformed') return t.fail(reading.reason)
    t.is(frame.fields.length, operationFields[frame.ot].length)
    t.is(buildOperation(frame.ot, frame.trn, reading.fields), text)
  })
}

test('every frame of the facts is among the vectors', t => {
  t.is(Object.keys(vectors).length, 20)
  t.is(quotedFrames.length, 15)
})

test('one altered digit of any vector is a checksum error, one lost is a length error', t => {
  for (const [, text] of allFrames) {
    const position = text.length - 4
    const altered = `${text.slice(0, position)}${text[position] === '9' ? '8' : '9'}${text.slice(position + 1)}`
    t.like(parseFrame(altered), { kind: 'malformed', fault: 'checksum' })
    t.like(parseFrame(text.slice(0, position) + text.slice(position + 1)), {
      kind: 'malformed',
      fault: 'syntax',
    })
  }
})

test('the fields of a submit and of a notification have their names', t => {
  const submit = parseFrame(vectors.F6)
  if (submit.kind === 'malformed') return t.fail()
  t.like(readOperation(51, submit), {
    kind: 'fields',
    fields: {
      AdC: '0022670112233',
      OAdC: '38001',
      NRq: '1',
      NT: '3',
      NPID: '0539',
      VP: '1603272200',
      MT: '3',
    },
  })
  const notification = parseFrame(vectors.F14)
  if (notification.kind === 'malformed') return t.fail()
  t.like(readOperation(53, notification), {
    fields: {
      AdC: '38001',
      OAdC: '0022670112233',
      SCTS: '150327090512',
      Dst: '1',
      Rsn: '107',
      DSCTS: '150327090515',
    },
  })
})

test('lower-case hex in the checksum is read', t => {
  const text = vectors.F3.slice(0, -2)
  t.is(parseFrame(text + vectors.F3.slice(-2).toLowerCase()).kind, 'frame')
  t.is(parseFrame(vectors.F1.slice(0, -2) + vectors.F1.slice(-2).toLowerCase()).kind, 'frame')
})

test('fields that a newer peer appends are tolerated, fields that are missing are told', t => {
  const grown = parseFrame(buildFrame({ trn: 7, type: 'O', ot: 31, fields: ['38001', '0539', 'new', ''] }))
  if (grown.kind === 'malformed') return t.fail()
  t.deepEqual(readOperation(31, grown), { kind: 'fields', fields: { AdC: '38001', PID: '0539' } })
  t.deepEqual(grown.fields, ['38001', '0539', 'new', ''])
  t.deepEqual(readOperation(52, grown), {
    kind: 'malformed',
    reason: 'operation 52 of 4 fields, expected 33',
  })
})

for (const [name, text, expected] of [
  ['an empty text', '', null],
  ['words', 'GET / HTTP/1.1', null],
  ['another type', '00/00019/X/60/A//6D', null],
  ['a length that lies', '00/00020/R/60/A//6D', { trn: 0, type: 'R', ot: 60 }],
  ['no data at all', '00/00016/O/31/2A', { trn: 0, type: 'O', ot: 31 }],
] as const) {
  test(`${name} is malformed and no exception`, t => {
    t.like(parseFrame(text), { kind: 'malformed', header: expected })
  })
}

test('whatever is read is built again, and whatever is built is read', t => {
  const field = fc.stringMatching(/^[\x20-\x2e\x30-\x7e]{0,40}$/)
  fc.assert(
    fc.property(
      fc.record({
        trn: fc.nat(99),
        type: fc.constantFrom('O' as const, 'R' as const),
        ot: fc.nat(99),
        fields: fc.array(field, { minLength: 1, maxLength: 40 }),
      }),
      frame => {
        const text = buildFrame(frame)
        t.deepEqual(parseFrame(text), { kind: 'frame', ...frame })
        t.is(Number(text.slice(3, 8)), text.length)
        t.is(text.slice(-2), checksumOf(text, text.length - 2))
      },
    ),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => void parseFrame(text)))
})

test('results without their last fields are read, and a result that is neither A nor N is not', t => {
  t.deepEqual(readResult({ ot: 51, fields: ['A'] }), { kind: 'ack', mvp: '', sm: '' })
  t.deepEqual(readResult({ ot: 31, fields: ['A', '0003'] }), { kind: 'ack', mvp: '', sm: '0003' })
  t.deepEqual(readResult({ ot: 51, fields: ['N', 'x7', 'odd'] }), { kind: 'nack', ec: 0, sm: 'odd' })
  t.like(readResult({ ot: 51, fields: ['', ''] }), { kind: 'malformed' })
})

const names = {
  SONAR: '09D3A7332805',
  ORANGE: '0B4F69D0792C02',
  ABCDEFGH: '0E41E19058341E91',
  ASSURANCE: '10C1E9B42A0D3A8745',
  'ALPHA@NUM': '10412614190438AB4D',
  ABCDEFGHIJK: '1441E19058341E9149E512',
}

for (const [name, packed] of Object.entries(names)) {
  test(`the sender ${name} is packed as ${packed}`, t => {
    t.is(packName(name), packed)
    t.is(unpackName(packed), name)
    t.is(unpackName(packed.toLowerCase()), name)
  })
}

test('names that do not fit the field are refused', t => {
  for (const name of ['', 'ABCDEFGHIJKL', 'ŒUVRE', '€€€€€€']) t.is(packName(name), null)
  for (const packed of ['', '09', '09D3A', 'zz41', 'FF41']) t.is(unpackName(packed), null)
})

test('every name of up to eleven septets survives the packing', t => {
  const letter = fc.constantFrom(...gsmDefaultTable.replaceAll('\u001b', ''))
  fc.assert(
    fc.property(fc.string({ unit: letter, minLength: 1, maxLength: 11 }), name => {
      const packed = packName(name)
      t.true(packed !== null && packed.length <= 22)
      t.is(unpackName(packed!), name)
    }),
  )
})

test('extra services are read one after another, and a cut one is malformed', t => {
  t.deepEqual(readXser('01060500037A0201020108'), {
    kind: 'services',
    services: [
      { type: 1, data: Buffer.from('0500037a0201', 'hex') },
      { type: 2, data: Buffer.from('08', 'hex') },
    ],
  })
  t.deepEqual(readXser(''), { kind: 'services', services: [] })
  for (const field of ['01', '0106050003', '0Z', '010', '0105']) t.is(readXser(field).kind, 'malformed')
  t.throws(() => buildXser([{ type: 0x0c, data: new Uint8Array(199) }]), { instanceOf: RangeError })
})

test('extra services survive building and reading', t => {
  const service = fc.record({ type: fc.nat(255), data: fc.uint8Array({ maxLength: 30 }) })
  fc.assert(
    fc.property(fc.array(service, { maxLength: 6 }), services => {
      const reading = readXser(buildXser(services))
      if (reading.kind === 'malformed') return t.fail(reading.reason)
      t.deepEqual(
        reading.services.map(({ type, data }) => [type, ...data]),
        services.map(({ type, data }) => [type, ...data]),
      )
    }),
  )
})
