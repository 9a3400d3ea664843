/** Rules at work between simulated operators: sharing, fallback after N minutes, a number that is learnt. */
import test from 'ava'
import { usualRoutePolicy } from '../../server/store/routes.ts'
import { rulesTo } from '../support/rules.ts'
import { booksAgree, type Flow, flow, operatorOn, recipientOf } from './delivery-setup.ts'

async function bothBound(run: Flow, ...operatorIds: number[]): Promise<void> {
  for (const operatorId of operatorIds) await run.start(operatorId)
  await run.until(
    () =>
      operatorIds.every(id =>
        run.gateway.operators().some(each => each.operatorId === id && each.state === 'bound'),
      ),
    'bound',
  )
}

test('operators of one rank share the load by weight, and no phone changes its operator', async t => {
  const [first, second] = [await operatorOn(t), await operatorOn(t)]
  const run = await flow(t)
  const [firstId, secondId] = [await run.addOperator(first), await run.addOperator(second)]
  const operators = [
    { operatorId: firstId, rank: 1, weight: 3 },
    { operatorId: secondId, rank: 1, weight: 1 },
  ]
  run.gateway.setRoutes(
    { ...usualRoutePolicy, rules: [{ name: 'Shared', isActive: true, when: {}, operators }] },
    [],
  )
  await bothBound(run, firstId, secondId)
  const phones = Array.from({ length: 800 }, (_, index) => ({ recipient: recipientOf(index) }))
  await run.send(phones)
  await run.send(phones)
  await run.untilAll('delivered')
  const share = first.received.total / 1_600
  t.true(share > 0.7 && share < 0.8, `${share} to the one of weight 3`)
  const phonesOf = (operator: typeof first) =>
    new Set(operator.received.parts().map(({ recipient }) => recipient))
  const [ofFirst, ofSecond] = [phonesOf(first), phonesOf(second)]
  t.is(ofFirst.size + ofSecond.size, 800)
  await booksAgree(t, run, { operators: [first, second] })
})

test('a bind that is down gives its traffic away after the minutes that are set', async t => {
  const first = await operatorOn(t, { faults: [{ fault: { kind: 'refuse-connection' } }] })
  const second = await operatorOn(t)
  const run = await flow(t)
  const [firstId, secondId] = [await run.addOperator(first), await run.addOperator(second)]
  run.gateway.setRoutes({ ...rulesTo([firstId, secondId]), fallbackAfterMinutes: 2 }, [])
  await run.start(firstId)
  await bothBound(run, secondId)
  await run.send(Array.from({ length: 50 }, () => ({})))
  // A minute before the two are over, so that the start may have taken its time.
  run.clock.leap(60_000)
  t.deepEqual(await run.states(), { queued: 50 })
  run.clock.leap(70_000)
  await run.untilAll('delivered')
  t.is(second.received.total, 50)
  await booksAgree(t, run, { operators: [first, second] })
})

test('a phone that its operator does not know is tried once on the next one, which is remembered', async t => {
  const first = await operatorOn(t, {
    receipts: { rules: [{ recipientSuffix: '7', outcome: 'undelivered', err: '101' }] },
  })
  const second = await operatorOn(t, {
    receipts: { rules: [{ recipientSuffix: '17', outcome: 'undelivered', err: '101' }] },
  })
  const run = await flow(t)
  const [firstId, secondId] = [await run.addOperator(first), await run.addOperator(second)]
  run.route(firstId, secondId)
  await bothBound(run, firstId, secondId)
  // 7 and 27 are known to the second operator, 17 to none.
  await run.send(Array.from({ length: 30 }, (_, index) => ({ recipient: recipientOf(index) })))
  await run.until(async () => {
    const { delivered = 0, undelivered = 0 } = await run.states()
    return delivered === 29 && undelivered === 1
  }, '29 delivered')
  t.is(first.received.total, 30)
  t.deepEqual(
    second.received
      .parts()
      .map(({ recipient }) => recipient)
      .sort(),
    [7, 17, 27].map(recipientOf),
  )
  run.clock.leap(31_000)
  await run.until(() => run.gateway.overrides.size === 2, 'two numbers are learnt')
  t.deepEqual(
    (await run.store.numberOverrides.list({ limit: 10 })).map(({ number, operatorId, origin }) => [
      number,
      operatorId,
      origin,
    ]),
    [7, 27].map(index => [recipientOf(index), secondId, 'learned']),
  )
  // From now on it goes straight there.
  await run.send([{ recipient: recipientOf(7) }])
  await run.until(() => second.received.total === 4, 'the second has it')
  t.is(first.received.total, 30)
  await run.until(async () => (await run.states()).delivered === 30, 'all delivered')
})

test('an advertisement is not tried a second time, nor anything when it is switched off', async t => {
  const rules = [{ outcome: 'undelivered' as const, err: '101' }]
  const first = await operatorOn(t, { receipts: { rules } })
  const second = await operatorOn(t)
  const run = await flow(t)
  const [firstId, secondId] = [await run.addOperator(first), await run.addOperator(second)]
  run.route(firstId, secondId)
  await bothBound(run, firstId, secondId)
  await run.send([{ category: 'marketing' }])
  await run.untilAll('undelivered')
  const { secondTry } = usualRoutePolicy
  run.gateway.setRoutes({ ...rulesTo([firstId, secondId]), secondTry: { ...secondTry, isOn: false } }, [])
  await run.send([{ recipient: recipientOf(2) }])
  await run.untilAll('undelivered')
  // A stop waits for what is looked at in the background.
  await run.stop()
  t.deepEqual(await run.states(), { undelivered: 2 })
  t.is(second.received.total, 0)
  await booksAgree(t, run, { operators: [first, second] })
})
