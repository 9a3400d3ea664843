/** From acceptance to the stored receipt, over real sockets, when nothing or little goes wrong. */
import test from 'ava'
import { rulesTo } from '../support/rules.ts'
import { booksAgree, flow, operatorOn, recipientOf } from './delivery-setup.ts'

test('two thousand messages are delivered, each once', async t => {
  const operator = await operatorOn(t)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  const ids = await run.send(Array.from({ length: 2_000 }, () => ({})))
  await run.untilAll('delivered')
  t.deepEqual(await run.idsIn('delivered'), ids)
  t.is(operator.received.total, 2_000)
  await booksAgree(t, run, { operators: [operator] })
})

test('messages accepted before any bind is up leave when it comes up', async t => {
  const operator = await operatorOn(t)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.send(Array.from({ length: 50 }, () => ({})))
  t.deepEqual(await run.states(), { queued: 50 })
  await run.start(operatorId)
  await run.untilAll('delivered')
  await booksAgree(t, run, { operators: [operator] })
})

test('a number without a route is blocked and never leaves', async t => {
  const operator = await operatorOn(t)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.gateway.setRoutes(rulesTo([operatorId], { prefixes: ['226'] }), [])
  await run.start(operatorId)
  await run.send([{ recipient: '22570000001' }, {}])
  await run.untilAll('blocked', 'delivered')
  t.deepEqual(await run.states(), { blocked: 1, delivered: 1 })
  await booksAgree(t, run, { operators: [operator] })
})

test('what becomes of each phone is what the receipts say', async t => {
  const operator = await operatorOn(t, {
    receipts: {
      rules: [
        { recipientSuffix: '1', outcome: 'undelivered', err: '011' },
        { recipientSuffix: '2', outcome: 'expired' },
        { recipientSuffix: '3', outcome: 'rejected' },
        { recipientSuffix: '4', timing: 'early' },
        { recipientSuffix: '5', timing: 'twice' },
        { recipientSuffix: '6', timing: 'stray' },
        { recipientSuffix: '7', timing: 'never' },
      ],
    },
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 200 }, () => ({})))
  await operator.when(status => status.partsAccepted === 200 && status.deliveriesWaiting === 0)
  await run.until(async () => (await run.states()).sent === 20, 'all but the silent ones are final')
  await run.until(async () => ((await run.states()).delivered ?? 0) === 120, 'delivered')
  t.deepEqual(await run.states(), { sent: 20, delivered: 120, undelivered: 40, expired: 20 })
  await booksAgree(t, run, { operators: [operator] })
})

test('without a receipt for three days a message is closed as expired', async t => {
  const operator = await operatorOn(t, { receipts: { enabled: false } })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  await run.send([{}, {}])
  await run.untilAll('sent')
  run.clock.leap(73 * 3_600_000)
  await run.untilAll('expired')
  await booksAgree(t, run, { operators: [operator] })
})

test('what is due later waits, and a validity that ends first closes it', async t => {
  const operator = await operatorOn(t)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  const nowMs = run.clock.nowMs()
  await run.send([
    { dueAtMs: nowMs + 600_000 },
    { dueAtMs: nowMs + 600_000, expiresAtMs: nowMs + 300_000 },
    {},
  ])
  await run.until(async () => (await run.states()).delivered === 1, 'the one that is due')
  t.is(operator.received.total, 1)
  run.clock.leap(601_000)
  await run.untilAll('delivered', 'expired')
  t.deepEqual(await run.states(), { delivered: 2, expired: 1 })
  t.is(operator.received.total, 2)
})

test('refused recipients are refused for good, refusals that pass are tried again', async t => {
  const unknown = { when: { recipientSuffix: '3' }, fault: { kind: 'refuse', status: 0x0b } } as const
  const busy = { when: { recipientSuffix: '4' }, fault: { kind: 'refuse', status: 0x08 } } as const
  const operator = await operatorOn(t, { faults: [unknown, busy] })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 100 }, () => ({})))
  await run.untilStates({ delivered: 80, refused: 10, queued: 10 })
  operator.setFaults([unknown])
  run.clock.leap(61_000)
  await run.untilAll('delivered', 'refused')
  t.deepEqual(await run.states(), { delivered: 90, refused: 10 })
  await booksAgree(t, run, { operators: [operator] })
})

test('an operator that throttles loses nothing, and each phone gets its messages in order', async t => {
  const operator = await operatorOn(t, { contract: { maxPartsPerSecond: 40 } })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 20 })
  run.route(operatorId)
  await run.start(operatorId)
  // Each phone gets four messages; the text tells which one is which.
  const texts = Array.from({ length: 120 }, (_, index) => `Message ${Math.floor(index / 30) + 1}`)
  await run.send(
    texts.map((text, index) => ({
      recipient: recipientOf(index % 30),
      text: `${text} pour ${index % 30}`,
    })),
  )
  for (let leaps = 0; ((await run.states()).delivered ?? 0) < 120 && leaps < 400; leaps++) {
    const before = operator.status()
    await run.clock.sleep(30)
    if (operator.status().partsAccepted === before.partsAccepted) run.clock.leap(1_000)
  }
  await run.untilAll('delivered')
  t.true(operator.status().partsThrottled > 0)
  const byPhone = new Map<string, string[]>()
  for (const { recipient, text } of operator.received.parts())
    byPhone.set(recipient, [...(byPhone.get(recipient) ?? []), text])
  for (const received of byPhone.values()) t.deepEqual(received, [...received].sort())
  await booksAgree(t, run, { operators: [operator] })
})
