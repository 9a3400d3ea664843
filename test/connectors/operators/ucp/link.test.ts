import test from 'ava'
import { buildAck, buildNack } from '../../../../connectors/operators/ucp/results.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { boundLink, linkUnderTest, part, parts, roundTrip } from './link-under-test.ts'
import { accept, incoming, notification, refuse, scriptedSmsc } from './scripted-smsc.ts'

test('a link logs in, submits, and hands on the answer, the receipt and an incoming message', async t => {
  const { link, told, peer } = await boundLink(t)
  t.like(link.status(), { state: 'bound', reason: '', window: 10, inFlight: 0 })
  link.submit([part(1, { recipient: '22670112233' })])
  const { frame, fields } = await peer.nextSubmit()
  t.like(fields, { AdC: '0022670112233', OAdC: '38001', MT: '3' })
  t.is(link.status().inFlight, 1)
  accept(peer, frame, '150327090512')
  await told.until(() => told.outcomes.length === 1)
  t.deepEqual(told.outcomes, [{ kind: 'accepted', partId: 1, remoteId: '70112233:150327090512' }])

  peer.send(
    notification(0, {
      OAdC: '0022670112233',
      SCTS: '150327090512',
      Dst: '0',
      Rsn: '000',
      DSCTS: '150327090530',
    }),
  )
  await told.until(() => told.receipts.length === 1)
  t.like(told.receipts[0], {
    remoteIdKeys: ['70112233:150327090512'],
    state: 'delivered',
    recipient: '22670112233',
  })
  link.acknowledge([told.receipts[0]!.receiptToken], true)
  t.is((await peer.next('R', 53)).text, '00/00038/R/53/A//38001:150327090512/38')

  peer.send(incoming(3, { OAdC: '22670112233', Msg: '53544F50' }))
  await told.until(() => told.incoming.length === 1)
  t.like(told.incoming[0], { sender: '22670112233', recipient: '38001', text: 'STOP' })
  t.is(told.incoming[0]!.sentAtMs, Date.UTC(2027, 2, 15, 10, 11, 12))
  link.acknowledge([told.incoming[0]!.receiptToken], true)
  t.is((await peer.next('R', 52)).text, '03/00038/R/52/A//38001:150327101112/2F')
  t.like(link.status(), { inFlight: 0, lastError: null })
  t.like(link.status().binds, [{ name: 'UCP primary', state: 'bound', submitted: 1, reconnects: 0 }])
})

test('nothing is acknowledged before it is stored, and what cannot be stored is asked for again', async t => {
  const { link, told, peer } = await boundLink(t)
  peer.send(
    incoming(3, { Msg: '53544F50' }),
    notification(4, { OAdC: '0022670000001', SCTS: '150327090512', Dst: '1' }),
  )
  await told.until(() => told.incoming.length === 1 && told.receipts.length === 1)
  await roundTrip({ link, told, peer }, 7)
  t.deepEqual(peer.waiting, [])
  link.acknowledge([told.incoming[0]!.receiptToken, 999], false)
  t.deepEqual((await peer.next('R', 52)).fields, ['N', '04', ''])
  link.acknowledge([told.receipts[0]!.receiptToken], true)
  link.acknowledge([told.receipts[0]!.receiptToken], true)
  t.deepEqual((await peer.next('R', 53)).fields, ['A', '', '38001:150327090512'])
  await roundTrip({ link, told, peer }, 8)
  t.deepEqual(peer.waiting, [])
})

test('an incoming message by the old operation 01 is taken as well', async t => {
  const { link, told, peer } = await boundLink(t)
  peer.send('00/00070/O/01/01234567890/09876543210//3/53686F7274204D657373616765/D9')
  await told.until(() => told.incoming.length === 1)
  t.like(told.incoming[0], { sender: '09876543210', recipient: '01234567890', text: 'Short Message' })
  link.acknowledge([told.incoming[0]!.receiptToken], true)
  t.deepEqual((await peer.next('R', 1)).fields, ['A', '01234567890:040127090000'])
})

test('the window is never exceeded, answers may come in any order, and one read is one call', async t => {
  const { link, told, peer } = await boundLink(t, { window: 3 })
  t.is(link.capacity(), 3)
  link.submit(parts(1, 4))
  await told.until(() => told.outcomes.length === 1)
  t.deepEqual(told.outcomes, [{ kind: 'unsent', partId: 4 }])
  t.is(link.capacity(), 0)
  const frames = [await peer.nextSubmit(), await peer.nextSubmit(), await peer.nextSubmit()].map(
    ({ frame }) => frame,
  )
  t.is(new Set(frames.map(frame => frame.trn)).size, 3)
  t.true(peer.chunks <= 2, 'a batch leaves in one write')
  const calls = told.outcomeCalls
  peer.send(...frames.toReversed().map(({ trn, fields }) => buildAck(51, trn, `${fields[0]}:150327090512`)))
  await told.until(() => told.outcomes.length === 4)
  t.is(told.outcomeCalls, calls + 1)
  t.deepEqual(
    told.outcomes.slice(1).map(outcome => outcome.partId),
    [3, 2, 1],
  )
  t.is(link.capacity(), 3)
})

test('a window of one waits for each result, and the keep-alive takes its place in it', async t => {
  const { link, told, peer, clock } = await boundLink(t, { window: 1 })
  await roundTrip({ link, told, peer }, 1)
  await clock.advance(50_000)
  const alert = await peer.next('O', 31)
  t.is(link.capacity(), 0)
  peer.send(buildAck(31, alert.trn, '0000'))
  await told.until(() => link.capacity() === 1)
  t.is(link.status().inFlight, 0)
})

test('a window of a hundred uses every number', async t => {
  const { link, told, peer } = await boundLink(t, { window: 100 })
  link.submit(parts(1, 100))
  const trns = new Set<number>()
  for (let count = 0; count < 100; count++) {
    const { frame } = await peer.nextSubmit()
    trns.add(frame.trn)
    accept(peer, frame, '150327090512')
  }
  t.is(trns.size, 100)
  await told.until(() => told.outcomes.length === 100)
  t.true(told.outcomes.every(outcome => outcome.kind === 'accepted'))
})

test('refusals have the class of their code, which the connection may change', async t => {
  const { link, told, peer } = await boundLink(t, { ecClasses: { '91': 'permanent' } })
  const expected = {
    6: 'invalid-recipient',
    24: 'permanent',
    54: 'temporary',
    91: 'permanent',
    92: 'temporary',
  }
  for (const [index, [ec, refusal]] of Object.entries(expected).entries()) {
    link.submit([part(index + 1)])
    refuse(peer, (await peer.nextSubmit()).frame, Number(ec))
    await told.until(() => told.outcomes.length === index + 1)
    t.like(told.outcomes[index], { kind: 'refused', status: Number(ec), refusal })
  }
  t.like(told.outcomes[0], { statusName: 'EC 06 AdC invalid' })
  t.is(link.status().state, 'bound')
})

test('a part that UCP cannot carry is refused and takes no place, and those behind it leave', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1, { sender: 'ASSUR' }), part(2)])
  await told.until(() => told.outcomes.length === 1)
  t.like(told.outcomes[0], { kind: 'refused', partId: 1, statusName: 'originator-not-in-contract' })
  const { fields } = await peer.nextSubmit()
  t.is(fields.AdC, '0022670000002')
  t.is(link.status().inFlight, 1)
})

test('EC 04 pauses the link, then one part is tried before the window opens', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  link.submit(parts(1, 2))
  refuse(peer, (await peer.nextSubmit()).frame, 4)
  refuse(peer, (await peer.nextSubmit()).frame, 4)
  await told.until(() => told.outcomes.length === 2)
  t.like(told.outcomes[0], { kind: 'refused', refusal: 'throttle' })
  t.is(link.capacity(), 0)
  t.true(link.status().pausedUntilMs > clock.nowMs())
  const calls = told.capacityCalls
  await clock.advance(1000)
  t.true(told.capacityCalls > calls)
  t.is(link.capacity(), 1)
  await roundTrip({ link, told, peer }, 3)
  t.is(link.capacity(), 10)
})

test('an SMSC that allows nothing through six pauses has forgotten us: we log in anew', async t => {
  const { link, told, peer, clock, smsc } = await boundLink(t, { keepAliveSeconds: 3600 })
  for (let attempt = 1; attempt <= 6; attempt++) {
    link.submit([part(attempt)])
    refuse(peer, (await peer.nextSubmit()).frame, 4)
    await told.until(() => told.outcomes.length === attempt)
    if (attempt < 6) await clock.advance(60_000)
  }
  await peer.ended
  t.regex(link.status().reason, /logging in anew/)
  await clock.advance(1000)
  await (await smsc.connection()).acceptLogin()
  await told.until(() => link.status().state === 'bound')
})

test('the contracted rate is kept, and the link wakes the gateway when a part may leave', async t => {
  const { link, told, peer, clock } = await boundLink(t, { partsPerSecond: 2, window: 100 })
  let sent = 0
  const leftAtMs: number[] = []
  const from = clock.nowMs()
  while (clock.nowMs() - from < 5000) {
    const room = link.capacity()
    if (room > 0) {
      link.submit(parts(sent + 1, sent + room))
      for (let count = 0; count < room; count++) {
        accept(peer, (await peer.nextSubmit()).frame, '150327090512')
        leftAtMs.push(clock.nowMs())
      }
      sent += room
      await told.until(() => told.outcomes.length === sent)
    }
    await clock.advance(20)
  }
  for (const [index, atMs] of leftAtMs.entries()) {
    const third = leftAtMs[index + 2]
    if (third !== undefined) t.true(third - atMs >= 1000, `${third - atMs} ms`)
  }
  t.true(sent >= 9, `${sent} parts in 5 s`)
  t.true(link.status().partsInLastSecond >= 1)
})

test('parts of one message leave a second apart, others are not kept waiting', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  const one = { recipient: '22670000042', partCount: 2, reference: 9 }
  link.submit([part(1, { ...one, partNumber: 1 }), part(2, { ...one, partNumber: 2 }), part(3)])
  const first = await peer.nextSubmit()
  const other = await peer.nextSubmit()
  t.is(first.fields.XSer, '0106050003090201')
  t.is(other.fields.AdC, '0022670000003')
  t.is(link.status().inFlight, 3)
  accept(peer, first.frame, '150327090512')
  accept(peer, other.frame, '150327090512')
  await told.until(() => told.outcomes.length === 2)
  await clock.advance(900)
  t.deepEqual(peer.waiting, [])
  await clock.advance(200)
  const second = await peer.nextSubmit()
  t.is(second.fields.XSer, '0106050003090202')
  accept(peer, second.frame, '150327090513')
  await told.until(() => told.outcomes.length === 3)
  t.like(told.outcomes[2], { kind: 'accepted', partId: 2, remoteId: '70000042:150327090513' })
})

test('what is held behind a part that was refused is given back, not sent', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  const one = { recipient: '22670000042', partCount: 3, reference: 9 }
  link.submit([1, 2, 3].map(partNumber => part(partNumber, { ...one, partNumber })))
  refuse(peer, (await peer.nextSubmit()).frame, 54)
  await told.until(() => told.outcomes.length === 3)
  t.like(told.outcomes, [
    { kind: 'refused', partId: 1 },
    { kind: 'unsent', partId: 2 },
    { kind: 'unsent', partId: 3 },
  ])
  await clock.advance(5000)
  t.deepEqual(peer.waiting, [])
})

test('parts held back are bounded, and their number is part of the capacity', async t => {
  const { link, told } = await boundLink(t, { maxHeldParts: 3 })
  link.submit([1, 2, 3, 4].map(partId => part(partId, { recipient: '22670000042' })))
  await told.until(() => told.outcomes.length === 1)
  t.deepEqual(told.outcomes, [{ kind: 'unsent', partId: 4 }])
  t.is(link.capacity(), 1)
  link.submit([part(5, { recipient: '22670000042' })])
  t.is(link.capacity(), 0)
})

test('two parts accepted in one second in spite of the pacing have ids of their own', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  const to = { recipient: '22670000042' }
  link.submit([part(1, to), part(2, to)])
  accept(peer, (await peer.nextSubmit()).frame, '150327090512')
  await told.until(() => told.outcomes.length === 1)
  await clock.advance(1100)
  accept(peer, (await peer.nextSubmit()).frame, '150327090512')
  await told.until(() => told.outcomes.length === 2)
  t.like(told.outcomes[1], { remoteId: '70000042:150327090512#2' })
  const told53 = { OAdC: '0022670000042', SCTS: '150327090512', Rsn: '000' }
  peer.send(notification(0, { ...told53, Dst: '0' }), notification(1, { ...told53, Dst: '2' }))
  await told.until(() => told.receipts.length === 2)
  t.deepEqual(
    told.receipts.map(receipt => receipt.remoteIdKeys),
    [['70000042:150327090512'], ['70000042:150327090512#2']],
  )
})

test('the keep-alive leaves after 50 s without an operation of ours; an incoming one is answered', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  await clock.advance(30_000)
  await roundTrip({ link, told, peer }, 1)
  await clock.advance(49_000)
  t.deepEqual(peer.waiting, [])
  await clock.advance(1500)
  const alert = await peer.next('O', 31)
  t.deepEqual(alert.fields, ['38001', '0539'])
  peer.send(buildAck(31, alert.trn, '0003'))
  peer.send('02/00035/O/31/0234765439845/0139/A0')
  t.is((await peer.next('R', 31)).text, '02/00023/R/31/A/0000/28')
})

for (const ec of [3, 4]) {
  test(`an SMSC that answers the keep-alive with N/0${ec} is not asked again and stays bound`, async t => {
    const { link, told, peer, clock } = await boundLink(t)
    await clock.advance(50_500)
    const alert = await peer.next('O', 31)
    peer.send(buildNack(31, alert.trn, ec))
    await told.until(() => told.log.some(line => line.event === 'keep-alive.refused'))
    await clock.advance(300_000)
    t.deepEqual(peer.waiting, [])
    t.is(link.status().state, 'bound')
    await roundTrip({ link, told, peer }, 1)
  })
}

test('without a login the link is bound at once and asks for a sign of life', async t => {
  const smsc = await scriptedSmsc(t)
  const { link, told } = linkUnderTest(t, { login: 'none', port: smsc.port }, fakeClock())
  link.start()
  const peer = await smsc.connection()
  const alert = await peer.next('O', 31)
  await told.until(() => link.status().state === 'bound')
  peer.send(buildAck(31, alert.trn, '0000'))
  await roundTrip({ link, told, peer }, 1)
  t.deepEqual(peer.waiting, [])
})

test('a trace is switched on and off while bound and tells frames without bodies', async t => {
  const { link, told, peer } = await boundLink(t)
  const lines: string[] = []
  link.trace(({ bind, direction, line }) => lines.push(`${bind} ${direction} ${line}`))
  await roundTrip({ link, told, peer }, 1)
  link.trace(null)
  await roundTrip({ link, told, peer }, 2)
  t.deepEqual(lines, [
    'UCP primary out UCP 51 O trn=01 AdC=..001 OAdC=38001 NRq=1 NT=3 MT=3 Msg=(70 digits)',
    'UCP primary in UCP 51 R trn=01 A ..001:150327090512',
  ])
})

test('a stop takes no more, waits for what is owed, then closes', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1), part(2, { recipient: '22670000001' })])
  const { frame } = await peer.nextSubmit()
  const stopped = link.stop()
  t.is(link.status().state, 'draining')
  t.is(link.capacity(), 0)
  await told.until(() => told.outcomes.length === 1)
  t.deepEqual(told.outcomes, [{ kind: 'unsent', partId: 2 }])
  accept(peer, frame, '150327090512')
  await stopped
  t.like(told.outcomes[1], { kind: 'accepted', partId: 1 })
  t.is(link.status().state, 'stopped')
  await peer.ended
})

test('a stop does not wait for ever: what is owed then is unknown', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  link.submit([part(1)])
  await peer.nextSubmit()
  const stopped = link.stop()
  await clock.advance(30_000)
  await stopped
  t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'link-lost' }])
  link.start()
  t.is(link.status().state, 'connecting')
})
