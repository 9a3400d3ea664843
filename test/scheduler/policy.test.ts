import test from 'ava'
import type { Candidate, Decision, PolicyRules, RunProgress } from '../../scheduler/alerts/policy/decide.ts'
import { capHold, decide, timeSend } from '../../scheduler/alerts/policy/decide.ts'
import {
  defaultCappedCategories,
  defaultStoppedCategories,
} from '../../scheduler/alerts/policy/usual-rules.ts'
import { holidayCheck } from '../../scheduler/calendar/holidays.ts'
import { noOverrides } from '../../scheduler/calendar/overrides.ts'
import { defaultSendingHours } from '../../scheduler/calendar/sending-defaults.ts'
import type { Category, Standing } from '../../scheduler/store.ts'

const fridayMorning = new Date('2027-01-08T09:00:00Z')
const nobodySpecial: Standing = { isStopped: false, isCapped: false }
const uncapped: RunProgress = { cap: 0, count: 1, isCounting: true, isApproved: false }

function rulesFor(category: Category): PolicyRules {
  return {
    place: {
      hours: defaultSendingHours(category, 'BF'),
      zone: 'Africa/Ouagadougou',
      isHoliday: holidayCheck('BF', noOverrides),
    },
    country: 'BF',
    validityHours: 48,
    stoppedCategories: defaultStoppedCategories,
    cappedCategories: defaultCappedCategories,
  }
}

function candidate(changes: Partial<Candidate> = {}): Candidate {
  return { category: 'reminder', service: 'auto', missingValues: [], ...changes }
}

function verdict(
  one: Candidate,
  { standing = nobodySpecial, run = uncapped, now = fridayMorning } = {},
): Decision {
  const rules = rulesFor(one.category)
  return decide(one, timeSend(one, rules, now), { standing, run }, rules)
}

test('a complete reminder in the sending hours is queued at once, for its validity', t => {
  t.deepEqual(verdict(candidate()), {
    kind: 'queue',
    dueAt: fridayMorning,
    expiresAt: new Date('2027-01-10T09:00:00Z'),
    capKey: null,
  })
})

test('a message outside the hours is queued for the next allowed instant', t => {
  const late = verdict(candidate(), { now: new Date('2027-01-09T22:00:00Z') })
  t.like(late, { kind: 'queue', dueAt: new Date('2027-01-11T08:00:00Z') })
})

test('a planned time of today is kept, and one that is over means now', t => {
  t.like(verdict(candidate({ plannedTime: '16:00' })), { dueAt: new Date('2027-01-08T16:00:00Z') })
  t.like(verdict(candidate({ plannedTime: '08:00' })), { dueAt: fridayMorning })
})

test('a reminder up to the due date dies with that day', t => {
  const due = candidate({ dueDate: '2027-01-08', offsetDays: 0 })
  t.like(verdict(due), { kind: 'queue', expiresAt: new Date('2027-01-08T23:59:59.999Z') })
  // At 20:00 nothing may leave today any more, and tomorrow it would be wrong.
  t.deepEqual(verdict(due, { now: new Date('2027-01-08T20:00:00Z') }), { kind: 'block', reason: 'expired' })
  const after = candidate({ dueDate: '2027-01-01', offsetDays: 7 })
  t.like(verdict(after, { now: new Date('2027-01-08T20:00:00Z') }), { kind: 'queue' })
})

test('a stop ends marketing and reminders, not what is transactional', t => {
  const standing = { isStopped: true, isCapped: false }
  t.deepEqual(verdict(candidate({ category: 'marketing' }), { standing }), {
    kind: 'block',
    reason: 'stop-list',
  })
  t.deepEqual(verdict(candidate(), { standing }), { kind: 'block', reason: 'stop-list' })
  t.like(verdict(candidate({ category: 'transactional' }), { standing }), { kind: 'queue' })
})

test('one marketing message per person, service and day: the day is the one on which it leaves', t => {
  const wish = candidate({ category: 'marketing' })
  t.like(verdict(wish), { kind: 'queue', capKey: 'auto|2027-01-08' })
  t.like(verdict(wish, { now: new Date('2027-01-09T22:00:00Z') }), { capKey: 'auto|2027-01-11' })
  const standing = { isStopped: false, isCapped: true }
  t.deepEqual(verdict(wish, { standing }), { kind: 'block', reason: 'frequency-cap' })
  t.like(verdict(candidate(), { standing }), { kind: 'queue' })
})

test('a missing value, an estimated feast and a cap each hold with their reason', t => {
  t.like(verdict(candidate({ missingValues: ['prime', 'tel'] })), {
    kind: 'hold',
    reason: 'missing-value',
    detail: 'prime, tel',
  })
  t.like(verdict(candidate({ isFeastEstimated: true })), { kind: 'hold', reason: 'feast-unconfirmed' })
  const run = { cap: 100, count: 101, isCounting: true, isApproved: false }
  t.like(verdict(candidate(), { run }), { kind: 'hold', reason: 'approval' })
})

test('below its cap a run waits for its end, then leaves; above it, for an approver', t => {
  const run = { cap: 100, count: 100, isCounting: true, isApproved: false }
  t.is(capHold(run), 'run-open')
  t.is(capHold({ ...run, isCounting: false }), null)
  t.is(capHold({ ...run, count: 101, isCounting: false }), 'approval')
  t.is(capHold({ ...run, count: 101, isApproved: true }), null)
  t.is(capHold({ ...run, cap: 0, count: 1_000_000 }), null)
})

test('what forbids a message comes before what delays it', t => {
  const standing = { isStopped: true, isCapped: true }
  const hopeless = candidate({ category: 'marketing', missingValues: ['nom'], isFeastEstimated: true })
  t.deepEqual(verdict(hopeless, { standing }), { kind: 'block', reason: 'stop-list' })
})

test('hours that never come block the message by name', t => {
  const rules = rulesFor('marketing')
  const closed = { ...rules, place: { ...rules.place, isHoliday: () => true } }
  const timing = timeSend(candidate({ category: 'marketing' }), closed, fridayMorning)
  t.deepEqual(timing, { kind: 'untimed', reason: 'no-sending-time' })
  const facts = { standing: nobodySpecial, run: uncapped }
  t.deepEqual(decide(candidate({ category: 'marketing' }), timing, facts, closed), {
    kind: 'block',
    reason: 'no-sending-time',
  })
})
