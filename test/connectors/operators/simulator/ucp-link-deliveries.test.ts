/** What the simulator brings by itself over UCP, notifications and incoming messages, as the real link reads it. */
import test, { type ExecutionContext } from 'ava'
import { remoteIdKey } from '../../../../connectors/operator.ts'
import type { SimulatorOptions } from '../../../../connectors/operators/simulator/options.ts'
import type { Simulator } from '../../../../connectors/operators/simulator/simulator.ts'
import { notificationFormats } from '../../../../connectors/operators/simulator/ucp/notification-formats.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { accepted, part, partsTo, type Traffic, ucpTraffic } from './link-traffic.ts'
import { simulator } from './raw-client.ts'

function smsc(t: ExecutionContext, options: SimulatorOptions = {}): Promise<Simulator> {
  return simulator(t, { protocol: 'ucp', ...options })
}

/** The part that each receipt belongs to, by its id. */
function owners(seen: Traffic): (number | undefined)[] {
  const byKey = new Map(accepted(seen).map(({ remoteId, partId }) => [remoteIdKey(remoteId), partId]))
  return seen.receipts.map(({ remoteIdKeys }) => byKey.get(remoteIdKeys[0] ?? ''))
}

for (const format of notificationFormats) {
  test(`a notification spelled ${format} finds its part`, async t => {
    const operator = await smsc(t, {
      receipts: { format, rules: [{ recipientSuffix: '2', outcome: 'undelivered', err: '101' }] },
    })
    const national = { national: { countryCode: '226', length: 8 } }
    const seen = ucpTraffic(t, operator, partsTo(2), national)
    await seen.when(() => seen.receipts.length === 2)
    t.deepEqual(owners(seen), [1, 2])
    t.deepEqual(
      seen.receipts.map(({ recipient, state }) => [recipient, state]),
      [
        ['22670000001', 'delivered'],
        ['22670000002', 'undelivered'],
      ],
    )
    await operator.when(status => status.receiptsAcknowledged === 2)
  })
}

test('a notification may come early, late, twice, never, or with one for a stranger', async t => {
  const clock = fakeClock()
  const receipts = {
    delayMs: 0,
    rules: [
      { recipientSuffix: '1', timing: 'early' as const },
      { recipientSuffix: '2', timing: 'twice' as const },
      { recipientSuffix: '3', timing: 'never' as const },
      { recipientSuffix: '4', timing: 'stray' as const },
      { recipientSuffix: '5', delayMs: 300 },
    ],
  }
  const faults = [{ when: { recipientSuffix: '1' }, fault: { kind: 'delay-answer' as const, ms: 100 } }]
  const operator = await simulator(t, { protocol: 'ucp', receipts, faults }, clock)
  const seen = ucpTraffic(t, operator, [part(1)])
  // The answer waits for the clock: the notification was written before it.
  await seen.when(() => seen.receipts.length === 1)
  await clock.advance(110)
  await seen.when(() => accepted(seen).length === 1)
  t.deepEqual(seen.order, ['receipt', 'outcome'])
  seen.send([2, 3, 4, 5].map(partId => part(partId)))
  await seen.when(() => accepted(seen).length === 5)
  await clock.advance(50)
  await seen.when(() => seen.receipts.length === 5)
  await clock.advance(300)
  await seen.when(() => seen.receipts.length === 6)
  const ownerOf = owners(seen)
  t.deepEqual(
    ownerOf.slice(1, -1).sort((a, b) => (a ?? 0) - (b ?? 0)),
    [2, 2, 4, undefined],
  )
  t.is(ownerOf.at(-1), 5)
  await operator.when(status => status.receiptsAcknowledged === 6 && status.deliveriesWaiting === 0)
})

test('buffered notifications come first when they are asked for', async t => {
  const operator = await smsc(t, { receipts: { delayMs: 60, intermediate: true } })
  const seen = ucpTraffic(t, operator, [part(1)], { notificationTypes: 7 })
  await seen.when(() => seen.receipts.length === 2)
  t.deepEqual(
    seen.receipts.map(({ state, detail }) => `${state} ${detail}`),
    ['intermediate Dst:1 Rsn:107 absent subscriber', 'delivered Dst:0 Rsn:000'],
  )
  t.deepEqual(owners(seen), [1, 1])
})

test('what is not stored comes again, the same, and survives a cut', async t => {
  let isStored = false
  const operator = await smsc(t, { receipts: { retryMs: 50 } })
  const seen = ucpTraffic(t, operator, [part(1)], {}, { isStored: () => isStored })
  const settled = operator.deliverIncoming({ from: '22670000001', to: '38001', text: 'Bonjour' })
  await seen.when(() => seen.receipts.length >= 2 && seen.incoming.length >= 2)
  operator.cutAll()
  isStored = true
  t.true(await settled)
  await operator.when(status => status.receiptsAcknowledged === 1 && status.deliveriesWaiting === 0)
  t.true(operator.status().receiptsRetried >= 2)
  t.is(new Set(seen.incoming.map(({ text, sentAtMs }) => `${text} ${sentAtMs}`)).size, 1)
  t.is(new Set(seen.receipts.map(({ remoteIdKeys }) => remoteIdKeys[0])).size, 1)
})

test('two hundred notifications pass through the ninety-nine numbers of the protocol', async t => {
  const operator = await smsc(t, { receipts: { window: 1_000, delayMs: 0 } })
  const seen = ucpTraffic(t, operator, partsTo(200), { window: 100 })
  await seen.when(() => seen.receipts.length === 200)
  await operator.when(status => status.receiptsAcknowledged === 200)
  t.is(new Set(owners(seen)).size, 200)
  t.is(operator.status().receiptsRetried, 0)
})

test('incoming messages arrive in every encoding, long ones in the order asked for', async t => {
  const operator = await smsc(t)
  const seen = ucpTraffic(t, operator, [], { phoneSpacingSeconds: 0 })
  const phone = { from: '22670000001', to: '38001' }
  const gsm = `STOP ${'é€'.repeat(80)}`
  t.true(await operator.deliverIncoming({ ...phone, text: gsm, reference: 9, partOrder: [2, 1, 1] }))
  t.deepEqual(
    seen.incoming.map(({ reference, partNumber, partCount }) => [reference, partNumber, partCount]),
    [
      [9, 2, 2],
      [9, 1, 2],
      [9, 1, 2],
    ],
  )
  t.is(`${seen.incoming[1]!.text}${seen.incoming[0]!.text}`, gsm)
  t.like(seen.incoming[0], { sender: '22670000001', recipient: '38001', encoding: 'gsm7' })
  seen.incoming.length = 0
  const ucs2 = `你好 — ${'ñ🙂'.repeat(60)}`
  t.true(await operator.deliverIncoming({ ...phone, text: ucs2 }))
  t.is(seen.incoming.map(({ text }) => text).join(''), ucs2)
  t.is(seen.incoming[0]!.encoding, 'ucs2')
  t.true(await operator.deliverIncoming({ ...phone, from: 'BANQUE', text: 'Promo' }))
  t.true(await operator.deliverIncoming({ ...phone, from: '4040', text: 'Solde' }))
  t.deepEqual(
    seen.incoming.slice(-2).map(({ sender }) => sender),
    ['BANQUE', '4040'],
  )
  t.is(operator.status().incomingAcknowledged, 8)
})

test('what UCP has no word for is refused where it is said', async t => {
  const operator = await smsc(t)
  t.throws(() => operator.setFaults([{ fault: { kind: 'malformed', sort: 'bad-tlv' } }]), {
    message: /not of ucp/,
  })
  t.throws(() => operator.setFaults([{ fault: { kind: 'refuse', status: 0x400 } }]), {
    message: /no error code of ucp/,
  })
  await t.throwsAsync(smsc(t, { receipts: { format: 'tlv-only' } }), { message: /not of ucp/ })
  await t.throwsAsync(simulator(t, { receipts: { rules: [{ format: 'bare-number' }] } }), {
    message: /not of smpp/,
  })
  await t.throwsAsync(simulator(t, { faults: [{ fault: { kind: 'malformed', sort: 'wrong-checksum' } }] }), {
    message: /not of smpp/,
  })
})
