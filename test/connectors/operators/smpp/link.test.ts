import test from 'ava'
import { decodeShortMessage, encodeShortMessage } from '../../../../connectors/operators/smpp/codec.ts'
import { decodeWithPackage, wholePdu } from '../../../../connectors/operators/smpp/package-codec.ts'
import { shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { part } from '../link-under-test.ts'
import { boundLink, linkUnderTest, roundTrip } from './link-under-test.ts'
import { answer, deliver, scriptedSmsc, sendEmpty } from './scripted-smsc.ts'

const receiptText =
  'id:1A sub:001 dlvrd:001 submit date:2703150905 done date:2703150906 stat:DELIVRD err:000 text:x'

test('a link binds as transceiver with its account and tells each state', async t => {
  const smsc = await scriptedSmsc(t)
  const { link, told } = linkUnderTest(t, { port: smsc.port, systemType: 'VMA' }, fakeClock())
  t.is(link.status().state, 'stopped')
  t.is(link.capacity(), 0)
  link.start()
  const bind = await (await smsc.connection()).acceptBind()
  await told.until(() => link.status().state === 'bound')
  t.like(decodeWithPackage(wholePdu(bind)), {
    command: 'bind_transceiver',
    fields: { system_id: 'ASSUR1', password: 'S3cret!', system_type: 'VMA', interface_version: 0x34 },
  })
  t.deepEqual(
    told.states.map(status => status.state),
    ['connecting', 'binding', 'bound'],
  )
  t.is(link.status().reason, '')
  t.is(link.capacity(), 10)
})

test('no log line holds the password, a text or a phone number', async t => {
  const bound = await boundLink(t)
  await roundTrip(bound, 1)
  deliver(bound.peer, 1, { source: '22670000001', shortMessage: Buffer.from('bonjour') })
  await bound.told.until(() => bound.told.incoming.length === 1)
  bound.peer.cut()
  await bound.told.until(() => bound.link.status().state === 'waiting')
  const log = JSON.stringify(bound.told.log)
  t.true(log.includes('bind.bound'))
  t.notRegex(log, /S3cret|22670000001|bonjour|contrat/)
})

test('a batch leaves in order in one write and its answers come back in one call, in any order', async t => {
  const { link, told, peer } = await boundLink(t)
  const chunks = peer.chunks
  link.submit([1, 2, 3, 4, 5].map(partId => part(partId, { text: `texte ${partId}` })))
  const submits = await Promise.all([1, 2, 3, 4, 5].map(() => peer.next(command.submitSm)))
  t.is(peer.chunks - chunks, 1)
  const texts = submits.map(pdu => {
    const decoded = decodeShortMessage(pdu.body)
    return decoded.kind === 'message' ? Buffer.from(decoded.message.shortMessage).toString() : decoded.reason
  })
  t.deepEqual(texts, ['texte 1', 'texte 2', 'texte 3', 'texte 4', 'texte 5'])
  t.is(link.status().inFlight, 5)
  const [first, second, third, fourth, fifth] = submits
  const calls = told.outcomeCalls
  peer.sendBytes(
    Buffer.concat(
      [third, first, fifth, second, fourth].map(pdu => {
        const id = `m${pdu?.sequence}\0`
        const resp = Buffer.alloc(16 + id.length)
        resp.writeUInt32BE(resp.length, 0)
        resp.writeUInt32BE(command.submitSmResp, 4)
        resp.writeUInt32BE(pdu?.sequence ?? 0, 12)
        resp.write(id, 16)
        return resp
      }),
    ),
  )
  await told.until(() => told.outcomes.length === 5)
  t.is(told.outcomeCalls - calls, 1)
  t.deepEqual(
    told.outcomes.map(outcome => outcome.partId),
    [3, 1, 5, 2, 4],
  )
  t.like(told.outcomes[0], { kind: 'accepted', remoteId: `m${third?.sequence}` })
  t.is(link.status().inFlight, 0)
})

test('no more than the window leaves; the rest is told unsent, and an answer makes room', async t => {
  const { link, told, peer } = await boundLink(t, { window: 3 })
  link.submit([1, 2, 3, 4, 5].map(partId => part(partId)))
  t.is(link.capacity(), 0)
  await told.until(() => told.outcomes.length === 2)
  t.deepEqual(told.outcomes, [
    { kind: 'unsent', partId: 4 },
    { kind: 'unsent', partId: 5 },
  ])
  const calls = told.capacityCalls
  answer(peer, await peer.next(command.submitSm), 'a')
  await told.until(() => told.outcomes.length === 3 && told.capacityCalls > calls)
  t.is(link.capacity(), 1)
})

test('a part that SMPP cannot express is refused without using the window', async t => {
  const { link, told, peer } = await boundLink(t, { window: 3 })
  link.submit([part(1, { recipient: 'abc' }), part(2)])
  await told.until(() => told.outcomes.length === 1)
  t.like(told.outcomes[0], { kind: 'refused', partId: 1, refusal: 'invalid-recipient' })
  answer(peer, await peer.next(command.submitSm), 'b')
  await told.until(() => told.outcomes.length === 2)
  t.like(told.outcomes[1], { kind: 'accepted', partId: 2 })
})

test('refusals bear the status, its name and its class; an accepted answer may lack an id', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1), part(2), part(3)])
  answer(peer, await peer.next(command.submitSm), '', 0x0b)
  answer(peer, await peer.next(command.submitSm), '', 0x08)
  const third = await peer.next(command.submitSm)
  sendEmpty(peer, command.submitSmResp, third.sequence)
  await told.until(() => told.outcomes.length === 3)
  t.deepEqual(told.outcomes, [
    { kind: 'refused', partId: 1, status: 0x0b, statusName: 'ESME_RINVDSTADR', refusal: 'invalid-recipient' },
    { kind: 'refused', partId: 2, status: 0x08, statusName: 'ESME_RSYSERR', refusal: 'temporary' },
    { kind: 'accepted', partId: 3, remoteId: '' },
  ])
})

test('receipts and messages of one read come in one call each, and are answered in one write once stored', async t => {
  const { link, told, peer } = await boundLink(t)
  peer.write(writer => {
    const receipt = shortMessage({
      source: '22670000001',
      esmClass: 4,
      shortMessage: Buffer.from(receiptText),
    })
    const message = shortMessage({ source: '22670000002', shortMessage: Buffer.from('STOP') })
    for (const sequence of [11, 12, 13]) {
      encodeShortMessage(writer, { commandId: command.deliverSm, sequence }, receipt)
    }
    encodeShortMessage(writer, { commandId: command.deliverSm, sequence: 14 }, message)
  })
  await told.until(() => told.receipts.length === 3 && told.incoming.length === 1)
  t.is(told.receiptCalls, 1)
  t.like(told.receipts[0], { state: 'delivered', recipient: '22670000001' })
  t.like(told.incoming[0], { text: 'STOP', sender: '22670000002' })
  t.is(peer.waiting.length, 0)
  const tokens = [...told.receipts, ...told.incoming].map(item => item.receiptToken)
  t.is(new Set(tokens).size, 4)
  const chunks = peer.chunks
  link.acknowledge(tokens, true)
  const answers = await Promise.all(tokens.map(() => peer.next(command.deliverSmResp)))
  t.is(peer.chunks - chunks, 1)
  t.deepEqual(
    answers.map(pdu => [pdu.sequence, pdu.status, pdu.body.length]),
    [11, 12, 13, 14].map(sequence => [sequence, 0, 1]),
  )
  link.acknowledge(tokens, true)
  sendEmpty(peer, command.enquireLink, 99)
  await peer.next(command.enquireLinkResp)
  t.is(peer.waiting.length, 0)
})

test('what could not be stored is answered with a temporary error, and data_sm with its own response', async t => {
  const { link, told, peer } = await boundLink(t)
  deliver(peer, 21, { source: '22670000001', shortMessage: Buffer.from('STOP') })
  deliver(peer, 22, { esmClass: 4, tlvs: [{ tag: 0x0424, value: Buffer.from(receiptText) }] }, command.dataSm)
  await told.until(() => told.incoming.length === 1 && told.receipts.length === 1)
  link.acknowledge([told.incoming[0]?.receiptToken ?? 0], false)
  link.acknowledge([told.receipts[0]?.receiptToken ?? 0], true)
  t.like(await peer.next(command.deliverSmResp), { sequence: 21, status: 0x64 })
  t.like(await peer.next(command.dataSmResp), { sequence: 22, status: 0 })
})

test('reading stops while too much is not yet stored, and goes on when it is', async t => {
  const { link, told, peer } = await boundLink(t, { maxUnacknowledged: 10 })
  const send = (from: number, count: number) =>
    peer.write(writer => {
      for (let sequence = from; sequence < from + count; sequence++) {
        const message = shortMessage({ source: '22670000001', shortMessage: Buffer.from('bonjour') })
        encodeShortMessage(writer, { commandId: command.deliverSm, sequence }, message)
      }
    })
  send(1, 11)
  await told.until(() => told.log.some(line => line.event === 'receipts.held-back'))
  send(12, 1)
  sendEmpty(peer, command.enquireLink, 13)
  await new Promise(resolve => setImmediate(resolve))
  t.is(told.incoming.length, 11)
  t.is(peer.waiting.length, 0)
  link.acknowledge(
    told.incoming.slice(0, 6).map(message => message.receiptToken),
    true,
  )
  await peer.next(command.enquireLinkResp)
  await told.until(() => told.incoming.length === 12)
  t.pass()
})

test('a peer that stops reading stops the submits long before the memory is full, and reading lets them go on', async t => {
  const { link, told, peer } = await boundLink(t, { longMessages: 'payload', window: 1000 })
  const text = 'x'.repeat(30_000)
  peer.pause()
  let submitted = 0
  while (link.capacity() > 0) {
    submitted += 1
    link.submit([part(submitted, { text })])
    await new Promise(resolve => setImmediate(resolve))
  }
  t.true(submitted < 1000)
  peer.resume()
  await told.until(() => link.capacity() > 0)
  for (let index = 0; index < submitted; index++) await peer.next(command.submitSm)
  t.is(link.status().inFlight, submitted)
})

test('the contracted rate is never exceeded and room is told when it comes', async t => {
  const { link, told, clock, peer } = await boundLink(t, { partsPerSecond: 5, window: 100 })
  let next = 1
  const leftAtMs: number[] = []
  for (let elapsed = 0; elapsed < 3000; elapsed += 10) {
    const calls = told.capacityCalls
    const count = link.capacity()
    if (count > 0) link.submit(Array.from({ length: count }, () => part(next++)))
    for (let sent = 0; sent < count; sent++) {
      leftAtMs.push(clock.nowMs())
      answer(peer, await peer.next(command.submitSm), `id${leftAtMs.length}`)
    }
    await told.until(() => told.outcomes.length === leftAtMs.length)
    await clock.advance(10)
    if (link.capacity() > 0) t.true(told.capacityCalls > calls)
  }
  t.is(leftAtMs.length, 15)
  leftAtMs.forEach((atMs, index) => {
    const fifthAfter = leftAtMs[index + 5]
    if (fifthAfter !== undefined) t.true(fifthAfter - atMs > 1000)
  })
})

test('a pair binds twice, submits on the transmitter and answers on the receiver', async t => {
  const smsc = await scriptedSmsc(t)
  const { link, told } = linkUnderTest(t, { port: smsc.port, bindMode: 'transmitter+receiver' }, fakeClock())
  link.start()
  const peers = [await smsc.connection(), await smsc.connection()]
  const binds = await Promise.all(peers.map(peer => peer.acceptBind()))
  await told.until(() => link.status().state === 'bound')
  const of = (commandId: number) => peers[binds.findIndex(bind => bind.commandId === commandId)]
  const transmitter = of(command.bindTransmitter)
  const receiver = of(command.bindReceiver)
  if (transmitter === undefined || receiver === undefined) return t.fail('both kinds are bound')
  link.submit([part(1)])
  answer(transmitter, await transmitter.next(command.submitSm), 'a')
  deliver(receiver, 5, { esmClass: 4, shortMessage: Buffer.from(receiptText) })
  await told.until(() => told.outcomes.length === 1 && told.receipts.length === 1)
  link.acknowledge([told.receipts[0]?.receiptToken ?? 0], true)
  t.is((await receiver.next(command.deliverSmResp)).sequence, 5)
  receiver.cut()
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /^receiver: /)
  t.is(link.capacity(), 10)
})

test('stop waits for what is owed, unbinds and closes', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1)])
  const submit = await peer.next(command.submitSm)
  const stopping = link.stop()
  t.is(link.status().state, 'draining')
  t.is(link.capacity(), 0)
  answer(peer, submit, 'a')
  const unbind = await peer.next(command.unbind)
  t.like(told.outcomes[0], { kind: 'accepted', partId: 1 })
  sendEmpty(peer, command.unbindResp, unbind.sequence)
  await stopping
  await peer.ended
  t.is(link.status().state, 'stopped')
})

test('stop gives up on answers after its time and on the unbind after 5 s; what is owed is unknown', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  link.submit([part(1)])
  await peer.next(command.submitSm)
  const stopping = link.stop(2000)
  await clock.advance(2000)
  await peer.next(command.unbind)
  await clock.advance(5500)
  await stopping
  t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'link-lost' }])
  t.is(clock.pending(), 0)
})

test('a stopped link can be started again', async t => {
  const { link, told, peer, smsc } = await boundLink(t)
  const stopping = link.stop(0)
  sendEmpty(peer, command.unbindResp, (await peer.next(command.unbind)).sequence)
  await stopping
  link.start()
  const again = await smsc.connection()
  await again.acceptBind()
  await told.until(() => link.status().state === 'bound')
  t.is(smsc.connectionCount, 2)
})
