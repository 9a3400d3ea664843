import test from 'ava'
import { findMessage, timeline } from '../../server/store/messages.ts'
import { claim, reroute, shares, waiting } from '../../server/store/outbox.ts'
import { postgresTest, storeTest } from '../support/store.ts'
import {
  answered,
  counted,
  item,
  operatorId,
  put,
  putOne,
  settleAll,
  stateOf,
  take,
} from '../support/stored-messages.ts'

storeTest('what is due is claimed once, with all that a submit needs', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, { sender: '8010', isFlash: true, unknownPolicy: 'resend' })
  t.deepEqual(await take(knex, clock), [
    {
      messageId,
      recipient: '22670000001',
      sender: '8010',
      text: 'Votre contrat arrive à échéance',
      encoding: 'gsm7',
      partCount: 1,
      reference: 0,
      acceptedParts: [],
      isFlash: true,
      job: 0,
      priority: 'normal',
      retryingSinceMs: null,
      category: 'reminder',
      attempts: 1,
      createdAtMs: clock.nowMs(),
      expiresAtMs: clock.nowMs() + 48 * 3_600_000,
      unknownPolicy: 'resend',
    },
  ])
  t.like(await findMessage(knex, messageId), { state: 'sending', sendingAtMs: clock.nowMs(), attempts: 1 })
  t.deepEqual(await take(knex, clock), [])
})

storeTest(
  'nothing is claimed for another operator, nor what is held, blocked or not due',
  async (t, { knex, clock }) => {
    await put(
      knex,
      clock,
      item({ operatorId: 2 }),
      item({ state: 'held', reason: 'approval' }),
      item({ state: 'blocked', reason: 'stop-list' }),
      item({ dueAtMs: clock.nowMs() + 1 }),
    )
    t.deepEqual(await take(knex, clock), [])
    await clock.advance(1)
    t.is((await take(knex, clock)).length, 1)
    t.is((await take(knex, clock, { operatorId: 2 })).length, 1)
  },
)

storeTest(
  'within a job the earliest due leaves first, then the first accepted',
  async (t, { knex, clock }) => {
    const dueAtMs = clock.nowMs()
    const texts = ['c', 'd', 'b', 'a']
    const dues = [dueAtMs, dueAtMs, dueAtMs - 1, dueAtMs - 2]
    await put(knex, clock, ...texts.map((text, index) => item({ text, dueAtMs: dues[index]! })))
    t.deepEqual(
      (await take(knex, clock)).map(message => message.text),
      ['a', 'b', 'c', 'd'],
    )
  },
)

storeTest('express goes first but leaves a share to the others', async (t, { knex, clock }) => {
  const many = (priority: 'express' | 'normal' | 'bulk', count: number) =>
    Array.from({ length: count }, () => item({ priority, text: priority }))
  await put(knex, clock, ...many('bulk', 60), ...many('normal', 60), ...many('express', 60))
  const claimed = (await take(knex, clock, { limit: 50 })).map(message => message.text)
  const share = (priority: string) => claimed.filter(text => text === priority).length
  t.deepEqual([share('express'), share('normal'), share('bulk')], [40, 8, 2])
  t.is(claimed[0], 'express')
})

storeTest('room that one priority leaves goes to the others', async (t, { knex, clock }) => {
  await put(
    knex,
    clock,
    ...Array.from({ length: 30 }, () => item({ priority: 'express' })),
    item({ priority: 'bulk' }),
  )
  t.is((await take(knex, clock, { limit: 25 })).length, 25)
})

test('with claims of one message no priority starves', t => {
  const first = Array.from({ length: 10 }, (_, turn) => shares(1, turn)[0]?.priority)
  t.true(first.filter(priority => priority === 'express').length >= 7)
  t.true(first.includes('normal'))
  t.true(first.includes('bulk'))
})

storeTest(
  'jobs share the room equally; short ones leave theirs to the others',
  async (t, { knex, clock }) => {
    const job = (runId: number, count: number) =>
      Array.from({ length: count }, () => item({ alertId: 1, runId, text: `run ${runId}` }))
    await put(knex, clock, ...job(1, 100), ...job(2, 100), ...job(3, 4))
    const claimed = (await take(knex, clock, { limit: 30 })).map(message => message.text)
    const share = (runId: number) => claimed.filter(text => text === `run ${runId}`).length
    t.is(share(3), 4)
    t.true(share(1) >= 10 && share(2) >= 10)
    t.is(claimed.length, 30)
  },
)

storeTest('an API client is a job of its own beside a large run', async (t, { knex, clock }) => {
  await put(knex, clock, ...Array.from({ length: 50 }, () => item({ runId: 1 })))
  await put(knex, clock, item({ clientId: 7, text: 'code' }))
  t.true((await take(knex, clock, { limit: 2 })).some(message => message.text === 'code'))
})

storeTest('jobs that wait for later do not keep a due one from its turn', async (t, { knex, clock }) => {
  const later = Array.from({ length: 120 }, (_, index) =>
    item({ runId: index + 1, dueAtMs: clock.nowMs() + 3_600_000 }),
  )
  await put(knex, clock, ...later, item({ runId: 500, text: 'due' }))
  t.deepEqual(
    (await take(knex, clock)).map(message => message.text),
    ['due'],
  )
})

storeTest('more jobs than one pass looks at are claimed in the same claim', async (t, { knex, clock }) => {
  const jobs = Array.from({ length: 60 }, (_, index) => index + 1)
  await put(knex, clock, ...jobs.flatMap(runId => [item({ runId }), item({ runId })]))
  const claimed = await take(knex, clock, { limit: 1_000 })
  t.deepEqual(
    [...new Set(claimed.map(({ job }) => job))].sort((a, b) => a - b),
    jobs,
  )
  t.is(claimed.length, 2 * jobs.length)
})

storeTest('with more jobs than room every job comes first in its time', async (t, { knex, clock }) => {
  const jobs = 8
  for (let round = 0; round < 30; round += 1) {
    await put(
      knex,
      clock,
      ...Array.from({ length: jobs }, (_, index) => item({ runId: index + 1, text: `${index}` })),
    )
  }
  const served = new Set<string>()
  for (let turn = 0; turn < 60; turn += 1) {
    for (const message of await take(knex, clock, { limit: 1, turn })) served.add(message.text)
  }
  t.is(served.size, jobs)
})

storeTest(
  'what expired while waiting is closed by the claim and not handed out',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { expiresAtMs: clock.nowMs() + 60_000 })
    const live = await putOne(knex, clock)
    await clock.advance(60_000)
    t.deepEqual(
      (await take(knex, clock)).map(message => message.messageId),
      [live],
    )
    t.like(await findMessage(knex, messageId), {
      state: 'expired',
      reason: 'validity-over',
      finalAtMs: clock.nowMs(),
    })
    t.is((await counted(knex)).expired, 1)
  },
)

const release = (messageId: number, countsAttempt: boolean, dueAtMs: number) =>
  ({ kind: 'retry', messageId, atMs: dueAtMs, dueAtMs, reason: 'link-down', countsAttempt }) as const

storeTest('attempts count submits, not links that went down before', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settleAll(knex, clock, [release(messageId, false, clock.nowMs())])
  t.is((await take(knex, clock))[0]?.attempts, 1)
  await settleAll(knex, clock, [release(messageId, true, clock.nowMs())])
  t.is((await take(knex, clock))[0]?.attempts, 2)
})

storeTest(
  'a retry of a long message names the parts that the operator has, whatever the attempt',
  async (t, { knex, clock }) => {
    const messageId = await putOne(knex, clock, { parts: 3 })
    await take(knex, clock)
    await settleAll(knex, clock, [
      answered(messageId, 'A1', { partNumber: 1, submittedParts: 3 }),
      answered(messageId, 'A3', { partNumber: 3, submittedParts: 3 }),
      release(messageId, false, clock.nowMs()),
    ])
    const [again] = await take(knex, clock)
    t.deepEqual(again?.acceptedParts, [1, 3])
    t.is(again?.reference, 1)
    await settleAll(knex, clock, [answered(messageId, 'A2', { partNumber: 2, submittedParts: 3 })])
    t.is(await stateOf(knex, messageId), 'sent')
  },
)

storeTest('queued messages go to another operator; those that left stay', async (t, { knex, clock }) => {
  const gone = await putOne(knex, clock)
  await take(knex, clock)
  const queued = await putOne(knex, clock)
  t.deepEqual(await waiting(knex, { operatorId, afterId: 0, limit: 10 }), [
    {
      messageId: queued,
      recipient: '22670000001',
      sender: null,
      category: 'reminder',
      dueAtMs: clock.nowMs(),
    },
  ])
  const moves = [gone, queued].map(messageId => ({ messageId, operatorId: 2 }))
  t.is(await reroute(knex, { moves, nowMs: clock.nowMs(), reason: 'bind-down' }), 1)
  t.is((await take(knex, clock, { operatorId: 2 }))[0]?.messageId, queued)
  t.true(
    (await timeline(knex, queued)).some(entry => entry.event === 'reroute' && entry.detail === 'bind-down'),
  )
  t.like(await findMessage(knex, gone), { operatorId, state: 'sending' })
})

postgresTest('two nodes that claim at once never take the same message', async (t, { knex, clock }) => {
  const count = 300
  await put(knex, clock, ...Array.from({ length: count }, (_, index) => item({ runId: (index % 5) + 1 })))
  const taken: number[] = []
  const node = async (start: number): Promise<void> => {
    for (let turn = start; taken.length < count; turn += 1) {
      const request = { operatorId, limit: 20, nowMs: clock.nowMs(), turn }
      const claimed = await claim(knex, request)
      taken.push(...claimed.map(message => message.messageId))
      if (claimed.length === 0) break
    }
  }
  await Promise.all([node(0), node(1), node(2)])
  t.is(new Set(taken).size, taken.length)
  taken.push(...(await take(knex, clock, { limit: count })).map(message => message.messageId))
  t.is(new Set(taken).size, count)
})
