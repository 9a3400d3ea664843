import test from 'ava'
import { createContracts } from '../../../server/gateway/contracts/contracts.ts'
import { senderRuleProblems, senderUnder } from '../../../server/gateway/contracts/sender-rules.ts'
import { shippedTranches } from '../../../server/gateway/contracts/tranches.ts'
import { usualRetryPolicy } from '../../../server/gateway/outbox/retry-policy.ts'
import type { SenderRule } from '../../../server/store/contracts.ts'

const open: SenderRule = {
  country: 'BF',
  allowsOriginatorChange: true,
  numbers: ['8010'],
  names: ['ASSUR'],
  fallbackSender: null,
}
const closed: SenderRule = {
  country: null,
  allowsOriginatorChange: false,
  numbers: [],
  names: [],
  fallbackSender: null,
}
const under = (
  senderRules: SenderRule[],
  asked: string | null,
  country: string | null,
  linkAllowsChange = true,
) => senderUnder({ ownSender: '36180', senderRules, linkAllowsChange }, asked, country)

test('the operator’s own sender always passes, and without rules any other', t => {
  for (const rules of [[], [open], [closed]]) {
    for (const asked of [null, '36180']) {
      t.deepEqual(under(rules, asked, 'BF'), { kind: 'allowed', sender: '36180', isReplaced: false })
    }
  }
  t.like(under([], 'ANYONE', 'BF'), { kind: 'allowed', sender: 'ANYONE' })
})

test('a name or number passes only where the contract lists it for the country', t => {
  t.like(under([open, closed], 'ASSUR', 'BF'), { kind: 'allowed', sender: 'ASSUR', isReplaced: false })
  t.like(under([open, closed], '8010', 'BF'), { kind: 'allowed', sender: '8010' })
  t.is(under([open, closed], 'Assur', 'BF').kind, 'refused')
  t.is(under([open, closed], 'ASSUR', 'CI').kind, 'refused')
  t.is(under([open, closed], 'ASSUR', null).kind, 'refused')
  // No rule for the country and none for all: nothing is known of the contract there.
  t.is(under([open], 'OTHER', 'CI').kind, 'allowed')
})

test('a fallback takes the place of what the contract does not have, and says so', t => {
  const rules = [{ ...open, fallbackSender: 'ASSUR' }]
  t.deepEqual(under(rules, 'OTHER', 'BF'), { kind: 'allowed', sender: 'ASSUR', isReplaced: true })
})

test('a link without the OAdC change option sends its own sender alone, whatever the rules', t => {
  t.is(under([], 'ASSUR', 'BF', false).kind, 'refused')
  t.is(under([open], 'ASSUR', 'BF', false).kind, 'refused')
  const rules = [{ ...closed, fallbackSender: '36180' }]
  t.like(under(rules, 'ASSUR', 'BF', false), { sender: '36180', isReplaced: true })
})

test('rules that contradict themselves or the link are named', t => {
  const problems = (rules: SenderRule[], linkAllowsChange = true) =>
    senderRuleProblems(rules, { ownSender: '36180', linkAllowsChange })
  t.deepEqual(problems([open, closed]), [])
  t.is(problems([open, open]).length, 1)
  t.is(problems([{ ...closed, names: ['ASSUR'] }]).length, 1)
  t.is(problems([{ ...open, names: [], numbers: [] }]).length, 1)
  t.is(problems([open], false).length, 1)
  t.is(problems([{ ...open, names: ['8011'], numbers: ['ASSUR'] }]).length, 2)
  t.is(problems([{ ...open, fallbackSender: 'OTHER' }]).length, 1)
  t.is(problems(Array.from({ length: 21 }, () => closed)).length, 1)
})

test('sender and tranche are asked together: the tranche goes by what the phone would show', t => {
  const contracts = createContracts()
  const operator = { operatorId: 1, ownSender: null }
  const message = {
    recipient: '33612345678',
    sender: 'ASSUR',
    category: 'marketing' as const,
    text: 'Notre offre',
  }
  // Nothing is known of the operator: its own sender included.
  t.like(contracts.termsOf(message, operator), { kind: 'allowed', sender: 'ASSUR' })
  contracts.set({
    tranches: shippedTranches,
    isHolidayOf: () => () => false,
    operators: new Map([
      [
        1,
        {
          ownSender: '36180',
          senderRules: [{ ...closed, fallbackSender: '36180' }],
          linkAllowsChange: true,
          retryPolicy: usualRetryPolicy,
        },
      ],
    ]),
  })
  t.like(contracts.termsOf(message, operator), { kind: 'refused', reason: 'stop-mention-missing' })
  const withStop = contracts.termsOf({ ...message, text: 'Notre offre. STOP 36180' }, operator)
  t.like(withStop, { kind: 'allowed', sender: '36180', isReplaced: true })
  t.true(withStop.kind === 'allowed' && withStop.within !== null)
  // The same short code means nothing in another country, nor in one without a preset.
  for (const recipient of ['22670000001', '4915112345678', '']) {
    t.like(contracts.termsOf({ ...message, recipient }, operator), { kind: 'allowed', within: null })
  }
})
