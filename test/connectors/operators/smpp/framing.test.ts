import test from 'ava'
import fc from 'fast-check'
import { createFramer, type Frame, maxPduLength } from '../../../../connectors/operators/smpp/framing.ts'
import { bytesOf } from './vectors.ts'

const stream = Buffer.concat([bytesOf('P3'), bytesOf('P11'), bytesOf('P8'), bytesOf('P5'), bytesOf('P16')])

function drain(framer: ReturnType<typeof createFramer>): Frame[] {
  const frames: Frame[] = []
  for (;;) {
    const frame = framer.next()
    if (frame.kind === 'incomplete') return frames
    frames.push(frame)
    if (frame.kind === 'malformed') return frames
  }
}

const sequences = (frames: Frame[]): number[] =>
  frames.map(frame => (frame.kind === 'pdu' ? frame.sequence : -1))

test('several PDUs of one read come out in order with their bodies', t => {
  const framer = createFramer()
  framer.push(stream)
  const frames = drain(framer)
  t.deepEqual(sequences(frames), [2, 6, 0x65, 3, 9])
  t.is(frames[0]?.kind === 'pdu' && frames[0].body.length, bytesOf('P3').length - 16)
  t.is(framer.pendingOctets(), 0)
})

test('however the stream is cut, the same PDUs come out', t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 60 }), cuts => {
      const framer = createFramer()
      const frames: Frame[] = []
      let offset = 0
      for (let turn = 0; offset < stream.length; turn++) {
        const length = cuts[turn % cuts.length] ?? 1
        framer.push(stream.subarray(offset, offset + length))
        offset += length
        frames.push(...drain(framer))
      }
      t.deepEqual(sequences(frames), [2, 6, 0x65, 3, 9])
    }),
    { numRuns: 300 },
  )
})

test('half a PDU is told by the octets that wait', t => {
  const framer = createFramer()
  framer.push(bytesOf('P3').subarray(0, 40))
  t.deepEqual(framer.next(), { kind: 'incomplete' })
  t.is(framer.pendingOctets(), 40)
  framer.push(bytesOf('P3').subarray(40))
  t.is(framer.next().kind, 'pdu')
  t.is(framer.pendingOctets(), 0)
})

for (const length of [0, 3, 4, 8, 15, maxPduLength + 1, 0xffffffff]) {
  test(`command_length ${length} is malformed as soon as it is read, and stays so`, t => {
    const framer = createFramer()
    const head = Buffer.alloc(4)
    head.writeUInt32BE(length, 0)
    framer.push(head)
    const frame = framer.next()
    t.like(frame, { kind: 'malformed' })
    t.regex(
      frame.kind === 'malformed' ? frame.reason : '',
      new RegExp(`command_length ${length}, expected 16`),
    )
    framer.push(bytesOf('P11'))
    t.is(framer.next().kind, 'malformed')
  })
}

test('the largest PDU allowed passes, also byte by byte at its end', t => {
  const pdu = Buffer.alloc(maxPduLength)
  pdu.writeUInt32BE(maxPduLength, 0)
  const framer = createFramer()
  framer.push(pdu.subarray(0, maxPduLength - 100))
  t.is(framer.next().kind, 'incomplete')
  for (let index = maxPduLength - 100; index < maxPduLength; index++) {
    framer.push(pdu.subarray(index, index + 1))
    t.is(framer.next().kind, index === maxPduLength - 1 ? 'pdu' : 'incomplete')
  }
})
