import test from 'ava'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { acknowledge, boundClient, messageOf, type RawClient, simulator, textOf } from './raw-client.ts'

async function take(client: RawClient): Promise<ReturnType<typeof messageOf>> {
  const pdu = await client.nextOf(command.deliverSm)
  acknowledge(client, pdu)
  return messageOf(pdu)
}

test('a phone writes to the short code', async t => {
  const operator = await simulator(t)
  const client = await boundClient(t, operator)
  const delivered = operator.deliverIncoming({ from: '22670000001', to: '38001', text: 'STOP' })
  const pdu = await client.nextOf(command.deliverSm)
  t.like(messageOf(pdu), { source: '22670000001', destination: '38001', esmClass: 0, dataCoding: 0 })
  t.is(textOf(pdu), 'STOP')
  acknowledge(client, pdu)
  t.true(await delivered)
  t.is(operator.status().incomingAcknowledged, 1)
})

test('a message waits until somebody is bound, and a rejection is told', async t => {
  const operator = await simulator(t)
  const delivered = operator.deliverIncoming({ from: '22670000001', to: '38001', text: 'STOP' })
  const client = await boundClient(t, operator)
  acknowledge(client, await client.nextOf(command.deliverSm), 0x66)
  t.false(await delivered)
})

test('a long text comes in parts that cut no character, in the order asked for', async t => {
  const operator = await simulator(t)
  const client = await boundClient(t, operator)
  const text = `${'a'.repeat(152)}€${'b'.repeat(151)}`
  const delivered = operator.deliverIncoming({ from: '1', to: '2', text, reference: 9, partOrder: [2, 1, 2] })
  const parts = [await take(client), await take(client), await take(client)]
  t.true(await delivered)
  t.deepEqual(
    parts.map(part => Buffer.from(part.shortMessage).toString('hex', 0, 6)),
    ['050003090202', '050003090201', '050003090202'],
  )
  t.deepEqual(
    parts.map(part => [part.esmClass, part.shortMessage.length]),
    [
      [0x40, 6 + 153],
      [0x40, 6 + 152],
      [0x40, 6 + 153],
    ],
  )
  t.is(Buffer.from(parts[0]!.shortMessage).toString('hex', 6, 8), '1b65')
})

test('a text outside the GSM alphabet comes as UCS-2, without cutting a surrogate pair', async t => {
  const operator = await simulator(t)
  const client = await boundClient(t, operator)
  const text = `${'ё'.repeat(66)}😀${'ё'.repeat(10)}`
  const delivered = operator.deliverIncoming({ from: '1', to: '2', text })
  const parts = [await take(client), await take(client)]
  t.true(await delivered)
  t.deepEqual(
    parts.map(part => part.dataCoding),
    [8, 8],
  )
  const octets = parts.map(part => Buffer.from(part.shortMessage.subarray(6)))
  t.is(octets[0]!.length, 132)
  t.is(Buffer.concat(octets).swap16().toString('utf16le'), text)
})

test('what cannot be sent is refused', async t => {
  const operator = await simulator(t)
  const incoming = { from: '1', to: '2', text: 'x' }
  await t.throwsAsync(operator.deliverIncoming({ ...incoming, systemId: 'nobody' }), {
    message: /no account/,
  })
  await t.throwsAsync(operator.deliverIncoming({ ...incoming, text: 'x'.repeat(153 * 256) }), {
    message: /256 parts/,
  })
  await t.throwsAsync(operator.deliverIncoming({ ...incoming, text: '😀', encoding: 'gsm7' }))
  await t.throwsAsync(operator.deliverIncoming({ ...incoming, text: 'x'.repeat(161), partOrder: [3] }))
})
