import { createServer } from 'node:net'
import test from 'ava'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { part } from '../link-under-test.ts'
import { type BoundLink, boundLink, linkUnderTest, roundTrip } from './link-under-test.ts'
import { answer, scriptedSmsc, sendEmpty } from './scripted-smsc.ts'

/** Lets the link come back after a loss and accepts its new bind. */
async function comeBack({ clock, smsc, link, told }: BoundLink, afterMs = 1000) {
  await clock.advance(afterMs)
  const peer = await smsc.connection()
  await peer.acceptBind()
  await told.until(() => link.status().state === 'bound')
  return peer
}

test('a cut makes every owed submit unknown, and the link comes back with a probe before its window', async t => {
  const bound = await boundLink(t)
  const { link, told, peer } = bound
  link.submit([part(1), part(2)])
  await peer.next(command.submitSm)
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  t.deepEqual(told.outcomes, [
    { kind: 'unknown', partId: 1, reason: 'link-lost' },
    { kind: 'unknown', partId: 2, reason: 'link-lost' },
  ])
  t.is(link.capacity(), 0)
  link.submit([part(3)])
  await told.until(() => told.outcomes.length === 3)
  t.deepEqual(told.outcomes[2], { kind: 'unsent', partId: 3 })
  const again = await comeBack(bound)
  t.is(link.capacity(), 1)
  link.submit([part(4)])
  t.is(link.capacity(), 0)
  answer(again, await again.next(command.submitSm), 'd')
  await told.until(() => told.outcomes.length === 4)
  t.is(link.capacity(), 10)
})

test('half a PDU before a cut does not reach the next session', async t => {
  const bound = await boundLink(t)
  bound.peer.sendBytes(Buffer.from('000000ff00000005', 'hex'))
  bound.peer.cut()
  await bound.told.until(() => bound.link.status().state === 'waiting')
  const peer = await comeBack(bound)
  await roundTrip({ ...bound, peer }, 1)
  t.like(bound.told.outcomes[0], { kind: 'accepted', partId: 1 })
})

test('a submit without answer is unknown after 60 s, frees the window, and its late answer still tells the id', async t => {
  const { link, told, peer, clock } = await boundLink(t, { window: 1, enquireLinkSeconds: 3600 })
  link.submit([part(1)])
  const submit = await peer.next(command.submitSm)
  await clock.advance(60_000)
  t.is(told.outcomes.length, 0)
  await clock.advance(1000)
  t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'timeout' }])
  t.is(link.capacity(), 1)
  answer(peer, submit, 'late')
  await told.until(() => told.outcomes.length === 2)
  t.deepEqual(told.outcomes[1], { kind: 'accepted', partId: 1, remoteId: 'late' })
  answer(peer, submit, 'twice')
  sendEmpty(peer, command.enquireLink, 5)
  await peer.next(command.enquireLinkResp)
  t.is(told.outcomes.length, 2)
})

test('an SMSC that is alive and answers no submit gets one at a time, not its window again and again', async t => {
  const { link, told, peer, clock } = await boundLink(t, { enquireLinkSeconds: 3600 })
  link.submit(Array.from({ length: 10 }, (_, index) => part(index + 1)))
  await peer.next(command.submitSm)
  await clock.advance(61_000)
  t.is(told.outcomes.length, 10)
  t.is(link.capacity(), 1)
  for (let index = 1; index < 10; index++) await peer.next(command.submitSm)
  link.submit([part(11)])
  t.is(link.capacity(), 0)
  answer(peer, await peer.next(command.submitSm), 'back')
  await told.until(() => told.outcomes.length === 11)
  t.is(link.capacity(), 10)
})

test('a clock that jumps forward makes no submit overdue', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  link.submit([part(1)])
  const submit = await peer.next(command.submitSm)
  clock.jumpTo(new Date(clock.nowMs() + 3_600_000))
  await clock.advance(2000)
  t.is(told.outcomes.length, 0)
  answer(peer, submit, 'a')
  await told.until(() => told.outcomes.length === 1)
  t.like(told.outcomes[0], { kind: 'accepted' })
})

test('silence is asked about after 30 s; an answer keeps the link, two misses rebuild it', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  await clock.advance(30_000)
  const question = await peer.next(command.enquireLink)
  sendEmpty(peer, command.enquireLinkResp, question.sequence)
  sendEmpty(peer, command.enquireLink, 77)
  await peer.next(command.enquireLinkResp)
  await clock.advance(30_000)
  await peer.next(command.enquireLink)
  t.is(link.status().state, 'bound')
  await clock.advance(15_000)
  await peer.next(command.enquireLink)
  t.is(link.status().state, 'bound')
  await clock.advance(15_000)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /enquire_link not answered/)
})

test('an unbind of the peer is answered, what is owed is unknown, and the link comes back', async t => {
  const bound = await boundLink(t)
  const { link, told, peer } = bound
  link.submit([part(1)])
  await peer.next(command.submitSm)
  sendEmpty(peer, command.unbind, 42)
  t.is((await peer.next(command.unbindResp)).sequence, 42)
  await peer.ended
  await told.until(() => link.status().state === 'waiting')
  t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'link-lost' }])
  await comeBack(bound)
  t.pass()
})

for (const [status, name] of [
  [0x0d, 'ESME_RBINDFAIL'],
  [0x0e, 'ESME_RINVPASWD'],
  [0x0f, 'ESME_RINVSYSID'],
  [0x53, 'ESME_RINVSYSTYP'],
] as const) {
  test(`a bind refused with ${name} is a refused link, tried again after five minutes and not before`, async t => {
    const smsc = await scriptedSmsc(t)
    const clock = fakeClock()
    const { link, told } = linkUnderTest(t, { port: smsc.port }, clock)
    link.start()
    await (await smsc.connection()).acceptBind(status)
    await told.until(() => link.status().state === 'refused')
    t.is(link.status().reason, `transceiver: bind refused: ${name}`)
    await clock.advance(299_000)
    t.is(smsc.connectionCount, 1)
    await clock.advance(1000)
    await (await smsc.connection()).acceptBind()
    await told.until(() => link.status().state === 'bound')
    t.is(link.capacity(), 10)
  })
}

test('an SMSC that has not noticed our former connection is tried again after 30 s', async t => {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { port: smsc.port }, clock)
  link.start()
  await (await smsc.connection()).acceptBind(0x05)
  await told.until(() => link.status().state === 'waiting')
  await clock.advance(29_900)
  t.is(smsc.connectionCount, 1)
  await clock.advance(100)
  await (await smsc.connection()).acceptBind()
  await told.until(() => link.status().state === 'bound')
  t.pass()
})

test('a bind that is nacked or not answered is tried again', async t => {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { port: smsc.port }, clock)
  link.start()
  const silent = await smsc.connection()
  await silent.next(command.bindTransceiver)
  await clock.advance(30_500)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /bind not answered in time/)
  await clock.advance(1000)
  const nacking = await smsc.connection()
  const bind = await nacking.next(command.bindTransceiver)
  sendEmpty(nacking, command.genericNack, bind.sequence, 0x08)
  await told.until(() => link.status().reason.includes('ESME_RSYSERR'))
  t.is(link.status().state, 'waiting')
})

test('an SMSC that is down is tried after 1, 2, 5, 10, 20, 30, 60 and 60 s', async t => {
  const free = createServer()
  await new Promise<void>(resolve => free.listen(0, '127.0.0.1', resolve))
  const { port } = free.address() as { port: number }
  await new Promise(resolve => free.close(resolve))
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { port }, clock)
  link.start()
  const waits = () => told.log.filter(line => line.event === 'bind.waiting')
  for (let count = 1; count <= 8; count++) {
    await told.until(() => waits().length === count)
    await clock.advance(Number(waits().at(-1)?.fields.retryMs))
  }
  t.deepEqual(
    waits()
      .slice(0, 8)
      .map(line => Number(line.fields.retryMs) / 1000),
    [1, 2, 5, 10, 20, 30, 60, 60],
  )
  t.regex(link.status().reason, /ECONNREFUSED|connecting/)
})

test('a stop while waiting or connecting ends at once, and nothing is tried any more', async t => {
  const bound = await boundLink(t)
  bound.peer.cut()
  await bound.told.until(() => bound.link.status().state === 'waiting')
  await bound.link.stop()
  await bound.clock.advance(600_000)
  t.is(bound.smsc.connectionCount, 1)
  t.is(bound.link.status().state, 'stopped')
})

test('throttled parts are refused in order, the bind pauses, then one part probes', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  link.submit([part(1), part(2), part(3)])
  for (let index = 0; index < 3; index++) answer(peer, await peer.next(command.submitSm), '', 0x58)
  await told.until(() => told.outcomes.length === 3)
  t.deepEqual(
    told.outcomes.map(outcome => [outcome.partId, outcome.kind === 'refused' && outcome.refusal]),
    [
      [1, 'throttle'],
      [2, 'throttle'],
      [3, 'throttle'],
    ],
  )
  t.is(link.capacity(), 0)
  t.is(link.status().pausedUntilMs, clock.nowMs() + 1000)
  t.is(told.states.at(-1)?.pausedUntilMs, clock.nowMs() + 1000)
  const calls = told.capacityCalls
  await clock.advance(999)
  t.is(link.capacity(), 0)
  await clock.advance(1)
  t.true(told.capacityCalls > calls)
  t.is(link.capacity(), 1)
  await roundTrip({ link, told, peer }, 4)
  t.is(link.capacity(), 10)
})

test('an SMSC that says we are not bound gets a new session', async t => {
  const bound = await boundLink(t)
  const { link, told, peer } = bound
  link.submit([part(1)])
  answer(peer, await peer.next(command.submitSm), '', 0x04)
  await told.until(() => link.status().state === 'waiting')
  t.like(told.outcomes[0], { kind: 'refused', refusal: 'link' })
  await comeBack(bound)
  t.pass()
})

test('receipts of a lost session are not answered on the next one', async t => {
  const bound = await boundLink(t)
  const { link, told } = bound
  bound.peer.sendBytes(
    Buffer.from(
      '0000003500000005000000000000006600010132323637303131323233330003003338303031000000000000000000000453544f50',
      'hex',
    ),
  )
  await told.until(() => told.incoming.length === 1)
  bound.peer.cut()
  await told.until(() => link.status().state === 'waiting')
  const peer = await comeBack(bound)
  link.acknowledge([told.incoming[0]?.receiptToken ?? 0], true)
  sendEmpty(peer, command.enquireLink, 1)
  await peer.next(command.enquireLinkResp)
  t.is(peer.waiting.length, 0)
})
