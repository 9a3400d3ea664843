/** Rules, prefix tables, numbers with a way of their own and second tries, on both databases. */
import type { Knex } from 'knex'
import { listAudit } from '../../server/store/audit.ts'
import { findMessage, timeline } from '../../server/store/messages.ts'
import { migrations } from '../../server/store/migrations/list.ts'
import { listNetworks, replaceNetworks } from '../../server/store/networks.ts'
import {
  findOverride,
  listOverrides,
  type NumberOverride,
  putOverrides,
  removeOverride,
  removeOverridesOf,
} from '../../server/store/number-overrides.ts'
import { createOperator, deleteOperator } from '../../server/store/operators.ts'
import { listRoutes, type RouteRule, replaceRoutes, usualRoutePolicy } from '../../server/store/routes.ts'
import {
  beginSecondTries,
  concludeSecondTries,
  secondTryCandidates,
} from '../../server/store/second-tries.ts'
import { settle } from '../../server/store/settle.ts'
import { rulesTo } from '../support/rules.ts'
import { storeTest } from '../support/store.ts'
import {
  answered,
  operatorId as firstOperatorId,
  item,
  put,
  putOne,
  receipt,
  take,
} from '../support/stored-messages.ts'

const change = { actor: 'test', nowMs: 1 }

async function addOperator(knex: Knex, name: string): Promise<number> {
  const { operatorId } = await createOperator(
    knex,
    {
      name,
      protocol: 'smpp',
      config: {},
      sealedPassword: null,
      sender: 'ASSUR',
      pricePerPartMilli: 1,
      currency: 'XOF',
      isStarted: true,
    },
    change,
  )
  return operatorId
}

storeTest(
  'rules are replaced as a whole or not at all, and the policy stays when it is not given',
  async (t, { knex }) => {
    const [a, b] = [await addOperator(knex, 'A'), await addOperator(knex, 'B')]
    t.deepEqual(await listRoutes(knex), { ...usualRoutePolicy, rules: [] })
    const rules: RouteRule[] = [
      {
        name: 'Night',
        isActive: false,
        when: {
          prefixes: ['22670'],
          senders: ['3801'],
          hours: { days: [1, 7], from: '22:00', to: '06:00', zone: 'Africa/Ouagadougou' },
        },
        operators: [
          { operatorId: b, rank: 1, weight: 3 },
          { operatorId: a, rank: 1, weight: 1 },
        ],
      },
      { name: 'All', isActive: true, when: {}, operators: [{ operatorId: a, rank: 1, weight: 1 }] },
    ]
    await replaceRoutes(knex, { rules, fallbackAfterMinutes: 9 }, change)
    const stored = { ...usualRoutePolicy, fallbackAfterMinutes: 9, rules }
    t.deepEqual(await listRoutes(knex), stored)
    const all = rules[1]!
    const wrong: RouteRule[] = [
      { ...all, operators: [{ operatorId: 99, rank: 1, weight: 1 }] },
      { ...all, operators: [{ operatorId: a, rank: 0, weight: 1 }] },
      { ...all, operators: [{ operatorId: a, rank: 1, weight: 1.5 }] },
      { ...all, operators: [...all.operators, ...all.operators] },
      { ...all, name: ' ' },
      { ...all, name: 'Night' },
    ]
    for (const rule of wrong) {
      await t.throwsAsync(replaceRoutes(knex, { rules: [rules[0]!, rule] }, change), {
        code: 'invalid-request',
      })
    }
    t.deepEqual(await listRoutes(knex), stored)
    await replaceRoutes(knex, { rules: [] }, change)
    t.deepEqual(await listRoutes(knex), { ...stored, rules: [] })
    t.is((await listAudit(knex, { noun: 'routes', limit: 10 })).length, 2)
  },
)

storeTest(
  'prefix routes of an older version become rules that choose the same operators',
  async (t, { knex }) => {
    const [a, b] = [await addOperator(knex, 'A'), await addOperator(knex, 'B')]
    for (const table of [
      'route_rule_operators',
      'route_rules',
      'country_networks',
      'number_overrides',
      'second_tries',
    ]) {
      await knex.schema.dropTable(table)
    }
    await knex.schema.createTable('routes', table => {
      table.increments('id')
      table.string('prefix', 15).notNullable()
      table.integer('rank').notNullable()
      table.integer('operator_id').notNullable()
    })
    const rows = [
      ['', 1, a],
      ['22670', 2, a],
      ['22670', 1, b],
      ['22658', 1, a],
      ['22671', 1, b],
      ['22671', 7, a],
      ['226', 1, a],
      ['226', 2, a],
    ] as const
    await knex('routes').insert(rows.map(([prefix, rank, operator_id]) => ({ prefix, rank, operator_id })))
    await migrations.find(({ name }) => name === '0004-routing')!.up(knex)
    const { rules } = await listRoutes(knex)
    t.deepEqual(
      rules.map(({ when, operators }) => [when, operators.map(({ operatorId, rank }) => [operatorId, rank])]),
      [
        [{ prefixes: ['22658'] }, [[a, 1]]],
        [
          { prefixes: ['22670', '22671'] },
          [
            [b, 1],
            [a, 2],
          ],
        ],
        [{ prefixes: ['226'] }, [[a, 1]]],
        [{}, [[a, 1]]],
      ],
    )
    t.false(await knex.schema.hasTable('routes'))
    // What was carried over can be saved again as it is.
    await replaceRoutes(knex, { rules }, change)
    t.deepEqual((await listRoutes(knex)).rules, rules)
  },
)

storeTest('changed prefix tables are kept by country', async (t, { knex }) => {
  t.deepEqual(await listNetworks(knex), [])
  const changed = [
    { country: 'BF', networks: [{ code: 'orange', label: 'Orange', prefixes: ['07'] }] },
    { country: 'TG', networks: [] },
  ]
  await replaceNetworks(knex, changed, change)
  t.deepEqual(await listNetworks(knex), changed)
  await replaceNetworks(knex, [], change)
  t.deepEqual(await listNetworks(knex), [])
})

storeTest('numbers of their own are put, replaced, listed in order and forgotten', async (t, { knex }) => {
  const numbers = (...given: string[]): NumberOverride[] =>
    given.map(number => ({ number, network: 'moov', operatorId: null }))
  await putOverrides(knex, { overrides: numbers('22670000002', '22670000001'), origin: 'import' }, change)
  const own = { number: '22670000002', network: null, operatorId: 3 }
  await putOverrides(knex, { overrides: [own], origin: 'manual' }, { ...change, nowMs: 5 })
  t.deepEqual(await findOverride(knex, '22670000002'), { ...own, origin: 'manual', updatedAtMs: 5 })
  t.is(await findOverride(knex, '22670000003'), null)
  t.deepEqual(
    (await listOverrides(knex, { limit: 10 })).map(({ number }) => number),
    ['22670000001', '22670000002'],
  )
  t.is((await listOverrides(knex, { after: '22670000001', limit: 10 })).length, 1)
  t.true(await removeOverride(knex, '22670000001', change))
  t.false(await removeOverride(knex, '22670000001', change))
  await putOverrides(knex, { overrides: numbers('22670000007', '22670000008'), origin: 'import' }, change)
  t.is(await removeOverridesOf(knex, 'import', change), 2)
  t.deepEqual(
    (await listOverrides(knex, { limit: 10 })).map(({ number }) => number),
    ['22670000002'],
  )
})

storeTest(
  'a message whose operator does not know the phone is tried once more, and what delivers is remembered',
  async (t, { knex, clock }) => {
    const messageId = await sentTo(knex, clock, 'K1')
    const { unknownSubscribers } = await settle(knex, {
      items: [],
      receipts: [unknownPhone('K1')],
      nowMs: clock.nowMs(),
    })
    t.deepEqual(unknownSubscribers, [messageId])
    t.like(await findMessage(knex, messageId), { state: 'undelivered' })
    const candidates = await secondTryCandidates(knex, [messageId, messageId, 999], clock.nowMs())
    t.deepEqual(candidates, [
      {
        messageId,
        recipient: '22670000001',
        sender: null,
        category: 'reminder',
        operatorId: firstOperatorId,
      },
    ])
    const tries = [{ messageId, fromOperatorId: firstOperatorId, operatorId: 2 }]
    t.is(await beginSecondTries(knex, tries, clock.nowMs()), 1)
    t.is(await beginSecondTries(knex, tries, clock.nowMs()), 0, 'it waits already')
    t.deepEqual(await concludeSecondTries(knex, clock.nowMs()), [], 'it has not ended')
    const [claimed] = await take(knex, clock, { operatorId: 2 })
    t.like(claimed, { messageId, acceptedParts: [] })
    // What the first operator still says is about an attempt that is over.
    t.like(await settle(knex, { items: [], receipts: [unknownPhone('K1')], nowMs: clock.nowMs() }), {
      matched: 0,
      unknownSubscribers: [],
    })
    await settle(knex, {
      items: [answered(messageId, 'K2', { operatorId: 2 })],
      receipts: [receipt('K2', { operatorId: 2 })],
      nowMs: clock.nowMs(),
    })
    t.like(await findMessage(knex, messageId), { state: 'delivered', operatorId: 2 })
    const learnt = { number: '22670000001', network: null, operatorId: 2 }
    t.deepEqual(await concludeSecondTries(knex, clock.nowMs()), [learnt])
    t.like(await findOverride(knex, '22670000001'), { ...learnt, origin: 'learned' })
    t.deepEqual(await concludeSecondTries(knex, clock.nowMs()), [])
    t.true((await timeline(knex, messageId)).some(({ event }) => event === 'second-try'))
  },
)

storeTest(
  'a second operator that does not know the phone either ends it, and a person’s word stands',
  async (t, { knex, clock }) => {
    const messageId = await sentTo(knex, clock, 'K1')
    await settle(knex, { items: [], receipts: [unknownPhone('K1')], nowMs: clock.nowMs() })
    await beginSecondTries(
      knex,
      [{ messageId, fromOperatorId: firstOperatorId, operatorId: 2 }],
      clock.nowMs(),
    )
    await take(knex, clock, { operatorId: 2 })
    await settle(knex, {
      items: [answered(messageId, 'K2', { operatorId: 2 })],
      receipts: [unknownPhone('K2', 2)],
      nowMs: clock.nowMs(),
    })
    t.deepEqual(await secondTryCandidates(knex, [messageId], clock.nowMs()), [])
    t.deepEqual(await concludeSecondTries(knex, clock.nowMs()), [])
    t.is(await findOverride(knex, '22670000001'), null)
    const own = { number: '22670000001', network: 'orange', operatorId: null }
    await putOverrides(knex, { overrides: [own], origin: 'manual' }, change)
    const nextId = await sentTo(knex, clock, 'K3')
    await settle(knex, { items: [], receipts: [unknownPhone('K3')], nowMs: clock.nowMs() })
    await beginSecondTries(
      knex,
      [{ messageId: nextId, fromOperatorId: firstOperatorId, operatorId: 2 }],
      clock.nowMs(),
    )
    await take(knex, clock, { operatorId: 2 })
    await settle(knex, {
      items: [answered(nextId, 'K4', { operatorId: 2 })],
      receipts: [receipt('K4', { operatorId: 2 })],
      nowMs: clock.nowMs(),
    })
    t.deepEqual(await concludeSecondTries(knex, clock.nowMs()), [own])
    t.like(await findOverride(knex, '22670000001'), { ...own, origin: 'manual' })
  },
)

storeTest(
  'what is over, half delivered or undelivered for another reason is not tried again',
  async (t, { knex, clock }) => {
    const expired = await sentTo(knex, clock, 'E1')
    const other = await sentTo(knex, clock, 'O1')
    const [long] = await put(knex, clock, item({ parts: 2, text: 'x'.repeat(200) }))
    if (long?.kind !== 'enqueued') return t.fail('not enqueued')
    await take(knex, clock)
    const parts = [1, 2].map(partNumber =>
      answered(long.messageId, `L${partNumber}`, { partNumber, submittedParts: 2 }),
    )
    await settle(knex, { items: parts, receipts: [], nowMs: clock.nowMs() })
    const { unknownSubscribers } = await settle(knex, {
      items: [],
      receipts: [
        unknownPhone('E1'),
        unknownPhone('L1'),
        receipt('O1', { state: 'undelivered', detail: 'stat:UNDELIV err:027' }),
      ],
      nowMs: clock.nowMs(),
    })
    t.deepEqual(unknownSubscribers, [expired, long.messageId])
    const candidates = async (nowMs = clock.nowMs()): Promise<number[]> =>
      (await secondTryCandidates(knex, [expired, long.messageId], nowMs)).map(({ messageId }) => messageId)
    t.deepEqual(await candidates(), [expired], 'the second part may yet be delivered')
    t.deepEqual(await candidates(clock.nowMs() + 49 * 3_600_000), [])
    await settle(knex, { items: [], receipts: [unknownPhone('L2')], nowMs: clock.nowMs() })
    t.deepEqual(await candidates(), [expired, long.messageId])
    t.like(await findMessage(knex, other), { state: 'undelivered' })
    const tries = [{ messageId: long.messageId, fromOperatorId: firstOperatorId, operatorId: 2 }]
    await beginSecondTries(knex, tries, clock.nowMs())
    const [claimed] = await take(knex, clock, { operatorId: 2 })
    t.deepEqual(claimed?.acceptedParts, [], 'every part leaves again')
  },
)

storeTest('an operator that a rule names is not deleted', async (t, { knex }) => {
  const a = await addOperator(knex, 'A')
  await replaceRoutes(knex, rulesTo([a]), change)
  await t.throwsAsync(deleteOperator(knex, a, change), { code: 'conflict', message: /Test/ })
})

function unknownPhone(key: string, operatorId = firstOperatorId) {
  return {
    ...receipt(key, { state: 'undelivered', detail: 'stat:UNDELIV err:101', operatorId }),
    isUnknownSubscriber: true,
  }
}

async function sentTo(knex: Knex, clock: Parameters<typeof take>[1], key: string): Promise<number> {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await settle(knex, { items: [answered(messageId, key)], receipts: [], nowMs: clock.nowMs() })
  return messageId
}
