import test from 'ava'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { boundClient, idOf, rawClient, simulator } from './raw-client.ts'

test('a client binds, submits, asks whether the link is alive, and unbinds', async t => {
  const operator = await simulator(t, { receipts: { enabled: false } })
  const client = await rawClient(t, operator)
  const bound = await client.bind()
  t.is(bound.status, 0)
  t.is(bound.body.toString('latin1'), 'SIMULATOR\0\x02\x10\0\x01\x34')
  const answer = await client.submitted()
  t.is(answer.status, 0)
  t.is(idOf(answer), '439041101')
  t.is(client.empty(command.enquireLink), (await client.nextOf(command.enquireLinkResp)).sequence)
  t.is(client.empty(command.unbind), (await client.nextOf(command.unbindResp)).sequence)
  t.is(operator.status().sessions, 0)
})

test('the example PDUs of another implementation are understood', async t => {
  const operator = await simulator(t, { accounts: [{ systemId: 'ASSUR1', password: 'S3cret!' }] })
  const client = await rawClient(t, operator)
  client.raw('000000240000000900000000000000014153535552310053336372657421000034000000')
  t.is((await client.next()).commandId, command.bindTransceiverResp)
  client.raw(
    '000000470000000400000000000000020005004153535552414e4345000101323236353131313232333300000000000001000000125072696d65207205676c0565203435201b65',
  )
  client.raw(
    '0000005f0000000400000000000000030005004153535552414e43450001013232363730313132323333004000000000010008002a0500037a0201004600ea00740065003a00200062006f006e006e006500200061006e006e00e900650020',
  )
  client.raw(
    '0000005100000004000000000000000a0003003338303031000101323236373031313232333300000000000001000000107375697465206475206d657373616765020c0002007a020e000102020f000102',
  )
  await operator.when(status => status.partsAccepted === 3)
  const [gsm, udh, sar] = operator.received.parts()
  t.like(gsm, {
    sender: 'ASSURANCE',
    senderTon: 5,
    recipient: '22651112233',
    text: 'Prime réglée 45 €',
    partCount: 1,
  })
  t.like(udh, { text: 'Fête: bonne année ', reference: 0x7a, partNumber: 1, partCount: 2, dataCoding: 8 })
  t.like(sar, { text: 'suite du message', reference: 0x7a, partNumber: 2, partCount: 2 })
})

test('a bind is refused with the status that says why', async t => {
  const operator = await simulator(t, {
    accounts: [{ systemId: 'old', password: 'pw', modes: ['tx', 'rx'], maxSessions: 1 }],
  })
  const bindOf = async (commandId: number, systemId: string, password: string): Promise<number> =>
    (await (await rawClient(t, operator)).bind(commandId, systemId, password)).status
  t.is(await bindOf(command.bindTransmitter, 'other', 'pw'), 0x0f)
  t.is(await bindOf(command.bindTransmitter, 'old', 'wrong'), 0x0e)
  t.is(await bindOf(command.bindTransceiver, 'old', 'pw'), 0x0d)
  t.is(await bindOf(command.bindTransmitter, 'old', 'pw'), 0)
  t.is(await bindOf(command.bindReceiver, 'old', 'pw'), 0x05)
  t.is(operator.status().bindsRefused, 4)
})

test('a submit is refused before the bind, on a receiver, and after unbind', async t => {
  const operator = await simulator(t)
  const client = await rawClient(t, operator)
  t.is((await client.submitted()).status, 0x04)
  await client.bind(command.bindReceiver)
  t.is((await client.submitted()).status, 0x04)
  client.empty(command.unbind)
  await client.nextOf(command.unbindResp)
  t.is((await client.submitted()).status, 0x04)
  t.is(operator.received.total, 0)
})

test('an unknown command is answered with generic_nack and the session goes on', async t => {
  const client = await boundClient(t, await simulator(t))
  const sequence = client.empty(0x00000999)
  const nack = await client.nextOf(command.genericNack)
  t.is(nack.status, 0x03)
  t.is(nack.sequence, sequence)
  t.is((await client.submitted()).status, 0)
})

test('query_sm, cancel_sm and replace_sm are answered with their failure', async t => {
  const client = await boundClient(t, await simulator(t))
  for (const [commandId, failure] of [
    [command.querySm, 0x67],
    [command.cancelSm, 0x11],
    [command.replaceSm, 0x13],
  ] as const) {
    client.empty(commandId)
    t.is((await client.nextOf(commandId + 0x80000000)).status, failure)
  }
})

test('a PDU may arrive one octet at a time', async t => {
  const operator = await simulator(t)
  const client = await boundClient(t, operator)
  for (const octet of Buffer.from('00000010000000150000000000000006', 'hex')) client.raw(Buffer.of(octet))
  t.is((await client.nextOf(command.enquireLinkResp)).sequence, 6)
})

test('an absurd length ends the session with generic_nack 0x02 and not the simulator', async t => {
  const operator = await simulator(t)
  for (const octets of [
    '00000000000000040000000000000001',
    '00000008000000040000000000000001',
    'ffffffff000000040000000000000001',
  ]) {
    const client = await boundClient(t, operator)
    client.raw(octets)
    t.is((await client.nextOf(command.genericNack)).status, 0x02)
    await client.closed
  }
  t.is(operator.status().malformedPdus, 3)
  t.is((await (await boundClient(t, operator)).submitted()).status, 0)
})

test('a submit_sm that ends too early is refused and not recorded', async t => {
  const operator = await simulator(t)
  const client = await boundClient(t, operator)
  for (const body of ['', '00', '000300333830303100010132', `${'00'.repeat(16)}ff4142`]) {
    const octets = Buffer.from(body, 'hex')
    const header = Buffer.from('00000000000000040000000000000063', 'hex')
    header.writeUInt32BE(16 + octets.length, 0)
    client.raw(Buffer.concat([header, octets]))
    t.not((await client.nextOf(command.submitSmResp)).status, 0, body)
  }
  t.is(operator.received.total, 0)
})

test('an address that is absent or too long is refused as such', async t => {
  const client = await boundClient(t, await simulator(t))
  t.is((await client.submitted({ source: '1'.repeat(21) })).status, 0x0a)
  t.is((await client.submitted({ destination: '' })).status, 0x0b)
  t.is((await client.submitted({ destination: '1'.repeat(21) })).status, 0x0b)
})

test('a user data header that is longer than the text is refused', async t => {
  const client = await boundClient(t, await simulator(t))
  t.is((await client.submitted({ esmClass: 0x40, shortMessage: Buffer.from([9, 0, 3, 1]) })).status, 0x43)
  t.is((await client.submitted({ esmClass: 0x40, shortMessage: Buffer.from([3, 0, 9, 1]) })).status, 0x43)
  t.is((await client.submitted({ esmClass: 0x40, shortMessage: Buffer.alloc(0) })).status, 0x43)
})

test('random octets never stop the simulator', async t => {
  const operator = await simulator(t)
  let seed = 12345
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return seed / 2 ** 32
  }
  for (let round = 0; round < 50; round += 1) {
    const client = await boundClient(t, operator)
    const octets = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256)))
    // A plausible header in front: otherwise every round ends at the length.
    octets.writeUInt32BE(16 + Math.floor(random() * 180), 0)
    octets.writeUInt32BE([1, 4, 5, 9, 0x103, 0x80000005][round % 6]!, 4)
    client.raw(octets)
    client.socket.end()
    await client.closed
  }
  t.is((await (await boundClient(t, operator)).submitted()).status, 0)
})

test('a session that says nothing is asked, then closed; one that never binds is closed', async t => {
  const clock = fakeClock()
  const operator = await simulator(t, { inactivityMs: 60_000, enquireLinkMs: 20_000 }, clock)
  const silent = await boundClient(t, operator)
  const unbound = await rawClient(t, operator)
  await operator.when(status => status.connections === 2)
  await clock.advance(20_000)
  t.is((await silent.next()).commandId, command.enquireLink)
  await clock.advance(10_000)
  await unbound.closed
  await clock.advance(30_000)
  await silent.closed
  t.is(operator.status().sessions, 0)
})

test('wrong options are refused in words that name the key', async t => {
  const error = await t.throwsAsync(simulator(t, { port: 70_000, messageIds: 'octal' as 'decimal' }))
  t.regex(error.message, /port/)
  t.regex(error.message, /messageIds/)
})

test('a port that is taken is an error and leaves nothing running', async t => {
  const { port } = await simulator(t)
  const error = await t.throwsAsync(simulator(t, { port }))
  t.regex(error.message, /EADDRINUSE/)
})
