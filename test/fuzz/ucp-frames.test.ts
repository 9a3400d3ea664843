/** Frames of a hostile peer over UCP: against the readers alone, a live link and the live simulator. */
import test from 'ava'
import fc from 'fast-check'
import { readSubmit } from '../../connectors/operators/simulator/ucp/submit.ts'
import { buildFrame, parseFrame } from '../../connectors/operators/ucp/frame.ts'
import { createFrameReader, maxFrameOctets, onWire } from '../../connectors/operators/ucp/framing.ts'
import {
  buildOperation,
  isKnownOperation,
  operation,
  readOperation,
} from '../../connectors/operators/ucp/operations.ts'
import { readResult } from '../../connectors/operators/ucp/results.ts'
import { accepted, partsTo, ucpTraffic } from '../connectors/operators/simulator/link-traffic.ts'
import { simulator } from '../connectors/operators/simulator/raw-client.ts'
import { linkUnderTest, roundTrip } from '../connectors/operators/ucp/link-under-test.ts'
import { scriptedSmsc } from '../connectors/operators/ucp/scripted-smsc.ts'
import { vectors } from '../connectors/operators/ucp/vectors.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { fuzz } from './fuzz.ts'
import { hostilePeer, pour } from './hostile-peers.ts'
import { cuts, mutated, pieces } from './mutations.ts'

const frames = Object.values(vectors)
const session = frames.map(onWire).join('\r\n')
const words = ['/', '//', '\x02', '\x03', '\x02\x03', '00', '99999', 'O', 'R', 'A', 'N', '53', '0500', '\xff']

/** Damaged fields under a header, a LEN and a checksum that are right: what reaches beyond the first check. */
const wellFramed = fc
  .tuple(
    fc.nat(99),
    fc.constantFrom('O' as const, 'R' as const),
    fc.constantFrom(...Object.values(operation), 0, 2, 55, 99),
    mutated(
      frames.map(text => text.slice(14, -3)),
      words,
    ),
  )
  .map(([trn, type, ot, data]) => onWire(buildFrame({ trn, type, ot, fields: data.split('/') })))
const octets = fc
  .oneof(
    { weight: 3, arbitrary: mutated([...frames.map(onWire), session], [...words, ...frames.map(onWire)]) },
    { weight: 3, arbitrary: wellFramed },
    fc.string({ unit: 'binary', maxLength: 300 }),
  )
  .map(text => Buffer.from(text, 'latin1'))

test('any octets, cut anywhere, are frames, what is skipped, or the end of the stream', async t => {
  await fuzz(t, fc.tuple(octets, cuts), ([whole, shares]) => {
    const reader = createFrameReader()
    for (const piece of pieces(whole, shares)) {
      reader.push(piece)
      for (let item = reader.next(); item.kind !== 'incomplete'; item = reader.next()) {
        if (item.kind === 'too-long') return item.reason.length < 200
        if (item.kind === 'text' && !isRead(item.text)) return false
      }
    }
    return reader.pendingOctets() <= maxFrameOctets + 1
  })
})

/** A frame that could be read says the same when it is written again; nothing of it throws. */
function isRead(text: string): boolean {
  const frame = parseFrame(text)
  if (frame.kind === 'malformed') return frame.reason.length < 200
  if (isKnownOperation(frame.ot)) readOperation(frame.ot, frame)
  if (frame.type === 'R') readResult(frame)
  const submit = readSubmit({ ...frame, ot: operation.submit })
  const isPlaced = submit.kind === 'malformed' || submit.part.partCount <= 255
  return isPlaced && buildFrame(frame).slice(0, -2) === text.slice(0, -2)
}

test('a live link outlives whatever its SMSC writes, logs in again, and sends a hundred messages', async t => {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { keepAliveSeconds: 86_400, port: smsc.port }, clock)
  const peer = await hostilePeer({
    link,
    told,
    clock,
    async accept() {
      const connection = await smsc.connection()
      await connection.acceptLogin()
      return connection
    },
    probe(connection) {
      connection.waiting.length = 0
      connection.send(buildOperation(operation.alert, 77, { AdC: '38001', PID: '0539' }))
      return () => connection.waiting.some(({ type, ot, trn }) => type === 'R' && ot === 31 && trn === 77)
    },
  })
  await fuzz(
    t,
    fc.tuple(octets, cuts),
    async ([whole, shares]) => {
      for (const piece of pieces(whole, shares)) peer.connection.sendBytes(piece)
      await peer.recover()
      return link.status().state === 'bound'
    },
    { share: 0.3 },
  )
  for (let partId = 1; partId <= 100; partId += 1)
    await roundTrip({ link, told, peer: peer.connection }, partId)
  t.is(told.outcomes.filter(({ kind }) => kind === 'accepted').length, 100)
})

test('a live simulator of UCP outlives whatever its clients write, and serves a hundred messages', async t => {
  const password = 'S3cret!'
  const operator = await simulator(t, {
    protocol: 'ucp',
    keep: 'counts',
    accounts: [{ systemId: '38001', password, maxSessions: 1_000 }],
  })
  const login = Buffer.from(onWire(vectors.F1), 'latin1')
  await fuzz(
    t,
    fc.tuple(octets, cuts, fc.boolean()),
    ([whole, shares, isBound]) =>
      pour(operator.port, [...(isBound ? [login] : []), ...pieces(whole, shares)]),
    { share: 0.3 },
  )
  await operator.when(status => status.sessions === 0)
  const before = operator.status()
  t.true(before.bindsAccepted > 0 && before.malformedPdus > 0)
  const seen = ucpTraffic(t, operator, partsTo(100), { password })
  await seen.when(() => {
    const ours = new Set(accepted(seen).map(({ remoteId }) => remoteId))
    const told = new Set(seen.receipts.map(({ remoteIdKeys }) => remoteIdKeys[0] ?? ''))
    return ours.size === 100 && [...ours].every(id => told.has(id))
  })
  t.is(operator.status().partsAccepted - before.partsAccepted, 100)
})
