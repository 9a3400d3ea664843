/** Long messages: their parts on every kind of wire, with mixed outcomes and receipts. */
import test from 'ava'
import type { SmppConfigInput } from '../../connectors/operators/smpp/config.ts'
import { booksAgree, flow, operatorOn } from './delivery-setup.ts'

/** Three parts of 153 septets. */
const long = (number: number): string => `${number} ${'Votre contrat arrive à échéance. '.repeat(12)}Fin`

for (const longMessages of ['udh8', 'sar', 'udh16', 'payload'] as const satisfies NonNullable<
  SmppConfigInput['longMessages']
>[]) {
  test(`long messages arrive whole by ${longMessages}, and their state follows all their parts`, async t => {
    const operator = await operatorOn(t, {
      receipts: { rules: [{ recipientSuffix: '1', outcome: 'undelivered' }] },
    })
    const run = await flow(t)
    const operatorId = await run.addOperator(operator, { longMessages })
    run.route(operatorId)
    await run.start(operatorId)
    const texts = Array.from({ length: 40 }, (_, index) => long(index))
    await run.send(texts.map(text => ({ text, parts: 3 })))
    await run.untilAll('delivered', 'undelivered')
    t.deepEqual(await run.states(), { delivered: 36, undelivered: 4 })
    t.is(operator.received.total, longMessages === 'payload' ? 40 : 120)
    t.deepEqual([...operator.received.countByText().keys()].sort(), [...texts].sort())
    await booksAgree(t, run, { operators: [operator] })
  })
}

test('a part that is refused for a while is sent again alone', async t => {
  const operator = await operatorOn(t, {
    faults: [{ when: { every: 2, times: 15 }, fault: { kind: 'refuse', status: 0x08 } }],
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 10 }, (_, index) => ({ text: long(index), parts: 3 })))
  await run.until(async () => {
    run.clock.leap(10_000)
    return (await run.states()).delivered === 10
  }, 'all delivered')
  t.is(operator.received.total, 30)
  await booksAgree(t, run, { operators: [operator] })
})

test('a part refused for good refuses the message, whatever its other parts did', async t => {
  const operator = await operatorOn(t, {
    faults: [{ when: { recipientSuffix: '1', after: 1, times: 1 }, fault: { kind: 'refuse', status: 0x0b } }],
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 10 }, (_, index) => ({ text: long(index), parts: 3 })))
  await run.untilAll('refused', 'delivered')
  t.deepEqual(await run.states(), { refused: 1, delivered: 9 })
  t.is((await run.states()).sending, undefined)
})

test('a part without an answer leaves the message unknown; with resend only that part leaves again', async t => {
  const operator = await operatorOn(t, {
    faults: [{ when: { every: 3, times: 5 }, fault: { kind: 'lose-answer' } }],
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds: 2, window: 3 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(
    Array.from({ length: 5 }, (_, index) => ({
      text: long(index),
      parts: 3,
      unknownPolicy: 'resend' as const,
    })),
  )
  await run.untilAll('unknown', 'delivered')
  t.is((await run.states()).unknown, 5)
  t.is(operator.received.total, 15)
  await run.until(async () => {
    run.clock.leap(31_000)
    return (await run.states()).delivered === 5
  }, 'policy has decided')
  t.is(operator.received.total, 20)
  await booksAgree(t, run, { operators: [operator], copies: 5 })
})
