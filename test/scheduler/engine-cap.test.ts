import test from 'ava'
import { type EngineRoom, engineRoom, phoneOf, sourceDown } from './engine-room.ts'

const soon = '2027-01-11'

async function over(room: EngineRoom, count: number, from = 1): Promise<void> {
  room.write(
    Array.from({ length: count }, (_, index) => ({
      police: `A${String(from + index).padStart(4, '0')}`,
      telephone: phoneOf(from + index),
      echeance: soon,
    })),
  )
}

async function statesOf(room: EngineRoom, alertId: number): Promise<string[]> {
  const messages = await room.messages(alertId)
  return [...new Set(messages.map(({ state, reason }) => (reason === '' ? state : `${state} ${reason}`)))]
}

test('a run at its cap leaves whole, and one above it waits whole for an approver', async t => {
  const room = await engineRoom(t)
  await over(room, 3)
  const small = await room.alert({ runCap: 3 })
  t.like(await room.run(small), { outcome: 'done', counts: { enqueued: 3, held: 0 } })
  t.deepEqual(await statesOf(room, small), ['queued'])
  const large = await room.alert({ runCap: 2 })
  const report = await room.run(large)
  t.like(report, { outcome: 'held-for-approval', counts: { enqueued: 0, held: 3 } })
  t.is(report.detail, '3 messages wait for approval, above the cap of 2')
  t.deepEqual(await statesOf(room, large), ['held approval'])
  t.is((await room.store.alerts.find(large))?.coveredUntil, '2027-01-04')
})

test('an approver lets a held run leave; the next run sends none of it again', async t => {
  const room = await engineRoom(t)
  await over(room, 3)
  const alertId = await room.alert({ runCap: 2 })
  const { runId } = await room.run(alertId)
  t.is(await room.store.runs.approve(runId, { actor: 'test', nowMs: room.clock.nowMs() }), 3)
  t.deepEqual(await statesOf(room, alertId), ['queued'])
  t.like(await room.run(alertId), { outcome: 'done', counts: { duplicates: 3, enqueued: 0 } })
})

test('an approver who rejects a held run cancels it for good', async t => {
  const room = await engineRoom(t)
  await over(room, 3)
  const alertId = await room.alert({ runCap: 2 })
  const { runId } = await room.run(alertId)
  t.is(await room.store.runs.reject(runId, { actor: 'test', nowMs: room.clock.nowMs() }), 3)
  t.like(await room.run(alertId), { outcome: 'done', counts: { duplicates: 3 } })
  t.deepEqual(await statesOf(room, alertId), ['cancelled'])
})

test('rows written to before do not count towards the cap', async t => {
  const room = await engineRoom(t)
  await over(room, 5)
  const alertId = await room.alert({ runCap: 5 })
  await room.run(alertId)
  await over(room, 2, 6)
  t.like(await room.run(alertId), { outcome: 'done', counts: { enqueued: 2, duplicates: 5 } })
  t.deepEqual(await statesOf(room, alertId), ['queued'])
})

test('a cap is counted over all batches of a run', async t => {
  const room = await engineRoom(t)
  await over(room, 1_100)
  const alertId = await room.alert({ runCap: 1_099 })
  t.like(await room.run(alertId), { outcome: 'held-for-approval', counts: { held: 1_100 } })
  t.deepEqual(await statesOf(room, alertId), ['held approval'])
})

test('messages that wait for a value stay so when the others leave', async t => {
  const room = await engineRoom(t, { template: '{{nom}} {{police}}' })
  await over(room, 2)
  room.write([{ police: 'B1', nom: null, echeance: soon }])
  const alertId = await room.alert({ runCap: 2 })
  t.like(await room.run(alertId), { outcome: 'done-with-issues', counts: { enqueued: 2, held: 1 } })
  t.deepEqual(await statesOf(room, alertId), ['queued', 'held missing-value'])
})

test('a source that breaks off above the cap is called source-failed, and what was read waits', async t => {
  const room = await engineRoom(t)
  await over(room, 5)
  const alertId = await room.alert({ runCap: 2 })
  room.faults.next = { afterRows: 3, error: sourceDown() }
  const { outcome, detail, counts } = await room.run(alertId)
  t.is(outcome, 'source-failed')
  t.regex(detail, /3 messages wait for approval/)
  t.like(counts, { read: 3, held: 3 })
  t.deepEqual(await statesOf(room, alertId), ['held approval'])
  t.is((await room.store.alerts.find(alertId))?.coveredUntil, '2027-01-03')
})

test('without a cap messages leave batch by batch', async t => {
  const room = await engineRoom(t)
  await over(room, 3)
  const alertId = await room.alert({ runCap: 0 })
  t.like(await room.run(alertId), { outcome: 'done', counts: { enqueued: 3, held: 0 } })
})
