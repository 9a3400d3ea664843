import { alarmHistory, clearAlarm, openAlarms, raiseAlarm } from '../../server/store/alarms.ts'
import { listIncoming, storeIncoming } from '../../server/store/incoming.ts'
import { backlog, totals, totalsBy } from '../../server/store/statistics.ts'
import { storeTest } from '../support/store.ts'
import { answered, item, put, putOne, putSent, receipt, settleAll, take } from '../support/stored-messages.ts'

const hourMs = 3_600_000

storeTest('totals come by state, over a period of whole hours', async (t, { knex, clock }) => {
  await knex('operators').insert({
    name: 'Faso Mobile',
    protocol: 'smpp',
    config: '{}',
    sender: '8010',
    price_per_part_milli: 10_000,
    created_at: 0,
    updated_at: 0,
  })
  const startMs = clock.nowMs()
  await putSent(knex, clock, 'A1', { parts: 2 })
  await clock.advance(hourMs)
  await settleAll(knex, clock, [], [receipt('A1'), receipt('A1-2')])
  t.deepEqual(await totals(knex, { fromMs: startMs, toMs: startMs + 2 * hourMs }), [
    { state: 'queued', messages: 1, parts: 2, costMilli: 0 },
    { state: 'sent', messages: 1, parts: 2, costMilli: 20_000 },
    { state: 'delivered', messages: 1, parts: 2, costMilli: 0 },
  ])
  t.deepEqual(
    (await totals(knex, { fromMs: startMs + 1_800_000, toMs: startMs + hourMs })).map(total => total.state),
    ['queued', 'sent'],
  )
  t.deepEqual(await totals(knex, { fromMs: startMs + 5 * hourMs, toMs: startMs + 9 * hourMs }), [])
})

storeTest('totals are grouped by hour, day of a zone, operator and alert', async (t, { knex, clock }) => {
  const startMs = clock.nowMs()
  await put(knex, clock, item({ alertId: 1 }), item({ alertId: 1, operatorId: 2 }))
  await clock.advance(10 * hourMs)
  await put(knex, clock, item({ alertId: 2 }))
  await clock.advance(6 * hourMs)
  await put(knex, clock, item())
  const period = { fromMs: startMs, toMs: startMs + 48 * hourMs }
  const grouped = async (grouping: Parameters<typeof totalsBy>[2]) =>
    (await totalsBy(knex, period, grouping)).map(total => [total.group, total.state, total.messages])
  t.deepEqual(await grouped({ by: 'hour' }), [
    [startMs, 'queued', 2],
    [startMs + 10 * hourMs, 'queued', 1],
    [startMs + 16 * hourMs, 'queued', 1],
  ])
  t.deepEqual(await grouped({ by: 'operator' }), [
    [1, 'queued', 3],
    [2, 'queued', 1],
  ])
  t.deepEqual(await grouped({ by: 'alert' }), [
    [0, 'queued', 1],
    [1, 'queued', 2],
    [2, 'queued', 1],
  ])
  // Local midnight of a zone one hour ahead: 23:00 UTC, 14 hours after the start.
  const midnightMs = startMs + 14 * hourMs
  const dayStartsMs = [midnightMs - 24 * hourMs, midnightMs]
  t.deepEqual(await grouped({ by: 'day', dayStartsMs }), [
    [midnightMs - 24 * hourMs, 'queued', 3],
    [midnightMs, 'queued', 1],
  ])
  t.deepEqual(await grouped({ by: 'day', dayStartsMs: [] }), [])
})

storeTest('the backlog tells what waits by operator and since when', async (t, { knex, clock }) => {
  const nowMs = clock.nowMs()
  t.deepEqual(await backlog(knex, nowMs), [])
  await put(
    knex,
    clock,
    item({ dueAtMs: nowMs - 5_000 }),
    item({ dueAtMs: nowMs - 9_000, priority: 'express' }),
    item({ operatorId: 2, dueAtMs: nowMs + 1 }),
    item({ operatorId: 2, state: 'held', reason: 'approval' }),
    item({ operatorId: 3, state: 'blocked', reason: 'stop-list' }),
  )
  const unanswered = await putOne(knex, clock, { operatorId: 4 })
  await take(knex, clock, { operatorId: 4 })
  const unknown = {
    kind: 'unknown',
    messageId: unanswered,
    atMs: 0,
    graceUntilMs: 0,
    reason: 'timeout',
  } as const
  await settleAll(knex, clock, [unknown, answered(999, 'x')])
  t.deepEqual(await backlog(knex, nowMs), [
    { operatorId: 1, queued: 2, held: 0, unknown: 0, oldestDueAtMs: nowMs - 9_000 },
    { operatorId: 2, queued: 1, held: 1, unknown: 0, oldestDueAtMs: null },
    { operatorId: 4, queued: 0, held: 0, unknown: 1, oldestDueAtMs: null },
  ])
})

const alarm = { kind: 'bind-down', subject: 'Faso Mobile', detail: 'refused' }

storeTest('an alarm is raised once while it is open, and again after it was cleared', async (t, { knex }) => {
  t.true(await raiseAlarm(knex, alarm, 1_000))
  t.false(await raiseAlarm(knex, { ...alarm, detail: 'timeout' }, 2_000))
  t.true(await raiseAlarm(knex, { ...alarm, subject: 'Autre' }, 2_500))
  t.like((await openAlarms(knex))[0], {
    ...alarm,
    detail: 'timeout',
    raisedAtMs: 1_000,
    lastAtMs: 2_000,
    occurrences: 2,
    clearedAtMs: null,
  })
  t.true(await clearAlarm(knex, alarm, 3_000))
  t.false(await clearAlarm(knex, alarm, 4_000))
  t.is((await openAlarms(knex)).length, 1)
  t.true(await raiseAlarm(knex, alarm, 5_000))
  const history = await alarmHistory(knex, { limit: 10 })
  t.deepEqual(
    history.map(entry => [entry.subject, entry.clearedAtMs]),
    [
      ['Faso Mobile', null],
      ['Autre', null],
      ['Faso Mobile', 3_000],
    ],
  )
  t.is((await alarmHistory(knex, { limit: 10, beforeId: history[1]!.alarmId })).length, 1)
})

storeTest('two nodes that raise the same alarm open it once', async (t, { knex }) => {
  const raised = await Promise.all([1, 2, 3].map(nowMs => raiseAlarm(knex, alarm, nowMs)))
  t.is(raised.filter(Boolean).length, 1)
  t.is((await openAlarms(knex)).length, 1)
})

storeTest('an alarm of hostile length or content is cut, found again and cleared', async (t, { knex }) => {
  const hostile = {
    kind: 'k'.repeat(90),
    subject: `\0${'s'.repeat(500)}`,
    detail: `\ud800${'d'.repeat(9_000)}`,
  }
  t.true(await raiseAlarm(knex, hostile, 1))
  t.false(await raiseAlarm(knex, hostile, 2))
  t.true(await clearAlarm(knex, hostile, 3))
})

const part = {
  sender: '22670000001',
  recipient: '8010',
  encoding: 'ucs2',
  text: 'ARRÊT',
  reference: 7,
  partNumber: 1,
  partCount: 2,
} as const

storeTest('incoming parts are stored in order, whatever is in them', async (t, { knex }) => {
  await storeIncoming(knex, [], 1_000)
  const hostile = {
    ...part,
    sender: 's'.repeat(300),
    text: '\0\ud800',
    reference: null,
    encoding: 'binary',
  } as const
  await storeIncoming(
    knex,
    [
      { operatorId: 1, part },
      { operatorId: 2, part: hostile },
    ],
    1_000,
  )
  const stored = await listIncoming(knex, { afterId: 0, limit: 10 })
  t.deepEqual(stored[0], {
    incomingId: stored[0]!.incomingId,
    operatorId: 1,
    ...part,
    receivedAtMs: 1_000,
    sentAtMs: null,
  })
  // What no database keeps as text is kept all the same: half a pair may be the end of a part.
  t.like(stored[1], { operatorId: 2, reference: null, text: '\0\ud800' })
  t.deepEqual(await listIncoming(knex, { afterId: stored[1]!.incomingId, limit: 10 }), [])
})
