/**
 * What the `smpp` package gets wrong as a session, one test a row: rows 1–11 and 24–30 of the list of its traps
 * (its codec is in package-rows-codec.test.ts). Our link must do the contrary of each.
 */
import { createRequire } from 'node:module'
import test from 'ava'
import { encodeMessageResp } from '../../../../connectors/operators/smpp/codec.ts'
import { smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { nextSequence } from '../../../../connectors/operators/smpp/pending-submits.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { part } from '../link-under-test.ts'
import { boundLink, roundTrip } from './link-under-test.ts'
import { answer, deliver, sendEmpty } from './scripted-smsc.ts'
import { bytesOf } from './vectors.ts'

test('row 1: a PDU that cannot be decoded leaves the session reading what follows', async t => {
  const bound = await boundLink(t)
  // message_state of length 0, where an integer of one octet belongs.
  deliver(bound.peer, 5, { esmClass: 4, tlvs: [{ tag: 0x0427, value: new Uint8Array(0) }] })
  await roundTrip(bound, 1)
  t.is(bound.link.status().state, 'bound')
})

test('row 2: a command_length of 3 or 0 is no silence: the session is rebuilt', async t => {
  for (const length of [0, 3]) {
    const { told, peer, link } = await boundLink(t)
    const pdu = bytesOf('P11')
    pdu.writeUInt32BE(length, 0)
    peer.sendBytes(pdu)
    await told.until(() => link.status().state === 'waiting')
    t.regex(link.status().reason, /unreadable stream/)
  }
})

test('row 3: every submit that is owed at the end of a session gets its outcome', async t => {
  const { link, told, peer } = await boundLink(t, { window: 50 })
  link.submit(Array.from({ length: 50 }, (_, index) => part(index + 1)))
  await peer.next(command.submitSm)
  peer.cut()
  await told.until(() => told.outcomes.length === 50)
  t.true(told.outcomes.every(outcome => outcome.kind === 'unknown' && outcome.reason === 'link-lost'))
})

test('row 4: a peer that does not read stops the submits', async t => {
  const { link, peer } = await boundLink(t, { window: 1000, longMessages: 'payload' })
  peer.pause()
  let submitted = 0
  while (link.capacity() > 0 && submitted < 1000) {
    submitted += 1
    link.submit([part(submitted, { text: 'x'.repeat(30_000) })])
    await new Promise(resolve => setImmediate(resolve))
  }
  t.true(submitted < 1000)
})

test('row 5: window, rate and throttle pause are kept', async t => {
  const { link, told, peer } = await boundLink(t, { window: 3, partsPerSecond: 100 })
  t.true(link.capacity() <= 3)
  link.submit([part(1)])
  answer(peer, await peer.next(command.submitSm), '', 0x58)
  await told.until(() => told.outcomes.length === 1)
  t.is(link.capacity(), 0)
  t.true(link.status().pausedUntilMs > 0)
})

test('row 6: enquire_link, deliver_sm, data_sm, unbind and unknown PDUs are answered', async t => {
  const { link, told, peer } = await boundLink(t)
  sendEmpty(peer, command.enquireLink, 11)
  t.like(await peer.next(command.enquireLinkResp), { sequence: 11, status: 0 })
  const text = { source: '22670000001', destination: '38001', shortMessage: Buffer.from('OUI') }
  deliver(peer, 12, text)
  deliver(peer, 13, { ...text, shortMessage: new Uint8Array(0), tlvs: [] }, command.dataSm)
  await told.until(() => told.incoming.length === 2)
  t.is(peer.waiting.length, 0, 'nothing is answered before it is stored')
  link.acknowledge(
    told.incoming.map(({ receiptToken }) => receiptToken),
    true,
  )
  t.like(await peer.next(command.deliverSmResp), { sequence: 12, status: 0 })
  t.like(await peer.next(command.dataSmResp), { sequence: 13, status: 0 })
  sendEmpty(peer, 0x00000177, 14)
  t.like(await peer.next(command.genericNack), { sequence: 14, status: 0x03 })
  sendEmpty(peer, command.unbind, 15)
  t.like(await peer.next(command.unbindResp), { sequence: 15, status: 0 })
})

test('row 7: enquire_link begins after the bind, and its answer is looked for', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  t.is(peer.waiting.filter(({ commandId }) => commandId === command.enquireLink).length, 0)
  await clock.advance(31_000)
  await peer.next(command.enquireLink)
  await clock.advance(31_000)
  await told.until(() => told.states.some(({ reason }) => reason.includes('enquire_link not answered')))
  t.is(link.status().lastError?.text, 'enquire_link not answered')
})

test('row 8: half a PDU before a loss does not blind the next session', async t => {
  const { link, told, peer, smsc, clock } = await boundLink(t)
  peer.sendBytes(bytesOf('P8').subarray(0, 33))
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  await clock.advance(1000)
  const next = await smsc.connection()
  await next.acceptBind()
  await told.until(() => link.status().state === 'bound')
  await roundTrip({ link, told, peer: next }, 1)
  t.is(link.status().binds[0]!.reconnects, 1)
})

test('row 9: a reset connection is a state, not an exception', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1)])
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  t.notThrows(() => link.submit([part(2)]))
  await told.until(() => told.outcomes.length === 2)
  t.deepEqual(told.outcomes.at(-1), { kind: 'unsent', partId: 2 })
})

test('row 10: a peer that never closes does not hold up a stop', async t => {
  const { link, told, clock } = await boundLink(t)
  const stopped = link.stop(0)
  await clock.advance(6000)
  await stopped
  await told.until(() => link.status().state === 'stopped')
  t.pass()
})

test('row 11: every step of a connection is told', async t => {
  const { told } = await boundLink(t)
  t.deepEqual([...new Set(told.states.map(({ state }) => state))], ['connecting', 'binding', 'bound'])
})

test('row 24: the bind says version 3.4 unless told otherwise', t => {
  t.is(smppConfigSchema.parse({ host: 'smsc.example', systemId: 'A' }).interfaceVersion, 0x34)
})

test('row 25: TLS checks the certificate unless told otherwise', t => {
  const { tls } = smppConfigSchema.parse({ host: 'smsc.example', systemId: 'A', tls: {} })
  t.true(tls?.verifyPeer)
})

test('row 26: nothing that reads the PROXY protocol is installed with the codec', t => {
  t.throws(() => createRequire(import.meta.url).resolve('findhit-proxywrap'), { code: 'MODULE_NOT_FOUND' })
})

test('row 27: receipts that wait for the store hold back neither answers nor enquire_link', async t => {
  const bound = await boundLink(t)
  for (let sequence = 1; sequence <= 5; sequence++) {
    deliver(bound.peer, sequence, { esmClass: 4, shortMessage: Buffer.from(`id:${sequence} stat:DELIVRD`) })
  }
  await bound.told.until(() => bound.told.receipts.length === 5)
  await roundTrip(bound, 1)
  sendEmpty(bound.peer, command.enquireLink, 99)
  t.like(await bound.peer.next(command.enquireLinkResp), { sequence: 99 })
})

test('row 28: an error answer with a body is read as the refusal it is', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1)])
  const { sequence } = await peer.next(command.submitSm)
  peer.write(writer =>
    encodeMessageResp(writer, {
      commandId: command.dataSmResp,
      sequence: 1_000,
      status: 0x0b,
      messageId: 'x',
    }),
  )
  peer.write(writer => {
    writer.begin({ commandId: command.submitSmResp, status: 0x0b, sequence }, 8)
    writer.cString('id-7')
    writer.end()
  })
  await told.until(() => told.outcomes.length === 1)
  t.like(told.outcomes[0], { kind: 'refused', status: 0x0b, refusal: 'invalid-recipient' })
})

test('row 29: the password stands in the bind and nowhere else', async t => {
  const { told, link } = await boundLink(t)
  t.false(JSON.stringify([told.log, told.states, link.status()]).includes('S3cret!'))
})

test('row 30: sequence numbers wrap and pass over those that are still owed', t => {
  const owed = new Set([1, 2, 3])
  t.is(nextSequence(0x7fffffff, { has: sequence => owed.has(sequence) }), 4)
})
