/** The product's own SMPP link against the simulator: the two halves of every flow test. */
import test from 'ava'
import { remoteIdKey } from '../../../../connectors/operator.ts'
import { accepted, part, partsTo, smppTraffic } from './link-traffic.ts'
import { simulator } from './raw-client.ts'

const thousand = partsTo(1_000)

for (const bindMode of ['transceiver', 'transmitter+receiver'] as const) {
  test(`a thousand parts are accepted once each and all their receipts come back, by ${bindMode}`, async t => {
    const operator = await simulator(t, {
      messageIds: 'hex-in-answer-decimal-in-receipt',
      receipts: { delayMs: [0, 30], rules: [{ share: 0.1, outcome: 'undelivered' }] },
    })
    const seen = smppTraffic(t, operator, thousand, { bindMode })
    await seen.when(() => accepted(seen).length === 1_000 && seen.receipts.length === 1_000)
    await operator.when(status => status.receiptsAcknowledged === 1_000)

    const texts = operator.received.countByText()
    t.is(texts.size, 1_000)
    t.true(thousand.every(({ text }) => texts.get(text) === 1))
    t.deepEqual(operator.received.duplicates(), [])
    const partByKey = new Map(accepted(seen).map(({ remoteId, partId }) => [remoteIdKey(remoteId), partId]))
    for (const receipt of seen.receipts) {
      const partId = receipt.remoteIdKeys.map(key => partByKey.get(key)).find(known => known !== undefined)
      const recipient = thousand[partId! - 1]?.recipient
      t.is(receipt.recipient, recipient!)
      t.is(receipt.state, operator.expectedOutcome(recipient!) as typeof receipt.state)
    }
  })
}

test('parts of long messages are read as the phone would, in both encodings', async t => {
  const operator = await simulator(t)
  const long = { partCount: 2, reference: 7 }
  const seen = smppTraffic(t, operator, [
    part(1, { ...long, partNumber: 1, recipient: '22670000001', text: 'à payer : 45 € ' }),
    part(2, { ...long, partNumber: 2, recipient: '22670000001', text: 'merci' }),
    part(3, { encoding: 'ucs2', text: 'Fête — ñ ç 你好' }),
  ])
  await seen.when(() => accepted(seen).length === 3)
  t.deepEqual([...operator.received.countByText().keys()], ['à payer : 45 € merci', 'Fête — ñ ç 你好'])
})

test('what a cut leaves open is told as unknown, and nothing is accepted twice', async t => {
  const operator = await simulator(t, {
    receipts: { enabled: false },
    faults: [
      { when: { after: 200, times: 1 }, fault: { kind: 'cut', at: 'before-answer' } },
      { when: { after: 300, times: 1 }, fault: { kind: 'cut', at: 'before-recording' } },
    ],
  })
  const seen = smppTraffic(t, operator, thousand)
  const settled = (): number =>
    seen.outcomes.filter(({ kind }) => kind === 'accepted' || kind === 'unknown').length
  await seen.when(() => settled() === 1_000)
  const unknown = seen.outcomes.filter(({ kind }) => kind === 'unknown').length
  t.true(unknown > 0)
  t.deepEqual(operator.received.duplicates(), [])
  t.true(operator.received.total >= accepted(seen).length)
  t.true(operator.received.total <= accepted(seen).length + unknown)
  t.is(operator.status().cuts, 2)
})

test('a throttled link sends all of it in the end', async t => {
  const operator = await simulator(t, {
    receipts: { enabled: false },
    faults: [{ when: { after: 20, times: 5 }, fault: { kind: 'throttle' } }],
  })
  const seen = smppTraffic(t, operator, thousand.slice(0, 100), { window: 10 })
  await seen.when(() => accepted(seen).length === 100)
  t.is(operator.received.total, 100)
  t.true(operator.status().partsThrottled > 0)
})

test('an incoming message reaches the link and is acknowledged', async t => {
  const operator = await simulator(t)
  const seen = smppTraffic(t, operator, [])
  t.true(
    await operator.deliverIncoming({ from: '22670000001', to: '38001', text: `STOP ${'é€'.repeat(80)}` }),
  )
  t.is(seen.incoming.map(({ text }) => text).join(''), `STOP ${'é€'.repeat(80)}`)
  t.like(seen.incoming[0], { sender: '22670000001', recipient: '38001', partCount: 2, partNumber: 1 })
})
