/** Messages that left without an answer: lost answers, cut links, malformed answers, stops in the middle. */
import test from 'ava'
import { fakeClock } from '../support/fake-clock.ts'
import { booksAgree, flow, operatorOn } from './delivery-setup.ts'

/** Far above what an answer takes on a busy machine: one that is late is given up as one that is lost. */
const answerSeconds = 2

test('with policy hold exactly the unanswered are unknown, and nothing is sent twice', async t => {
  const operator = await operatorOn(t, {
    faults: [{ when: { recipientSuffix: '7' }, fault: { kind: 'lose-answer' } }],
    receipts: { rules: [{ recipientSuffix: '7', timing: 'never' }] },
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds })
  run.route(operatorId)
  await run.start(operatorId)
  const ids = await run.send(Array.from({ length: 200 }, () => ({ unknownPolicy: 'hold' as const })))
  await run.untilStates({ delivered: 180, unknown: 20 })
  t.deepEqual(
    await run.idsIn('unknown'),
    ids.filter((_, index) => index % 10 === 7),
  )
  await run.until(async () => {
    run.clock.leap(31_000)
    return (await run.store.alarms.open()).some(alarm => alarm.kind === 'unknown-held')
  }, 'a person is told')
  t.deepEqual(await run.states(), { delivered: 180, unknown: 20 })
  await booksAgree(t, run, { operators: [operator] })
})

test('a receipt settles a message whose answer was lost', async t => {
  const atOperator = fakeClock()
  const faults = [{ when: { recipientSuffix: '7' }, fault: { kind: 'lose-answer' as const } }]
  const rules = [{ recipientSuffix: '17', outcome: 'undelivered' as const }]
  const operator = await operatorOn(t, { faults, receipts: { delayMs: 2_500, rules } }, atOperator)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 100 }, () => ({})))
  await run.untilStates({ sent: 90, unknown: 10 })
  await atOperator.advance(2_510)
  await run.untilAll('delivered', 'undelivered')
  t.deepEqual(await run.states(), { delivered: 99, undelivered: 1 })
  await booksAgree(t, run, { operators: [operator] })
})

test('an answer that comes late still tells the id, and the receipt then finds the message', async t => {
  const atOperator = fakeClock()
  const faults = [{ when: { every: 5 }, fault: { kind: 'delay-answer' as const, ms: 2_000 } }]
  // After the answers: an earlier one would settle the message the moment it is given up.
  const operator = await operatorOn(t, { faults, receipts: { delayMs: 3_000 } }, atOperator)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 50 }, () => ({})))
  await run.untilStates({ sent: 40, unknown: 10 })
  await atOperator.advance(2_010)
  await run.untilStates({ sent: 50 })
  await atOperator.advance(1_000)
  await run.untilAll('delivered')
  await booksAgree(t, run, { operators: [operator] })
})

test('with policy resend only the unanswered are sent twice', async t => {
  const operator = await operatorOn(t, {
    faults: [{ when: { recipientSuffix: '7', times: 20 }, fault: { kind: 'lose-answer' } }],
    receipts: { rules: [{ recipientSuffix: '7', timing: 'never' }] },
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 200 }, () => ({ unknownPolicy: 'resend' as const })))
  await run.untilStates({ delivered: 180, unknown: 20 })
  run.clock.leap(60_000)
  await run.clock.sleep(50)
  t.is((await run.states()).unknown, 20, 'the grace is not over')
  await run.until(async () => {
    run.clock.leap(31_000)
    return ((await run.states()).unknown ?? 0) === 0
  }, 'policy has decided')
  await run.untilAll('delivered', 'sent')
  t.deepEqual(await run.states(), { delivered: 180, sent: 20 })
  t.true(operator.received.duplicates().every(part => part.recipient.endsWith('7') && part.times === 2))
  await booksAgree(t, run, { operators: [operator], copies: 20 })
})

test('a phone whose answers are always lost is not written to for ever', async t => {
  const operator = await operatorOn(t, {
    faults: [{ fault: { kind: 'lose-answer' } }],
    receipts: { enabled: false },
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send([{ unknownPolicy: 'resend' }])
  await run.until(async () => {
    if ((await run.states()).unknown === 1) run.clock.leap(31_000)
    return operator.received.total === 3
  }, 'three times')
  await run.until(async () => {
    run.clock.leap(3_600_000)
    return (await run.states()).expired === 1
  }, 'the validity is over')
  t.is(operator.received.total, 3)
})

test('links that are cut again and again lose nothing and repeat nothing', async t => {
  const operator = await operatorOn(t, {
    faults: [{ when: { every: 150, times: 4 }, fault: { kind: 'cut', at: 'before-answer' } }],
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 20 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 1_000 }, () => ({})))
  await run.until(async () => {
    if (run.gateway.operators().some(({ state }) => state === 'waiting')) run.clock.leap(2_000)
    const states = await run.states()
    return (states.queued ?? 0) + (states.sending ?? 0) === 0
  }, 'all have left')
  t.is(operator.status().cuts, 4)
  await run.until(
    async () => operator.status().deliveriesWaiting === 0 && (await run.states()).sent === undefined,
    'receipts',
  )
  await booksAgree(t, run, { operators: [operator] })
})

test('malformed answers leave their messages unknown and the others unharmed', async t => {
  const operator = await operatorOn(t, {
    faults: [
      { when: { recipientSuffix: '01' }, fault: { kind: 'malformed', sort: 'wrong-sequence' } },
      { when: { recipientSuffix: '51' }, fault: { kind: 'malformed', sort: 'random-bytes' } },
    ],
    receipts: { rules: [{ recipientSuffix: '1', timing: 'never' }] },
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { answerSeconds, window: 10 })
  run.route(operatorId)
  await run.start(operatorId)
  const ids = await run.send(Array.from({ length: 100 }, () => ({})))
  await run.until(async () => {
    if (run.gateway.operators().some(({ state }) => state === 'waiting')) run.clock.leap(2_000)
    const states = await run.states()
    return (states.queued ?? 0) + (states.sending ?? 0) === 0 && operator.status().deliveriesWaiting === 0
  }, 'all have left')
  await run.untilAll('delivered', 'unknown', 'sent')
  const unknown = await run.idsIn('unknown')
  t.true(unknown.includes(ids[1]!))
  t.true(unknown.includes(ids[51]!))
  await booksAgree(t, run, { operators: [operator] })
})

test('a stop in the middle leaves nothing in sending, and a restart delivers the rest once', async t => {
  const operator = await operatorOn(t, { faults: [{ fault: { kind: 'delay-answer', ms: [20, 60] } }] })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 50 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 1_000 }, () => ({})))
  for (const reached of [200, 500]) {
    await operator.when(status => status.partsAccepted >= reached)
    await run.restart()
  }
  await run.untilAll('delivered')
  t.is(operator.received.total, 1_000)
  await booksAgree(t, run, { operators: [operator] })
})

test('a stopped gateway accepts nothing', async t => {
  const run = await flow(t)
  await run.stop()
  await t.throwsAsync(run.send([{}]), { message: /stopping/ })
})
