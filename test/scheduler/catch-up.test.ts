import test from 'ava'
import type { DueQuestion } from '../../scheduler/cron/catch-up.ts'
import { catchUp, dueRuns } from '../../scheduler/cron/catch-up.ts'
import type { Cron } from '../../scheduler/cron/parse.ts'
import { parseCron } from '../../scheduler/cron/parse.ts'

const day = 86_400_000
const now = new Date('2027-01-11T09:00:00Z')
const missed = ['2027-01-09T07:00:00Z', '2027-01-10T07:00:00Z', '2027-01-11T07:00:00Z'].map(
  text => new Date(text),
)
const limits = { now, maxAgeMs: 30 * day, maxRuns: 10 }

function question(changes: Partial<DueQuestion>): DueQuestion {
  return {
    cron: parseCron('0 7 * * *') as Cron,
    zone: 'Africa/Ouagadougou',
    lastPlanned: new Date('2027-01-08T07:00:00Z'),
    now,
    policy: 'once',
    maxAgeMs: 30 * day,
    maxRuns: 10,
    graceMs: 120_000,
    ...changes,
  }
}

test('after three days off: skip runs nothing, once runs the latest, all runs each', t => {
  t.deepEqual(catchUp('skip', missed, limits).runs, [])
  t.deepEqual(catchUp('once', missed, limits).runs, missed.slice(2))
  t.deepEqual(catchUp('all', missed, limits).runs, missed)
})

test('what is not run is named with its reason', t => {
  const dropped = (result: ReturnType<typeof catchUp>): string[] => result.dropped.map(each => each.reason)
  t.deepEqual(dropped(catchUp('skip', missed, limits)), ['policy', 'policy', 'policy'])
  t.deepEqual(dropped(catchUp('once', missed, limits)), ['merged', 'merged'])
  t.deepEqual(dropped(catchUp('all', missed, { ...limits, maxAgeMs: day })), ['too-old', 'too-old'])
  t.deepEqual(catchUp('all', missed, { ...limits, maxRuns: 2 }).runs, missed.slice(1))
  t.deepEqual(dropped(catchUp('all', missed, { ...limits, maxRuns: 2 })), ['over-limit'])
})

test('a run on time is due whatever the policy, and covers the missed ones under once', t => {
  const onTime = { now: new Date('2027-01-11T07:00:30Z') }
  t.deepEqual(dueRuns(question({ ...onTime, policy: 'skip' })).runs, missed.slice(2))
  t.deepEqual(dueRuns(question({ ...onTime, policy: 'once' })).runs, missed.slice(2))
  t.deepEqual(dueRuns(question({ ...onTime, policy: 'all' })).runs, missed)
})

test('late runs follow the policy and are never due again', t => {
  for (const [policy, count] of [
    ['skip', 0],
    ['once', 1],
    ['all', 3],
  ] as const) {
    const due = dueRuns(question({ policy }))
    t.is(due.runs.length, count)
    t.deepEqual(due.lastPlanned, missed[2])
    t.deepEqual(dueRuns(question({ policy, lastPlanned: due.lastPlanned })).runs, [])
  }
})

test('a clock set back runs nothing until it has passed the last run again', t => {
  const lastPlanned = new Date('2027-01-11T07:00:00Z')
  const back = dueRuns(question({ lastPlanned, now: new Date('2027-01-09T07:00:30Z'), policy: 'all' }))
  t.deepEqual(back, { runs: [], dropped: [], lastPlanned })
  t.is(dueRuns(question({ lastPlanned, now: new Date('2027-01-12T07:00:30Z') })).runs.length, 1)
})

test('a clock that jumps years ahead does not hang nor flood', t => {
  const everyMinute = parseCron('* * * * *') as Cron
  const far = {
    cron: everyMinute,
    now: new Date('2037-01-01T00:00:10Z'),
    policy: 'all' as const,
    maxAgeMs: 3 * day,
  }
  const due = dueRuns(question(far))
  t.is(due.runs.length, 11)
  t.deepEqual(due.lastPlanned, new Date('2037-01-01T00:00:00Z'))
})
