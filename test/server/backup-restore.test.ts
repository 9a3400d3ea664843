import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { systemClock } from '../../connectors/clock.ts'
import { startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { makeBackup } from '../../server/backup/backup.ts'
import { readJournalId } from '../../server/backup/journal.ts'
import { type RestoreReport, restoreBackup } from '../../server/backup/restore.ts'
import { stateCodes } from '../../server/store/codes.ts'
import { tempDir } from '../support/temp-dir.ts'
import { addContracts, furnish, openPlace, type Place, placeIn, runAlert } from './backup-support.ts'

function backUp(t: ExecutionContext, place: Place, targetFile: string): void {
  const { databaseFile, journalDirectory } = place
  const journalId = readJournalId(journalDirectory)
  const outcome = makeBackup(
    { databaseFile, targetFile, keyFile: null, journalId, version: '0' },
    systemClock,
  )
  if (outcome.kind === 'refused') t.fail(outcome.reason)
}

async function restored(place: Place, backupFile: string, isMarking = true): Promise<RestoreReport> {
  const outcome = await restoreBackup({ ...place, backupFile, isMarking }, systemClock)
  if (outcome.kind === 'refused') throw new Error(outcome.reason)
  return outcome.report
}

/** Recipients of the messages that the copy knows as taken by the operator. */
function sentIn(file: string): Set<string> {
  const database = new Database(file, { readonly: true })
  const rows = database
    .prepare('select recipient from messages where state in (?, ?)')
    .pluck()
    .all(stateCodes.codeOf('sent'), stateCodes.codeOf('delivered'))
  database.close()
  return new Set(rows.map(String))
}

test.serial(
  'after a restore from a backup taken mid-run, nobody is written to twice and what left since is listed',
  async t => {
    const place = placeIn(tempDir(t))
    const backupFile = join(place.dataDirectory, 'mid-run.db')
    const operator = await startSimulator()
    t.teardown(() => operator.stop())
    addContracts(place, 1, 2_000)
    const first = await openPlace(t, place)
    const alertId = await furnish(first.application, place, { port: operator.port, partsPerSecond: 1_500 })
    await first.application.startOperators()
    const running = runAlert(first.application, alertId)
    await operator.when(({ partsAccepted }) => partsAccepted >= 300)
    backUp(t, place, backupFile)
    await running
    addContracts(place, 2_001, 3_000)
    t.is((await runAlert(first.application, alertId)).counts.enqueued, 1_000)
    await operator.when(({ partsAccepted }) => partsAccepted === 3_000)
    await first.close()

    const known = sentIn(backupFile)
    t.true(known.size < 2_000, 'the backup was taken while messages were leaving')
    const report = await restored(place, backupFile)
    t.is(report.journal, 'complete')
    t.is(report.unreadableLines, 0)
    const expected = [...operator.received.countByRecipient().keys()]
      .filter(phone => !known.has(phone))
      .sort()
    t.deepEqual(report.reconciliation.left.map(({ recipient }) => recipient).sort(), expected)
    t.true(report.reconciliation.left.filter(({ isInBackup }) => !isInBackup).length >= 1_000)
    t.true(report.reconciliation.left.every(({ certainty }) => certainty === 'certain'))
    t.deepEqual(readdirSync(report.keptAside!), ['rappel.db'])

    addContracts(place, 3_001, 3_010)
    const second = await openPlace(t, place)
    await second.application.store.runs.interruptOpen(systemClock.nowMs())
    await second.application.startOperators()
    const again = await runAlert(second.application, alertId)
    t.is(again.counts.enqueued, 10)
    await operator.when(({ partsAccepted }) => partsAccepted >= 3_010)
    await second.close()
    t.is(operator.received.total, 3_010)
    t.deepEqual(operator.received.duplicates(), [])
    t.is(operator.received.countByRecipient().size, 3_010)
  },
)

test.serial('with resend, what left after the backup is listed and leaves again', async t => {
  const place = placeIn(tempDir(t))
  const backupFile = join(place.dataDirectory, 'before.db')
  const operator = await startSimulator()
  t.teardown(() => operator.stop())
  addContracts(place, 1, 20)
  const first = await openPlace(t, place)
  const alertId = await furnish(first.application, place, { port: operator.port, partsPerSecond: 0 })
  backUp(t, place, backupFile)
  await first.application.startOperators()
  await runAlert(first.application, alertId)
  await operator.when(({ partsAccepted }) => partsAccepted === 20)
  await first.close()

  const report = await restored(place, backupFile, false)
  t.is(report.reconciliation.left.length, 20)
  const second = await openPlace(t, place)
  await second.application.startOperators()
  t.is((await runAlert(second.application, alertId)).counts.enqueued, 20)
  await operator.when(({ partsAccepted }) => partsAccepted === 40)
  await second.close()
  t.is(operator.received.duplicates().length, 20)
})

test.serial(
  'without the journal, what waited in the backup becomes an unknown outcome and does not leave',
  async t => {
    const place = placeIn(tempDir(t))
    const backupFile = join(place.dataDirectory, 'queued.db')
    addContracts(place, 1, 30)
    const first = await openPlace(t, place)
    const alertId = await furnish(first.application, place, { port: 9, partsPerSecond: 0 })
    t.is((await runAlert(first.application, alertId)).counts.enqueued, 30)
    backUp(t, place, backupFile)
    await first.close()

    const elsewhere = { ...placeIn(tempDir(t)), customerFile: place.customerFile }
    const report = await restored(elsewhere, backupFile)
    t.is(report.journal, 'other')
    t.is(report.doubted, 30)
    t.is(report.keptAside, null)
    const second = await openPlace(t, elsewhere)
    const unknown = await second.application.store.messages.search({ state: 'unknown', limit: 100 })
    t.is(unknown.length, 30)
    t.is((await runAlert(second.application, alertId)).counts.duplicates, 30)
  },
)

test.serial('numbers given after the backup are not given again', async t => {
  const place = placeIn(tempDir(t))
  const backupFile = join(place.dataDirectory, 'empty.db')
  addContracts(place, 1, 25)
  const first = await openPlace(t, place)
  const alertId = await furnish(first.application, place, { port: 9, partsPerSecond: 0 })
  backUp(t, place, backupFile)
  await runAlert(first.application, alertId)
  await first.close()

  const report = await restored(place, backupFile)
  t.is(report.reconciliation.left.length, 0)
  t.is(report.reconciliation.lost.filter(({ isFromAlert }) => isFromAlert).length, 25)
  const second = await openPlace(t, place)
  t.is((await runAlert(second.application, alertId)).counts.enqueued, 25)
  const messages = await second.application.store.messages.search({ limit: 100 })
  t.true(messages.every(({ messageId }) => messageId > 25))
})

test('a file that is no backup is refused and nothing changes', async t => {
  const place = placeIn(tempDir(t))
  writeFileSync(place.databaseFile, 'the store that is there')
  const files: [name: string, content: string | Uint8Array][] = [
    ['text.db', 'not a database, long enough to be read as a header of one'],
    ['empty.db', ''],
    ['header.db', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4_096, 7)])],
  ]
  for (const [name, content] of files) {
    const backupFile = join(place.dataDirectory, name)
    writeFileSync(backupFile, content)
    const outcome = await restoreBackup({ ...place, backupFile, isMarking: true }, systemClock)
    if (outcome.kind === 'restored') return t.fail(name)
    t.regex(outcome.reason, /is not a backup of Rappel|is damaged/)
  }
  const absent = join(place.dataDirectory, 'absent.db')
  const outcome = await restoreBackup({ ...place, backupFile: absent, isMarking: true }, systemClock)
  t.is(outcome.kind, 'refused')
  t.false(existsSync(absent))
  t.deepEqual(readdirSync(place.dataDirectory).sort(), [...files.map(([name]) => name), 'rappel.db'].sort())
})

test('a backup refuses a name that is taken and a store that is absent', async t => {
  const place = placeIn(tempDir(t))
  const request = { ...place, keyFile: null, journalId: null, version: '0' }
  const target = join(place.dataDirectory, 'copy.db')
  t.like(makeBackup({ ...request, targetFile: target }, systemClock), { kind: 'refused' })
  await (await openPlace(t, place)).close()
  t.like(makeBackup({ ...request, targetFile: target }, systemClock), { kind: 'made' })
  const again = makeBackup({ ...request, targetFile: target }, systemClock)
  if (again.kind === 'made') return t.fail()
  t.regex(again.reason, /exists already/)
  t.deepEqual(
    readdirSync(place.dataDirectory).filter(name => name.includes('partial')),
    [],
  )
})
