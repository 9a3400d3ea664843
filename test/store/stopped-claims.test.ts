/** After a STOP nothing leaves for that phone, whatever way it was on when the STOP came. */
import type { ExecutionContext } from 'ava'
import type { Knex } from 'knex'
import { stopPhone } from '../../server/store/inbound-stops.ts'
import { timeline } from '../../server/store/messages.ts'
import { resendUnknown } from '../../server/store/recovery.ts'
import { beginSecondTries, secondTryCandidates } from '../../server/store/second-tries.ts'
import { settle } from '../../server/store/settle.ts'
import { addStops, removeStop } from '../../server/store/stop-list.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { storeTest } from '../support/store.ts'
import {
  answered,
  counted,
  item,
  put,
  putOne,
  receipt,
  settleAll,
  stateOf,
  take,
} from '../support/stored-messages.ts'

const phone = '22670000001'

interface Place {
  knex: Knex
  clock: FakeClock
}

async function stop({ knex, clock }: Place, service = '*', recipient = phone): Promise<void> {
  await knex.transaction(transaction =>
    stopPhone(transaction, { phone: recipient, service, incomingId: 1 }, clock.nowMs()),
  )
}

async function takenIds({ knex, clock }: Place, request: Parameters<typeof take>[2] = {}): Promise<number[]> {
  return (await take(knex, clock, request)).map(({ messageId }) => messageId)
}

async function isBlocked(t: ExecutionContext, { knex }: Place, messageId: number): Promise<void> {
  const [row] = await knex('messages').where({ id: messageId }).select('reason', 'final_at', 'sending_at')
  t.is(await stateOf(knex, messageId), 'blocked')
  t.is(row.reason, 'stop-list')
  t.not(row.final_at, null)
  t.is(row.sending_at, null)
}

storeTest('being sent when the STOP comes, then refused for a time: not tried again', async (t, place) => {
  const { knex, clock } = place
  const messageId = await putOne(knex, clock, { category: 'marketing' })
  await take(knex, clock)
  await stop(place)
  t.is(await stateOf(knex, messageId), 'sending', 'what may have left is not called blocked')
  const atMs = clock.nowMs()
  await settleAll(knex, clock, [
    { kind: 'retry', messageId, atMs, dueAtMs: atMs, reason: 'ESME_RMSGQFUL', countsAttempt: true },
  ])
  t.deepEqual(await takenIds(place), [])
  await isBlocked(t, place, messageId)
  const [row] = await knex('messages').where({ id: messageId }).select('attempts')
  t.is(row.attempts, 1)
  t.like(await counted(knex), { blocked: 1 })
  t.like((await timeline(knex, messageId))?.at(-1), { event: 'blocked', detail: 'stop-list' })
})

storeTest(
  'sent when the STOP comes, then not known to the operator: no second try leaves',
  async (t, place) => {
    const { knex, clock } = place
    const messageId = await putOne(knex, clock)
    await take(knex, clock)
    await settleAll(knex, clock, [answered(messageId, 'A1')])
    await stop(place)
    const told = receipt('A1', { state: 'undelivered', isUnknownSubscriber: true })
    const { unknownSubscribers } = await settle(knex, { items: [], receipts: [told], nowMs: clock.nowMs() })
    const candidates = await secondTryCandidates(knex, unknownSubscribers, clock.nowMs())
    const tries = candidates.map(one => ({ messageId: one.messageId, fromOperatorId: 1, operatorId: 2 }))
    t.is(await beginSecondTries(knex, tries, clock.nowMs()), 1)
    t.deepEqual(await takenIds(place, { operatorId: 2 }), [])
    await isBlocked(t, place, messageId)
  },
)

storeTest('being sent when the STOP comes, then never answered: not sent again', async (t, place) => {
  const { knex, clock } = place
  const messageId = await putOne(knex, clock, { unknownPolicy: 'resend' })
  await take(knex, clock)
  await stop(place)
  const atMs = clock.nowMs()
  await settleAll(knex, clock, [{ kind: 'unknown', messageId, atMs, graceUntilMs: atMs, reason: 'timeout' }])
  t.is(await resendUnknown(knex, atMs), 1)
  t.deepEqual(await takenIds(place), [])
  await isBlocked(t, place, messageId)
})

storeTest('stored after the STOP by a request that had asked before it: does not leave', async (t, place) => {
  const { knex, clock } = place
  await stop(place)
  const messageId = await putOne(knex, clock, { service: 'auto' })
  const free = await putOne(knex, clock, { recipient: '22670000002' })
  const confirmation = await putOne(knex, clock, { category: 'transactional', priority: 'express' })
  t.deepEqual(await takenIds(place), [confirmation, free])
  await isBlocked(t, place, messageId)
})

storeTest('a STOP of one service stops no other, and a START lets them leave', async (t, place) => {
  const { knex, clock } = place
  const change = { nowMs: clock.nowMs(), actor: 'test' }
  await addStops(knex, [{ recipient: phone, service: 'auto', reason: '' }], change)
  const definition = JSON.stringify({ service: 'auto' })
  const [{ id: alertId }] = await knex('alerts')
    .insert({ name: 'a', definition, created_at: 0, updated_at: 0 })
    .returning('id')
  const auto = await putOne(knex, clock, { service: 'auto' })
  const older = await putOne(knex, clock, { alertId })
  await knex('messages').where({ id: older }).update({ service: null })
  const health = await putOne(knex, clock, { service: 'santé' })
  const usual = await putOne(knex, clock)
  t.deepEqual(await takenIds(place), [health, usual])
  await isBlocked(t, place, auto)
  await isBlocked(t, place, older)
  await removeStop(knex, { recipient: phone, service: 'auto' }, change)
  const again = await putOne(knex, clock, { service: 'auto' })
  t.deepEqual(await takenIds(place), [again])
})

storeTest(
  'a claim whose first messages are all stopped goes on to those that may leave',
  async (t, place) => {
    const { knex, clock } = place
    await put(knex, clock, ...Array.from({ length: 6 }, () => item()))
    const change = { nowMs: clock.nowMs(), actor: 'test' }
    await addStops(knex, [{ recipient: phone, service: '*', reason: 'import' }], change)
    const free = await putOne(knex, clock, { recipient: '22670000002' })
    t.deepEqual(await takenIds(place, { limit: 2 }), [free])
    t.like(await counted(knex), { blocked: 6, queued: 7 })
  },
)
