/** The main job with the store on PostgreSQL: rows of a customer's file become delivered messages. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { readJournal } from '../../connectors/operators/simulator/journal.ts'
import { openInsurerApplication } from '../support/insurer-application.ts'
import { postgresAvailable } from '../support/postgres.ts'
import { type PostgresFlow, postgresFlow, statesOf, untilStates } from './postgres-setup.ts'

const serverTest = postgresAvailable() ? test.serial : test.serial.skip

serverTest('two thousand rows are delivered, and store, ledger and operator agree', async t => {
  const rows = 2_000
  const flow = await postgresFlow(t, { rows })
  const { application, alertId } = await openInsurerApplication(flow.directory, flow.options)
  t.teardown(() => application.close(0))
  await application.startOperators()
  const run = () => application.alerts.run(alertId, { cause: 'manual', plannedAtMs: systemClock.nowMs() })

  t.like(await run(), { kind: 'finished', outcome: 'done', counts: { read: rows, enqueued: rows } })
  await untilStates(flow.knex, { delivered: rows })

  const totals = await application.store.statistics.totals({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
  const counted = Object.fromEntries(totals.map(total => [total.state, total.messages]))
  t.like(counted, { queued: rows, sent: rows, delivered: rows })
  t.is(Number((await flow.knex('ledger').count({ rows: '*' }))[0]?.rows), rows)
  t.is(Number((await flow.knex('unmatched_receipts').count({ rows: '*' }))[0]?.rows), 0)
  const received = await flow.operator.ask('countByText')
  const stored: string[] = await flow.knex('messages').pluck('text')
  t.deepEqual([...received.keys()].sort(), stored.sort())
  t.true([...received.values()].every(copies => copies === 1))

  t.like(await run(), { kind: 'finished', outcome: 'done', counts: { enqueued: 0, duplicates: rows } })
  t.deepEqual(await statesOf(flow.knex), { delivered: rows })
  t.is((await flow.operator.ask('status')).partsAccepted, rows)
})

serverTest(
  'killed while messages flow and started again, it loses none and writes to nobody twice',
  async t => {
    t.timeout(300_000)
    const rows = 3_000
    const flow = await postgresFlow(t, { rows, window: 50, recoveryGraceMs: 1_000, unknownPolicy: 'hold' })
    for (const sentBeforeKill of [0, 600, 1_400]) {
      const target = startTarget(t, flow)
      target.on('message', (said: { kind: string; sent?: number }) => {
        if (said.kind === 'progress' && (said.sent ?? 0) >= sentBeforeKill) target.kill('SIGKILL')
      })
      t.deepEqual(await once(target, 'exit'), [null, 'SIGKILL'], 'it was killed while messages flowed')
    }
    const last = startTarget(t, flow)
    let isSettled = false
    last.on('message', (said: { kind: string }) => {
      isSettled ||= said.kind === 'settled'
    })
    await once(last, 'exit')
    t.true(isSettled, 'the last start settles everything')

    const states = await statesOf(flow.knex)
    t.is((states.delivered ?? 0) + (states.unknown ?? 0), rows, JSON.stringify(states))
    t.true((states.unknown ?? 0) < rows / 2, JSON.stringify(states))
    const received = (await readJournal(flow.journal)).countByText()
    t.true(
      [...received.values()].every(copies => copies === 1),
      'nobody is written to twice',
    )
    const delivered: string[] = await flow.knex('messages').whereNotNull('sent_at').pluck('text')
    t.deepEqual(
      delivered.filter(text => !received.has(text)),
      [],
      'what the books call sent is at the operator',
    )
    t.log(`${rows} messages, 3 kills: ${JSON.stringify(states)}`)
  },
)

function startTarget(t: ExecutionContext, { directory, options }: PostgresFlow): ChildProcess {
  const file = fileURLToPath(new URL('../support/crash-target.ts', import.meta.url))
  const target = fork(file, [directory, JSON.stringify(options)], { execArgv: [] })
  t.teardown(() => {
    target.kill('SIGKILL')
  })
  return target
}
