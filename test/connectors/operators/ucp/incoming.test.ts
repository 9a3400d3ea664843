import test from 'ava'
import fc from 'fast-check'
import { ucpConfigSchema } from '../../../../connectors/operators/ucp/config.ts'
import { parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { readIncoming } from '../../../../connectors/operators/ucp/incoming.ts'
import { readOperation } from '../../../../connectors/operators/ucp/operations.ts'
import { traceLine } from '../../../../connectors/operators/ucp/trace-line.ts'
import { vectors } from './vectors.ts'

const config = ucpConfigSchema.parse({ host: 'smsc', port: 5000, shortCode: '38001' })
const base = { AdC: '38001', OAdC: '0022670112233', MT: '3', NB: '', Msg: '', DCs: '', OTOA: '', XSer: '' }
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')

test('F16 is the word STOP from a phone', t => {
  const frame = parseFrame(vectors.F16)
  if (frame.kind === 'malformed') return t.fail()
  const reading = readOperation(52, frame)
  if (reading.kind === 'malformed') return t.fail()
  t.deepEqual(readIncoming(reading.fields, config), {
    kind: 'part',
    part: {
      sender: '22670112233',
      recipient: '38001',
      encoding: 'gsm7',
      text: 'STOP',
      reference: null,
      partNumber: 1,
      partCount: 1,
    },
  })
})

const readings: [string, Partial<typeof base>, object][] = [
  ['a numeric message', { MT: '2', Msg: '0123' }, { text: '0123', encoding: 'gsm7' }],
  ['accents and an escape pair, in lower-case hex', { Msg: '1f63681b65' }, { text: 'Éch€' }],
  [
    'UCS-2 with its part of two',
    { MT: '4', NB: '0032', Msg: '00EA4F60', XSer: '01060500030902020201' + '08' },
    { text: 'ê你', encoding: 'ucs2', reference: 9, partNumber: 2, partCount: 2 },
  ],
  [
    'a 16-bit reference',
    { Msg: '41', XSer: '0107060804123402' + '01' },
    { text: 'A', reference: 0x1234, partNumber: 1, partCount: 2 },
  ],
  ['data', { MT: '4', NB: '0024', Msg: 'DEADBE', XSer: '020104' }, { text: 'deadbe', encoding: 'binary' }],
  ['transparent data without a word about it', { MT: '4', NB: '8', Msg: 'AB' }, { encoding: 'binary' }],
  ['packed septets', { MT: '4', NB: '70', Msg: 'E8329BFD4697D9EC37', DCs: '0' }, { text: 'hellohello' }],
  ['a name as sender', { OAdC: '10C1E9B42A0D3A8745', OTOA: '5039', Msg: '41' }, { sender: 'ASSURANCE' }],
  ['an international sender', { OAdC: '22670112233', OTOA: '1139', Msg: '41' }, { sender: '22670112233' }],
  ['services that end too soon', { Msg: '41', XSer: '0106050003' }, { text: 'A', partCount: 1 }],
  ['a header that lies about its length', { Msg: '41', XSer: '0102FF00' }, { text: 'A', partCount: 1 }],
  ['a national language table', { Msg: '41', XSer: '0104032401' + '01' }, { text: 'A', partCount: 1 }],
  ['an empty text', { Msg: '' }, { text: '' }],
]

for (const [name, fields, expected] of readings) {
  test(`${name} is read`, t => {
    const reading = readIncoming({ ...base, ...fields }, config)
    if (reading.kind === 'malformed') return t.fail(reading.reason)
    t.like(reading.part, expected)
  })
}

test('a text that is no hex, and an unknown message type, are malformed', t => {
  t.is(readIncoming({ ...base, Msg: '4' }, config).kind, 'malformed')
  t.is(readIncoming({ ...base, Msg: 'zz' }, config).kind, 'malformed')
  t.is(readIncoming({ ...base, MT: '', Msg: '41' }, config).kind, 'malformed')
})

test('whatever the fields hold, reading them ends in a part or in a reason', t => {
  const field = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.uint8Array({ maxLength: 60 }).map(hex),
    fc.constantFrom('2', '3', '4', '5039', '020108', '020100'),
  )
  fc.assert(
    fc.property(
      fc.record({
        AdC: field,
        OAdC: field,
        MT: field,
        NB: field,
        Msg: field,
        DCs: field,
        OTOA: field,
        XSer: field,
      }),
      fields => {
        t.regex(readIncoming(fields, config).kind, /^(part|malformed)$/)
      },
    ),
  )
})

test('a trace line names every field that is set and shows no text, no password and no phone', t => {
  t.is(
    traceLine(vectors.F6),
    'UCP 51 O trn=02 AdC=..233 OAdC=38001 NRq=1 NT=3 NPID=0539 VP=1603272200 MT=3 Msg=(168 digits)',
  )
  t.is(traceLine(vectors.F7), 'UCP 51 R trn=02 A ..233:150327090512')
  t.is(traceLine(vectors.F1), 'UCP 60 O trn=00 OAdC=38001 OTON=6 ONPI=5 STYP=1 PWD=*** VERS=0100 OPID=39')
  t.is(traceLine(vectors.F3), 'UCP 60 R trn=00 N 07 AUTHENTICATION FAILURE')
  t.regex(traceLine('02/00001/O/51/'), /^UCP malformed/)
  const values = Object.values(vectors)
  t.true(values.every(text => !/70112233|65111223|53336372|566F74/.test(traceLine(text))))
})
