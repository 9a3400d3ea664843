/** The product's own SMPP link against the simulator: the two halves of every flow test. */
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../../connectors/clock.ts'
import {
  type DeliveryReceipt,
  type IncomingPart,
  type OutgoingPart,
  remoteIdKey,
  type SubmitOutcome,
} from '../../../../connectors/operator.ts'
import type { Simulator } from '../../../../connectors/operators/simulator/simulator.ts'
import { type SmppConfigInput, smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { createSmppLink } from '../../../../connectors/operators/smpp/link.ts'
import { simulator } from './raw-client.ts'

interface Traffic {
  outcomes: SubmitOutcome[]
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
  /** Resolves once the condition holds; asked after everything the link reports. */
  when(condition: () => boolean): Promise<void>
}

function part(partId: number, fields: Partial<OutgoingPart> = {}): OutgoingPart {
  return {
    partId,
    recipient: `2267000${String(partId).padStart(4, '0')}`,
    sender: 'ASSURANCE',
    encoding: 'gsm7',
    text: `Rappel ${partId} : votre prime est échue`,
    partNumber: 1,
    partCount: 1,
    reference: 0,
    validitySeconds: 0,
    requestReceipt: true,
    isFlash: false,
    ...fields,
  }
}

/** A link that submits these parts as fast as it is allowed, and acknowledges whatever comes. */
function traffic(
  t: ExecutionContext,
  operator: Simulator,
  parts: readonly OutgoingPart[],
  config: Partial<SmppConfigInput> = {},
): Traffic {
  const queue = [...parts]
  const waiters: { condition: () => boolean; resolve: () => void }[] = []
  const seen: Traffic = {
    outcomes: [],
    receipts: [],
    incoming: [],
    when: condition =>
      new Promise(resolve => {
        waiters.push({ condition, resolve })
        changed()
      }),
  }
  const changed = (): void => {
    for (const { condition, resolve } of waiters) if (condition()) resolve()
  }
  const submit = (): void => {
    const capacity = link.capacity()
    if (capacity > 0 && queue.length > 0) link.submit(queue.splice(0, capacity))
  }
  const link = createSmppLink({
    config: smppConfigSchema.parse({
      host: operator.host,
      port: operator.port,
      systemId: 'rappel',
      password: 'secret',
      window: 100,
      partsPerSecond: 0,
      ...config,
    }),
    clock: systemClock,
    random: () => 0,
    log: () => {},
    handlers: {
      onOutcomes(outcomes) {
        seen.outcomes.push(...outcomes)
        for (const outcome of outcomes) {
          const isAgain =
            outcome.kind === 'unsent' || (outcome.kind === 'refused' && outcome.refusal === 'throttle')
          const again = isAgain ? parts.find(({ partId }) => partId === outcome.partId) : undefined
          if (again !== undefined) queue.push(again)
        }
        changed()
      },
      onReceipts(receipts) {
        seen.receipts.push(...receipts)
        link.acknowledge(
          receipts.map(({ receiptToken }) => receiptToken),
          true,
        )
        changed()
      },
      onIncoming(incoming) {
        seen.incoming.push(...incoming)
        link.acknowledge(
          incoming.map(({ receiptToken }) => receiptToken),
          true,
        )
        changed()
      },
      onState: () => submit(),
      onCapacity: () => submit(),
    },
  })
  link.start()
  t.teardown(() => link.stop(0))
  return seen
}

function accepted({ outcomes }: Traffic): Extract<SubmitOutcome, { kind: 'accepted' }>[] {
  return outcomes.filter(outcome => outcome.kind === 'accepted')
}

const thousand = Array.from({ length: 1_000 }, (_, index) => part(index + 1))

for (const bindMode of ['transceiver', 'transmitter+receiver'] as const) {
  test(`a thousand parts are accepted once each and all their receipts come back, by ${bindMode}`, async t => {
    const operator = await simulator(t, {
      messageIds: 'hex-in-answer-decimal-in-receipt',
      receipts: { delayMs: [0, 30], rules: [{ share: 0.1, outcome: 'undelivered' }] },
    })
    const seen = traffic(t, operator, thousand, { bindMode })
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
  const seen = traffic(t, operator, [
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
  const seen = traffic(t, operator, thousand)
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
  const seen = traffic(t, operator, thousand.slice(0, 100), { window: 10 })
  await seen.when(() => accepted(seen).length === 100)
  t.is(operator.received.total, 100)
  t.true(operator.status().partsThrottled > 0)
})

test('an incoming message reaches the link and is acknowledged', async t => {
  const operator = await simulator(t)
  const seen = traffic(t, operator, [])
  t.true(
    await operator.deliverIncoming({ from: '22670000001', to: '38001', text: `STOP ${'é€'.repeat(80)}` }),
  )
  t.is(seen.incoming.map(({ text }) => text).join(''), `STOP ${'é€'.repeat(80)}`)
  t.like(seen.incoming[0], { sender: '22670000001', recipient: '38001', partCount: 2, partNumber: 1 })
})
