import { cancelMessages, findMessage, partsOf, timeline } from '../../server/store/messages.ts'
import type { SettleItem } from '../../server/store/settle.ts'
import { storeTest } from '../support/store.ts'
import {
  answered,
  counted,
  putOne,
  putSent,
  receipt,
  settleAll,
  stateOf,
  take,
} from '../support/stored-messages.ts'

const failed = { state: 'undelivered', detail: 'stat:UNDELIV err:021' } as const
const expired = { state: 'expired', detail: 'stat:EXPIRED err:000' } as const

storeTest('a receipt delivers its message', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  t.like(await settleAll(knex, clock, [], [receipt('A1')]), { matched: 1, kept: 0 })
  t.like(await findMessage(knex, messageId), {
    state: 'delivered',
    finalAtMs: receipt('A1').atMs,
    reason: '',
  })
  t.like((await partsOf(knex, messageId))[0], { state: 'delivered', detail: 'stat:DELIVRD err:000' })
  t.is((await counted(knex)).delivered, 1)
})

storeTest('a failed delivery keeps what the operator said', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  await settleAll(knex, clock, [], [receipt('A1', failed)])
  t.like(await findMessage(knex, messageId), { state: 'undelivered', reason: 'stat:UNDELIV err:021' })
})

storeTest('any spelling of the id finds the part', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, '2748')
  await settleAll(knex, clock, [], [receipt('', { remoteIdKeys: ['ABC', '2748', '43974'] })])
  t.is(await stateOf(knex, messageId), 'delivered')
})

storeTest('a receipt of another phone or of another operator is not ours', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  const foreign = [receipt('A1', { recipient: '22670000099' }), receipt('A1', { operatorId: 2 })]
  t.like(await settleAll(knex, clock, [], foreign), { matched: 0, kept: 2 })
  t.is(await stateOf(knex, messageId), 'sent')
})

storeTest('the phone may be written in national format or not at all', async (t, { knex, clock }) => {
  for (const [key, recipient] of [
    ['A1', '70000001'],
    ['A2', ''],
    ['A3', '+22670000001'],
  ] as const) {
    const messageId = await putSent(knex, clock, key)
    await settleAll(knex, clock, [], [receipt(key, { recipient })])
    t.is(await stateOf(knex, messageId), 'delivered')
  }
})

storeTest('an id that the operator used before belongs to the newest message', async (t, { knex, clock }) => {
  const older = await putSent(knex, clock, '1')
  const newer = await putSent(knex, clock, '1')
  await settleAll(knex, clock, [], [receipt('1')])
  t.is(await stateOf(knex, older), 'sent')
  t.is(await stateOf(knex, newer), 'delivered')
})

storeTest('a receipt before the answer waits for it', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  const early = receipt('ABC', { remoteIdKeys: ['ABC', '2748'] })
  t.like(await settleAll(knex, clock, [], [early]), { matched: 0, kept: 1 })
  t.is(await stateOf(knex, messageId), 'sending')
  t.like(await settleAll(knex, clock, [answered(messageId, '2748')]), { matched: 1, kept: 0 })
  t.is(await stateOf(knex, messageId), 'delivered')
  t.is((await knex('unmatched_receipts')).length, 0)
})

storeTest('answer and receipt in one batch settle the message', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [answered(messageId, 'A1')], [receipt('A1')])
  t.is(await stateOf(knex, messageId), 'delivered')
  t.deepEqual(await counted(knex), { queued: 1, sent: 1, delivered: 1 })
})

storeTest('an early receipt of another operator stays kept when the id comes', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [], [receipt('A1', { operatorId: 2 })])
  await settleAll(knex, clock, [answered(messageId, 'A1')])
  t.is(await stateOf(knex, messageId), 'sent')
  t.is((await knex('unmatched_receipts')).length, 1)
})

storeTest('told twice is told once', async (t, { knex, clock }) => {
  await putSent(knex, clock, 'A1')
  await settleAll(knex, clock, [], [receipt('A1'), receipt('A1')])
  t.like(await settleAll(knex, clock, [], [receipt('A1')]), { matched: 1, kept: 0 })
  t.is((await counted(knex)).delivered, 1)
})

storeTest(
  'a delivery corrects an earlier failure; a failure never corrects a delivery',
  async (t, { knex, clock }) => {
    const messageId = await putSent(knex, clock, 'A1')
    await settleAll(knex, clock, [], [receipt('A1', expired)])
    t.is(await stateOf(knex, messageId), 'expired')
    await settleAll(knex, clock, [], [receipt('A1')])
    t.like(await findMessage(knex, messageId), { state: 'delivered', reason: '' })
    await settleAll(knex, clock, [], [receipt('A1', failed), receipt('A1', expired)])
    t.is(await stateOf(knex, messageId), 'delivered')
    t.deepEqual(await counted(knex), { queued: 1, sent: 1, expired: 1, delivered: 1 })
  },
)

storeTest('the same correction holds inside one batch', async (t, { knex, clock }) => {
  const first = await putSent(knex, clock, 'A1')
  const second = await putSent(knex, clock, 'A2')
  const batch = [receipt('A1', expired), receipt('A1'), receipt('A2'), receipt('A2', failed)]
  await settleAll(knex, clock, [], batch)
  t.is(await stateOf(knex, first), 'delivered')
  t.is(await stateOf(knex, second), 'delivered')
})

storeTest(
  'an intermediate receipt is told in the time line and changes no state',
  async (t, { knex, clock }) => {
    const messageId = await putSent(knex, clock, 'A1')
    await settleAll(knex, clock, [], [receipt('A1', { state: 'intermediate', detail: 'stat:ENROUTE' })])
    t.is(await stateOf(knex, messageId), 'sent')
    t.true((await timeline(knex, messageId)).some(entry => entry.event === 'receipt-intermediate'))
  },
)

storeTest(
  'a long message is delivered when all its parts are, and failed when one is',
  async (t, { knex, clock }) => {
    const whole = await putSent(knex, clock, 'A', { parts: 3 })
    await settleAll(knex, clock, [], [receipt('A'), receipt('A-3')])
    t.is(await stateOf(knex, whole), 'sent')
    await settleAll(knex, clock, [], [receipt('A-2')])
    t.is(await stateOf(knex, whole), 'delivered')
    const broken = await putSent(knex, clock, 'B', { parts: 2 })
    await settleAll(knex, clock, [], [receipt('B'), receipt('B-2', failed)])
    t.is(await stateOf(knex, broken), 'undelivered')
    await settleAll(knex, clock, [], [receipt('B-2')])
    t.is(await stateOf(knex, broken), 'delivered')
    t.deepEqual(await counted(knex), { queued: 2, sent: 2, undelivered: 1, delivered: 2 })
  },
)

storeTest(
  'parts delivered before their message is sent count when the last one comes',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { parts: 2 })
    await take(knex, clock)
    const part = (partNumber: number) =>
      answered(messageId, `A${partNumber}`, { partNumber, submittedParts: 2 })
    await settleAll(knex, clock, [part(1)], [receipt('A1'), receipt('A2')])
    t.is(await stateOf(knex, messageId), 'sending')
    await settleAll(knex, clock, [part(2)])
    t.is(await stateOf(knex, messageId), 'delivered')
  },
)

storeTest('a part that failed before its message was sent is not forgotten', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, { parts: 2 })
  await take(knex, clock)
  const part = (partNumber: number) =>
    answered(messageId, `A${partNumber}`, { partNumber, submittedParts: 2 })
  await settleAll(knex, clock, [part(1)], [receipt('A1', failed)])
  await settleAll(knex, clock, [part(2)])
  await settleAll(knex, clock, [], [receipt('A2')])
  t.is(await stateOf(knex, messageId), 'undelivered')
})

const unanswered = (messageId: number): SettleItem => ({
  kind: 'unknown',
  messageId,
  atMs: 0,
  graceUntilMs: 0,
  reason: 'link-lost',
})

storeTest(
  'a receipt that names the time or the words resolves an unknown outcome',
  async (t, { knex, clock }) => {
    for (const extra of [
      { submittedAtMs: clock.nowMs() + 30_000 },
      { textPrefix: 'Votre contrat' },
      { submittedAtMs: clock.nowMs(), ...failed },
    ]) {
      const messageId = await putOne(knex, clock)
      await take(knex, clock)
      await settleAll(knex, clock, [unanswered(messageId)])
      t.like(await settleAll(knex, clock, [], [receipt('never-seen', extra)]), { matched: 1, kept: 0 })
      t.is(await stateOf(knex, messageId), 'state' in extra ? 'undelivered' : 'delivered')
      t.true((await timeline(knex, messageId)).some(entry => entry.event === 'resolved-by-receipt'))
    }
  },
)

storeTest(
  'a receipt that could belong to two unknown messages, or to none, resolves none',
  async (t, { knex, clock }) => {
    const first = await putOne(knex, clock)
    const second = await putOne(knex, clock)
    await take(knex, clock)
    await settleAll(knex, clock, [unanswered(first), unanswered(second)])
    const near = { submittedAtMs: clock.nowMs() }
    for (const extra of [
      near,
      { ...near, operatorId: 2 },
      { ...near, recipient: '22670000002' },
      { ...near, recipient: '' },
      { submittedAtMs: clock.nowMs() + 600_000 },
      { textPrefix: 'Autre texte' },
      {},
    ]) {
      t.is((await settleAll(knex, clock, [], [receipt('never-seen', extra)])).kept, 1)
    }
    t.is(await stateOf(knex, first), 'unknown')
    t.is(await stateOf(knex, second), 'unknown')
  },
)

storeTest(
  'a receipt for a message that was cancelled meanwhile changes no state',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock)
    await take(knex, clock)
    await settleAll(knex, clock, [unanswered(messageId)])
    await cancelMessages(knex, [messageId], { actor: 'aminata', nowMs: clock.nowMs() })
    await settleAll(knex, clock, [answered(messageId, 'A1')], [receipt('A1')])
    t.is(await stateOf(knex, messageId), 'cancelled')
  },
)

storeTest(
  'a receipt that came before the message was given up settles it, under every spelling of its id',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { text: 'Votre contrat expire' })
    await take(knex, clock)
    const early = receipt('ABC', {
      remoteIdKeys: ['ABC', '2748'],
      textPrefix: 'Votre contrat',
      atMs: clock.nowMs(),
    })
    t.like(await settleAll(knex, clock, [], [early]), { matched: 0, kept: 1 })
    await settleAll(knex, clock, [unanswered(messageId)])
    t.is(await stateOf(knex, messageId), 'delivered')
    t.is((await knex('unmatched_receipts')).length, 0)
    t.true((await timeline(knex, messageId)).some(({ event }) => event === 'resolved-by-receipt'))
  },
)

storeTest(
  'a receipt that repeats the text in another alphabet settles its message all the same',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { text: 'Rappel : prime échue' })
    await take(knex, clock)
    await settleAll(knex, clock, [unanswered(messageId)])
    await settleAll(knex, clock, [], [receipt('A1', { textPrefix: 'Rappel : contrat \x05chu' })])
    t.is(await stateOf(knex, messageId), 'unknown', 'other words')
    await settleAll(knex, clock, [], [receipt('A2', { textPrefix: 'Rappel : prime \x05chue' })])
    t.is(await stateOf(knex, messageId), 'delivered')
  },
)

storeTest('too few comparable words settle nothing by themselves', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, { text: 'Prêt échu' })
  await take(knex, clock)
  await settleAll(knex, clock, [unanswered(messageId)])
  await settleAll(knex, clock, [], [receipt('A1', { textPrefix: 'Pr?t ?chu' })])
  t.is(await stateOf(knex, messageId), 'unknown')
  await settleAll(knex, clock, [], [receipt('A2', { textPrefix: 'Pr?t ?chu', submittedAtMs: clock.nowMs() })])
  t.is(await stateOf(knex, messageId), 'delivered')
})

storeTest('a receipt older than the attempt does not settle it', async (t, { knex, clock }) => {
  const old = receipt('ABC', { textPrefix: 'Votre contrat', atMs: clock.nowMs() })
  await settleAll(knex, clock, [], [old])
  await clock.advance(1_000)
  const messageId = await putOne(knex, clock, { text: 'Votre contrat expire' })
  await take(knex, clock)
  await settleAll(knex, clock, [unanswered(messageId)])
  t.is(await stateOf(knex, messageId), 'unknown')
  t.is((await knex('unmatched_receipts')).length, 1)
})

storeTest('unreadable receipts do not make the batch fail', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  const hostile = [
    receipt('', { remoteIdKeys: [] }),
    receipt('\0\ud800', { recipient: '\0', detail: '\0\udfff' }),
    receipt('x'.repeat(1_000), { recipient: "'; --" }),
    receipt('A1', { detail: 'stat:DELIVRD\0\ud800' }),
  ]
  const { matched } = await settleAll(knex, clock, [], hostile)
  t.is(matched, 1)
  t.is(await stateOf(knex, messageId), 'delivered')
})

storeTest('a flood of foreign receipts is bounded and ours still match', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  const rows = `select 1, 'X' || n, '{}', 0 from n`
  await knex.raw(
    `insert into unmatched_receipts (operator_id, remote_key, receipt, received_at)
     with recursive n(n) as (select 1 union all select n + 1 from n where n < 100000) ${rows}`,
  )
  const flood = Array.from({ length: 3_000 }, (_, index) =>
    receipt(`Y${index}`, { recipient: '22670000077' }),
  )
  t.is((await settleAll(knex, clock, [], [...flood, receipt('A1')])).kept, 3_000)
  const [row] = await knex('unmatched_receipts').count({ kept: '*' })
  t.is(Number(row?.kept), 100_000)
  t.is(await stateOf(knex, messageId), 'delivered')
})
