/** Two processes of the product on one PostgreSQL, each bound to the same operator. */
import test from 'ava'
import { postgresAvailable } from '../support/postgres.ts'
import { postgresFlow, startNode, statesOf, untilStates } from './postgres-setup.ts'

const serverTest = postgresAvailable() ? test.serial : test.serial.skip

serverTest('two processes share the queue: no message is claimed by both, none is left', async t => {
  const rows = 4_000
  const flow = await postgresFlow(t, { rows, window: 20 })
  const nodes = [await startNode(t, flow), await startNode(t, flow)] as const
  t.is((await flow.operator.ask('status')).sessions, 2)

  const runs = await Promise.all(nodes.map(node => node.ask('run')))
  await untilStates(flow.knex, { delivered: rows })

  t.deepEqual(runs.map(({ answer }) => answer).sort(), ['already-running', 'finished'])
  t.is(
    runs.reduce((sum, { enqueued }) => sum + enqueued, 0),
    rows,
  )
  const [first, second] = await Promise.all(nodes.map(async node => (await node.ask('claimed')).messageIds))
  t.true(first!.length > 0 && second!.length > 0, `${first!.length} and ${second!.length} were claimed`)
  t.is(new Set([...first!, ...second!]).size, first!.length + second!.length, 'claimed by both')
  t.is((await flow.operator.ask('status')).partsAccepted, rows)
  t.deepEqual(await flow.operator.ask('duplicates'), [])
  t.is(Number((await flow.knex('unmatched_receipts').count({ rows: '*' }))[0]?.rows), 0)
  t.deepEqual(await statesOf(flow.knex), { delivered: rows })
})

serverTest(
  'a process that joins while another sends loses nothing of it and sends nothing again',
  async t => {
    const rows = 3_000
    const flow = await postgresFlow(t, { rows, window: 20 })
    const first = await startNode(t, flow)
    const run = first.ask('run')
    await flow.operator.ask('whenAtLeast', { partsAccepted: 500 })
    await startNode(t, flow)
    await run
    await untilStates(flow.knex, { delivered: rows })
    t.is((await flow.operator.ask('status')).partsAccepted, rows)
    t.deepEqual(await flow.operator.ask('duplicates'), [])
  },
)

serverTest('what is due is run by one of two processes, once', async t => {
  const alerts = 12
  const flow = await postgresFlow(t, { rows: 30 })
  const nodes = [await startNode(t, flow), await startNode(t, flow)] as const
  const [alert] = await flow.knex('alerts').select('*')
  const { id: _, ...columns } = alert
  for (let copy = 1; copy < alerts; copy += 1) {
    await flow.knex('alerts').insert({ ...columns, name: `expiry ${copy}` })
  }
  await flow.knex('alerts').update({ is_active: true, next_run_at: Date.UTC(2020, 0, 1, 9) })
  const answers = await Promise.all(nodes.map(node => node.ask('run-due')))
  // What one process found busy stays due for its next heartbeat.
  for (const node of nodes) answers.push(await node.ask('run-due'))

  const runs: { id: number; alert_id: number; outcome: string; next_run_at: number }[] = await flow
    .knex('runs')
    .join('alerts', 'alerts.id', 'alert_id')
    .select('runs.id', 'alert_id', 'outcome', 'next_run_at')
  const made = runs.filter(({ outcome }) => outcome !== 'skipped')
  t.is(new Set(made.map(run => run.alert_id)).size, alerts, 'every alert has run')
  t.is(made.length, alerts, 'none has run twice')
  t.deepEqual(answers.flatMap(answer => answer.runIds).sort(), made.map(run => run.id).sort())
  t.true(
    made.every(run => run.next_run_at > Date.UTC(2026, 0, 1)),
    'and has its next run planned',
  )
  t.is(Number((await flow.knex('messages').count({ messages: '*' }))[0]?.messages), alerts * 30)
})
