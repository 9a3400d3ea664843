import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { filesConfigSchema, openFiles } from '../../connectors/sources/files.ts'
import { createAlertEngine } from '../../scheduler/alerts/create-engine.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type EngineRoom, engineRoom } from './engine-room.ts'

const sql = 'select * from files'

/** The engine of a room, reading a folder whose files are moved once they were read. */
function overFolder(room: EngineRoom, folder: string, processedFolder = join(folder, 'done')) {
  const config = filesConfigSchema.parse({ folder, stableSeconds: 0, whenRead: 'move', processedFolder })
  const { scheduler: store, clock } = room
  const engine = createAlertEngine({
    store,
    clock,
    openSource: async () => openFiles(config, { clock }),
    routeOf: () => ({ operatorId: 1, pricePerPartMilli: 12_000 }),
    onRunFinished() {},
    log() {},
  })
  const run = (alertId: number) => engine.run(alertId, { cause: 'manual', plannedAtMs: clock.nowMs() })
  return { engine, run }
}

const good = 'police;telephone;echeance;nom;etat\nA1;70000001;2027-01-11;AWA;\n'

test('a run moves the files it read to their end, a dry run leaves them', async t => {
  const room = await engineRoom(t)
  const folder = tempDir(t)
  writeFileSync(join(folder, 'a.csv'), good)
  const { engine, run } = overFolder(room, folder)
  const alertId = await room.alert({ sql })
  const dry = await engine.dryRun((await room.store.alerts.find(alertId))!)
  t.is(dry.counts.enqueued, 1)
  t.deepEqual(readdirSync(folder), ['a.csv'])
  t.like(await run(alertId), { outcome: 'done', counts: { enqueued: 1 } })
  t.deepEqual(readdirSync(folder), ['done'])
  t.like(await run(alertId), { outcome: 'done', counts: { read: 0 } })
})

test('a run that fails leaves every file, and the next one sends nothing twice', async t => {
  const room = await engineRoom(t)
  const folder = tempDir(t)
  writeFileSync(join(folder, 'a.csv'), good)
  writeFileSync(join(folder, 'b.csv'), 'police;telephone\nA2;70000002;too;many\n')
  const { run } = overFolder(room, folder)
  const alertId = await room.alert({ sql })
  const failed = await run(alertId)
  t.like(failed, { outcome: 'source-failed', counts: { enqueued: 1 } })
  t.deepEqual(readdirSync(folder).toSorted(), ['a.csv', 'b.csv'])
  writeFileSync(join(folder, 'b.csv'), good.replace('A1', 'A2').replace('0001', '0002'))
  t.like(await run(alertId), { outcome: 'done', counts: { enqueued: 1, duplicates: 1 } })
  t.deepEqual(readdirSync(folder), ['done'])
})

test('a file that cannot be moved is what the run is called by; its messages are sent once', async t => {
  const room = await engineRoom(t)
  const folder = tempDir(t)
  writeFileSync(join(folder, 'a.csv'), good)
  writeFileSync(join(folder, 'taken'), 'a file where the folder should be')
  const { run } = overFolder(room, folder, join(folder, 'taken'))
  const alertId = await room.alert({ sql })
  const report = await run(alertId)
  t.like(report, { outcome: 'source-failed', counts: { enqueued: 1 } })
  t.regex('detail' in report ? report.detail : '', /cannot be moved/)
  t.like(await run(alertId), { counts: { enqueued: 0, duplicates: 1 } })
})

test('a first look that writes to nobody leaves its files; the run after it moves them', async t => {
  const room = await engineRoom(t)
  const folder = tempDir(t)
  writeFileSync(join(folder, 'a.csv'), good)
  const { run } = overFolder(room, folder)
  const alertId = await room.alert({ sql, trigger: { kind: 'new-row' } })
  t.like(await run(alertId), { outcome: 'done', counts: { baseline: 1, enqueued: 0 } })
  t.deepEqual(readdirSync(folder), ['a.csv'])
  writeFileSync(join(folder, 'b.csv'), good.replace('A1', 'A2').replace('0001', '0002'))
  t.like(await run(alertId), { outcome: 'done', counts: { enqueued: 1 } })
  t.deepEqual(readdirSync(folder), ['done'])
})
