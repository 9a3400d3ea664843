import test from 'ava'
import { spawnSimulator } from '../../../../connectors/operators/simulator/child.ts'
import { boundClient, rawClient } from './raw-client.ts'

test('a simulator in another process accepts, counts, takes a fault plan and stops', async t => {
  const operator = await spawnSimulator({ receipts: { enabled: false } })
  t.teardown(() => operator.stop())
  t.not(operator.pid, process.pid)
  const client = await boundClient(t, operator)
  const reached = operator.ask('whenAtLeast', { partsAccepted: 2 })
  await client.submitted()
  await client.submitted()
  await reached
  t.is((await operator.ask('status')).partsAccepted, 2)
  t.deepEqual([...(await operator.ask('countByText'))], [['Bonjour', 2]])
  t.is((await operator.ask('duplicates'))[0]!.times, 2)
  t.true((await operator.ask('usage')).rssBytes > 0)
  await operator.ask('setFaults', [{ fault: { kind: 'throttle' } }])
  t.is((await client.submitted()).status, 0x58)
  await operator.ask('cutAll')
  await client.closed
  await operator.stop()
  await t.throwsAsync(rawClient(t, operator))
  await t.throwsAsync(operator.ask('status'))
  await operator.stop()
})

test('the figures come once a second', async t => {
  const operator = await spawnSimulator()
  t.teardown(() => operator.stop())
  await (await boundClient(t, operator)).submitted()
  // Those of the second before may still be on their way.
  const status = await new Promise<{ partsAccepted: number }>(resolve => {
    operator.onSecond(told => told.partsAccepted > 0 && resolve(told))
  })
  t.is(status.partsAccepted, 1)
})

test('a question that cannot be answered is an error, not a silence', async t => {
  const operator = await spawnSimulator({ keep: 'counts' })
  t.teardown(() => operator.stop())
  await t.throwsAsync(operator.ask('parts'), { message: /counts only/ })
  await t.throwsAsync(operator.ask('setFaults', [{ fault: { kind: 'nothing' } as never }]))
})

test('a simulator that cannot listen says why', async t => {
  const operator = await spawnSimulator()
  t.teardown(() => operator.stop())
  await t.throwsAsync(spawnSimulator({ port: operator.port }), { message: /EADDRINUSE/ })
  await t.throwsAsync(spawnSimulator({ port: -1 }), { message: /port/ })
})
