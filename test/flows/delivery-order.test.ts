import test from 'ava'
import { leastDelaySeconds } from '../../server/gateway/outbox/retry-policy.ts'
import { flow, operatorOn, recipientOf } from './delivery-setup.ts'

test('refused for a while, each phone still gets its messages in order, and nothing is tried in a hot loop', async t => {
  // Every phone's third submit, whatever it is, and two after it are refused with a system error.
  const operator = await operatorOn(t, {
    faults: [
      { when: { recipientSuffix: '3', after: 2, times: 3 }, fault: { kind: 'refuse', status: 0x08 } },
      { when: { recipientSuffix: '4', times: 2 }, fault: { kind: 'refuse', status: 0x14 } },
    ],
  })
  const run = await flow(t)
  const operatorId = await run.addOperator(operator, { window: 20 })
  run.route(operatorId)
  await run.start(operatorId)
  const startedMs = run.clock.nowMs()
  const phones = 10
  const each = 6
  await run.send(
    Array.from({ length: phones * each }, (_, index) => ({
      recipient: recipientOf(index % phones),
      text: `Message ${Math.floor(index / phones) + 1} pour ${index % phones}`,
    })),
  )
  // Two phones wait for their first refused message; nothing behind it has left.
  await run.until(async () => ((await run.states()).delivered ?? 0) >= 8 * each + 2, 'the sound phones')
  await operator.when(({ partsRefused }) => partsRefused >= 2)
  const waits = Math.floor((run.clock.nowMs() - startedMs) / (leastDelaySeconds * 1000))
  t.true(operator.status().partsRefused <= 2 * (1 + waits), `${operator.status().partsRefused} refused`)
  for (let leaps = 0; leaps < 40 && ((await run.states()).delivered ?? 0) < phones * each; leaps += 1) {
    run.clock.leap(15_000)
    await run.clock.sleep(60)
  }
  await run.untilAll('delivered')
  t.is(operator.status().partsRefused, 5)
  const byPhone = Map.groupBy(operator.received.parts(), part => part.recipient)
  t.is(byPhone.size, phones)
  for (const [recipient, parts] of byPhone) {
    const texts = parts.map(({ text }) => text)
    t.is(texts.length, each, recipient)
    t.deepEqual(texts, texts.toSorted(), recipient)
  }
})
