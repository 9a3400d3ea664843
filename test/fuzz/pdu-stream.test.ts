/** Octets of a hostile peer: against the readers alone, a live link and the live simulator. */
import test from 'ava'
import fc from 'fast-check'
import { decodeShortMessage } from '../../connectors/operators/smpp/codec.ts'
import { createFramer, maxPduLength } from '../../connectors/operators/smpp/framing.ts'
import { readReceipt } from '../../connectors/operators/smpp/receipt.ts'
import { command } from '../../connectors/operators/smpp/tables.ts'
import { simulator } from '../connectors/operators/simulator/raw-client.ts'
import { linkUnderTest, roundTrip } from '../connectors/operators/smpp/link-under-test.ts'
import { scriptedSmsc, sendEmpty } from '../connectors/operators/smpp/scripted-smsc.ts'
import { vectors } from '../connectors/operators/smpp/vectors.ts'
import { outgoing, talk } from '../flows/independent-link.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { fuzz } from './fuzz.ts'
import { hostilePeer, pour } from './hostile-peers.ts'
import { cuts, mutatedOctets, pieces } from './mutations.ts'

const pdus = Object.values(vectors).map(hex => Buffer.from(hex, 'hex'))
const session = Buffer.concat(pdus)

const header = fc
  .tuple(
    fc.constantFrom(0, 3, 15, 16, 17, 64, 0x10000, 0x10001, 0x7fffffff, 0xffffffff),
    fc.constantFrom(...Object.values(command), 0, 0xffffffff),
    fc.constantFrom(0, 0x58, 0xffffffff),
    fc.constantFrom(0, 1, 2, 0x7fffffff, 0xffffffff),
  )
  .map(words => {
    const octets = Buffer.alloc(16)
    for (const [index, word] of words.entries()) octets.writeUInt32BE(word, index * 4)
    return octets
  })
const octets = fc.oneof(
  { weight: 4, arbitrary: mutatedOctets([...pdus, session]) },
  {
    weight: 2,
    arbitrary: fc.tuple(header, fc.uint8Array({ maxLength: 80 })).map(parts => Buffer.concat(parts)),
  },
  fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
)

test('any octets, cut anywhere, are frames, a wait for more, or the end of the stream', async t => {
  await fuzz(t, fc.tuple(octets, cuts), ([whole, shares]) => {
    const framer = createFramer()
    let framed = 0
    for (const piece of pieces(whole, shares)) {
      framer.push(piece)
      for (let frame = framer.next(); frame.kind !== 'incomplete'; frame = framer.next()) {
        if (frame.kind === 'malformed') return frame.reason.length < 200
        framed += 16 + frame.body.length
        const decoded = decodeShortMessage(frame.body, frame.commandId)
        if (decoded.kind === 'message')
          readReceipt(decoded.message, { receiptIdMode: 'auto', smscUtcOffsetMinutes: 0 })
      }
    }
    return (
      framed + framer.pendingOctets() === whole.length &&
      framer.pendingOctets() <= maxPduLength + whole.length
    )
  })
})

test('a live link outlives whatever its peer writes, binds again, and sends a hundred messages', async t => {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const quiet = { enquireLinkSeconds: 86_400, window: 100 }
  const { link, told } = linkUnderTest(t, { ...quiet, port: smsc.port }, clock)
  let sequence = 0x1000
  const peer = await hostilePeer({
    link,
    told,
    clock,
    async accept() {
      const connection = await smsc.connection()
      await connection.acceptBind()
      return connection
    },
    probe(connection) {
      sequence += 1
      const asked = sequence
      sendEmpty(connection, command.enquireLink, asked)
      return () =>
        connection.waiting.some(pdu => pdu.commandId === command.enquireLinkResp && pdu.sequence === asked)
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

test('a live simulator outlives whatever its clients write, and serves a hundred messages', async t => {
  const operator = await simulator(t, {
    keep: 'counts',
    accounts: [{ systemId: 'ASSUR1', password: 'S3cret!', maxSessions: 1_000 }],
  })
  const bind = Buffer.from(vectors.P1, 'hex')
  await fuzz(
    t,
    fc.tuple(octets, cuts, fc.boolean()),
    ([whole, shares, isBound]) => pour(operator.port, [...(isBound ? [bind] : []), ...pieces(whole, shares)]),
    { share: 0.3 },
  )
  await operator.when(status => status.sessions === 0)
  const before = operator.status()
  t.true(before.bindsAccepted > 0 && before.malformedPdus > 0)
  const parts = Array.from({ length: 100 }, (_, index) => outgoing(index + 1))
  const heard = talk(t, parts, { port: operator.port, systemId: 'ASSUR1', password: 'S3cret!', window: 50 })
  const ours = new Set<string>()
  await heard.when(() => {
    for (const outcome of heard.outcomes) if (outcome.kind === 'accepted') ours.add(outcome.remoteId)
    return (
      ours.size === 100 && heard.receipts.filter(receipt => ours.has(receipt.remoteIdKeys[0]!)).length >= 100
    )
  })
  t.is(operator.status().partsAccepted - before.partsAccepted, 100)
})
