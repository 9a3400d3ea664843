import { createServer } from 'node:net'
import test from 'ava'
import { buildAck, buildNack } from '../../../../connectors/operators/ucp/results.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { type BoundLink, boundLink, linkUnderTest, part, parts, roundTrip } from './link-under-test.ts'
import { accept, refuse, scriptedSmsc } from './scripted-smsc.ts'

/** Lets the link come back after a loss and accepts its new login. */
async function comeBack({ clock, smsc, link, told }: BoundLink, afterMs = 1000) {
  await clock.advance(afterMs)
  const peer = await smsc.connection()
  await peer.acceptLogin()
  await told.until(() => link.status().state === 'bound')
  return peer
}

test('a cut makes every owed submit unknown, what was held goes back, and the link probes when it is back', async t => {
  const bound = await boundLink(t)
  const { link, told, peer } = bound
  link.submit([part(1), part(2), part(3, { recipient: '22670000001' })])
  await peer.nextSubmit()
  peer.cut()
  await told.until(() => told.outcomes.length === 3)
  t.deepEqual(told.outcomes, [
    { kind: 'unknown', partId: 1, reason: 'link-lost' },
    { kind: 'unknown', partId: 2, reason: 'link-lost' },
    { kind: 'unsent', partId: 3 },
  ])
  t.is(link.status().state, 'waiting')
  t.is(link.capacity(), 0)
  const again = await comeBack(bound)
  t.is(link.capacity(), 1)
  await roundTrip({ ...bound, peer: again }, 4)
  t.is(link.capacity(), 10)
  t.like(link.status().binds[0], { reconnects: 1 })
  t.truthy(link.status().lastError)
})

test('half a frame before a cut does not reach the next session', async t => {
  const bound = await boundLink(t)
  bound.peer.sendBytes(Buffer.from('\x0200/00252/O/52/38'))
  bound.peer.cut()
  await bound.told.until(() => bound.link.status().state === 'waiting')
  const peer = await comeBack(bound)
  await roundTrip({ ...bound, peer }, 1)
  t.like(bound.told.outcomes[0], { kind: 'accepted', partId: 1 })
})

test('a submit without result is unknown after 60 s, frees the window, and its late result still tells the id', async t => {
  const { link, told, peer, clock } = await boundLink(t, { window: 1, keepAliveSeconds: 3600 })
  link.submit([part(1)])
  const { frame } = await peer.nextSubmit()
  await clock.advance(30_000)
  peer.send('02/00035/O/31/0234765439845/0139/A0')
  await peer.next('R', 31)
  await clock.advance(30_000)
  t.is(told.outcomes.length, 0)
  await clock.advance(1000)
  t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'timeout' }])
  t.is(link.capacity(), 1)
  link.submit([part(2)])
  t.not((await peer.nextSubmit()).frame.trn, frame.trn)
  accept(peer, frame, '150327090512')
  await told.until(() => told.outcomes.length === 2)
  t.deepEqual(told.outcomes[1], { kind: 'accepted', partId: 1, remoteId: '70000001:150327090512' })
  accept(peer, frame, '150327090599')
  await told.until(() => told.log.some(line => line.event === 'frame.unexpected'))
  t.is(told.outcomes.length, 2)
})

test('a peer that answers nothing and sends nothing is given up after 60 s, and what it was given is unknown', async t => {
  const bound = await boundLink(t)
  const { link, told, peer, clock } = bound
  link.submit(parts(1, 10))
  await peer.nextSubmit()
  await clock.advance(61_000)
  t.is(told.outcomes.length, 10)
  t.true(told.outcomes.every(outcome => outcome.kind === 'unknown' && outcome.reason === 'timeout'))
  t.is(link.status().state, 'waiting')
  t.regex(link.status().reason, /not a sign of the peer/)
  await comeBack(bound)
  t.is(link.capacity(), 1)
})

test('an SMSC that is alive and answers no submit gets one at a time, and a new login when the numbers are used up', async t => {
  const { link, told, peer, clock } = await boundLink(t, {
    window: 50,
    answerSeconds: 1,
    keepAliveSeconds: 3600,
  })
  const sign = async (): Promise<void> => {
    peer.send('02/00035/O/31/0234765439845/0139/A0')
    await peer.next('R', 31)
  }
  link.submit(parts(1, 50))
  await peer.nextSubmit()
  await clock.advance(1000)
  await sign()
  await clock.advance(500)
  await told.until(() => told.outcomes.length === 50)
  for (let partId = 51; partId <= 100; partId++) {
    t.is(link.capacity(), 1)
    link.submit([part(partId)])
    await clock.advance(1000)
    await sign()
    await clock.advance(500)
    await told.until(() => told.outcomes.length === partId)
  }
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /every TRN awaits a result/)
})

test('a clock that jumps forward makes no submit overdue', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  link.submit([part(1)])
  const { frame } = await peer.nextSubmit()
  clock.jumpTo(new Date(clock.nowMs() + 3_600_000))
  await clock.advance(2000)
  t.is(told.outcomes.length, 0)
  accept(peer, frame, '150327090512')
  await told.until(() => told.outcomes.length === 1)
  t.like(told.outcomes[0], { kind: 'accepted' })
})

test('a keep-alive without result ends the session after its deadline', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  await clock.advance(50_500)
  await peer.next('O', 31)
  await clock.advance(59_000)
  t.is(link.status().state, 'bound')
  await clock.advance(1500)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /operation 31 not answered/)
})

for (const ec of [1, 4, 7]) {
  test(`a login refused with EC 0${ec} is tried again after five minutes and not before`, async t => {
    const smsc = await scriptedSmsc(t)
    const clock = fakeClock()
    const settings = { port: smsc.port, secondaryHost: '127.0.0.1', secondaryPort: smsc.port }
    const { link, told } = linkUnderTest(t, settings, clock)
    link.start()
    const peer = await smsc.connection()
    const login = await peer.next('O', 60)
    t.is(login.fields[4], '53336372657421')
    peer.send(buildNack(60, login.trn, ec, 'AUTHENTICATION FAILURE'))
    await told.until(() => link.status().state === 'refused')
    t.regex(link.status().reason, /^UCP primary: login refused: EC 0/)
    t.is(link.capacity(), 0)
    await clock.advance(299_000)
    t.is(smsc.connectionCount, 1)
    await clock.advance(2000)
    await (await smsc.connection()).acceptLogin()
    await told.until(() => link.status().state === 'bound')
    t.is(link.status().binds[0]?.name, 'UCP primary')
    t.false(told.log.some(line => JSON.stringify(line).includes('S3cret')))
  })
}

test('EC 07 to a submit is a refused login: the session is closed and the slow cycle begins', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit(parts(1, 2))
  refuse(peer, (await peer.nextSubmit()).frame, 7)
  await told.until(() => link.status().state === 'refused')
  t.like(told.outcomes, [
    { kind: 'refused', partId: 1, refusal: 'link' },
    { kind: 'unknown', partId: 2, reason: 'link-lost' },
  ])
})

test('a login without answer is given up after 30 s', async t => {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { port: smsc.port }, clock)
  link.start()
  const peer = await smsc.connection()
  await peer.next('O', 60)
  await clock.advance(29_000)
  t.is(link.status().state, 'binding')
  await clock.advance(1000)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /login not answered in time/)
})

test('a port where nobody listens is told as such, and the waits grow', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { port }, clock)
  link.start()
  for (const seconds of [1, 2, 5, 10, 20, 30, 60, 60]) {
    await told.until(() => link.status().state === 'waiting')
    const last = told.log.findLast(line => line.event === 'bind.waiting')
    t.is(last?.fields.retryMs, seconds * 1000)
    t.regex(link.status().reason, /ECONNREFUSED/)
    await clock.advance(seconds * 1000)
  }
})

test('the two addresses take turns while attempts fail, from the local address that is set', async t => {
  const closed = createServer()
  await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as { port: number }
  await new Promise(resolve => closed.close(resolve))
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const settings = {
    port,
    secondaryHost: '127.0.0.1',
    secondaryPort: smsc.port,
    localAddress: '127.0.0.1',
  }
  const { link, told } = linkUnderTest(t, settings, clock)
  link.start()
  await told.until(() => link.status().state === 'waiting')
  await clock.advance(1000)
  const peer = await smsc.connection()
  await peer.acceptLogin()
  await told.until(() => link.status().state === 'bound')
  t.is(link.status().binds[0]?.name, 'UCP secondary')
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  await clock.advance(2000)
  await (await smsc.connection()).acceptLogin()
  await told.until(() => link.status().state === 'bound')
  t.is(link.status().binds[0]?.name, 'UCP secondary')
})

test('a local address that this machine does not have is a reason, not a crash', async t => {
  const smsc = await scriptedSmsc(t)
  const { link, told } = linkUnderTest(t, { port: smsc.port, localAddress: '192.0.2.77' }, fakeClock())
  link.start()
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /EADDRNOTAVAIL|EINVAL|ENETUNREACH/)
})

test('a token of a lost session answers nothing in the next one', async t => {
  const bound = await boundLink(t)
  const { link, told, peer } = bound
  peer.send('03/00091/O/52/38001/22670112233////////////0000/150327101112////3//53544F50///0//////////32')
  await told.until(() => told.incoming.length === 1)
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  const again = await comeBack(bound)
  link.acknowledge([told.incoming[0]!.receiptToken], true)
  again.send('02/00035/O/31/0234765439845/0139/A0')
  await again.next('R', 31)
  t.deepEqual(again.waiting, [])
})

test('an answer to the login that comes twice changes nothing', async t => {
  const bound = await boundLink(t)
  bound.peer.send(buildAck(60, 0, ''), buildNack(60, 0, 7))
  await roundTrip(bound, 1)
  t.is(bound.link.status().state, 'bound')
})
