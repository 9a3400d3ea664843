import { findMessage, partsOf, timeline } from '../../server/store/messages.ts'
import type { SettleItem } from '../../server/store/settle.ts'
import { storeTest } from '../support/store.ts'
import {
  answered,
  counted,
  item,
  operatorId,
  put,
  putOne,
  putSent,
  settleAll,
  stateOf,
  take,
} from '../support/stored-messages.ts'

const atMs = Date.UTC(2027, 0, 4, 9, 0, 2)
const retry = (messageId: number): SettleItem => ({
  kind: 'retry',
  messageId,
  atMs,
  dueAtMs: atMs + 60_000,
  reason: 'ESME_RMSGQFUL',
  countsAttempt: true,
})
const unknown = (messageId: number): SettleItem => ({
  kind: 'unknown',
  messageId,
  atMs,
  graceUntilMs: atMs + 120_000,
  reason: 'timeout',
})
const refused = (messageId: number): SettleItem => ({
  kind: 'refused',
  messageId,
  atMs,
  reason: 'ESME_RINVDSTADR',
})

storeTest('an accepted message is sent, at its price', async (t, { knex, clock }) => {
  await knex('operators').insert({
    name: 'Faso Mobile',
    protocol: 'smpp',
    config: '{}',
    sender: '8010',
    price_per_part_milli: 12_500,
    created_at: 0,
    updated_at: 0,
  })
  const messageId = await putSent(knex, clock, 'A1', { alertId: 3, parts: 2 })
  t.like(await findMessage(knex, messageId), { state: 'sent', sentAtMs: clock.nowMs() + 1_000, reason: '' })
  t.deepEqual(
    (await partsOf(knex, messageId)).map(part => [part.partNumber, part.remoteKey, part.state]),
    [
      [1, 'A1', 'sent'],
      [2, 'A1-2', 'sent'],
    ],
  )
  const rows = await knex('counters').where({ cost_milli: 25_000, alert_id: 3, operator_id: 1, parts: 2 })
  t.is(rows.length, 1)
})

storeTest('a long message is sent when all its parts are', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, { parts: 3 })
  await take(knex, clock)
  const part = (partNumber: number) =>
    answered(messageId, `A${partNumber}`, { partNumber, submittedParts: 3 })
  await settleAll(knex, clock, [part(1), part(3)])
  t.is(await stateOf(knex, messageId), 'sending')
  await settleAll(knex, clock, [part(2)])
  t.is(await stateOf(knex, messageId), 'sent')
  t.is((await counted(knex)).sent, 1)
})

storeTest(
  'an operator that splits by itself is sent one submit for all parts',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { parts: 3 })
    await take(knex, clock)
    await settleAll(knex, clock, [answered(messageId, 'A1', { submittedParts: 1 })])
    t.is(await stateOf(knex, messageId), 'sent')
  },
)

storeTest('a temporary refusal comes back when due, with its reason', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [retry(messageId)])
  t.like(await findMessage(knex, messageId), {
    state: 'queued',
    reason: 'ESME_RMSGQFUL',
    dueAtMs: atMs + 60_000,
  })
  t.deepEqual(await take(knex, clock), [])
  await clock.advance(62_000)
  t.is((await take(knex, clock))[0]?.attempts, 2)
  t.is((await counted(knex)).queued, 2)
})

storeTest('a refusal for want of a route goes to the other operator', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [
    { kind: 'reroute', messageId, atMs: clock.nowMs(), operatorId: 2, reason: 'ESME_RINVDSTADR' },
  ])
  t.deepEqual(await take(knex, clock), [])
  t.is((await take(knex, clock, { operatorId: 2 }))[0]?.messageId, messageId)
  await settleAll(knex, clock, [answered(messageId, 'B1', { operatorId: 2 })])
  t.like(await findMessage(knex, messageId), { state: 'sent', operatorId: 2 })
})

storeTest('a permanent refusal is final', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [refused(messageId)])
  t.like(await findMessage(knex, messageId), { state: 'refused', reason: 'ESME_RINVDSTADR', finalAtMs: atMs })
  await settleAll(knex, clock, [retry(messageId), unknown(messageId)])
  t.is(await stateOf(knex, messageId), 'refused')
  t.deepEqual(await counted(knex), { queued: 1, refused: 1 })
})

storeTest('a late answer settles an unknown outcome', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [unknown(messageId)])
  t.like(await findMessage(knex, messageId), { state: 'unknown', reason: 'timeout', dueAtMs: atMs + 120_000 })
  await settleAll(knex, clock, [answered(messageId, 'A1')])
  t.is(await stateOf(knex, messageId), 'sent')
  t.deepEqual(
    (await timeline(knex, messageId)).map(entry => entry.event),
    ['accepted', 'sending', 'sent', 'unknown'],
  )
})

storeTest('an answer that comes with the time-out wins over it', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [unknown(messageId), answered(messageId, 'A1')])
  t.is(await stateOf(knex, messageId), 'sent')
})

storeTest('an answer to a first submit stops the resend that has not left', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [retry(messageId)])
  await settleAll(knex, clock, [answered(messageId, 'A1')])
  t.is(await stateOf(knex, messageId), 'sent')
  await clock.advance(120_000)
  t.deepEqual(await take(knex, clock), [])
})

storeTest(
  'accepted twice after a resend: the newer id is kept, the time line tells both',
  async (t, { knex, clock }) => {
    const messageId = await putSent(knex, clock, 'A1')
    await settleAll(knex, clock, [answered(messageId, 'A2')])
    t.is((await partsOf(knex, messageId))[0]?.remoteKey, 'A2')
    t.is((await counted(knex)).sent, 1)
    t.true((await timeline(knex, messageId)).some(entry => entry.detail.includes('A2')))
  },
)

storeTest(
  'an unanswered part decides over the retry of another part, in one batch or in two',
  async (t, { knex, clock }) => {
    const orders: ((id: number) => SettleItem[][])[] = [
      id => [[retry(id), unknown(id)]],
      id => [[unknown(id), retry(id)]],
      id => [[retry(id)], [unknown(id)]],
      id => [[unknown(id)], [retry(id)]],
      id => [
        [unknown(id)],
        [{ kind: 'reroute', messageId: id, atMs, operatorId: 2, reason: 'no-route' } satisfies SettleItem],
      ],
    ]
    for (const order of orders) {
      const messageId = await putOne(knex, clock, { parts: 2 })
      await take(knex, clock)
      for (const batch of order(messageId)) await settleAll(knex, clock, batch)
      t.is(await stateOf(knex, messageId), 'unknown')
    }
  },
)

storeTest('a single part that was refused after all may be tried again', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [unknown(messageId)])
  await settleAll(knex, clock, [retry(messageId)])
  t.is(await stateOf(knex, messageId), 'queued')
})

storeTest('an attempt is not given back twice', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  const givenBack = { ...retry(messageId), countsAttempt: false } as const
  for (let round = 0; round < 2; round += 1) {
    await settleAll(knex, clock, [unknown(messageId)])
    await settleAll(knex, clock, [givenBack])
  }
  const [row] = await knex('messages').where({ id: messageId }).select('attempts')
  t.is(row.attempts, 0)
})

storeTest('outcomes of messages that do not exist change nothing', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [retry(999), refused(999), unknown(999), unknown(messageId)])
  t.is(await stateOf(knex, messageId), 'unknown')
  t.deepEqual(await counted(knex), { queued: 1, unknown: 1 })
})

storeTest(
  'several events of one message in one millisecond are all kept, over batches too',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock)
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await knex('messages').where({ id: messageId }).update({ due_at: clock.nowMs() })
      await take(knex, clock)
      await settleAll(knex, clock, [retry(messageId)])
    }
    const events = (await timeline(knex, messageId)).filter(entry => entry.event === 'retry')
    t.is(events.length, 3)
  },
)

storeTest('a batch of many messages is settled at once', async (t, { knex, clock }) => {
  const results = await put(knex, clock, ...Array.from({ length: 300 }, () => item()))
  await take(knex, clock, { limit: 500 })
  await settleAll(
    knex,
    clock,
    results.flatMap((result, index) =>
      result.kind !== 'enqueued'
        ? []
        : [index % 3 === 0 ? refused(result.messageId) : answered(result.messageId, `K${index}`)],
    ),
  )
  t.deepEqual(await counted(knex), { queued: 300, refused: 100, sent: 200 })
  t.is((await knex('message_parts').where({ operator_id: operatorId })).length, 200)
})

storeTest('a hostile reason or remote id does not make the batch fail', async (t, { knex, clock }) => {
  const first = await putOne(knex, clock)
  const second = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [
    answered(first, 'A\0\ud800"{}\\'),
    { kind: 'refused', messageId: second, atMs, reason: `x\0${'y'.repeat(2_000)}` },
  ])
  t.is(await stateOf(knex, first), 'sent')
  t.is(await stateOf(knex, second), 'refused')
})

storeTest('no outcome releases what is held', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, { state: 'held', reason: 'missing-value' })
  const reroute: SettleItem = { kind: 'reroute', messageId, atMs, operatorId: 2, reason: 'x' }
  for (const outcome of [retry(messageId), reroute, answered(messageId, 'A1'), unknown(messageId)]) {
    await settleAll(knex, clock, [outcome])
    t.is(await stateOf(knex, messageId), 'held')
  }
})
