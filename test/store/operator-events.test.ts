import {
  listOperatorEvents,
  type OperatorEvent,
  recordOperatorEvents,
} from '../../server/store/operator-events.ts'
import { awaitingReceipt } from '../../server/store/statistics.ts'
import { storeTest } from '../support/store.ts'
import { putSent, receipt, settleAll } from '../support/stored-messages.ts'

const eventOf = (operatorId: number, atMs: number, event: OperatorEvent['event'] = 'up'): OperatorEvent => ({
  operatorId,
  atMs,
  event,
  bind: '',
  detail: `at ${atMs}`,
})

storeTest('events come newest first, page by page, each operator by itself', async (t, { knex }) => {
  await recordOperatorEvents(knex, [eventOf(1, 10), eventOf(2, 11, 'refused'), eventOf(1, 12, 'down')])
  await recordOperatorEvents(knex, [eventOf(1, 13, 'throttled')])
  const first = await listOperatorEvents(knex, { operatorId: 1, limit: 2 })
  t.deepEqual(
    first.map(({ atMs, event }) => [atMs, event]),
    [
      [13, 'throttled'],
      [12, 'down'],
    ],
  )
  const next = await listOperatorEvents(knex, { operatorId: 1, beforeId: first.at(-1)!.eventId, limit: 2 })
  t.deepEqual(
    next.map(({ atMs }) => atMs),
    [10],
  )
  t.like((await listOperatorEvents(knex, { operatorId: 2, limit: 9 }))[0], {
    event: 'refused',
    detail: 'at 11',
  })
  t.deepEqual(await listOperatorEvents(knex, { operatorId: 3, limit: 9 }), [])
})

storeTest('only the newest of each operator are kept', async (t, { knex }) => {
  for (let atMs = 0; atMs < 12; atMs += 1) {
    await recordOperatorEvents(knex, [eventOf(1, atMs), eventOf(2, atMs)].slice(0, atMs === 0 ? 2 : 1), 5)
  }
  const kept = await listOperatorEvents(knex, { operatorId: 1, limit: 50 })
  t.deepEqual(
    kept.map(({ atMs }) => atMs),
    [11, 10, 9, 8, 7],
  )
  t.is((await listOperatorEvents(knex, { operatorId: 2, limit: 50 })).length, 1)
})

storeTest('what no database keeps is cut or replaced', async (t, { knex }) => {
  const detail = `${'x'.repeat(400)}`
  await recordOperatorEvents(knex, [{ ...eventOf(1, 1), bind: `a\u0000${'b'.repeat(90)}`, detail }])
  const [only] = await listOperatorEvents(knex, { operatorId: 1, limit: 1 })
  t.is(only?.detail.length, 300)
  t.is(only?.bind.length, 60)
  await recordOperatorEvents(knex, [])
})

storeTest(
  'messages that await their receipt and receipts without a message are counted by operator',
  async (t, { knex, clock }) => {
    await putSent(knex, clock, 'A1')
    await putSent(knex, clock, 'A2')
    t.deepEqual(await awaitingReceipt(knex), [{ operatorId: 1, messages: 2, unmatched: 0 }])
    await settleAll(knex, clock, [], [receipt('A1'), receipt('NOBODY')])
    t.deepEqual(await awaitingReceipt(knex), [{ operatorId: 1, messages: 1, unmatched: 1 }])
  },
)
