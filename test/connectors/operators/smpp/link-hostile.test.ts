import test from 'ava'
import fc from 'fast-check'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { part } from '../link-under-test.ts'
import { boundLink, roundTrip } from './link-under-test.ts'
import { deliver, sendEmpty } from './scripted-smsc.ts'
import { bytesOf } from './vectors.ts'

for (const length of [0, 3, 8, 15, 0x10001, 0xffffffff]) {
  test(`command_length ${length} is nacked with 0x02 and the session is rebuilt`, async t => {
    const { link, told, peer, smsc, clock } = await boundLink(t)
    link.submit([part(1)])
    await peer.next(command.submitSm)
    const pdu = bytesOf('P11')
    pdu.writeUInt32BE(length, 0)
    peer.sendBytes(pdu)
    t.like(await peer.next(command.genericNack), { status: 0x02 })
    await peer.ended
    await told.until(() => link.status().state === 'waiting')
    t.deepEqual(told.outcomes, [{ kind: 'unknown', partId: 1, reason: 'link-lost' }])
    await clock.advance(1000)
    await (await smsc.connection()).acceptBind()
    await told.until(() => link.status().state === 'bound')
  })
}

test('half a PDU is waited for 10 s, then the session is rebuilt', async t => {
  const { link, told, peer, clock } = await boundLink(t)
  const enquire = (sequence: number) => Buffer.from(`00000010000000150000000000000${sequence}`, 'hex')
  // One write: once the first enquire_link is answered, the half is read. The octets of the second are taken for the
  // rest of the receipt: nothing is answered.
  peer.sendBytes(Buffer.concat([enquire(101), bytesOf('P8').subarray(0, 60), enquire(102)]))
  await peer.next(command.enquireLinkResp)
  await clock.advance(10_000)
  t.is(link.status().state, 'bound')
  await clock.advance(1000)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /half a PDU for 10 s/)
})

test('a PDU that arrives in pieces within its time is read', async t => {
  const { told, peer, clock } = await boundLink(t)
  peer.sendBytes(bytesOf('P8').subarray(0, 60))
  await clock.advance(5000)
  peer.sendBytes(bytesOf('P8').subarray(60))
  await told.until(() => told.receipts.length === 1)
  t.like(told.receipts[0], { state: 'delivered' })
})

test('a deliver_sm with a cut TLV or a lying sm_length is nacked, logged, and the session goes on', async t => {
  const bound = await boundLink(t)
  const { told, peer } = bound
  const cutTlv = bytesOf('P8').subarray(0, -1)
  cutTlv.writeUInt32BE(cutTlv.length, 0)
  const lying = bytesOf('P10')
  lying[lying.length - 5] = 200
  peer.sendBytes(Buffer.concat([cutTlv, lying]))
  t.like(await peer.next(command.genericNack), { sequence: 0x65, status: 0xc0 })
  t.like(await peer.next(command.genericNack), { sequence: 0x66, status: 0x01 })
  t.is(told.log.filter(line => line.event === 'pdu.malformed').length, 2)
  t.is(told.receipts.length + told.incoming.length, 0)
  await roundTrip(bound, 1)
})

test('unknown commands are nacked with 0x03, responses and notifications that nobody awaits are not', async t => {
  const { peer, link } = await boundLink(t)
  for (const [index, commandId] of [0x00000fff, command.submitSm, command.querySm].entries()) {
    sendEmpty(peer, commandId, 50 + index)
    t.like(await peer.next(command.genericNack), { sequence: 50 + index, status: 0x03 })
  }
  for (const commandId of [
    0x80000fff,
    command.submitSmResp,
    command.querySmResp,
    command.genericNack,
    command.unbindResp,
    command.bindTransceiverResp,
    command.enquireLinkResp,
    command.alertNotification,
    command.outbind,
  ]) {
    sendEmpty(peer, commandId, 60)
  }
  sendEmpty(peer, command.enquireLink, 61)
  await peer.next(command.enquireLinkResp)
  t.deepEqual(peer.waiting, [])
  t.is(link.status().state, 'bound')
})

test('a generic_nack settles the submit of its number; a response of another command is no answer', async t => {
  const { link, told, peer } = await boundLink(t)
  link.submit([part(1), part(2)])
  const first = await peer.next(command.submitSm)
  const second = await peer.next(command.submitSm)
  sendEmpty(peer, command.genericNack, 0, 0x02)
  sendEmpty(peer, command.genericNack, first.sequence, 0x03)
  sendEmpty(peer, command.querySmResp, second.sequence)
  await told.until(() => told.outcomes.length === 2)
  t.like(told.outcomes[0], { kind: 'refused', partId: 1, statusName: 'ESME_RINVCMDID', refusal: 'permanent' })
  t.deepEqual(told.outcomes[1], { kind: 'unknown', partId: 2, reason: 'malformed-answer' })
})

test('a delivery before the bind is answered is refused with the bind state', async t => {
  const { link, told, peer, smsc, clock } = await boundLink(t)
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  await clock.advance(1000)
  const again = await smsc.connection()
  deliver(again, 9, { source: '22670000001', shortMessage: Buffer.from('STOP') })
  t.like(await again.next(command.deliverSmResp), { sequence: 9, status: 0x04 })
  await again.acceptBind()
  await told.until(() => link.status().state === 'bound')
  t.is(told.incoming.length, 0)
})

test('whatever bytes a peer sends, the link is alive or comes back', async t => {
  const { link, told, peer: first, smsc, clock } = await boundLink(t)
  let peer = first
  let rebuilt = 0
  const pdus = [bytesOf('P4'), bytesOf('P8'), bytesOf('P10'), bytesOf('P11'), bytesOf('P15')]
  const samples = fc.sample(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      fc.tuple(fc.constantFrom(...pdus), fc.nat(200), fc.nat(255)).map(([seed, position, value]) => {
        const pdu = Buffer.from(seed)
        pdu[position % pdu.length] = value
        return pdu
      }),
    ),
    { numRuns: 60, seed: 7 },
  )
  for (const bytes of samples) {
    peer.sendBytes(bytes)
    await clock.advance(11_000)
    if (link.status().state !== 'bound') {
      const retry = told.log.findLast(line => line.event === 'bind.waiting')
      if (link.status().state === 'waiting') await clock.advance(Number(retry?.fields.retryMs))
      peer = await smsc.connection()
      await peer.acceptBind()
      await told.until(() => link.status().state === 'bound')
      rebuilt += 1
    }
    link.acknowledge(
      [...told.receipts.splice(0), ...told.incoming.splice(0)].map(item => item.receiptToken),
      true,
    )
  }
  t.true(rebuilt > 0 && rebuilt < samples.length)
  peer.cut()
  await told.until(() => link.status().state === 'waiting')
  const retry = told.log.findLast(line => line.event === 'bind.waiting')
  await clock.advance(Number(retry?.fields.retryMs))
  const last = await smsc.connection()
  await last.acceptBind()
  await told.until(() => link.status().state === 'bound')
  await roundTrip({ link, told, peer: last }, 9)
})

test('a peer that sends nothing but nonsense is left after a hundred PDUs, and the log stays short', async t => {
  const { link, told, peer } = await boundLink(t)
  for (let sequence = 1; sequence <= 150; sequence++) sendEmpty(peer, 0x00000177, sequence)
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /100 unreadable PDUs in a row/)
  t.true(told.log.filter(({ event }) => event === 'pdu.unexpected').length <= 100)
})
