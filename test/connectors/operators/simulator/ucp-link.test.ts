/** The product's own UCP link against the simulator: the two halves of every flow test over UCP. */
import test, { type ExecutionContext } from 'ava'
import { remoteIdKey } from '../../../../connectors/operator.ts'
import type { SimulatorOptions } from '../../../../connectors/operators/simulator/options.ts'
import type { Simulator } from '../../../../connectors/operators/simulator/simulator.ts'
import { accepted, part, partsTo, type Traffic, ucpTraffic } from './link-traffic.ts'
import { simulator } from './raw-client.ts'

const quiet = { receipts: { enabled: false } }

function smsc(t: ExecutionContext, options: SimulatorOptions = {}): Promise<Simulator> {
  return simulator(t, { protocol: 'ucp', ...options })
}

/** The part that each receipt belongs to, by its id. */
function owners(seen: Traffic): (number | undefined)[] {
  const byKey = new Map(accepted(seen).map(({ remoteId, partId }) => [remoteIdKey(remoteId), partId]))
  return seen.receipts.map(({ remoteIdKeys }) => byKey.get(remoteIdKeys[0] ?? ''))
}

test('five hundred parts are accepted once each and all their notifications come back', async t => {
  const parts = partsTo(500)
  const operator = await smsc(t, {
    receipts: { delayMs: [0, 30], rules: [{ share: 0.1, outcome: 'undelivered' }] },
  })
  const seen = ucpTraffic(t, operator, parts)
  await seen.when(() => accepted(seen).length === 500 && seen.receipts.length === 500)
  await operator.when(status => status.receiptsAcknowledged === 500)

  t.is(operator.received.countByText().size, 500)
  t.deepEqual(operator.received.duplicates(), [])
  const ownerOf = owners(seen)
  t.is(new Set(ownerOf).size, 500)
  for (const [index, receipt] of seen.receipts.entries()) {
    const { recipient } = parts[ownerOf[index]! - 1]!
    t.is(receipt.recipient, recipient)
    t.is(receipt.state, operator.expectedOutcome(recipient) as typeof receipt.state)
  }
  t.like(operator.received.parts()[0], {
    systemId: '38001',
    sender: 'ASSURANCE',
    senderTon: 5,
    registeredDelivery: 1,
  })
  t.regex(operator.received.parts()[0]!.messageId, /^00226700\d{5}:\d{12}$/)
})

test('what is submitted is read as the phone would, whatever the encoding and the sender', async t => {
  const operator = await smsc(t)
  const texts = ['@£$ é è à Ç [€] {x} ~', 'Fête — ñ ç 你好']
  const seen = ucpTraffic(t, operator, [
    part(1, { text: texts[0]!, sender: '38001', validitySeconds: 7_200 }),
    part(2, { text: texts[1]!, encoding: 'ucs2', sender: '+22625300000' }),
    part(3, { requestReceipt: false, isFlash: true }),
  ])
  await seen.when(() => accepted(seen).length === 3)
  const [plain, unicode, silent] = operator.received.parts()
  t.like(plain, { text: texts[0], sender: '38001', senderTon: 3, dataCoding: 0 })
  t.regex(plain!.validityPeriod, /^\d{10}$/)
  t.like(unicode, { text: texts[1], sender: '22625300000', senderTon: 1, dataCoding: 8 })
  t.is(silent!.registeredDelivery, 0)
  await operator.when(status => status.receiptsAcknowledged === 2)
})

for (const partsAs of ['text', 'transparent'] as const) {
  test(`parts of a long message are put together, sent as ${partsAs}`, async t => {
    const operator = await smsc(t, quiet)
    const phone = { recipient: '22670000001', partCount: 2, reference: 7 }
    const seen = ucpTraffic(
      t,
      operator,
      [
        part(1, { ...phone, partNumber: 1, text: 'à payer : 45 € ' }),
        part(2, { ...phone, partNumber: 2, text: 'merci' }),
      ],
      { partsAs, phoneSpacingSeconds: 0 },
    )
    await seen.when(() => accepted(seen).length === 2)
    t.deepEqual([...operator.received.countByText().keys()], ['à payer : 45 € merci'])
  })
}

test('an SMSC of Latin-1 reads Latin-1', async t => {
  const operator = await smsc(t, { ...quiet, defaultAlphabet: 'latin1' })
  const seen = ucpTraffic(t, operator, [part(1, { text: 'Échéance à régler' })], { alphabet: 'latin1' })
  await seen.when(() => accepted(seen).length === 1)
  t.deepEqual([...operator.received.countByText().keys()], ['Échéance à régler'])
})

test('two parts to one phone leave a second apart and have two ids', async t => {
  const operator = await smsc(t)
  const seen = ucpTraffic(t, operator, partsTo(2, { recipient: '22670000001' }))
  await seen.when(() => seen.receipts.length === 2)
  t.is(new Set(operator.received.parts().map(({ messageId }) => messageId)).size, 2)
  t.deepEqual(owners(seen), [1, 2])
})

test('an SMSC that is asked twice in a second gives the same id twice', async t => {
  const operator = await smsc(t, { receipts: { delayMs: 0 } })
  const seen = ucpTraffic(t, operator, partsTo(6, { recipient: '22670000001' }), { phoneSpacingSeconds: 0 })
  await seen.when(() => seen.receipts.length === 6)
  t.true(new Set(operator.received.parts().map(({ messageId }) => messageId)).size <= 2)
  t.is(new Set(owners(seen)).size, 6)
})

test('throttle and refuse answer with their EC and do not record', async t => {
  const operator = await smsc(t, {
    ...quiet,
    faults: [
      { when: { recipientSuffix: '3', times: 1 }, fault: { kind: 'throttle' } },
      { when: { recipientSuffix: '5' }, fault: { kind: 'refuse', status: 6 } },
    ],
  })
  const seen = ucpTraffic(t, operator, partsTo(9))
  await seen.when(() => accepted(seen).length === 8)
  const refused = seen.outcomes.filter(outcome => outcome.kind === 'refused')
  t.deepEqual(refused.map(({ partId, status, refusal }) => [partId, status, refusal]).sort(), [
    [3, 4, 'throttle'],
    [5, 6, 'invalid-recipient'],
  ])
  t.like(operator.status(), { partsAccepted: 8, partsThrottled: 1, partsRefused: 1 })
})

test('the contract is enforced in any second, and its busiest one is told', async t => {
  const operator = await smsc(t, { ...quiet, contract: { maxPartsPerSecond: 20 } })
  const seen = ucpTraffic(t, operator, partsTo(25))
  await operator.when(status => status.rateViolations > 0)
  await seen.when(() => accepted(seen).length === 25)
  t.is(operator.received.peakInAnySecond, 20)
  t.is(operator.received.total, 25)
})

test('the window of the contract is enforced', async t => {
  const operator = await smsc(t, {
    ...quiet,
    contract: { maxWindow: 2 },
    faults: [{ fault: { kind: 'delay-answer', ms: 40 } }],
  })
  const greedy = ucpTraffic(t, operator, partsTo(6), { window: 6 })
  await greedy.when(() => accepted(greedy).length === 6)
  t.true(operator.status().windowViolations >= 4)
  const before = operator.status().windowViolations
  await greedy.link.stop()
  const modest = ucpTraffic(t, operator, partsTo(6), { window: 2 })
  await modest.when(() => accepted(modest).length === 6)
  t.is(operator.status().windowViolations, before)
})

test('answers delayed, lost, repeated and parts swallowed end as what they are', async t => {
  const operator = await smsc(t, {
    ...quiet,
    faults: [
      { when: { recipientSuffix: '1' }, fault: { kind: 'delay-answer', ms: [30, 60] } },
      { when: { recipientSuffix: '2' }, fault: { kind: 'lose-answer' } },
      { when: { recipientSuffix: '3' }, fault: { kind: 'swallow' } },
      { when: { recipientSuffix: '4' }, fault: { kind: 'repeat-answer' } },
    ],
  })
  const seen = ucpTraffic(t, operator, partsTo(5), { answerSeconds: 1 })
  await seen.when(() => seen.outcomes.length === 5)
  t.deepEqual(
    seen.outcomes.flatMap(({ kind, partId }) => (kind === 'unknown' ? [partId] : [])).sort(),
    [2, 3],
  )
  t.is(accepted(seen).at(-1)!.partId, 1)
  t.like(operator.status(), { partsAccepted: 4, answersLost: 1, partsSwallowed: 1 })
  t.true(seen.events.includes('frame.unexpected'))
})

for (const [at, kind, recorded] of [
  ['before-recording', 'unknown', 0],
  ['before-answer', 'unknown', 1],
  ['after-answer', 'accepted', 1],
] as const) {
  test(`a cut ${at} is ${kind} to the link, which comes back`, async t => {
    const operator = await smsc(t, {
      ...quiet,
      faults: [{ when: { times: 1 }, fault: { kind: 'cut', at } }],
    })
    const seen = ucpTraffic(t, operator, [part(1)])
    await seen.when(() => seen.outcomes.length === 1)
    t.is(seen.outcomes[0]!.kind, kind)
    t.is(operator.received.total, recorded)
    await seen.when(() => seen.link.status().state !== 'bound')
    await seen.when(() => seen.link.status().state === 'bound')
    seen.send([part(2)])
    await seen.when(() => seen.outcomes.length === 2)
    t.is(seen.outcomes[1]!.kind, 'accepted')
    t.deepEqual(operator.received.duplicates(), [])
  })
}

test('a stall is sat out; an SMSC that leaves is found again', async t => {
  const operator = await smsc(t, {
    ...quiet,
    faults: [
      { when: { recipientSuffix: '1' }, fault: { kind: 'stall', ms: 150 } },
      { when: { recipientSuffix: '3' }, fault: { kind: 'unbind' } },
    ],
  })
  const seen = ucpTraffic(t, operator, partsTo(2), { window: 1 })
  await seen.when(() => accepted(seen).length === 2)
  seen.send([part(3)])
  await seen.when(() => accepted(seen).length === 3)
  await operator.when(status => status.sessions === 0)
  await operator.when(status => status.sessions === 1 && status.bindsAccepted === 2)
  seen.send([part(4)])
  await seen.when(() => accepted(seen).length === 4)
  t.is(operator.received.total, 4)
})

for (const [sort, outcome] of [
  ['wrong-checksum', { kind: 'unknown', reason: 'malformed-answer' }],
  ['length-huge', { kind: 'unknown', reason: 'malformed-answer' }],
  ['other-phone', { kind: 'unknown', reason: 'malformed-answer' }],
  ['no-verdict', { kind: 'unknown', reason: 'malformed-answer' }],
  ['wrong-sequence', { kind: 'unknown', reason: 'timeout' }],
  ['unknown-command', { kind: 'unknown', reason: 'timeout' }],
  ['random-bytes', { kind: 'unknown', reason: 'timeout' }],
  ['half-frame', { kind: 'unknown', reason: 'link-lost' }],
  ['endless-frame', { kind: 'unknown', reason: 'link-lost' }],
  ['empty-id', { kind: 'accepted', remoteId: '' }],
] as const) {
  test(`malformed ${sort} instead of an answer: ${Object.values(outcome).join(' ')}`, async t => {
    const operator = await smsc(t, {
      ...quiet,
      faults: [{ when: { times: 1 }, fault: { kind: 'malformed', sort } }],
    })
    const seen = ucpTraffic(t, operator, [part(1)], { answerSeconds: 1.2, halfFrameSeconds: 0.4 })
    await seen.when(() => seen.outcomes.length === 1)
    t.like(seen.outcomes[0], outcome)
    t.is(operator.received.total, 1)
    t.is(operator.status().answersLost, 1)
    await seen.when(() => seen.link.status().state === 'bound')
    seen.send([part(2)])
    await seen.when(() => seen.outcomes.length === 2)
    t.is(seen.outcomes[1]!.kind, 'accepted')
  })
}

for (const sort of ['wrong-sequence', 'unknown-command', 'random-bytes'] as const) {
  test(`malformed ${sort} before the answer changes nothing`, async t => {
    const operator = await smsc(t, {
      ...quiet,
      faults: [{ fault: { kind: 'malformed', sort, thenAnswer: true } }],
    })
    const seen = ucpTraffic(t, operator, partsTo(20))
    await seen.when(() => accepted(seen).length === 20)
    t.is(operator.status().bindsAccepted, 1)
  })
}

test('logins are refused, ignored, delayed, and connections closed at once', async t => {
  const operator = await smsc(t, {
    faults: [
      { when: { times: 1 }, fault: { kind: 'refuse-connection' } },
      { when: { times: 1 }, fault: { kind: 'ignore-bind' } },
      { when: { times: 1 }, fault: { kind: 'delay-bind', ms: 100 } },
    ],
  })
  const seen = ucpTraffic(t, operator, [part(1)], { loginSeconds: 0.5 })
  await seen.when(() => accepted(seen).length === 1)
  t.like(operator.status(), { connections: 3, bindsAccepted: 1 })
  operator.setFaults([{ fault: { kind: 'refuse-bind' } }])
  const refused = ucpTraffic(t, operator, [])
  await refused.when(() => refused.link.status().state === 'refused')
  t.regex(refused.link.status().reason, /EC 07 authentication failure/)
})

for (const [name, config] of [
  ['password', { password: 'wrong' }],
  ['account', { account: '38002' }],
] as const) {
  test(`a wrong ${name} is refused with EC 07`, async t => {
    const operator = await smsc(t)
    const seen = ucpTraffic(t, operator, [], config)
    await seen.when(() => seen.link.status().state === 'refused')
    t.regex(seen.link.status().reason, /EC 07/)
    t.is(operator.status().bindsRefused, 1)
  })
}

test('operation 31 is answered, or not; a client that is silent is asked, and closed', async t => {
  const operator = await smsc(t, { enquireLinkMs: 1_000 })
  const asking = ucpTraffic(t, operator, [], { keepAliveSeconds: 0.5, answerSeconds: 1 })
  await asking.when(() => asking.link.status().state === 'bound')
  operator.setFaults([{ fault: { kind: 'ignore-enquire-link' } }])
  await asking.when(() => asking.link.status().state === 'waiting')
  t.regex(asking.link.status().reason, /operation 31 not answered/)
})
