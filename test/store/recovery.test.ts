import { findMessage, releaseMessages, timeline } from '../../server/store/messages.ts'
import {
  expireWaiting,
  expireWithoutReceipt,
  recoverSending,
  resendUnknown,
} from '../../server/store/recovery.ts'
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

const graceMs = 120_000
const dayMs = 24 * 3_600_000

storeTest(
  'after a crash what was being sent is an unknown outcome, never queued again',
  async (t, { knex, clock }) => {
    const sending = await putOne(knex, clock, { unknownPolicy: 'hold' })
    await take(knex, clock)
    const queued = await putOne(knex, clock)
    const sent = await putSent(knex, clock, 'A1')
    await take(knex, clock)
    const queuedState = await stateOf(knex, queued)
    t.is(
      await recoverSending(knex, clock.nowMs(), clock.nowMs() + graceMs),
      queuedState === 'sending' ? 2 : 1,
    )
    t.like(await findMessage(knex, sending), {
      state: 'unknown',
      reason: 'process-stopped',
      dueAtMs: clock.nowMs() + graceMs,
    })
    t.is(await stateOf(knex, sent), 'sent')
    t.deepEqual(await take(knex, clock), [])
    t.is(await recoverSending(knex, clock.nowMs(), clock.nowMs() + graceMs), 0)
  },
)

storeTest('more than one slice is recovered in one call', async (t, { knex, clock }) => {
  await put(knex, clock, ...Array.from({ length: 2_500 }, () => item()))
  t.is((await take(knex, clock, { limit: 2_500 })).length, 2_500)
  t.is(await recoverSending(knex, clock.nowMs(), clock.nowMs()), 2_500)
  t.deepEqual(await counted(knex), { queued: 2_500, unknown: 2_500 })
})

storeTest(
  'policy resend queues again after the grace, policy hold waits for a person',
  async (t, { knex, clock }) => {
    const resend = await putOne(knex, clock, { unknownPolicy: 'resend' })
    const hold = await putOne(knex, clock, { unknownPolicy: 'hold' })
    await take(knex, clock)
    await recoverSending(knex, clock.nowMs(), clock.nowMs() + graceMs)
    t.is(await resendUnknown(knex, clock.nowMs()), 0)
    await clock.advance(graceMs)
    t.is(await resendUnknown(knex, clock.nowMs()), 1)
    t.like(await findMessage(knex, resend), { state: 'queued', reason: 'resend-after-unknown' })
    t.is(await stateOf(knex, hold), 'unknown')
    t.true((await timeline(knex, resend)).some(entry => entry.detail === 'resend-after-unknown'))
    t.deepEqual(await releaseMessages(knex, [hold], { actor: 'aminata', nowMs: clock.nowMs() }), [hold])
    await clock.advance(graceMs)
    t.is((await take(knex, clock)).length, 2)
  },
)

storeTest(
  'a receipt or a late answer within the grace makes the resend needless',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { unknownPolicy: 'resend' })
    await take(knex, clock)
    await recoverSending(knex, clock.nowMs(), clock.nowMs() + graceMs)
    await settleAll(knex, clock, [answered(messageId, 'A1')], [receipt('A1')])
    await clock.advance(graceMs)
    t.is(await resendUnknown(knex, clock.nowMs()), 0)
    t.is(await stateOf(knex, messageId), 'delivered')
  },
)

storeTest('what waits past its validity is closed, queued or held', async (t, { knex, clock }) => {
  const expiresAtMs = clock.nowMs() + 60_000
  const queued = await putOne(knex, clock, { expiresAtMs })
  const held = await putOne(knex, clock, { expiresAtMs, state: 'held', reason: 'approval' })
  const live = await putOne(knex, clock)
  await clock.advance(59_999)
  t.is(await expireWaiting(knex, clock.nowMs()), 0)
  await clock.advance(1)
  t.is(await expireWaiting(knex, clock.nowMs()), 2)
  t.like(await findMessage(knex, queued), {
    state: 'expired',
    reason: 'validity-over',
    finalAtMs: expiresAtMs,
  })
  t.is(await stateOf(knex, held), 'expired')
  t.is(await stateOf(knex, live), 'queued')
})

storeTest(
  'a message that never gets a receipt is closed; a later delivery still counts',
  async (t, { knex, clock }) => {
    const old = await putSent(knex, clock, 'A1')
    const delivered = await putSent(knex, clock, 'A2')
    await settleAll(knex, clock, [], [receipt('A2')])
    await clock.advance(3 * dayMs)
    const recent = await putOne(knex, clock, { expiresAtMs: clock.nowMs() + dayMs })
    await take(knex, clock)
    await settleAll(knex, clock, [answered(recent, 'A3', { atMs: clock.nowMs() })])
    t.is(await expireWithoutReceipt(knex, clock.nowMs(), clock.nowMs() - 2 * dayMs), 1)
    t.like(await findMessage(knex, old), { state: 'expired', reason: 'no-receipt' })
    t.is(await stateOf(knex, delivered), 'delivered')
    t.is(await stateOf(knex, recent), 'sent')
    t.is(await expireWithoutReceipt(knex, clock.nowMs(), clock.nowMs() - 2 * dayMs), 0)
    await settleAll(knex, clock, [], [receipt('A1')])
    t.is(await stateOf(knex, old), 'delivered')
  },
)

storeTest('the walk over sent messages waits before one that is still open', async (t, { knex, clock }) => {
  const open = await putOne(knex, clock, {
    dueAtMs: clock.nowMs() + 10 * dayMs,
    expiresAtMs: clock.nowMs() + 20 * dayMs,
  })
  const sent = await putSent(knex, clock, 'A1')
  await clock.advance(4 * dayMs)
  const before = clock.nowMs() - 3 * dayMs
  await expireWithoutReceipt(knex, clock.nowMs(), before)
  t.is(await stateOf(knex, open), 'queued')
  await knex('messages').where({ id: open }).update({ due_at: clock.nowMs() })
  await take(knex, clock)
  await settleAll(knex, clock, [answered(open, 'B1', { atMs: clock.nowMs() })])
  await clock.advance(4 * dayMs)
  await expireWithoutReceipt(knex, clock.nowMs(), clock.nowMs() - 3 * dayMs)
  t.is(await stateOf(knex, open), 'expired')
  t.is(await stateOf(knex, sent), 'expired')
})
