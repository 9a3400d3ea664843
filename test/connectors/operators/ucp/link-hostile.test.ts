import test from 'ava'
import fc from 'fast-check'
import { buildFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { onWire } from '../../../../connectors/operators/ucp/framing.ts'
import { buildAck } from '../../../../connectors/operators/ucp/results.ts'
import { boundLink, part, parts, roundTrip } from './link-under-test.ts'
import { accept, incoming, notification } from './scripted-smsc.ts'
import { bytesOf, vectors } from './vectors.ts'

test('a frame of 64 kB ends the session, and the link comes back', async t => {
  const { link, told, peer, smsc, clock } = await boundLink(t)
  link.submit([part(1)])
  await peer.nextSubmit()
  peer.sendBytes(Buffer.from(onWire(`00/65535/O/52/${'4'.repeat(65_000)}`), 'latin1'))
  await peer.ended
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /frame above 8192 octets/)
  t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'link-lost' }])
  await clock.advance(1000)
  await (await smsc.connection()).acceptLogin()
  await told.until(() => link.status().state === 'bound')
})

test('half a frame is waited for 10 s, then the session is rebuilt', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  // One write: once the alert is answered, the half is read.
  const alert = Buffer.from(onWire('02/00035/O/31/0234765439845/0139/A0'), 'latin1')
  peer.sendBytes(Buffer.concat([alert, bytesOf('F12').subarray(0, 100)]))
  await peer.next('R', 31)
  await clock.advance(10_000)
  t.is(link.status().state, 'bound')
  await clock.advance(1000)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /half a frame for 10 s/)
})

test('a frame that arrives in pieces within its time is read', async t => {
  const { told, peer, clock } = await boundLink(t)
  peer.sendBytes(bytesOf('F12').subarray(0, 100))
  await clock.advance(5000)
  peer.sendBytes(bytesOf('F12').subarray(100))
  await told.until(() => told.receipts.length === 1)
  t.like(told.receipts[0], { state: 'delivered' })
})

test('a wrong checksum is answered N/01, a lying length N/02, and the session goes on', async t => {
  const bound = await boundLink(t)
  const { told, peer } = bound
  peer.send(`${vectors.F14.slice(0, -2)}00`, vectors.F15.replace('/00096/', '/00097/'))
  t.is((await peer.next('R', 53)).text, buildFrame({ trn: 1, type: 'R', ot: 53, fields: ['N', '01', ''] }))
  t.is((await peer.next('R', 53)).text, buildFrame({ trn: 2, type: 'R', ot: 53, fields: ['N', '02', ''] }))
  t.is(told.receipts.length, 0)
  await roundTrip(bound, 1)
})

test('operations that cannot be read are answered N/02, unknown ones N/03', async t => {
  const bound = await boundLink(t)
  const { told, peer } = bound
  peer.send(incoming(7, { Msg: '4X' }), buildFrame({ trn: 8, type: 'O', ot: 53, fields: ['38001', '1'] }))
  t.deepEqual((await peer.next('R', 52)).fields, ['N', '02', ''])
  t.deepEqual((await peer.next('R', 53)).fields, ['N', '02', ''])
  for (const ot of [2, 3, 51, 55, 57, 58, 60, 61, 99]) {
    peer.send(buildFrame({ trn: 9, type: 'O', ot, fields: ['1', '2'] }))
    t.is((await peer.next('R', ot)).text, buildFrame({ trn: 9, type: 'R', ot, fields: ['N', '03', ''] }))
  }
  t.is(told.receipts.length + told.incoming.length, 0)
  await roundTrip(bound, 1)
})

test('frames with fields of a newer standard are taken', async t => {
  const { told, peer } = await boundLink(t)
  const fields = vectors.F15.slice(14, -3).split('/')
  peer.send(buildFrame({ trn: 2, type: 'O', ot: 53, fields: [...fields, 'new', '', 'x'] }))
  await told.until(() => told.receipts.length === 1)
  t.like(told.receipts[0], { state: 'undelivered' })
})

test('garbage between frames, and a frame that begins in another, are stepped over', async t => {
  const bound = await boundLink(t)
  const { told, peer } = bound
  peer.sendBytes(
    Buffer.concat([
      Buffer.from('\r\nHTTP/1.1 400 Bad Request\r\n\x03\x03\0\xff', 'latin1'),
      bytesOf('F16').subarray(0, 30),
      bytesOf('F15'),
      Buffer.from('\r\n'),
    ]),
  )
  await told.until(() => told.receipts.length === 1)
  t.is(told.incoming.length, 0)
  t.true(told.log.some(line => line.event === 'stream.skipped'))
  await roundTrip(bound, 1)
})

test('answers that belong to nothing, or to another operation, settle nothing', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1)])
  const { frame } = await peer.nextSubmit()
  const stray = (frame.trn + 7) % 100
  peer.send(
    buildAck(51, stray, 'x'),
    buildAck(31, frame.trn, '0000'),
    buildAck(60, frame.trn, ''),
    buildAck(99, 4, ''),
  )
  peer.send('02/00035/O/31/0234765439845/0139/A0')
  await peer.next('R', 31)
  t.is(told.outcomes.length, 0)
  accept(peer, frame, '150327090512')
  await told.until(() => told.outcomes.length === 1)
  t.like(told.outcomes[0], { kind: 'accepted', partId: 1 })
})

test('a result that cannot be read, or is about another phone, leaves the outcome unknown', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit(parts(1, 4))
  const frames = []
  for (let count = 0; count < 4; count++) frames.push((await peer.nextSubmit()).frame)
  const [first, second, third, fourth] = frames.map(frame => frame.trn)
  peer.send(`${buildAck(51, first!, 'x').slice(0, -2)}zz`)
  peer.send(buildFrame({ trn: second!, type: 'R', ot: 51, fields: ['Q', 'x'] }))
  peer.send(buildAck(51, third!, '0022679999999:150327090512'))
  await told.until(() => told.outcomes.length === 3)
  t.deepEqual(
    told.outcomes,
    [1, 2, 3].map(partId => ({ kind: 'unknown', partId, reason: 'malformed-answer' })),
  )
  t.is(link.capacity(), 0)
  accept(peer, frames[0]!, '150327090512')
  await told.until(() => told.outcomes.length === 4)
  t.like(told.outcomes[3], { kind: 'accepted', partId: 1 })
  peer.send(buildAck(51, fourth!, ''))
  await told.until(() => told.outcomes.length === 5)
  t.deepEqual(told.outcomes[4], { kind: 'accepted', partId: 4, remoteId: '' })
})

test('a peer that sends nothing but unreadable frames is left', async t => {
  const { link, told, peer } = await boundLink(t)
  peer.send(...Array.from({ length: 5000 }, () => 'GET / HTTP/1.1'))
  await peer.ended
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /too many unreadable frames/)
  t.is(told.log.filter(line => line.event === 'frame.malformed').length, 100)
})

test('deliveries before the login is answered are refused', async t => {
  const { link, told, peer, smsc, clock } = await boundLink(t)
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  await clock.advance(1000)
  const again = await smsc.connection()
  again.send(incoming(1, { Msg: '41' }))
  t.deepEqual((await again.next('R', 52)).fields, ['N', '04', ''])
  await again.acceptLogin()
  await told.until(() => link.status().state === 'bound')
  t.is(told.incoming.length, 0)
})

test('100,000 notifications of unknown messages: reading stops while they are not stored, none is lost', async t => {
  const { link, told, peer, clock } = await boundLink(t, { maxUnacknowledged: 500 })
  const total = 100_000
  const frame = (index: number) =>
    notification(index % 100, {
      OAdC: `00226700${String(index % 90_000).padStart(5, '0')}`,
      SCTS: '150327090512',
      Dst: '0',
      Rsn: '000',
    })
  for (let first = 0; first < total; first += 1000) {
    peer.send(...Array.from({ length: 1000 }, (_, index) => frame(first + index)))
  }
  let seen = 0
  let mostHeld = 0
  while (seen < total) {
    await told.until(() => told.receipts.length > 0)
    const batch = told.receipts.splice(0)
    mostHeld = Math.max(mostHeld, batch.length)
    seen += batch.length
    link.acknowledge(
      batch.map(receipt => receipt.receiptToken),
      true,
    )
    peer.waiting.length = 0
  }
  t.is(seen, total)
  // One socket read may bring more than the limit before reading stops: 64 kB of frames of some 90 octets.
  t.true(mostHeld < 2000, `${mostHeld} held at once`)
  t.true(told.log.some(line => line.event === 'receipts.held-back'))
  await clock.advance(1000)
  await roundTrip({ link, told, peer }, 1)
})

test('a peer that asks and never reads is left before it fills the memory', async t => {
  const { link, told, peer } = await boundLink(t)
  peer.pause()
  const alerts = Array.from({ length: 20_000 }, () => '02/00035/O/31/0234765439845/0139/A0')
  for (let round = 0; round < 20; round++) peer.send(...alerts)
  await told.until(() => link.status().state !== 'bound')
  t.regex(link.status().reason, /the peer does not read/)
})

test('whatever bytes a peer sends, the link is alive or comes back', async t => {
  const { link, told, peer: first, smsc, clock } = await boundLink(t)
  let peer = first
  let rebuilt = 0
  const frames = [bytesOf('F2'), bytesOf('F7'), bytesOf('F12'), bytesOf('F16'), bytesOf('F4')]
  const samples = fc.sample(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      fc.tuple(fc.constantFrom(...frames), fc.nat(200), fc.nat(255)).map(([seed, position, value]) => {
        const frame = Buffer.from(seed)
        frame[position % frame.length] = value
        return frame
      }),
      fc.constantFrom(...frames).map(frame => frame.subarray(0, frame.length >> 1)),
    ),
    { numRuns: 60, seed: 7 },
  )
  for (const bytes of samples) {
    peer.sendBytes(bytes)
    await clock.advance(11_000)
    if (link.status().state !== 'bound') {
      if (link.status().state === 'waiting') {
        const retry = told.log.findLast(line => line.event === 'bind.waiting')
        await clock.advance(Number(retry?.fields.retryMs))
      }
      peer = await smsc.connection()
      await peer.acceptLogin()
      await told.until(() => link.status().state === 'bound')
      rebuilt += 1
    }
    for (const alert of peer.waiting.splice(0)) {
      if (alert.type === 'O' && alert.ot === 31) peer.send(buildAck(31, alert.trn, '0000'))
    }
    const tokens = [...told.receipts.splice(0), ...told.incoming.splice(0)].map(item => item.receiptToken)
    link.acknowledge(tokens, true)
  }
  t.true(rebuilt > 0 && rebuilt < samples.length)
})
