import test, { type ExecutionContext } from 'ava'
import { type Jobs, type JobsDependencies, startJobs } from '../../scheduler/jobs.ts'
import { type EngineRoom, engineRoom, phoneOf } from './engine-room.ts'

const hourMs = 3_600_000
const rows = [5, 6].map(day => ({
  police: `A${day}`,
  telephone: phoneOf(day),
  echeance: `2027-01-${day + 7}`,
}))

interface Beating {
  /** One heartbeat, and all that it started. */
  beat(): Promise<void>
  errors: unknown[]
  jobs: Jobs
}

function beating(t: ExecutionContext, room: EngineRoom, more: Partial<JobsDependencies> = {}): Beating {
  const errors: unknown[] = []
  let strike = (): void => undefined
  const jobs = startJobs({
    engine: room.engine,
    store: room.store,
    clock: room.clock,
    log: { info() {}, error: fields => errors.push(fields) },
    heartbeat: beat => {
      strike = beat
      return () => {
        strike = () => undefined
      }
    },
    ...more,
  })
  t.teardown(() => jobs.stop())
  return {
    errors,
    jobs,
    async beat() {
      strike()
      // Chores and recovery are store calls on one connection: when a later one answers, they are over.
      for (let call = 0; call < 8; call += 1) await room.store.alerts.list()
      await room.engine.runDue()
    },
  }
}

test('the heartbeat runs what is due', async t => {
  const room = await engineRoom(t)
  room.write(rows)
  const alertId = await room.alert()
  const { beat, errors } = beating(t, room)
  await beat()
  t.deepEqual(await room.messages(alertId), [])
  await room.clock.advance(23 * hourMs)
  await beat()
  t.is((await room.messages(alertId)).length, 1)
  t.deepEqual(errors, [])
})

test('a run that a crash left open is closed as interrupted and its alert is taken up again', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A4', echeance: '2027-01-11' }])
  const alertId = await room.alert()
  const nowMs = room.clock.nowMs()
  await room.store.runs.begin({ alertId, plannedAtMs: nowMs, nowMs, cause: 'manual' })
  const { beat } = beating(t, room)
  await beat()
  while (room.reports.length === 0) await new Promise(resolve => setImmediate(resolve))
  const runs = await room.store.runs.list({ alertId, limit: 5 })
  t.deepEqual(
    runs.map(({ outcome }) => outcome),
    ['done', 'interrupted'],
  )
  t.is((await room.messages(alertId)).length, 1)
})

test('a run that began after the recovery is not taken for one that a crash left open', async t => {
  const room = await engineRoom(t)
  const alertId = await room.alert()
  const { beat, jobs } = beating(t, room)
  await jobs.recover()
  const nowMs = room.clock.nowMs()
  await room.store.runs.begin({ alertId, plannedAtMs: nowMs, nowMs, cause: 'manual' })
  await beat()
  const runs = await room.store.runs.list({ alertId, limit: 5 })
  t.deepEqual(
    runs.map(({ outcome }) => outcome),
    ['running'],
  )
})

test('nothing runs until the open runs are closed, and a store that was away is asked again', async t => {
  const room = await engineRoom(t)
  let isAway = true
  const store = {
    ...room.store,
    runs: {
      ...room.store.runs,
      async interruptOpen(nowMs: number) {
        if (isAway) throw new Error('the store is away')
        return room.store.runs.interruptOpen(nowMs)
      },
    },
  }
  let dues = 0
  const engine = {
    run: room.engine.run,
    async runDue() {
      dues += 1
      return []
    },
  }
  const { beat, errors } = beating(t, room, { store, engine })
  await beat()
  t.is(dues, 0)
  t.like(errors, [{ event: 'jobs.failed', error: 'the store is away' }])
  isAway = false
  await beat()
  t.is(dues, 1)
})

test('chores are done once a day, and one that fails does not keep the others from theirs', async t => {
  const room = await engineRoom(t)
  const asked: [string, number][] = []
  const chores = [
    { name: 'broken', keepDays: 7, purge: () => Promise.reject(new Error('locked')) },
    {
      name: 'old',
      keepDays: 7,
      async purge(beforeMs: number) {
        asked.push(['old', beforeMs])
        return 3
      },
    },
  ]
  await room.knex('idempotency_keys').insert(
    [25, 23].map(hours => ({
      client_id: 1,
      key: `${hours}`,
      request_hash: 'h',
      answer: '[]',
      created_at: room.clock.nowMs() - hours * hourMs,
    })),
  )
  const { beat, errors } = beating(t, room, { chores })
  await beat()
  await beat()
  t.deepEqual(asked, [['old', room.clock.nowMs() - 7 * 24 * hourMs]])
  t.like(errors, [{ job: 'broken', error: 'locked' }])
  t.deepEqual(await room.knex('idempotency_keys').pluck('key'), ['23'])
  await room.clock.advance(24 * hourMs)
  await beat()
  t.is(asked.length, 2)
  t.deepEqual(await room.knex('idempotency_keys').pluck('key'), [])
})

test('without a heartbeat of its own it beats once a second of the clock, and stops when it is told', async t => {
  const room = await engineRoom(t)
  let beats = 0
  const engine = {
    run: room.engine.run,
    async runDue() {
      beats += 1
      return []
    },
  }
  const log = { info() {}, error() {} }
  const jobs = startJobs({ engine, store: room.store, clock: room.clock, log })
  for (let second = 1; second <= 3; second += 1) {
    await room.clock.advance(1_000)
    // A beat under way is waited for: the next second would find it busy.
    for (let call = 0; call < 8; call += 1) await room.store.alerts.list()
    t.is(beats, second)
  }
  await jobs.stop()
  await room.clock.advance(5_000)
  t.is(beats, 3)
})
