import test from 'ava'
import fc from 'fast-check'
import type { MessageFacts } from '../../../server/gateway/routing/conditions.ts'
import { networksInForce } from '../../../server/gateway/routing/networks.ts'
import { createRuleTable } from '../../../server/gateway/routing/table.ts'
import type { RouteConditions, RouteRule } from '../../../server/store/routes.ts'

const networks = networksInForce([])
/** A Monday. */
const mondayMs = Date.UTC(2027, 0, 4, 9)

const facts = (recipient: string, extra: Partial<MessageFacts> = {}): MessageFacts => ({
  recipient,
  sender: null,
  category: 'reminder',
  atMs: mondayMs,
  ...extra,
})

function rule(when: RouteConditions, ...operatorIds: number[]): RouteRule {
  return {
    name: JSON.stringify(when),
    isActive: true,
    when,
    operators: operatorIds.map((operatorId, index) => ({ operatorId, rank: index + 1, weight: 1 })),
  }
}

function ranking(
  rules: RouteRule[],
  given: MessageFacts,
  override: { network?: string; operatorId?: number } | null = null,
) {
  const target = override && { network: null, operatorId: null, ...override }
  return createRuleTable(rules, networks).rankingOf(given, target)
}

test('the first rule that applies comes first, and what is below stands behind it', t => {
  const rules = [rule({ prefixes: ['22670'] }, 7), rule({ prefixes: ['226'] }, 1, 2), rule({}, 9)]
  t.deepEqual(ranking(rules, facts('22670000001')), [7, 1, 2, 9])
  t.deepEqual(ranking(rules, facts('22650000001')), [1, 2, 9])
  t.deepEqual(ranking(rules, facts('33600000001')), [9])
})

test('an operator stands once, at its best place', t => {
  t.deepEqual(ranking([rule({ countries: ['BF'] }, 1), rule({}, 1, 2)], facts('22670000001')), [1, 2])
})

test('without a rule that applies there is no operator', t => {
  t.deepEqual(ranking([], facts('22670000001')), [])
  t.deepEqual(ranking([rule({ prefixes: ['226'] }, 1)], facts('225')), [])
  t.deepEqual(ranking([rule({ prefixes: ['226'] }, 1)], facts('')), [])
  t.deepEqual(ranking([{ ...rule({}, 1), isActive: false }], facts('22670000001')), [])
})

test('country, network, sender and category decide, and all of a rule must hold', t => {
  const number = facts('22676000001')
  t.deepEqual(ranking([rule({ countries: ['CI', 'BF'] }, 1)], number), [1])
  t.deepEqual(ranking([rule({ countries: ['CI'] }, 1)], number), [])
  t.deepEqual(ranking([rule({ networks: ['BF:orange'] }, 1)], number), [1])
  t.deepEqual(ranking([rule({ networks: ['CI:orange', 'BF:moov'] }, 1)], number), [])
  const sender = [rule({ senders: ['3801'] }, 1)]
  t.deepEqual(ranking(sender, number), [])
  t.deepEqual(ranking(sender, { ...number, sender: '3801' }), [1])
  t.deepEqual(ranking(sender, { ...number, sender: '38011' }), [])
  const both = [rule({ categories: ['marketing'], networks: ['BF:orange'] }, 1), rule({}, 2)]
  t.deepEqual(ranking(both, number), [2])
  t.deepEqual(ranking(both, { ...number, category: 'marketing' }), [1, 2])
  t.deepEqual(ranking(both, facts('22670000001', { category: 'marketing' })), [2])
})

test('days and hours are those of the zone, over midnight and through a change of clocks', t => {
  const open = (hours: RouteConditions['hours'] & object, at: string): boolean =>
    ranking([rule({ hours }, 1)], facts('22670000001', { atMs: Date.parse(at) })).length === 1
  const office = { days: [1, 2, 3, 4, 5], from: '08:00', to: '22:00', zone: 'Europe/Paris' }
  t.true(open(office, '2027-01-04T07:00:00Z'))
  t.false(open(office, '2027-01-04T06:59:59Z'))
  t.false(open(office, '2027-01-04T21:00:00Z'))
  t.false(open(office, '2027-01-03T12:00:00Z'), 'a Sunday')
  // In summer Paris is two hours ahead.
  t.true(open(office, '2027-07-05T06:00:00Z'))
  const night = { days: [5], from: '22:00', to: '06:00', zone: 'Africa/Ouagadougou' }
  t.true(open(night, '2027-01-08T23:00:00Z'))
  t.true(open(night, '2027-01-09T05:59:00Z'), 'Saturday belongs to Friday night')
  t.false(open(night, '2027-01-08T05:00:00Z'), 'Friday morning belongs to Thursday night')
  const sunday = { days: [7], from: '22:00', to: '06:00', zone: 'Africa/Ouagadougou' }
  t.true(open(sunday, '2027-01-04T03:00:00Z'))
  t.true(open({ ...night, from: '00:00', to: '24:00' }, '2027-01-08T23:59:59Z'))
})

test('a ported number goes by its own network or operator, where a rule leads there', t => {
  const rules = [rule({ networks: ['BF:moov'] }, 1, 3), rule({ networks: ['BF:telecel'] }, 2, 1)]
  const number = facts('22670000001')
  t.deepEqual(ranking(rules, number), [1, 3])
  t.deepEqual(ranking(rules, number, { network: 'telecel' }), [2, 1])
  t.deepEqual(ranking(rules, number, { operatorId: 3 }), [3, 1])
  t.deepEqual(ranking(rules, number, { operatorId: 2 }), [1, 3], 'no rule leads to operator 2')
  t.deepEqual(ranking(rules, number, { network: 'gone' }), [])
})

test('the explanation says of every rule what does not hold', t => {
  const table = createRuleTable(
    [
      rule({ countries: ['CI'], categories: ['marketing'] }, 1),
      { ...rule({ countries: ['BF'] }, 1), isActive: false },
      rule({ networks: ['BF:moov'] }, 2),
    ],
    networks,
  )
  t.deepEqual(
    table
      .explain(facts('22670000001'), null)
      .map(({ position, missed, applies }) => [position, missed, applies]),
    [
      [1, ['countries', 'categories'], false],
      [2, [], false],
      [3, [], true],
    ],
  )
})

test('operators of one rank share phones by weight, and each phone keeps its operator', t => {
  const shared: RouteRule = {
    ...rule({}),
    operators: [
      { operatorId: 1, rank: 1, weight: 3 },
      { operatorId: 2, rank: 1, weight: 1 },
      { operatorId: 3, rank: 2, weight: 1 },
    ],
  }
  const table = createRuleTable([shared], networks)
  const alone = createRuleTable([{ ...shared, operators: shared.operators.slice(1) }], networks)
  let first = 0
  for (let index = 0; index < 20_000; index += 1) {
    const number = facts(`22670${String(index).padStart(6, '0')}`)
    const order = table.rankingOf(number, null)
    t.is(order.length, 3)
    if (order[0] === 1) first += 1
    else t.is(alone.rankingOf(number, null)[0], order[0], 'who did not have operator 1 does not move')
    t.is(order[2], 3)
  }
  t.true(Math.abs(first / 20_000 - 0.75) < 0.02, `${first} of 20,000 to the one of weight 3`)
})

const digits = fc.stringMatching(/^\d{0,6}$/)
const conditions = fc.record(
  {
    prefixes: fc.array(fc.stringMatching(/^\d{0,4}$/), { minLength: 1, maxLength: 3 }),
    countries: fc.array(fc.constantFrom('BF', 'CI', 'FR'), { minLength: 1, maxLength: 2 }),
    networks: fc.array(fc.constantFrom('BF:orange', 'BF:moov', 'CI:mtn'), { minLength: 1, maxLength: 2 }),
    senders: fc.array(fc.constantFrom('3801', 'ASSUR'), { minLength: 1, maxLength: 2 }),
    categories: fc.array(fc.constantFrom('reminder' as const, 'marketing' as const), {
      minLength: 1,
      maxLength: 2,
    }),
    hours: fc.record({
      days: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
      from: fc.constantFrom('00:00', '08:00', '22:00'),
      to: fc.constantFrom('06:00', '20:00', '24:00'),
      zone: fc.constantFrom('Africa/Ouagadougou', 'Europe/Paris'),
    }),
  },
  { requiredKeys: [] },
)
const anyRule = fc.record({
  name: fc.constant('r'),
  isActive: fc.boolean(),
  when: conditions,
  operators: fc.uniqueArray(
    fc.record({
      operatorId: fc.integer({ min: 1, max: 5 }),
      rank: fc.integer({ min: 1, max: 3 }),
      weight: fc.integer({ min: 1, max: 5 }),
    }),
    { selector: operator => operator.operatorId, minLength: 1, maxLength: 4 },
  ),
})
const anyFacts = fc.record({
  recipient: fc.oneof(digits, fc.constantFrom('22676000001', '22670000001', '2250501020304', '33612345678')),
  sender: fc.constantFrom(null, '3801', 'ASSUR', 'OTHER'),
  category: fc.constantFrom('transactional' as const, 'reminder' as const, 'marketing' as const),
  atMs: fc.integer({ min: mondayMs, max: mondayMs + 14 * 86_400_000 }),
})
const anyOverride = fc.option(
  fc.record({
    network: fc.constantFrom(null, 'orange', 'moov'),
    operatorId: fc.constantFrom(null, 1, 5),
  }),
)

test('every answer is stable, without repetition, and made of the operators of the rules that apply', t => {
  fc.assert(
    fc.property(
      fc.array(anyRule, { maxLength: 6 }),
      fc.array(fc.tuple(anyFacts, anyOverride), { minLength: 1, maxLength: 20 }),
      (rules, asked) => {
        const table = createRuleTable(rules as RouteRule[], networks)
        // Asked in one table in turn, whose memory must never mix two kinds of message up.
        for (const [given, override] of [...asked, ...asked]) {
          const order = table.rankingOf(given, override)
          t.deepEqual(createRuleTable(rules as RouteRule[], networks).rankingOf(given, override), order)
          t.is(new Set(order).size, order.length)
          const applying = table.explain(given, override).filter(reading => reading.applies)
          const allowed = new Set(
            applying.flatMap(reading => reading.rule.operators.map(each => each.operatorId)),
          )
          t.deepEqual([...order].sort(), [...allowed].sort())
          if (override?.operatorId == null && applying.length > 0) {
            const best = Math.min(...applying[0]!.rule.operators.map(each => each.rank))
            const firsts = applying[0]!.rule.operators.filter(each => each.rank === best)
            t.true(firsts.some(each => each.operatorId === order[0]))
          }
        }
      },
    ),
    { numRuns: 150 },
  )
})
