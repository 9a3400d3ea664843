import test from 'ava'
import fc from 'fast-check'
import { toWallTime } from '../../scheduler/calendar/zoned.ts'
import { matchesDay, nextRun, nextRuns, runsBetween } from '../../scheduler/cron/next-run.ts'
import type { Cron } from '../../scheduler/cron/parse.ts'
import { parseCron } from '../../scheduler/cron/parse.ts'

const paris = 'Europe/Paris'
const ouagadougou = 'Africa/Ouagadougou'

function cron(expression: string): Cron {
  const parsed = parseCron(expression)
  if (parsed.kind === 'invalid') throw new Error(expression)
  return parsed
}

function runs(expression: string, zone: string, after: string, count: number): string[] {
  return nextRuns(cron(expression), zone, new Date(after), count).map(run => run.toISOString().slice(0, 19))
}

test('the next five runs of a weekday morning are those of the zone', t => {
  t.deepEqual(runs('30 7 * * 1-5', ouagadougou, '2027-01-07T07:30:00Z', 5), [
    '2027-01-08T07:30:00',
    '2027-01-11T07:30:00',
    '2027-01-12T07:30:00',
    '2027-01-13T07:30:00',
    '2027-01-14T07:30:00',
  ])
  t.deepEqual(runs('0 8 * * *', 'Africa/Douala', '2027-01-07T06:59:59Z', 1), ['2027-01-07T07:00:00'])
  t.deepEqual(runs('0 8 * * *', 'Asia/Kathmandu', '2027-01-07T00:00:00Z', 1), ['2027-01-07T02:15:00'])
})

test('in spring a time that the clocks skip runs once, at the first instant after the gap', t => {
  t.deepEqual(runs('30 2 * * *', paris, '2027-03-27T00:00:00Z', 3), [
    '2027-03-27T01:30:00',
    '2027-03-28T01:00:00',
    '2027-03-29T00:30:00',
  ])
})

test('several skipped times are one run, also together with the one that follows', t => {
  t.deepEqual(runs('0,15,30 2,3 * * *', paris, '2027-03-28T00:00:00Z', 4), [
    '2027-03-28T01:00:00',
    '2027-03-28T01:15:00',
    '2027-03-28T01:30:00',
    '2027-03-29T00:00:00',
  ])
})

test('in autumn a time that comes twice runs the first time only', t => {
  t.deepEqual(runs('30 2 * * *', paris, '2027-10-30T12:00:00Z', 2), [
    '2027-10-31T00:30:00',
    '2027-11-01T01:30:00',
  ])
  t.deepEqual(runs('30 2 * * *', paris, '2027-10-31T00:30:00Z', 1), ['2027-11-01T01:30:00'])
  t.deepEqual(runs('*/15 2 * * *', paris, '2027-10-31T00:40:00Z', 2), [
    '2027-10-31T00:45:00',
    '2027-11-01T01:00:00',
  ])
})

test('an interval runs at each real instant: 23 times on the short day, 25 on the long one', t => {
  const count = (from: string, to: string, expression: string): number =>
    runsBetween(cron(expression), paris, { from: new Date(from), to: new Date(to), limit: 10_000 }).runs
      .length
  t.is(count('2027-03-27T22:59:59Z', '2027-03-28T21:59:59Z', '0 * * * *'), 23)
  t.is(count('2027-10-30T21:59:59Z', '2027-10-31T22:59:59Z', '0 * * * *'), 25)
  t.is(count('2027-10-30T21:59:59Z', '2027-10-31T22:59:59Z', '*/5 * * * *'), 300)
  // Every two hours is a choice of hours, hence of times: twelve on both days.
  t.is(count('2027-03-27T22:59:59Z', '2027-03-28T21:59:59Z', '0 */2 * * *'), 12)
  t.is(count('2027-10-30T21:59:59Z', '2027-10-31T22:59:59Z', '0 */2 * * *'), 12)
})

test('an interval is exact where the clocks move by half an hour', t => {
  // Lord Howe goes from 02:00 back to 01:30 on 4 April 2027 at 15:00 UTC.
  t.deepEqual(runs('35 * * * *', 'Australia/Lord_Howe', '2027-04-03T14:00:00Z', 3), [
    '2027-04-03T14:35:00',
    '2027-04-03T15:05:00',
    '2027-04-03T16:05:00',
  ])
})

test('a day that a zone skipped whole does not stop the search', t => {
  t.deepEqual(runs('0 12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00:00Z', 2), [
    '2011-12-30T10:00:00',
    '2012-12-29T22:00:00',
  ])
  t.deepEqual(runs('0 * 30 12 *', 'Pacific/Apia', '2011-12-01T00:00:00Z', 1), ['2012-12-29T10:00:00'])
})

test('29 February, the 31st and the last day come when the calendar has them', t => {
  t.deepEqual(runs('0 8 29 2 *', ouagadougou, '2096-03-01T00:00:00Z', 1), ['2104-02-29T08:00:00'])
  t.deepEqual(runs('0 8 31 * *', ouagadougou, '2027-01-31T08:00:00Z', 2), [
    '2027-03-31T08:00:00',
    '2027-05-31T08:00:00',
  ])
  t.deepEqual(runs('0 8 L * *', ouagadougou, '2028-01-31T08:00:00Z', 2), [
    '2028-02-29T08:00:00',
    '2028-03-31T08:00:00',
  ])
  t.deepEqual(runs('0 8 * * 5L', ouagadougou, '2027-01-01T00:00:00Z', 1), ['2027-01-29T08:00:00'])
  t.deepEqual(runs('0 8 * * 1#2', ouagadougou, '2027-01-01T00:00:00Z', 1), ['2027-01-11T08:00:00'])
  t.deepEqual(runs('0 8 * 2 1#5', ouagadougou, '2072-03-01T00:00:00Z', 1), ['2112-02-29T08:00:00'])
})

test('a schedule that never comes is said so at once', t => {
  t.is(nextRun(cron('0 0 30 2 *'), ouagadougou, new Date('2027-01-01T00:00:00Z')), null)
  t.is(nextRun(cron('* * 30 2 *'), ouagadougou, new Date('2027-01-01T00:00:00Z')), null)
  t.is(nextRun(cron('0 0 31 4,6,9,11 *'), paris, new Date('2027-01-01T00:00:00Z')), null)
})

test('two restricted day fields mean either, as crontab says', t => {
  const either = cron('0 8 13 * 5')
  t.true(matchesDay(either, '2027-01-13'))
  t.true(matchesDay(either, '2027-01-15'))
  t.false(matchesDay(either, '2027-01-14'))
  const both = cron('0 8 */2 * 5')
  t.true(matchesDay(both, '2027-01-15'))
  t.false(matchesDay(both, '2027-01-22'))
})

test('three days off are three missed runs, and a clock set back is none', t => {
  const from = new Date('2027-01-08T07:00:00Z')
  const to = new Date('2027-01-11T07:10:00Z')
  const daily = cron('0 7 * * *')
  t.is(runsBetween(daily, ouagadougou, { from, to, limit: 100 }).runs.length, 3)
  t.deepEqual(runsBetween(daily, ouagadougou, { from: to, to: from, limit: 100 }), {
    runs: [],
    isTruncated: false,
  })
  t.deepEqual(runsBetween(cron('* * * * * *'), ouagadougou, { from, to, limit: 2 }).isTruncated, true)
})

test('runs are after what was asked, whole seconds, and match the clock outside the gap', t => {
  const zones = [paris, ouagadougou, 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/St_Johns']
  const expressions = [
    '*/7 * * * *',
    '15 2 * * *',
    '30 1,2,3 * * 0',
    '0 0 1 * *',
    '5 4 3 2,10 *',
    '45 23 L * *',
  ]
  const second = fc.integer({ min: Date.UTC(2026, 0) / 1000, max: Date.UTC(2030, 0) / 1000 })
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...expressions),
      second,
      (zone, expression, at) => {
        const parsed = cron(expression)
        const after = new Date(at * 1000 + 1)
        const run = nextRun(parsed, zone, after)
        if (run === null || run <= after || run.getTime() % 1000 !== 0) return false
        const wall = toWallTime(run, zone)
        const isOnClock =
          matchesDay(parsed, wall.date) &&
          parsed.hours.includes(Math.floor(wall.secondOfDay / 3600)) &&
          parsed.minutes.includes(Math.floor(wall.secondOfDay / 60) % 60)
        // Only a skipped time leaves the clock: the hour before the run is then short.
        const hourAgo = toWallTime(new Date(run.getTime() - 1000), zone)
        const isAfterGap = wall.secondOfDay - hourAgo.secondOfDay > 1
        // Nothing was passed over: asking from just before gives the same run.
        const again = nextRun(parsed, zone, new Date(run.getTime() - 1000))
        return (isOnClock || isAfterGap) && again?.getTime() === run.getTime()
      },
    ),
    { numRuns: 500 },
  )
  t.pass()
})
