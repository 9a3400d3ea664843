/** Which operator carries a message, in which order, and what happens when it cannot. */
import test from 'ava'
import { booksAgree, flow, operatorOn, recipientOf } from './delivery-setup.ts'

test('an operator down for five minutes gives its queue to the next one', async t => {
  const first = await operatorOn(t, { faults: [{ fault: { kind: 'refuse-connection' } }] })
  const second = await operatorOn(t)
  const run = await flow(t)
  const firstId = await run.addOperator(first)
  const secondId = await run.addOperator(second)
  run.route(firstId, secondId)
  await run.start(firstId)
  await run.start(secondId)
  await run.until(
    () =>
      run.gateway.operators().some(({ operatorId, state }) => operatorId === secondId && state === 'bound'),
    'second bound',
  )
  await run.send(Array.from({ length: 100 }, () => ({})))
  run.clock.leap(61_000)
  await run.until(
    async () => (await run.store.alarms.open()).some(alarm => alarm.kind === 'bind-down'),
    'bind-down is raised',
  )
  t.deepEqual(await run.states(), { queued: 100 })
  t.is(second.received.total, 0)
  run.clock.leap(240_000)
  await run.untilAll('delivered')
  t.is(second.received.total, 100)
  // What is accepted now goes to the second one straight away.
  await run.send([{}])
  await run.untilAll('delivered')
  first.setFaults([])
  run.clock.leap(120_000)
  await run.until(async () => (await run.store.alarms.open()).length === 0, 'the alarm is cleared')
  await booksAgree(t, run, { operators: [first, second] })
})

test('a number that the first operator has no route to goes to the second one, and is refused when none has', async t => {
  const noRoute = { fault: { kind: 'refuse', status: 0x410 } } as const
  const first = await operatorOn(t, {
    faults: [
      { when: { recipientSuffix: '1' }, ...noRoute },
      { when: { recipientSuffix: '2' }, ...noRoute },
    ],
  })
  const second = await operatorOn(t, { faults: [{ when: { recipientSuffix: '2' }, ...noRoute }] })
  const run = await flow(t)
  const config = { statusClasses: { '0x410': 'route' as const } }
  const firstId = await run.addOperator(first, config)
  const secondId = await run.addOperator(second, config)
  run.route(firstId, secondId)
  await run.start(firstId)
  await run.start(secondId)
  await run.send(Array.from({ length: 50 }, () => ({})))
  await run.untilAll('delivered', 'refused')
  t.deepEqual(await run.states(), { delivered: 45, refused: 5 })
  t.is(second.received.total, 5)
  await booksAgree(t, run, { operators: [first, second] })
})

test('express messages overtake five thousand bulk ones', async t => {
  const operator = await operatorOn(t, { faults: [{ fault: { kind: 'delay-answer', ms: [5, 15] } }] })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 50 })
  run.route(operatorId)
  await run.start(operatorId)
  const bulk = { priority: 'bulk' as const }
  await run.send(Array.from({ length: 5_000 }, () => bulk))
  await operator.when(status => status.partsAccepted >= 200)
  await run.send(
    Array.from({ length: 10 }, (_, index) => ({ priority: 'express' as const, text: `Code ${index}` })),
  )
  const before = operator.received.total
  await operator.when(status => status.partsAccepted >= before + 1_000)
  const positions = operator.received
    .parts()
    .flatMap(({ text }, position) => (text.startsWith('Code') ? [position] : []))
  t.is(positions.length, 10)
  // Two windows were claimed ahead and one was in flight; the acceptance took its time as well.
  t.true(positions.every(position => position < before + 500))
})

test('two jobs share the bind fairly, however much the first has queued', async t => {
  const operator = await operatorOn(t, { faults: [{ fault: { kind: 'delay-answer', ms: [5, 15] } }] })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 20 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(
    Array.from({ length: 2_000 }, (_, index) => ({ clientId: 1, recipient: recipientOf(index) })),
  )
  await operator.when(status => status.partsAccepted >= 100)
  await run.send(Array.from({ length: 300 }, (_, index) => ({ clientId: 2, text: `Second ${index}` })))
  const before = operator.received.total
  await operator.when(status => status.partsAccepted >= before + 700)
  const second = operator.received.parts().filter(({ text }) => text.startsWith('Second')).length
  t.true(second >= 250, `${second} of 300 had left with the first 700`)
})
