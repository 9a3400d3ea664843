/** Operators started, stopped and refused while messages wait. */
import test from 'ava'
import { booksAgree, flow, operatorOn } from './delivery-setup.ts'

test('settings that are not of the schema leave the running operator as it is', async t => {
  const operator = await operatorOn(t)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  const settings = { operatorId, name: 'wrong', sender: 'X', config: { host: '' } }
  await t.throwsAsync(run.gateway.startOperator({ ...settings, protocol: 'smpp' }))
  await t.throwsAsync(run.gateway.startOperator({ ...settings, protocol: 'telex' as 'smpp' }), {
    message: /invalid-request/,
  })
  await run.send([{}])
  await run.untilAll('delivered')
  t.is(run.gateway.operators()[0]!.name, 'operator 1')
})

test('starts and stops asked for at once leave one link at most', async t => {
  const operator = await operatorOn(t)
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await Promise.all([
    run.start(operatorId),
    run.start(operatorId),
    run.gateway.stopOperator(operatorId),
    run.start(operatorId),
  ])
  await run.send([{}])
  await run.untilAll('delivered')
  t.is(operator.status().sessions, 1)
  await run.gateway.stopOperator(operatorId)
  t.is(operator.status().sessions, 0)
  t.deepEqual(run.gateway.operators(), [])
})

test('a refused bind is an alarm at once, and the alarm goes when the bind is taken', async t => {
  const operator = await operatorOn(t, { faults: [{ when: { times: 1 }, fault: { kind: 'refuse-bind' } }] })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  await run.until(
    async () => (await run.store.alarms.open()).some(({ kind }) => kind === 'bind-refused'),
    'the alarm',
  )
  t.is(run.gateway.operators()[0]!.state, 'refused')
  await run.send([{}])
  run.clock.leap(400_000)
  await run.untilAll('delivered')
  await run.until(async () => (await run.store.alarms.open()).length === 0, 'no alarm')
})

test('messages of an operator that a person stopped go to the next one after five minutes', async t => {
  const first = await operatorOn(t)
  const second = await operatorOn(t)
  const run = await flow(t)
  const firstId = await run.addOperator(first)
  const secondId = await run.addOperator(second)
  run.route(firstId)
  await run.start(secondId)
  await run.send(Array.from({ length: 20 }, () => ({})))
  run.route(firstId, secondId)
  await run.until(() => second.status().sessions === 1, 'second bound')
  await run.until(async () => {
    run.clock.leap(31_000)
    return (await run.states()).delivered === 20
  }, 'delivered')
  t.is(second.received.total, 20)
  await booksAgree(t, run, { operators: [first, second] })
})

test('a queue that waits a quarter of an hour is an alarm, until it moves', async t => {
  const operator = await operatorOn(t, { faults: [{ fault: { kind: 'throttle' } }] })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 2 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 50 }, () => ({})))
  await run.until(async () => {
    run.clock.leap(31_000)
    return (await run.store.alarms.open()).some(({ kind }) => kind === 'queue-aged')
  }, 'the alarm')
  operator.setFaults([])
  await run.until(async () => {
    run.clock.leap(31_000)
    return (await run.store.alarms.open()).length === 0
  }, 'no alarm')
  await run.untilAll('delivered')
  await booksAgree(t, run, { operators: [operator] })
})
