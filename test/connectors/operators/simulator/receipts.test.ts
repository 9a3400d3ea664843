import test from 'ava'
import {
  type ReceiptFormat,
  receiptFormats,
} from '../../../../connectors/operators/simulator/smpp/receipt-formats.ts'
import { tlvInteger, tlvString, tlvValue } from '../../../../connectors/operators/smpp/short-message.ts'
import { command, tag } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import {
  acknowledge,
  boundClient,
  idOf,
  messageOf,
  type Pdu,
  rawClient,
  simulator,
  textOf,
} from './raw-client.ts'

test('a receipt comes back from the phone to the sender, in the words of the standard', async t => {
  const clock = fakeClock('2027-03-15T09:05:30Z')
  const operator = await simulator(t, { receipts: { delayMs: 60_000 } }, clock)
  const client = await boundClient(t, operator)
  await client.submitted({ shortMessage: Buffer.from('Votre contrat expire le 15/03/2027.') })
  t.is(operator.status().deliveriesWaiting, 1)
  await clock.advance(60_010)
  const receipt = await client.nextOf(command.deliverSm)
  t.like(messageOf(receipt), {
    source: '22670000001',
    sourceTon: 1,
    destination: '38001',
    destinationTon: 3,
    esmClass: 0x04,
    dataCoding: 0,
  })
  t.is(
    textOf(receipt),
    'id:439041101 sub:001 dlvrd:001 submit date:2703150905 done date:2703150906 stat:DELIVRD err:000 text:Votre contrat expire',
  )
  acknowledge(client, receipt)
  await operator.when(status => status.receiptsAcknowledged === 1)
  t.is(operator.status().deliveriesWaiting, 0)
})

test('registered_delivery is obeyed', async t => {
  const operator = await simulator(t, {
    receipts: { intermediate: true, rules: [{ recipientSuffix: '9', outcome: 'undelivered' }] },
  })
  const client = await boundClient(t, operator)
  const good = '22670000001'
  const bad = '22670000009'
  for (const [registeredDelivery, destination] of [
    [0, good],
    [2, good],
    [3, bad],
    [2, bad],
    [3, good],
    [0x11, good],
  ] as const) {
    await client.submitted({ registeredDelivery, destination })
  }
  const words: string[] = []
  for (let count = 0; count < 4; count += 1) {
    words.push(/stat:(\w+)/.exec(textOf(await client.nextOf(command.deliverSm)))![1]!)
  }
  t.deepEqual(words.sort(), ['DELIVRD', 'DELIVRD', 'ENROUTE', 'UNDELIV'])
  t.is(operator.status().receiptsScheduled, 4)
})

test('outcomes follow suffix and share, are the same every time, and are known beforehand', async t => {
  const rules = [
    { recipientSuffix: '00', outcome: 'rejected', err: '0A3' },
    { share: 0.2, outcome: 'expired' },
  ] as const
  const operator = await simulator(t, { seed: 5, receipts: { rules: [...rules] } })
  const again = await simulator(t, { seed: 5, receipts: { rules: [...rules] } })
  const numbers = Array.from({ length: 1_000 }, (_, index) => `2267000${String(index).padStart(4, '0')}`)
  const expected = numbers.map(number => operator.expectedOutcome(number))
  t.deepEqual(
    expected,
    numbers.map(number => again.expectedOutcome(number)),
  )
  const count = (outcome: string): number => expected.filter(other => other === outcome).length
  t.is(count('rejected'), 10)
  t.true(count('expired') > 160 && count('expired') < 240, `${count('expired')} expired of about 198`)

  const client = await boundClient(t, operator)
  await client.submitted({ destination: '22670000100' })
  t.regex(textOf(await client.nextOf(command.deliverSm)), /dlvrd:000 .* stat:REJECTD err:0A3 /)
  t.is(operator.status().outcomes.rejected, 1)
})

test('an early receipt is written before the answer', async t => {
  const client = await boundClient(t, await simulator(t, { receipts: { rules: [{ timing: 'early' }] } }))
  client.submit()
  t.is((await client.next()).commandId, command.deliverSm)
  t.is((await client.next()).commandId, command.submitSmResp)
})

test('an early receipt on a receiver arrives before the answer on its transmitter', async t => {
  const clock = fakeClock()
  const operator = await simulator(t, { receipts: { rules: [{ timing: 'early' }] } }, clock)
  const transmitter = await rawClient(t, operator)
  const receiver = await rawClient(t, operator)
  await transmitter.bind(command.bindTransmitter)
  await receiver.bind(command.bindReceiver)
  const answer = transmitter.submitted()
  await receiver.nextOf(command.deliverSm)
  await clock.advance(30)
  t.is((await answer).status, 0)
})

test('a receipt may never come, come twice, or come with one for a stranger', async t => {
  const operator = await simulator(t, {
    receipts: {
      rules: [
        { recipientSuffix: '1', timing: 'never' },
        { recipientSuffix: '2', timing: 'twice' },
        { recipientSuffix: '3', timing: 'stray' },
      ],
    },
  })
  const client = await boundClient(t, operator)
  const ids: string[] = []
  for (const last of [1, 2, 3]) ids.push(idOf(await client.submitted({ destination: `2267000000${last}` })))
  const received: string[] = []
  for (let count = 0; count < 4; count += 1) {
    received.push(/^id:(\d+)/.exec(textOf(await client.nextOf(command.deliverSm)))![1]!)
  }
  t.is(received.filter(id => id === ids[0]).length, 0)
  t.is(received.filter(id => id === ids[1]).length, 2)
  t.is(received.filter(id => id === ids[2]).length, 1)
  t.is(received.filter(id => !ids.includes(id)).length, 1)
})

test('receipts go to any receiver of the account, within the window', async t => {
  const operator = await simulator(t, { receipts: { window: 2 } })
  const transmitter = await rawClient(t, operator)
  await transmitter.bind(command.bindTransmitter)
  for (let count = 0; count < 5; count += 1) await transmitter.submitted()
  t.is(operator.status().deliveriesWaiting, 5)
  const receiver = await rawClient(t, operator)
  await receiver.bind(command.bindReceiver)
  const first = await receiver.nextOf(command.deliverSm)
  await receiver.nextOf(command.deliverSm)
  const sequence = receiver.empty(command.enquireLink)
  // Had the window been ignored, a third deliver_sm would stand before this answer.
  t.is((await receiver.next()).sequence, sequence)
  acknowledge(receiver, first)
  t.is((await receiver.next()).commandId, command.deliverSm)
})

test('a receipt is delivered again after an error, silence or a cut, and given up when rejected', async t => {
  const clock = fakeClock()
  const operator = await simulator(t, { receipts: { retryMs: 5_000, answerTimeoutMs: 10_000 } }, clock)
  const client = await boundClient(t, operator)
  const id = idOf(await client.submitted())
  const sameReceipt = (pdu: Pdu): boolean => textOf(pdu).startsWith(`id:${id} `)

  const first = await client.nextOf(command.deliverSm)
  t.true(sameReceipt(first))
  acknowledge(client, first, 0x64)
  await operator.when(status => status.receiptsRetried === 1)
  await clock.advance(5_010)
  t.true(sameReceipt(await client.nextOf(command.deliverSm)))
  await clock.advance(11_000)
  await clock.advance(5_010)
  t.true(sameReceipt(await client.nextOf(command.deliverSm)))
  client.socket.destroy()
  await operator.when(status => status.sessions === 0)
  const later = await boundClient(t, operator)
  const last = await later.nextOf(command.deliverSm)
  t.true(sameReceipt(last))
  acknowledge(later, last, 0x65)
  await operator.when(status => status.receiptsRejected === 1)
  t.like(operator.status(), { deliveriesWaiting: 0, receiptsRetried: 3, receiptsAcknowledged: 0 })
})

test('ids are spelled in the style asked for, in answer and receipt', async t => {
  for (const [messageIds, answer, receipt] of [
    ['decimal', '439041101', '439041101'],
    ['hex-lower', '1a2b3c4d', '1a2b3c4d'],
    ['hex-upper', '1A2B3C4D', '1A2B3C4D'],
    ['hex-in-answer-decimal-in-receipt', '1A2B3C4D', '439041101'],
    ['decimal-in-answer-hex-in-receipt', '439041101', '1A2B3C4D'],
    ['leading-zeros-in-answer', '0000000439041101', '439041101'],
    ['leading-zeros-in-receipt', '439041101', '0000000439041101'],
    ['uuid', '00000000-0000-41a2-8b3c-00000000004d', '00000000-0000-41a2-8b3c-00000000004d'],
  ] as const) {
    const client = await boundClient(t, await simulator(t, { messageIds }))
    t.is(idOf(await client.submitted()), answer, messageIds)
    t.true(textOf(await client.nextOf(command.deliverSm)).startsWith(`id:${receipt} `), messageIds)
  }
})

const id = '00000000-0000-41a2-8b3c-00000000004d'
const dates = 'submit date:2703150905 done date:2703150906'
const canonical = `id:${id} sub:001 dlvrd:000 ${dates} stat:UNDELIV err:7 text:Bonjour`

/** Text of each format; the octets of the UCS-2 ones read as the format says, and what else differs from the canonical. */
const spelled: Record<
  ReceiptFormat,
  { text: string; esmClass?: number; dataCoding?: number; hasIdTlv?: boolean }
> = {
  canonical: { text: canonical },
  'tlv-only': { text: '', hasIdTlv: true },
  both: { text: canonical, hasIdTlv: true },
  reordered: {
    text: `stat:UNDELIV err:7 done date:2703150906 submit date:2703150905 id:${id} dlvrd:000 sub:001 text:Bonjour`,
  },
  'upper-case': {
    text: `ID:${id} SUB:001 DLVRD:000 ${dates.toUpperCase()} STAT:UNDELIV ERR:7 TEXT:Bonjour`,
  },
  'wide-spaces': { text: canonical.replaceAll(' ', '  ') },
  'ucs2-body': { text: canonical, dataCoding: 8 },
  'ucs2-coding-only': { text: canonical, dataCoding: 8 },
  'no-text': { text: `id:${id} sub:001 dlvrd:000 ${dates} stat:UNDELIV err:7` },
  'no-counts': { text: `id:${id} ${dates} stat:UNDELIV err:7 text:Bonjour` },
  'hex-err': { text: canonical.replace('err:7', 'err:0A3') },
  'long-err': { text: canonical.replace('err:7', 'err:000007') },
  'dates-with-seconds': {
    text: canonical.replace(dates, 'submit date:270315090530 done date:270315090630'),
  },
  'dates-with-century': {
    text: canonical.replace(dates, 'submit date:20270315090530 done date:20270315090630'),
  },
  'esm-class-zero': { text: canonical, esmClass: 0 },
  payload: { text: canonical },
  'data-sm': { text: canonical, hasIdTlv: true },
  'comma-list': { text: `UNDELIV,2703150906,2703150905,7,22670000001,38001,,${id}` },
}

for (const format of receiptFormats) {
  test(`a receipt is spelled ${format}`, async t => {
    const clock = fakeClock('2027-03-15T09:05:30Z')
    const rules = [{ outcome: 'undelivered', err: '7' }] as const
    const operator = await simulator(
      t,
      { messageIds: 'uuid', receipts: { format, delayMs: 60_000, rules: [...rules] } },
      clock,
    )
    const client = await boundClient(t, operator)
    const reference = { tag: tag.userMessageReference, value: Buffer.from([0x12, 0x34]) }
    t.is(idOf(await client.submitted({ tlvs: [reference] })), id)
    await clock.advance(60_000)

    const pdu = await client.nextOf(format === 'data-sm' ? command.dataSm : command.deliverSm)
    const { tlvs, shortMessage, esmClass, dataCoding } = messageOf(pdu)
    const octets = Buffer.from(tlvValue(tlvs, tag.messagePayload) ?? shortMessage)
    const expected = spelled[format]
    t.is(
      format === 'ucs2-body' ? octets.swap16().toString('utf16le') : octets.toString('latin1'),
      expected.text,
    )
    t.is(esmClass, expected.esmClass ?? 0x04)
    t.is(dataCoding, expected.dataCoding ?? 0)
    t.is(tlvString(tlvs, tag.receiptedMessageId), expected.hasIdTlv ? id : undefined)
    t.is(tlvInteger(tlvs, tag.messageState), expected.hasIdTlv ? 5 : undefined)
    t.is(tlvInteger(tlvs, tag.userMessageReference), 0x1234)
  })
}
