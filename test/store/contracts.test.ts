import { shippedTranches } from '../../server/gateway/contracts/tranches.ts'
import { usualRetryPolicy } from '../../server/gateway/outbox/retry-policy.ts'
import { listAudit } from '../../server/store/audit.ts'
import {
  findContract,
  listContracts,
  replaceTranches,
  setRetryPolicy,
  setSenderRules,
} from '../../server/store/contracts.ts'
import { timeline } from '../../server/store/messages.ts'
import { createOperator } from '../../server/store/operators.ts'
import type { SettleItem } from '../../server/store/settle.ts'
import { trafficOf } from '../../server/store/statistics.ts'
import { sqliteTest, storeTest } from '../support/store.ts'
import { putOne, putSent, receipt, settleAll, stateOf, take } from '../support/stored-messages.ts'

const phone = '22670000001'

function refused(messageId: number, atMs: number, delayMs: number, countsAttempt = true): SettleItem {
  const dueAtMs = atMs + delayMs
  return { kind: 'retry', messageId, atMs, dueAtMs, reason: 'ESME_RSYSERR', countsAttempt, holdsBack: true }
}

storeTest(
  'tranches, sender rules and retry policies are kept, audited and forgotten',
  async (t, { knex, clock }) => {
    const change = { actor: 'test', nowMs: clock.nowMs() }
    const { operatorId } = await createOperator(
      knex,
      {
        name: 'Opérateur A',
        protocol: 'smpp',
        config: {},
        sealedPassword: null,
        sender: '36180',
        pricePerPartMilli: 0,
        currency: 'XOF',
        isStarted: false,
      },
      change,
    )
    t.deepEqual(await listContracts(knex), { tranches: null, operators: [] })
    t.deepEqual(await findContract(knex, operatorId), { operatorId, senderRules: [], retryPolicy: null })
    const rule = {
      country: 'BF' as const,
      allowsOriginatorChange: true,
      numbers: [],
      names: ['ASSUR'],
      fallbackSender: null,
    }
    const policy = { ...usualRetryPolicy, throttle: { delaySeconds: 60, maxAgeMinutes: 30 } }
    await setSenderRules(knex, operatorId, [rule], change)
    await setRetryPolicy(knex, operatorId, policy, change)
    await replaceTranches(knex, shippedTranches.slice(0, 1), change)
    t.deepEqual(await listContracts(knex), {
      tranches: shippedTranches.slice(0, 1),
      operators: [{ operatorId, senderRules: [rule], retryPolicy: policy }],
    })
    await setRetryPolicy(knex, operatorId, null, change)
    await replaceTranches(knex, null, change)
    t.deepEqual(await listContracts(knex), {
      tranches: null,
      operators: [{ operatorId, senderRules: [rule], retryPolicy: null }],
    })
    await t.throwsAsync(setSenderRules(knex, 999, [], change), { message: /not-found/ })
    const audit = await listAudit(knex, { limit: 10 })
    t.deepEqual(
      audit.map(({ noun }) => noun),
      ['tranches', 'operators', 'tranches', 'operators', 'operators', 'operators'],
    )
  },
)

storeTest(
  'while a message is tried again, later ones to its phone wait, and leave after it in order',
  async (t, { knex, clock }) => {
    const [first, second, other, third] = [
      await putOne(knex, clock, { recipient: phone }),
      await putOne(knex, clock, { recipient: phone }),
      await putOne(knex, clock, { recipient: '22670000002' }),
      await putOne(knex, clock, { recipient: phone }),
    ]
    t.is((await take(knex, clock, { limit: 1 }))[0]!.messageId, first)
    await settleAll(knex, clock, [refused(first!, clock.nowMs(), 30_000)])
    const ids = async () => (await take(knex, clock)).map(({ messageId }) => messageId)
    t.deepEqual(await ids(), [other])
    await clock.advance(29_000)
    t.deepEqual(await ids(), [])
    await clock.advance(1_000)
    const [again] = await take(knex, clock, { limit: 1 })
    t.like(again, { messageId: first, attempts: 2, retryingSinceMs: clock.nowMs() - 30_000 })
    // Refused once more: it keeps the time of its first refusal, and its place.
    await settleAll(knex, clock, [refused(first!, clock.nowMs(), 60_000)])
    t.deepEqual(await ids(), [])
    await clock.advance(60_000)
    t.like((await take(knex, clock, { limit: 1 }))[0], {
      messageId: first,
      retryingSinceMs: clock.nowMs() - 90_000,
    })
    await settleAll(knex, clock, [{ kind: 'refused', messageId: first!, atMs: clock.nowMs(), reason: 'x' }])
    t.deepEqual(await ids(), [second, third])
  },
)

storeTest(
  'a claim that takes a message tried again may take what waited for it too, after it',
  async (t, { knex, clock }) => {
    const first = await putOne(knex, clock, { recipient: phone })
    const behind = [
      await putOne(knex, clock, { recipient: phone }),
      await putOne(knex, clock, { recipient: phone }),
    ]
    await take(knex, clock, { limit: 1 })
    await settleAll(knex, clock, [refused(first!, clock.nowMs(), 5_000)])
    await clock.advance(5_000)
    const claimed = (await take(knex, clock)).map(({ messageId }) => messageId)
    t.deepEqual(claimed, [first, ...behind].slice(0, claimed.length))
    t.is(claimed[0], first)
  },
)

storeTest(
  'a retry holds back neither other jobs, nor other priorities, nor what came before it',
  async (t, { knex, clock }) => {
    const bulk = { recipient: phone, clientId: 1 }
    const earlier = await putOne(knex, clock, { ...bulk, dueAtMs: clock.nowMs() + 10_000 })
    const retried = await putOne(knex, clock, bulk)
    await take(knex, clock)
    await settleAll(knex, clock, [refused(retried, clock.nowMs(), 30_000, false)])
    const express = await putOne(knex, clock, { ...bulk, priority: 'express' })
    const otherJob = await putOne(knex, clock, { recipient: phone, clientId: 2 })
    await putOne(knex, clock, bulk)
    await clock.advance(10_000)
    const claimed = (await take(knex, clock)).map(({ messageId }) => messageId)
    t.deepEqual(
      claimed.toSorted((a, b) => a - b),
      [earlier, express, otherJob],
    )
  },
)

storeTest('what only went back keeps its place and holds nobody back', async (t, { knex, clock }) => {
  const first = await putOne(knex, clock, { recipient: phone })
  const second = await putOne(knex, clock, { recipient: phone })
  await take(knex, clock, { limit: 1 })
  await clock.advance(5_000)
  await settleAll(knex, clock, [
    {
      kind: 'retry',
      messageId: first,
      atMs: clock.nowMs(),
      dueAtMs: null,
      reason: 'link-down',
      countsAttempt: false,
    },
  ])
  t.deepEqual(
    (await take(knex, clock)).map(({ messageId, attempts }) => [messageId, attempts]),
    [
      [first, 1],
      [second, 1],
    ],
  )
})

sqliteTest(
  'the claim behind retries walks the index of retries, and asks for none while there are none',
  async (t, { knex, clock }) => {
    const claims: string[] = []
    knex.client.on('query', ({ sql }: { sql: string }) => {
      if (sql.includes('returning id, recipient')) claims.push(sql)
    })
    const first = await putOne(knex, clock, { recipient: phone })
    await take(knex, clock)
    t.false(claims.some(sql => sql.includes('not exists')))
    await settleAll(knex, clock, [refused(first, clock.nowMs(), 30_000)])
    await putOne(knex, clock, { recipient: phone })
    await take(knex, clock)
    const claim = claims.find(sql => sql.includes('not exists'))!
    const plan: { detail: string }[] = await knex.raw(`explain query plan ${claim}`, [0, 1, 1, 0, 0, 10])
    const steps = plan.map(({ detail }) => detail).filter(detail => /\br\b/.test(detail))
    t.deepEqual(steps.length, 1)
    t.regex(
      steps[0]!,
      /SEARCH r USING (COVERING )?INDEX messages_retrying \(operator_id=\? AND recipient=\? AND id<\?\)/,
    )
  },
)

storeTest('a note stands in the time line and changes nothing else', async (t, { knex, clock }) => {
  const messageId = await putSent(knex, clock, 'A1')
  await settleAll(knex, clock, [
    { kind: 'note', messageId, atMs: clock.nowMs(), event: 'sender-replaced', detail: 'X sent as Y' },
  ])
  t.is(await stateOf(knex, messageId), 'sent')
  const entries = (await timeline(knex, messageId)) ?? []
  t.true(entries.some(({ event, detail }) => event === 'sender-replaced' && detail === 'X sent as Y'))
})

storeTest('the traffic of an operator is counted by alert and state', async (t, { knex, clock }) => {
  await putSent(knex, clock, 'A1')
  await putSent(knex, clock, 'A2', { parts: 2, alertId: 7 })
  await settleAll(knex, clock, [], [receipt('A1')])
  const period = { fromMs: clock.nowMs() - 86_400_000, toMs: clock.nowMs() + 86_400_000 }
  const sent = (await trafficOf(knex, 1, period)).filter(
    ({ state }) => state === 'sent' || state === 'delivered',
  )
  t.deepEqual(
    sent.map(({ alertId, state, messages, parts }) => [alertId, state, messages, parts]),
    [
      [0, 'sent', 1, 1],
      [0, 'delivered', 1, 1],
      [7, 'sent', 1, 2],
    ],
  )
  t.deepEqual(await trafficOf(knex, 2, period), [])
})
