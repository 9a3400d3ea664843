import test from 'ava'
import { stateCodes } from '../../server/store/codes.ts'
import { type EngineRoom, engineRoom, phoneOf, sourceDown } from './engine-room.ts'

const soon = '2027-01-11'
const count = 1_250
const contracts = Array.from({ length: count }, (_, n) => ({
  police: `A${String(n).padStart(5, '0')}`,
  telephone: phoneOf(n),
  echeance: soon,
}))

async function messagesByState(room: EngineRoom): Promise<Record<string, number>> {
  const states: number[] = await room.knex('messages').pluck('state')
  const counts: Record<string, number> = {}
  for (const state of states) {
    const word = stateCodes.wordOf(state)
    counts[word] = (counts[word] ?? 0) + 1
  }
  return counts
}

test('a run reads and writes in batches of 250 rows, whatever the result', async t => {
  const batches: number[] = []
  const room = await engineRoom(t, {
    change: store => ({
      ...store,
      enqueue(items, memories) {
        batches.push(items.length)
        return store.enqueue(items, memories)
      },
    }),
  })
  room.write(contracts)
  await room.run(await room.alert())
  t.deepEqual(batches, [250, 250, 250, 250, 250])
})

for (const [what, error, outcome] of [
  ['a source that breaks off', sourceDown(), 'source-failed'],
  ['a fault of our own', new Error('out of luck'), 'failed'],
] as const) {
  test(`${what} between batches writes nobody twice and forgets nobody`, async t => {
    const room = await engineRoom(t)
    room.write(contracts)
    const alertId = await room.alert()
    room.faults.next = { afterRows: 700, error }
    const first = await room.run(alertId)
    t.is(first.outcome, outcome)
    t.true(first.counts.enqueued >= 500)
    t.is(first.counts.held, 0)
    t.is((await room.store.alerts.find(alertId))?.coveredUntil, '2027-01-03')
    room.faults.next = null
    room.restart()
    const second = await room.run(alertId)
    t.is(second.outcome, 'done')
    t.is(first.counts.enqueued + second.counts.enqueued, count)
    t.is(second.counts.duplicates, first.counts.enqueued)
    t.deepEqual(await messagesByState(room), { queued: count })
    t.is((await room.knex('messages').distinct('entity_key')).length, count)
  })
}

test('a process that dies between batches leaves the run open, and the next process finishes it', async t => {
  let isDead = false
  let batches = 0
  const room = await engineRoom(t, {
    change: store => ({
      ...store,
      async enqueue(items, memories) {
        const results = await store.enqueue(items, memories)
        batches += 1
        if (batches === 1) isDead = true
        return results
      },
      // What a dying process would still have written does not arrive.
      closeRunHold: hold => (isDead ? Promise.reject(new Error('dead')) : store.closeRunHold(hold)),
      finishRun: finish => (isDead ? Promise.reject(new Error('dead')) : store.finishRun(finish)),
    }),
  })
  room.write(contracts)
  const alertId = await room.alert()
  room.faults.next = { afterRows: 600, error: new Error('SIGKILL') }
  await room.engine.run(alertId, { cause: 'manual', plannedAtMs: room.clock.nowMs() })
  t.like(await room.store.runs.list({ alertId, limit: 1 }), [{ outcome: 'running' }])
  t.is((await room.knex('messages').where({ reason: 'run-open' })).length, 500)

  isDead = false
  room.faults.next = null
  room.restart()
  t.deepEqual(await room.store.runs.interruptOpen(room.clock.nowMs()), [alertId])
  const answer = await room.engine.run(alertId, { cause: 'catch-up', plannedAtMs: room.clock.nowMs() })
  t.like(answer, { outcome: 'done', counts: { duplicates: 500, enqueued: count - 500, held: 0 } })
  t.deepEqual(await messagesByState(room), { queued: count })
})

test('a run that the server stops is interrupted, covers nothing, and is made again after the start', async t => {
  const room = await engineRoom(t)
  room.write(contracts)
  const alertId = await room.alert({ trigger: { kind: 'once' } })
  await room.clock.advance(23 * 3_600_000)
  const engine = room.engine
  const due = engine.runDue()
  while ((await room.store.runs.list({ alertId, limit: 1 })).length === 0) {
    await new Promise(resolve => setImmediate(resolve))
  }
  await engine.stop()
  t.like(await due, [{ outcome: 'interrupted' }])
  t.deepEqual(await engine.runDue(), [])
  room.restart()
  t.like(await room.engine.runDue(), [{ outcome: 'done' }])
  t.deepEqual(await messagesByState(room), { queued: count })
})
