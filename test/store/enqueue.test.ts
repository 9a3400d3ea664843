import { enqueue } from '../../server/store/enqueue.ts'
import { enqueueGroup } from '../../server/store/enqueue-group.ts'
import { findIdempotency, purgeIdempotency } from '../../server/store/idempotency.ts'
import { recall } from '../../server/store/memories.ts'
import { findMessage, timeline } from '../../server/store/messages.ts'
import { storeTest } from '../support/store.ts'
import { counted, item, put, putOne, stateOf, take } from '../support/stored-messages.ts'

storeTest('a batch is stored with its ledger, its memories and its counters', async (t, { knex, clock }) => {
  const results = await enqueue(knex, {
    items: [
      item({ alertId: 3, runId: 8, parts: 2, text: 'Échéance à J-7 — œuvre d’art 🎉' }, [
        'POL-1',
        '2027-01-11:J-7',
      ]),
      item({ alertId: 3, state: 'held', reason: 'approval' }, ['POL-2', '2027-01-11:J-7']),
    ],
    nowMs: clock.nowMs(),
    memories: { alertId: 3, entries: [{ entityKey: 'POL-1', memory: '{"seen":1}' }] },
  })
  t.like(results[0], { kind: 'enqueued', state: 'queued', reason: '' })
  t.like(results[1], { kind: 'enqueued', state: 'held', reason: 'approval' })
  const [first] = results
  t.like(await findMessage(knex, first!.kind === 'enqueued' ? first!.messageId : 0), {
    text: 'Échéance à J-7 — œuvre d’art 🎉',
    entityKey: 'POL-1',
    alertId: 3,
    runId: 8,
    parts: 2,
    state: 'queued',
    reason: '',
    createdAtMs: clock.nowMs(),
    finalAtMs: null,
  })
  t.deepEqual(await recall(knex, 3, ['POL-1', 'POL-2']), new Map([['POL-1', '{"seen":1}']]))
  t.deepEqual(await counted(knex), { queued: 1, held: 1 })
})

storeTest(
  'one occurrence gets one message, within a batch and across batches',
  async (t, { knex, clock }) => {
    const occurrence = item({ alertId: 1 }, ['POL-1', 'J0'])
    const first = await put(knex, clock, occurrence, occurrence)
    t.deepEqual(
      first.map(result => result.kind),
      ['enqueued', 'duplicate'],
    )
    t.deepEqual(await put(knex, clock, occurrence), [{ kind: 'duplicate' }])
    const others = await put(
      knex,
      clock,
      item({ alertId: 2 }, ['POL-1', 'J0']),
      item({ alertId: 1 }, ['POL-1', 'J+7']),
      item({ alertId: 1 }, ['POL-2', 'J0']),
    )
    t.true(others.every(result => result.kind === 'enqueued'))
    t.is((await knex('messages')).length, 4)
    t.deepEqual(await counted(knex), { queued: 4 })
  },
)

storeTest('without a ledger key nothing is a duplicate', async (t, { knex, clock }) => {
  const results = await put(knex, clock, item(), item())
  t.true(results.every(result => result.kind === 'enqueued'))
})

storeTest('an empty batch stores its memories and nothing else', async (t, { knex, clock }) => {
  const memories = { alertId: 1, entries: [{ entityKey: 'A', memory: 'x' }] }
  t.deepEqual(await enqueue(knex, { items: [], nowMs: clock.nowMs(), memories }), [])
  t.is((await recall(knex, 1, ['A'])).get('A'), 'x')
})

storeTest('a person is written to once per cap key, even inside one batch', async (t, { knex, clock }) => {
  const capKey = 'default|2027-01-04'
  const results = await put(
    knex,
    clock,
    item({ capKey }),
    item({ capKey }),
    item({ capKey, recipient: '22670000002' }),
    item({ capKey: 'other|2027-01-04' }),
    item({ capKey: null }),
  )
  t.deepEqual(
    results.map(result => result.kind === 'enqueued' && [result.state, result.reason]),
    [
      ['queued', ''],
      ['blocked', 'frequency-cap'],
      ['queued', ''],
      ['queued', ''],
      ['queued', ''],
    ],
  )
  const [again] = await put(knex, clock, item({ capKey }))
  t.like(again, { state: 'blocked', reason: 'frequency-cap' })
})

storeTest('a blocked message takes no cap, and keeps its own reason', async (t, { knex, clock }) => {
  const capKey = 'default|2027-01-04'
  const results = await put(
    knex,
    clock,
    item({ capKey, state: 'blocked', reason: 'stop-list', operatorId: null }),
    item({ capKey }),
  )
  t.like(results[0], { state: 'blocked', reason: 'stop-list' })
  t.like(results[1], { state: 'queued' })
})

storeTest('a duplicate takes no cap', async (t, { knex, clock }) => {
  await put(knex, clock, item({ alertId: 1 }, ['POL-1', 'J0']))
  const [duplicate, other] = await put(
    knex,
    clock,
    item({ alertId: 1, capKey: 'day' }, ['POL-1', 'J0']),
    item({ alertId: 2, capKey: 'day' }, ['POL-1', 'J0']),
  )
  t.is(duplicate?.kind, 'duplicate')
  t.like(other, { state: 'queued' })
})

storeTest('a number without a route is blocked, and final', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock, { operatorId: null })
  t.like(await findMessage(knex, messageId), {
    state: 'blocked',
    reason: 'no-route',
    finalAtMs: clock.nowMs(),
  })
  t.deepEqual(await counted(knex), { blocked: 1 })
})

const waiting = { alertId: 1, state: 'held', reason: 'missing-value', text: 'Cher client, ' } as const

storeTest(
  'a message held for a missing value is completed when the value is there',
  async (t, { knex, clock }) => {
    const [held] = await put(knex, clock, item({ ...waiting, parts: 1 }, ['POL-1', 'J0']))
    t.deepEqual(await put(knex, clock, item({ ...waiting }, ['POL-1', 'J0'])), [{ kind: 'duplicate' }])
    await clock.advance(60_000)
    const whole = item({ alertId: 1, runId: 9, text: 'Cher client, 12 000 FCFA', parts: 2 }, ['POL-1', 'J0'])
    const messageId = held!.kind === 'enqueued' ? held!.messageId : 0
    // The row may stand twice in the source: the second time it is a duplicate like any other.
    t.deepEqual(await put(knex, clock, whole, whole), [
      { kind: 'completed', messageId },
      { kind: 'duplicate' },
    ])
    const message = await findMessage(knex, messageId)
    t.like(message, { state: 'queued', reason: '', text: 'Cher client, 12 000 FCFA', parts: 2, runId: 9 })
    t.deepEqual(await counted(knex), { held: 1, queued: 1 })
    const [claimed] = await take(knex, clock)
    t.like(claimed, { messageId, partCount: 2, reference: 1 })
    t.true((await timeline(knex, messageId)).some(entry => entry.event === 'completed'))
    t.deepEqual(await put(knex, clock, whole), [{ kind: 'duplicate' }])
  },
)

storeTest('a message held for another reason is not completed', async (t, { knex, clock }) => {
  await put(knex, clock, item({ alertId: 1, state: 'held', reason: 'approval' }, ['POL-1', 'J0']))
  t.deepEqual(await put(knex, clock, item({ alertId: 1 }, ['POL-1', 'J0'])), [{ kind: 'duplicate' }])
})

storeTest(
  'a completed message respects the stop list, the routes and the cap of its day',
  async (t, { knex, clock }) => {
    const ids: number[] = []
    for (const key of ['A', 'B', 'C', 'D']) {
      const [held] = await put(knex, clock, item({ ...waiting, capKey: `old|${key}` }, [key, 'J0']))
      ids.push(held!.kind === 'enqueued' ? held!.messageId : 0)
    }
    await putOne(knex, clock, { capKey: 'today' })
    await put(
      knex,
      clock,
      item({ alertId: 1, state: 'blocked', reason: 'stop-list' }, ['A', 'J0']),
      item({ alertId: 1, operatorId: null }, ['B', 'J0']),
      item({ alertId: 1, capKey: 'today' }, ['C', 'J0']),
      item({ alertId: 1, capKey: 'old|D' }, ['D', 'J0']),
    )
    const messages = await Promise.all(ids.map(id => findMessage(knex, id)))
    t.deepEqual(
      messages.map(message => [message?.state, message?.reason, message?.finalAtMs !== null]),
      [
        ['blocked', 'stop-list', true],
        ['blocked', 'no-route', true],
        ['blocked', 'frequency-cap', true],
        ['queued', '', false],
      ],
    )
  },
)

storeTest('long messages to one person never share a reference number', async (t, { knex, clock }) => {
  await put(
    knex,
    clock,
    item({ parts: 2 }),
    item({ parts: 3 }),
    item(),
    item({ parts: 2, recipient: '22670000002' }),
  )
  await put(knex, clock, item({ parts: 2 }))
  const claimed = await take(knex, clock)
  const ofFirst = claimed
    .filter(message => message.recipient === '22670000001')
    .map(message => message.reference)
  t.deepEqual(ofFirst, [1, 2, 0, 3])
})

storeTest(
  'text with NUL or half a surrogate pair does not make the batch fail',
  async (t, { knex, clock }) => {
    const results = await put(
      knex,
      clock,
      item({ alertId: 1, text: 'a\0b\ud83d' }, ['POL\0-1\ud83d', 'J0']),
      item({ alertId: 1 }, ['POL-2', 'J0']),
    )
    t.deepEqual(
      results.map(result => result.kind),
      ['enqueued', 'enqueued'],
    )
    const [first] = results
    t.is((await findMessage(knex, first!.kind === 'enqueued' ? first!.messageId : 0))?.text, 'a\ufffdb\ufffd')
    t.deepEqual(await put(knex, clock, item({ alertId: 1 }, ['POL\0-1\ud83d', 'J0'])), [
      { kind: 'duplicate' },
    ])
  },
)

storeTest('quotes, braces and backslashes are stored as they are', async (t, { knex, clock }) => {
  const text = `L'échéance "du" {15,NULL} \\ \\u0000 ' ; drop table messages; -- ?`
  const messageId = await putOne(knex, clock, { text, clientReference: '{"a":null}' })
  t.like(await findMessage(knex, messageId), { text, clientReference: '{"a":null}' })
})

const idempotency = { clientId: 4, key: 'k-1', requestHash: 'h1' }

storeTest(
  'a repeated request is answered as the first time and stores nothing',
  async (t, { knex, clock }) => {
    const request = { items: [item({ clientId: 4 })], idempotency }
    const nowMs = clock.nowMs()
    const [first] = await enqueueGroup(knex, { requests: [request], nowMs })
    t.is(first?.kind, 'accepted')
    const [again] = await enqueueGroup(knex, { requests: [request], nowMs })
    t.deepEqual(again, { kind: 'replayed', results: first?.kind === 'accepted' ? first.results : [] })
    t.is((await knex('messages')).length, 1)
    t.like(await findIdempotency(knex, 4, 'k-1'), { requestHash: 'h1', createdAtMs: nowMs })
  },
)

storeTest(
  'an idempotency key used for something else is a mismatch; others in the commit go on',
  async (t, { knex, clock }) => {
    const nowMs = clock.nowMs()
    const other = { ...idempotency, requestHash: 'h2' }
    const answers = await enqueueGroup(knex, {
      requests: [
        { items: [item()], idempotency },
        { items: [item()], idempotency },
        { items: [item()], idempotency: other },
        { items: [item(), item()] },
        { items: [item()], idempotency: { ...idempotency, clientId: 5 } },
      ],
      nowMs,
    })
    t.deepEqual(
      answers.map(answer => answer.kind),
      ['accepted', 'replayed', 'mismatch', 'accepted', 'accepted'],
    )
    t.is((await knex('messages')).length, 4)
    const [later] = await enqueueGroup(knex, { requests: [{ items: [item()], idempotency: other }], nowMs })
    t.deepEqual(later, { kind: 'mismatch' })
  },
)

storeTest('idempotency keys are forgotten after their time', async (t, { knex, clock }) => {
  const day = 24 * 3_600_000
  await enqueueGroup(knex, { requests: [{ items: [item()], idempotency }], nowMs: clock.nowMs() })
  t.is(await purgeIdempotency(knex, clock.nowMs()), 0)
  t.is(await purgeIdempotency(knex, clock.nowMs() + day), 1)
  t.is(await findIdempotency(knex, 4, 'k-1'), null)
})

storeTest('a batch that fails leaves nothing behind', async (t, { knex, clock }) => {
  await t.throwsAsync(
    put(knex, clock, item({ alertId: 1, capKey: 'day' }, ['POL-1', 'J0']), item({ text: null as never })),
  )
  t.is((await knex('ledger')).length, 0)
  t.is((await knex('person_caps')).length, 0)
  t.deepEqual(await counted(knex), {})
  const [result] = await put(knex, clock, item({ alertId: 1, capKey: 'day' }, ['POL-1', 'J0']))
  t.is(await stateOf(knex, result!.kind === 'enqueued' ? result!.messageId : 0), 'queued')
})
