import test from 'ava'
import fc from 'fast-check'
import { holidayCheck } from '../../../scheduler/calendar/holidays.ts'
import { noOverrides } from '../../../scheduler/calendar/overrides.ts'
import { isAllowed, nextAllowed } from '../../../scheduler/calendar/sending-hours.ts'
import { createMentionTest } from '../../../server/gateway/contracts/stop-mention.ts'
import {
  createTrancheTable,
  shippedTranches,
  type TrancheFacts,
  trancheProblems,
} from '../../../server/gateway/contracts/tranches.ts'

const table = createTrancheTable(shippedTranches, country => holidayCheck(country, noOverrides))
const read = (facts: Partial<TrancheFacts>) =>
  table({ country: 'FR', sender: '36180', category: 'marketing', text: 'Offre. STOP au 36180', ...facts })

/** When a marketing message from 36180 that wants to leave at an instant may. */
function leavesAt(wanted: string): string {
  const use = read({})
  if (use.kind === 'refused' || use.within === null) throw new Error('no hours')
  const at = nextAllowed(new Date(wanted), use.within)
  return at === 'never' ? at : at.toISOString()
}

test('marketing from a French 36xxx number leaves on working days from 8 to 22 h, Paris time', t => {
  // A Tuesday in winter: Paris is an hour ahead.
  t.is(leavesAt('2027-01-12T09:00:00Z'), '2027-01-12T09:00:00.000Z')
  t.is(leavesAt('2027-01-12T06:59:59Z'), '2027-01-12T07:00:00.000Z')
  t.is(leavesAt('2027-01-12T20:59:59Z'), '2027-01-12T20:59:59.000Z')
  t.is(leavesAt('2027-01-12T21:00:00Z'), '2027-01-13T07:00:00.000Z')
})

test('it never leaves on a Sunday or a public holiday, and summer has its own hour', t => {
  t.is(leavesAt('2027-01-16T21:30:00Z'), '2027-01-18T07:00:00.000Z')
  // Wednesday 14 July 2027.
  t.is(leavesAt('2027-07-14T10:00:00Z'), '2027-07-15T06:00:00.000Z')
  // Easter Monday, 29 March 2027, after the change of the clock on the Sunday.
  t.is(leavesAt('2027-03-27T21:10:00Z'), '2027-03-30T06:00:00.000Z')
})

test('marketing without a word about STOP is refused, customer information needs none', t => {
  t.like(read({ text: 'Notre offre du mois' }), { kind: 'refused', reason: 'stop-mention-missing' })
  t.like(read({ text: 'Nonstop : notre offre' }), { kind: 'refused', reason: 'stop-mention-missing' })
  t.is(read({ category: 'reminder', text: 'Votre échéance approche' }).kind, 'allowed')
  t.is(read({ text: '' }).kind, 'allowed')
})

test('a transactional tranche refuses marketing, and 36xxx refuses what is transactional', t => {
  t.like(read({ sender: '38180' }), { kind: 'refused', reason: 'tranche-category' })
  t.deepEqual(read({ sender: '38180', category: 'transactional' }), { kind: 'allowed', within: null })
  t.like(read({ category: 'transactional' }), { kind: 'refused', reason: 'tranche-category' })
})

test('numbers, names and countries without a tranche are not limited', t => {
  for (const facts of [
    { sender: '361800' },
    { sender: '+33612345678' },
    { sender: 'ASSUR' },
    { country: 'BF', sender: '36180' },
  ]) {
    t.deepEqual(read({ ...facts, text: 'Offre' }), { kind: 'allowed', within: null }, JSON.stringify(facts))
  }
})

test('mentions are found whatever their case, accents and blanks, as words of their own', t => {
  const has = createMentionTest(['STOP', 'STOP{n}', 'Refus: *801#'])
  for (const text of [
    'stop',
    'Stop  au 36180',
    'fin.STOP36180',
    'Refus:  *801#',
    'refus: *801#.',
    '(STOP)',
  ]) {
    t.true(has(text), text)
  }
  for (const text of ['', 'stoppez', 'nonstop', 'STOP36180X', 'Refus: *801', 'S T O P'])
    t.false(has(text), text)
})

test('a mention with every sign of regular expressions is taken as it is written', t => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), mention => {
      fc.pre(mention.trim() !== '' && !mention.includes('{n}'))
      t.true(createMentionTest([mention])(`-- ${mention} --`))
    }),
    { numRuns: 200 },
  )
})

test('two rows for one use are refused, several uses of one range are not', t => {
  t.deepEqual(trancheProblems(shippedTranches), [])
  const [first] = shippedTranches
  t.is(trancheProblems([first!, { ...first!, name: 'again' }]).length, 1)
  t.is(trancheProblems(Array.from({ length: 201 }, () => first!)).length, 1)
})

test('the next allowed instant within two sets of hours lies in both, and nothing before it does', t => {
  const use = read({})
  if (use.kind === 'refused') throw new Error('refused')
  const place = {
    hours: { days: [1, 3, 7], from: '06:30', to: '09:15', skipHolidays: false, pauses: [] },
    zone: 'Africa/Ouagadougou',
    isHoliday: () => false,
    within: use.within,
  }
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2027, 0, 1), max: Date.UTC(2028, 0, 1) }), ms => {
      const from = new Date(ms)
      const at = nextAllowed(from, place)
      if (at === 'never') throw new Error('never')
      t.true(isAllowed(at, place))
      for (let step = 1; step <= 5; step += 1) {
        const before = new Date(ms + ((at.getTime() - ms) * step) / 6)
        if (before < at) t.false(isAllowed(before, place))
      }
    }),
    { numRuns: 100 },
  )
  const never = { ...place, hours: { ...place.hours, days: [7] } }
  t.is(nextAllowed(new Date('2027-01-12T09:00:00Z'), never), 'never')
})
