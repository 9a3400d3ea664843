/** Sixty days of a due-date alert over a customer's real file while the machine, the source and we ourselves fail. */
import test, { type ExecutionContext } from 'ava'
import { addDays } from '../../scheduler/calendar/local-date.ts'
import { type EngineRoom, engineRoom, phoneOf, sourceDown } from '../scheduler/engine-room.ts'

const firstDay = '2027-01-04'
const days = 60
const contracts = 300
/** Four vehicles each, so that a run has several batches and can break between them. */
const sql = `select c.*, r.risque from contrats c, (select 1 as risque union all select 2 union all
  select 3 union all select 4) r order by c.police, r.risque`
const offsets = [-30, -15, -7, -1, 0, 7]
/** Days that a run makes up for, beside its own. */
const catchUpDays = 7

type Day = 'good' | 'off' | 'source-down' | 'source-breaks' | 'fault' | 'killed'

/** Deterministic, so that a failure can be played again. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function planOf(random: () => number): Day[] {
  const troubles = ['source-down', 'source-breaks', 'fault', 'killed'] as const
  const plan: Day[] = []
  while (plan.length < days) {
    const chance = random()
    if (chance < 0.5) plan.push('good')
    else if (chance < 0.62) plan.push(...Array<Day>(1 + Math.floor(random() * 5)).fill('off'))
    else plan.push(troubles[Math.floor(random() * troubles.length)]!)
  }
  return [...plan.slice(0, days - 1), 'good']
}

/** The occurrence that a run of `today` writes about, of those since `covered`: the closest that is still in time. */
function expectedOf(due: string, today: string, covered: string): string | null {
  const oldest = addDays(today, -catchUpDays - 1)
  const after = covered > oldest ? covered : oldest
  const inTime = offsets.filter(offset => {
    const day = addDays(due, offset)
    return day > after && day <= today && (offset > 0 || today <= due)
  })
  const latest = inTime.at(-1)
  return latest === undefined ? null : `${due}:J${latest > 0 ? '+' : ''}${latest}`
}

async function play(t: ExecutionContext, seed: number): Promise<void> {
  const random = randomOf(seed)
  let isDead = false
  const dying = <Result>(call: () => Promise<Result>): Promise<Result> =>
    isDead ? Promise.reject(new Error('killed')) : call()
  const room: EngineRoom = await engineRoom(t, {
    start: `${firstDay}T07:00:00Z`,
    change: store => ({
      ...store,
      enqueue: (items, memories) => dying(() => store.enqueue(items, memories)),
      closeRunHold: hold => dying(() => store.closeRunHold(hold)),
      finishRun: finish => dying(() => store.finishRun(finish)),
      setNextRun: (alertId, atMs) => dying(() => store.setNextRun(alertId, atMs)),
    }),
  })
  const dues = Array.from({ length: contracts }, () => addDays(firstDay, Math.floor(random() * 95) - 8))
  room.write(
    dues.map((echeance, n) => ({
      police: `P${String(n).padStart(3, '0')}`,
      telephone: phoneOf(n),
      echeance,
    })),
  )
  const trigger = { kind: 'due-date', dateColumn: 'echeance', offsetsDays: offsets }
  const alertId = await room.alert({ sql, keyColumns: ['police', 'risque'], trigger, runCap: 100_000 })

  let covered = addDays(firstDay, -1)
  const expected = new Set<string>()
  const allowed = new Set<string>()
  for (const [index, kind] of planOf(random).entries()) {
    const today = addDays(firstDay, index)
    room.clock.jumpTo(new Date(`${today}T08:00:00Z`))
    if (kind === 'off') continue
    const afterRows = 1 + Math.floor(random() * (contracts * 4 - 1))
    if (kind === 'source-down') room.faults.next = { afterRows: 0, error: sourceDown() }
    if (kind === 'source-breaks') room.faults.next = { afterRows, error: sourceDown() }
    if (kind === 'fault') room.faults.next = { afterRows, error: new Error('a fault of ours') }
    if (kind === 'killed') {
      // Dead from this row on: nothing that the engine does about it reaches the store.
      const onRaised = (): void => {
        isDead = true
      }
      room.faults.next = { afterRows, error: new Error('killed'), onRaised }
    }
    await room.engine.runDue()
    isDead = false
    room.faults.next = null
    if (kind === 'killed') {
      await room.store.runs.interruptOpen(room.clock.nowMs())
      room.restart()
    }
    for (const [n, due] of dues.entries()) {
      const occurrence = expectedOf(due, today, covered)
      if (occurrence === null) continue
      for (const risk of [1, 2, 3, 4]) {
        const key = `P${String(n).padStart(3, '0')}|${risk} ${occurrence}`
        allowed.add(key)
        if (kind === 'good') expected.add(key)
      }
    }
    if (kind === 'good') covered = today
  }

  const ledger = await room.knex('ledger').where({ alert_id: alertId })
  const messages = await room.knex('messages').where({ alert_id: alertId })
  const written = new Set(ledger.map(row => `${row.entity_key} ${row.occurrence_key}`))
  t.is(messages.length, ledger.length, 'one message per occurrence')
  t.is(written.size, ledger.length)
  t.deepEqual(
    [...expected].filter(key => !written.has(key)),
    [],
    'nobody is forgotten',
  )
  t.deepEqual(
    [...written].filter(key => !allowed.has(key)),
    [],
    'nobody is written to without reason',
  )
  const reasons = new Set(messages.map(row => row.reason))
  t.deepEqual([...reasons], [null], 'nothing waits for a run that is over')
  t.true(expected.size > 1_500)
  const outcomes = new Set(
    (await room.store.runs.list({ alertId, limit: 500 })).map(({ outcome }) => outcome),
  )
  for (const outcome of ['done', 'source-failed', 'failed', 'interrupted'] as const)
    t.true(outcomes.has(outcome))
}

for (const seed of [11, 2027]) {
  test.serial(
    `in sixty troubled days nobody gets a reminder twice and nobody is forgotten (seed ${seed})`,
    async t => {
      await play(t, seed)
    },
  )
}
