import test from 'ava'
import fc from 'fast-check'
import { holidayCheck } from '../../scheduler/calendar/holidays.ts'
import { noOverrides } from '../../scheduler/calendar/overrides.ts'
import { placeSend } from '../../scheduler/calendar/place-send.ts'
import { defaultSendingHours, fridayPause } from '../../scheduler/calendar/sending-defaults.ts'
import type { SendingPlace } from '../../scheduler/calendar/sending-hours.ts'
import {
  aheadUntil,
  isAllowed,
  nextAllowed,
  sendingHoursSchema,
} from '../../scheduler/calendar/sending-hours.ts'
import type { Category } from '../../scheduler/store.ts'

const isHoliday = holidayCheck('BF', noOverrides)

function placeOf(category: Category, changes: Partial<SendingPlace> = {}): SendingPlace {
  return { hours: defaultSendingHours(category, 'BF'), zone: 'Africa/Ouagadougou', isHoliday, ...changes }
}

function next(instant: string, place: SendingPlace): string {
  const found = nextAllowed(new Date(instant), place)
  return found === 'never' ? found : found.toISOString().slice(0, 16)
}

test('an allowed instant stays as it is', t => {
  const instant = new Date('2027-01-08T10:15:30.123Z')
  t.is(nextAllowed(instant, placeOf('marketing')), instant)
})

test('each category has its own hours', t => {
  // Friday 8 January 2027, 20:30.
  t.is(next('2027-01-08T20:30:00Z', placeOf('transactional')), '2027-01-08T20:30')
  t.is(next('2027-01-08T21:00:00Z', placeOf('transactional')), '2027-01-09T06:30')
  t.is(next('2027-01-08T19:30:00Z', placeOf('reminder')), '2027-01-09T08:00')
  t.is(next('2027-01-09T20:00:00Z', placeOf('marketing')), '2027-01-11T08:00')
})

test('marketing skips holidays, reminders only Sundays, unless the rules say otherwise', t => {
  // Monday 8 March 2027 is off, and 9 and 10 March are the two possible ends of Ramadan.
  t.is(next('2027-03-06T21:00:00Z', placeOf('marketing')), '2027-03-11T08:00')
  t.is(next('2027-03-06T21:00:00Z', placeOf('reminder')), '2027-03-08T08:00')
  t.true(defaultSendingHours('reminder', 'FR').skipHolidays)
})

test('wishes leave on the holiday itself, even on a Sunday, within the hours', t => {
  const wishes = placeOf('marketing', { sendOnHolidays: true })
  t.is(next('2027-03-08T06:00:00Z', wishes), '2027-03-08T08:00')
  // Christmas 2033 is a Sunday.
  t.is(next('2033-12-25T07:00:00Z', wishes), '2033-12-25T08:00')
  t.is(next('2033-12-18T07:00:00Z', wishes), '2033-12-19T08:00')
})

test('a pause cuts the day in two', t => {
  const place = placeOf('reminder', {
    hours: { ...defaultSendingHours('reminder', 'BF'), pauses: [fridayPause] },
  })
  t.is(next('2027-01-08T12:30:00Z', place), '2027-01-08T14:30')
  t.is(next('2027-01-07T12:30:00Z', place), '2027-01-07T12:30')
  t.is(next('2027-01-08T12:29:59Z', place), '2027-01-08T12:29')
})

test('hours are those of the wall clock on both sides of a change', t => {
  const place = placeOf('transactional', { zone: 'Europe/Paris' })
  t.is(next('2027-03-27T22:00:00Z', place), '2027-03-28T04:30')
  t.is(next('2027-10-30T22:00:00Z', place), '2027-10-31T05:30')
})

test('rules that never allow anything are said so within a bounded search', t => {
  const hours = sendingHoursSchema.parse({
    days: [1],
    from: '08:00',
    to: '10:00',
    skipHolidays: false,
    pauses: [{ days: [1], from: '07:00', to: '11:00' }],
  })
  t.is(next('2027-01-01T00:00:00Z', placeOf('reminder', { hours })), 'never')
  t.is(next('2027-01-01T00:00:00Z', placeOf('marketing', { isHoliday: () => true })), 'never')
  const placed = placeSend(
    { category: 'reminder', plannedAt: new Date('2027-01-05T00:00:00Z'), dueDate: '2027-01-09' },
    placeOf('reminder', { hours }),
    new Date('2027-01-01T00:00:00Z'),
  )
  t.deepEqual(placed, { kind: 'never' })
})

test('hours from outside are refused when they cannot be meant', t => {
  const good = { days: [1, 2], from: '08:00', to: '19:30', skipHolidays: false }
  t.true(sendingHoursSchema.safeParse(good).success)
  const bad = [{ from: '19:30', to: '08:00' }, { from: '8h' }, { days: [] }, { days: [0] }, { to: '25:00' }]
  for (const change of bad) t.false(sendingHoursSchema.safeParse({ ...good, ...change }).success)
})

test('a reminder before its due date moves to the day before a Sunday, after it to the day after', t => {
  const sunday = new Date('2027-01-10T09:00:00Z')
  const friday = new Date('2027-01-08T07:00:00Z')
  const before = { category: 'reminder', plannedAt: sunday, dueDate: '2027-01-13' } as const
  t.deepEqual(placeSend(before, placeOf('reminder'), friday), {
    kind: 'at',
    at: new Date('2027-01-09T09:00:00Z'),
    moved: 'earlier',
  })
  t.deepEqual(placeSend({ ...before, dueDate: '2027-01-03' }, placeOf('reminder'), friday), {
    kind: 'at',
    at: new Date('2027-01-11T08:00:00Z'),
    moved: 'later',
  })
})

test('when the day before is over already a reminder moves later', t => {
  const sunday = new Date('2027-01-10T09:00:00Z')
  const placed = placeSend(
    { category: 'reminder', plannedAt: sunday, dueDate: '2027-01-13' },
    placeOf('reminder'),
    sunday,
  )
  t.like(placed, { moved: 'later', at: new Date('2027-01-11T08:00:00Z') })
})

test('an urgent code ignores the hours, urgent marketing does not', t => {
  const night = new Date('2027-01-10T02:00:00Z')
  const urgent = { isUrgent: true, plannedAt: night }
  t.like(placeSend({ category: 'transactional', ...urgent }, placeOf('transactional'), night), { at: night })
  t.like(placeSend({ category: 'marketing', ...urgent }, placeOf('marketing'), night), { moved: 'later' })
})

test('on a Saturday reminders look ahead to the last day without sending', t => {
  t.is(aheadUntil('2027-01-09', placeOf('reminder')), '2027-01-10')
  t.is(aheadUntil('2027-01-08', placeOf('reminder')), '2027-01-08')
  t.is(aheadUntil('2027-01-10', placeOf('reminder')), '2027-01-10')
  t.is(aheadUntil('2027-03-06', placeOf('marketing')), '2027-03-10')
})

test('the next allowed instant is allowed, not before, and nothing allowed lies between', t => {
  const categories = fc.constantFrom<Category>('transactional', 'reminder', 'marketing')
  const zones = fc.constantFrom('Africa/Ouagadougou', 'Africa/Douala', 'Europe/Paris')
  const minute = fc.integer({ min: Date.UTC(2027, 0) / 60_000, max: Date.UTC(2029, 0) / 60_000 })
  fc.assert(
    fc.property(
      categories,
      zones,
      minute,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (category, zone, at, part) => {
        const place = placeOf(category, { zone })
        const instant = new Date(at * 60_000)
        const found = nextAllowed(instant, place)
        if (found === 'never' || found < instant || !isAllowed(found, place)) return false
        const between = new Date(instant.getTime() + (found.getTime() - instant.getTime()) * part)
        return between.getTime() === found.getTime() || !isAllowed(between, place)
      },
    ),
    { numRuns: 1000 },
  )
  t.pass()
})
