import test from 'ava'
import { type EngineRoom, engineRoom, phoneOf, sourceDown, unroutable } from './engine-room.ts'

const soon = '2027-01-11'

const dirty = [
  { police: 'A1', telephone: phoneOf(1), echeance: soon },
  { police: 'A2', telephone: '70 00 00 02 / 76 00 00 02', echeance: soon, nom: 'Société de l’Élevage' },
  { police: 'A3', telephone: null, echeance: soon },
  { police: 'A4', telephone: phoneOf(4), echeance: soon, nom: null },
  { police: 'A5', telephone: `+${unroutable}000005`, echeance: soon },
  { police: 'A6', telephone: phoneOf(6), echeance: '99/99/2027' },
  { police: 'A7', telephone: phoneOf(7), echeance: '2027-06-01' },
  { police: 'A8', telephone: phoneOf(1), echeance: soon },
  { police: 'A9', telephone: phoneOf(9), echeance: soon },
]

async function rowCounts(room: EngineRoom): Promise<Record<string, number>> {
  const tables: string[] = await room.knex('sqlite_master').where({ type: 'table' }).pluck('name')
  const counts: Record<string, number> = {}
  for (const table of tables) {
    const [row] = await room.knex(table).count({ count: '*' })
    counts[table] = Number(row!.count)
  }
  return counts
}

for (const [what, definition] of [
  ['a reminder', {}],
  ['a marketing message with its cap per person', { category: 'marketing', trigger: { kind: 'once' } }],
  ['a run above its cap', { runCap: 2 }],
  ['a query that gives rows twice', { sql: 'select * from contrats union all select * from contrats' }],
  ['a filtered audience', { audience: { not: { column: 'police', op: 'in', value: ['A1', 'A3'] } } }],
] as const) {
  test(`a dry run of ${what} tells what the run then does, and writes nothing`, async t => {
    const room = await engineRoom(t, { template: '{{nom}}, police {{police}} fin {{date echeance}}' })
    room.write(dirty)
    const change = { actor: 'test', nowMs: room.clock.nowMs() }
    await room.store.stopList.add([{ recipient: '22670000009', service: 'default', reason: 'STOP' }], change)
    const alertId = await room.alert(definition)
    const alert = (await room.store.alerts.find(alertId))!
    const before = await rowCounts(room)
    const dry = await room.engine.dryRun(alert, { sampleSize: 100 })
    t.deepEqual(await rowCounts(room), before)
    t.deepEqual(await room.store.alerts.find(alertId), alert)

    const real = await room.run(alertId)
    t.deepEqual(dry.counts, real.counts)
    t.deepEqual([dry.outcome, dry.detail], [real.outcome, real.detail])
    const messages = await room.messages(alertId)
    t.deepEqual(
      dry.sample.map(({ recipient, text, entityKey, parts, dueAtMs }) => ({
        recipient,
        text,
        entityKey,
        parts,
        dueAtMs,
      })),
      messages.map(({ recipient, text, entityKey, parts, dueAtMs }) => ({
        recipient,
        text,
        entityKey,
        parts,
        dueAtMs,
      })),
    )
    const blocked = messages.filter(({ state }) => state === 'blocked').map(({ reason }) => reason)
    t.deepEqual(
      dry.sample.filter(({ state }) => state === 'blocked').map(({ reason }) => reason),
      blocked,
    )
    const issues = await room.store.runs.listIssues({ runId: real.runId, from: 0, limit: 100 })
    t.deepEqual(dry.issues, issues)
  })
}

test('a dry run of what was sent already finds duplicates only', async t => {
  const room = await engineRoom(t)
  room.write([{ police: 'A1', echeance: soon }])
  const alertId = await room.alert()
  await room.run(alertId)
  const dry = await room.engine.dryRun((await room.store.alerts.find(alertId))!)
  t.like(dry, { outcome: 'done', counts: { enqueued: 0, duplicates: 1 }, sample: [], longest: null })
})

test('a dry run adds up messages, parts and cost by operator', async t => {
  const room = await engineRoom(t, { template: `{{police}} ${'x'.repeat(165)}` })
  room.write([1, 2].map(n => ({ police: `A${n}`, telephone: phoneOf(n), echeance: soon })))
  const dry = await room.engine.dryRun((await room.store.alerts.find(await room.alert()))!, { sampleSize: 0 })
  t.deepEqual(dry.operators, [{ operatorId: 1, messages: 2, parts: 4, costMilli: 48_000 }])
  t.deepEqual(dry.partsHistogram, { 2: 2 })
  t.deepEqual([dry.sample, dry.longest?.parts], [[], 2])
})

test('a dry run on a source that is down says so', async t => {
  const room = await engineRoom(t)
  room.faults.next = { afterRows: 0, error: sourceDown() }
  const dry = await room.engine.dryRun((await room.store.alerts.find(await room.alert()))!)
  t.is(dry.outcome, 'source-failed')
  t.deepEqual(room.reports, [])
})
