import {
  cancelMessages,
  findMessage,
  releaseMessages,
  searchMessages,
  timeline,
} from '../../server/store/messages.ts'
import { approveRun, closeRunHold, rejectRun } from '../../server/store/run-holds.ts'
import { beginRun, interruptOpenRuns } from '../../server/store/runs.ts'
import { storeTest } from '../support/store.ts'
import {
  answered,
  counted,
  item,
  put,
  putOne,
  putSent,
  receipt,
  settleAll,
  stateOf,
  take,
} from '../support/stored-messages.ts'

storeTest('messages are found by each filter, newest first, page by page', async (t, { knex, clock }) => {
  const [first] = await put(
    knex,
    clock,
    item({ alertId: 1, runId: 5, recipient: '22670000011' }, ['POL-1', 'J0']),
    item({ clientId: 2, clientReference: 'ref-9', recipient: '22670000012', operatorId: 2 }),
    item({ state: 'held', reason: 'approval', recipient: '22576000012' }),
  )
  const firstId = first?.kind === 'enqueued' ? first.messageId : 0
  const ids = async (filter: object) =>
    (await searchMessages(knex, { limit: 10, ...filter })).map(message => message.messageId - firstId)
  t.deepEqual(await ids({}), [2, 1, 0])
  t.deepEqual(await ids({ recipient: '22670000011' }), [0])
  t.deepEqual(await ids({ recipient: '000012' }), [2, 1])
  t.deepEqual(await ids({ recipient: '00 00 12%' }), [2, 1])
  t.deepEqual(await ids({ recipient: '+226 70 00 00 11' }), [0])
  t.deepEqual(await ids({ state: 'held' }), [2])
  t.deepEqual(await ids({ alertId: 1 }), [0])
  t.deepEqual(await ids({ runId: 5 }), [0])
  t.deepEqual(await ids({ entityKey: 'POL-1' }), [0])
  t.deepEqual(await ids({ clientId: 2, clientReference: 'ref-9' }), [1])
  t.deepEqual(await ids({ operatorId: 2 }), [1])
  t.deepEqual(await ids({ createdFromMs: clock.nowMs(), createdToMs: clock.nowMs() + 1 }), [2, 1, 0])
  t.deepEqual(await ids({ createdFromMs: clock.nowMs() + 1 }), [])
  t.deepEqual(await ids({ limit: 2 }), [2, 1])
  t.deepEqual(await ids({ limit: 2, beforeId: firstId + 1 }), [0])
  t.is(await findMessage(knex, 999_999), null)
  t.deepEqual(await timeline(knex, 999_999), [])
})

storeTest('the time line of a message that was retried tells every step', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await clock.advance(1_000)
  await take(knex, clock)
  await settleAll(knex, clock, [
    {
      kind: 'retry',
      messageId,
      atMs: clock.nowMs() + 500,
      dueAtMs: clock.nowMs() + 10_000,
      reason: 'ESME_RTHROTTLED',
      countsAttempt: true,
    },
  ])
  await clock.advance(10_000)
  await take(knex, clock)
  await settleAll(knex, clock, [answered(messageId, 'A1', { atMs: clock.nowMs() + 200 })])
  await settleAll(knex, clock, [], [receipt('A1', { atMs: clock.nowMs() + 900 })])
  const startMs = clock.nowMs() - 11_000
  t.deepEqual(
    (await timeline(knex, messageId)).map(entry => [entry.atMs - startMs, entry.event, entry.detail]),
    [
      [0, 'accepted', ''],
      [1_000, 'sending', ''],
      [1_500, 'retry', 'ESME_RTHROTTLED'],
      [11_000, 'sending', 'attempt 2'],
      [11_200, 'sent', ''],
      [11_900, 'delivered', ''],
    ],
  )
})

const decision = (nowMs: number) => ({ actor: 'aminata', nowMs })

storeTest('what has not left can be cancelled, what has left can not', async (t, { knex, clock }) => {
  const sent = await putSent(knex, clock, 'A1')
  const sending = await putOne(knex, clock)
  await take(knex, clock)
  const queued = await putOne(knex, clock)
  const held = await putOne(knex, clock, { state: 'held', reason: 'approval' })
  const cancelled = await cancelMessages(knex, [sent, sending, queued, held, 999], decision(clock.nowMs()))
  t.deepEqual(
    cancelled.sort((a, b) => a - b),
    [queued, held],
  )
  t.like(await findMessage(knex, held), { state: 'cancelled', finalAtMs: clock.nowMs() })
  t.true(
    (await timeline(knex, queued)).some(entry => entry.event === 'cancelled' && entry.detail === 'aminata'),
  )
  t.deepEqual(await cancelMessages(knex, [queued], decision(clock.nowMs())), [])
  t.deepEqual(await take(knex, clock), [])
  t.is((await counted(knex)).cancelled, 2)
})

storeTest('a person releases what is held, but never a text with a hole', async (t, { knex, clock }) => {
  const approval = await putOne(knex, clock, { state: 'held', reason: 'approval' })
  const hole = await putOne(knex, clock, { state: 'held', reason: 'missing-value' })
  const blocked = await putOne(knex, clock, { state: 'blocked', reason: 'stop-list' })
  const sent = await putSent(knex, clock, 'A1')
  const released = await releaseMessages(knex, [approval, hole, blocked, sent], decision(clock.nowMs()))
  t.deepEqual(released, [approval])
  t.is(await stateOf(knex, hole), 'held')
  t.is(await stateOf(knex, blocked), 'blocked')
  t.is((await take(knex, clock))[0]?.messageId, approval)
})

storeTest('deciding about nothing is not an error', async (t, { knex, clock }) => {
  t.deepEqual(await cancelMessages(knex, [], decision(clock.nowMs())), [])
  t.deepEqual(await releaseMessages(knex, [], decision(clock.nowMs())), [])
})

const open = { alertId: 3, state: 'held', reason: 'run-open' } as const

storeTest('a run below its cap lets its messages go, and only its own', async (t, { knex, clock }) => {
  await put(knex, clock, item(open), item({ ...open, parts: 2 }), item({ ...open, operatorId: 2 }))
  await put(knex, clock, item({ ...open, reason: 'missing-value' }), item({ ...open, alertId: 4 }))
  const release = { alertId: 3, outcome: 'release', nowMs: clock.nowMs() } as const
  t.is(await closeRunHold(knex, release), 3)
  t.is((await take(knex, clock)).length, 2)
  t.is((await take(knex, clock, { operatorId: 2 })).length, 1)
  t.deepEqual(await counted(knex), { held: 5, queued: 3 })
  const [row] = await knex('counters').where({ state: 1 }).sum({ parts: 'parts' })
  t.is(Number(row?.parts), 4)
  t.is(await closeRunHold(knex, release), 0)
})

storeTest('a run above its cap waits for an approver', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, open)
  t.is(await closeRunHold(knex, { alertId: 3, outcome: 'approval', nowMs: clock.nowMs() }), 1)
  t.like(await findMessage(knex, messageId), { state: 'held', reason: 'approval' })
  t.deepEqual(await take(knex, clock), [])
  t.deepEqual(await releaseMessages(knex, [messageId], decision(clock.nowMs())), [messageId])
})

storeTest('a run larger than a slice is released whole', async (t, { knex, clock }) => {
  await put(knex, clock, ...Array.from({ length: 5_001 }, () => item(open)))
  t.is(await closeRunHold(knex, { alertId: 3, outcome: 'release', nowMs: clock.nowMs() }), 5_001)
  t.deepEqual(await counted(knex), { held: 5_001, queued: 5_001 })
})

storeTest('an approver lets one run go and rejects another', async (t, { knex, clock }) => {
  const [alert] = await knex('alerts')
    .insert({ name: 'J-7', definition: '{}', created_at: 0, updated_at: 0 })
    .returning('id')
  const runs = await knex('runs')
    .insert(
      [1, 2].map(() => ({
        alert_id: alert.id,
        cause: 'manual',
        outcome: 'done',
        planned_at: 0,
        started_at: 0,
      })),
    )
    .returning('id')
  const [approved, rejected] = runs.map(run => run.id)
  const waiting = { alertId: alert.id, state: 'held', reason: 'approval' } as const
  const first = await putOne(knex, clock, { ...waiting, runId: approved })
  const second = await putOne(knex, clock, { ...waiting, runId: rejected })
  const hole = await putOne(knex, clock, { ...waiting, runId: approved, reason: 'missing-value' })
  t.is(await approveRun(knex, approved, decision(clock.nowMs())), 1)
  t.is(await rejectRun(knex, rejected, decision(clock.nowMs())), 1)
  t.is(await approveRun(knex, 999, decision(clock.nowMs())), 0)
  t.is(await stateOf(knex, first), 'queued')
  t.like(await findMessage(knex, second), { state: 'cancelled', finalAtMs: clock.nowMs() })
  t.is(await stateOf(knex, hole), 'held')
  t.deepEqual(await counted(knex), { held: 3, queued: 1, cancelled: 1 })
})

storeTest(
  'what a run cut short left behind is decided with the run that took it up',
  async (t, { knex, clock }) => {
    const atMs = clock.nowMs()
    const definitionRow = { name: 'Échéances', definition: '{}', created_at: atMs, updated_at: atMs }
    const [alert] = await knex('alerts').insert(definitionRow).returning('id')
    const alertId: number = alert.id
    const started = { alertId, nowMs: atMs, cause: 'manual' } as const
    const cutShort = (await beginRun(knex, { ...started, plannedAtMs: atMs }))!
    const left = await putOne(knex, clock, { ...open, alertId, runId: cutShort })
    await interruptOpenRuns(knex, atMs)
    const runId = (await beginRun(knex, { ...started, plannedAtMs: atMs + 1 }))!
    const own = await putOne(knex, clock, { ...open, alertId, runId })
    t.is(await closeRunHold(knex, { alertId, outcome: 'approval', nowMs: atMs }), 2)
    t.is(await approveRun(knex, runId, decision(atMs)), 2)
    for (const messageId of [left, own]) {
      t.is((await findMessage(knex, messageId))?.state, 'queued')
      t.deepEqual(
        (await timeline(knex, messageId)).map(entry => `${entry.event} ${entry.detail}`),
        ['accepted ', 'held approval', 'approved aminata'],
      )
    }
  },
)

storeTest(
  'a hold stays in the time line after it is lifted, a cancellation stands there once',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { state: 'held', reason: 'missing-value' })
    const waits = { event: 'held', detail: 'missing-value', atMs: clock.nowMs() }
    t.deepEqual((await timeline(knex, messageId)).slice(1), [waits])
    await cancelMessages(knex, [messageId], decision(clock.nowMs() + 5))
    const cancelled = { event: 'cancelled', detail: 'aminata', atMs: clock.nowMs() + 5 }
    t.deepEqual((await timeline(knex, messageId)).slice(1), [waits, cancelled])
  },
)

storeTest('a failure that a late delivery corrects stays in the time line', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  const atMs = clock.nowMs() + 60_000
  const failed = { state: 'expired', detail: 'stat:EXPIRED', atMs } as const
  await settleAll(knex, clock, [], [receipt('A1', failed)])
  await settleAll(knex, clock, [], [receipt('A1', { atMs: atMs + 60_000 })])
  t.deepEqual(
    (await timeline(knex, messageId)).slice(-2).map(entry => [entry.atMs - atMs, entry.event, entry.detail]),
    [
      [0, 'expired', 'stat:EXPIRED'],
      [60_000, 'delivered', ''],
    ],
  )
})
