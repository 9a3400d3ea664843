import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { Knex } from 'knex'
import { openJournal, readJournalId } from '../../server/backup/journal.ts'
import { claimedLines, enqueuedLines, parseLine, settledLine } from '../../server/backup/journal-lines.ts'
import { leftAfterBackupCsv } from '../../server/backup/left-after-backup.ts'
import { readJournal } from '../../server/backup/read-journal.ts'
import { reconcile } from '../../server/backup/reconcile.ts'
import { silentLogger } from '../../server/log.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { storeTest } from '../support/store.ts'
import { counted, item, put, putOne, stateOf, take } from '../support/stored-messages.ts'
import { tempDir } from '../support/temp-dir.ts'

const fileOfDay = '2027-01-04.jsonl'

test('lines are written to the file of their day, private, and read back', async t => {
  const clock = fakeClock()
  const directory = join(tempDir(t), 'journal')
  const journal = openJournal(directory, clock, silentLogger)
  const message = {
    messageId: 7,
    recipient: '22670000007',
    alertId: 2,
    entityKey: 'P "7"\n',
    occurrenceKey: '2027-01-11:J-7',
    clientReference: null,
  }
  await journal.append(enqueuedLines(clock.nowMs(), [message]))
  await journal.append(claimedLines(clock.nowMs(), [7]))
  const accepted = [{ messageId: 7, partNumber: 1, submittedParts: 1, operatorId: 3, remoteKey: 'A1' }]
  await journal.append(settledLine({ atMs: clock.nowMs(), accepted, returned: [], refused: [] }))
  await clock.advance(24 * 3_600_000)
  await journal.append(claimedLines(clock.nowMs(), [8]))
  await journal.close()
  t.deepEqual(readdirSync(directory).sort(), [fileOfDay, '2027-01-05.jsonl', 'id'])
  t.is(statSync(join(directory, fileOfDay)).mode & 0o777, 0o600)
  const { entries, unreadableLines } = await readJournal(directory, clock.nowMs())
  t.is(unreadableLines, 0)
  t.like(entries.get(7), { accepted, mayHaveLeft: true, refusedReason: null })
  t.like(entries.get(7)?.message, message)
  t.like(entries.get(8), { accepted: [], mayHaveLeft: true, message: null })
})

test('a journal keeps its name over restarts and its files for fourteen days', async t => {
  const clock = fakeClock()
  const directory = join(tempDir(t), 'journal')
  t.is(readJournalId(directory), null)
  const first = openJournal(directory, clock, silentLogger)
  await first.append(claimedLines(clock.nowMs(), [1]))
  await first.close()
  await clock.advance(14 * 86_400_000)
  const second = openJournal(directory, clock, silentLogger)
  t.is(second.id, first.id)
  await second.append(claimedLines(clock.nowMs(), [2]))
  t.true(existsSync(join(directory, fileOfDay)))
  await clock.advance(86_400_000)
  await second.append(claimedLines(clock.nowMs(), [3]))
  await second.close()
  t.false(existsSync(join(directory, fileOfDay)))
})

test('a torn line loses itself and nothing after it', async t => {
  const directory = tempDir(t)
  const whole = claimedLines(1, [1, 2, 3])
  writeFileSync(join(directory, fileOfDay), `${whole.slice(0, 9)}\n`)
  appendFileSync(join(directory, fileOfDay), `${claimedLines(2, [4])}garbage\n{"at":-1,"c":[5]}\n`)
  const { entries, unreadableLines } = await readJournal(directory, Date.UTC(2027, 0, 4))
  t.deepEqual([...entries.keys()], [4])
  t.is(unreadableLines, 3)
})

test('any line is read as what was written or refused, never more', t => {
  const text = fc.string({ maxLength: 200, unit: 'binary' })
  fc.assert(
    fc.property(fc.nat(), fc.nat(), text, text, (atMs, messageId, entityKey, occurrenceKey) => {
      const message = { messageId, recipient: '22670000001', alertId: 1, entityKey, occurrenceKey }
      const written = enqueuedLines(atMs, [{ ...message, clientReference: null }])
      t.is(written.indexOf('\n'), written.length - 1)
      t.deepEqual(parseLine(written), {
        kind: 'enqueued',
        atMs,
        messages: [{ ...message, clientReference: null }],
      })
    }),
  )
  fc.assert(fc.property(fc.string(), line => parseLine(line) === null))
  fc.assert(fc.property(fc.json(), line => parseLine(line) === null || line.includes('"at"')))
})

async function readingOf(t: ExecutionContext, clock: FakeClock, lines: string) {
  const directory = tempDir(t)
  writeFileSync(join(directory, fileOfDay), lines)
  return (await readJournal(directory, clock.nowMs())).entries
}

storeTest(
  'what was claimed and never answered becomes unknown; what came back stays queued',
  async (t, { knex, clock }) => {
    const ids: number[] = []
    for (let index = 0; index < 4; index += 1) ids.push(await putOne(knex, clock))
    const [answered, open, returned, untouched] = ids as [number, number, number, number]
    const nowMs = clock.nowMs()
    const accepted = [
      { messageId: answered, partNumber: 1, submittedParts: 1, operatorId: 1, remoteKey: 'R1' },
    ]
    const lines =
      claimedLines(nowMs, [answered, open, returned]) +
      settledLine({ atMs: nowMs, accepted, returned: [returned], refused: [] })
    const entries = await readingOf(t, clock, lines)
    const options = { entries, takenAtMs: nowMs, nowMs, isMarking: true }
    const { left, lost } = await reconcile(knex, options)
    t.deepEqual(
      left.map(({ messageId, certainty, isInBackup }) => [messageId, certainty, isInBackup]),
      [
        [answered, 'certain', true],
        [open, 'possible', true],
      ],
    )
    t.deepEqual(lost, [])
    t.deepEqual(await states(knex, ids), ['sent', 'unknown', 'queued', 'queued'])
    t.like(await counted(knex), { sent: 1, unknown: 1 })
    const again = await reconcile(knex, options)
    t.is(again.left.length, 1)
    t.deepEqual(await states(knex, ids), ['sent', 'unknown', 'queued', 'queued'])
    t.like(await counted(knex), { sent: 1, unknown: 1 })
    t.deepEqual(
      (await take(knex, clock)).map(({ messageId }) => messageId),
      [returned, untouched],
    )
  },
)

storeTest(
  'a long message with one part taken waits for a decision; refused and held ones end as they did',
  async (t, { knex, clock }) => {
    const long = await putOne(knex, clock, { parts: 2 })
    const refused = await putOne(knex, clock)
    const held = await putOne(knex, clock, { state: 'held', reason: 'approval' })
    const nowMs = clock.nowMs()
    const part = (messageId: number, partNumber: number, submittedParts: number) => ({
      messageId,
      partNumber,
      submittedParts,
      operatorId: 1,
      remoteKey: `${messageId}-${partNumber}`,
    })
    const lines =
      claimedLines(nowMs, [long, refused, held]) +
      settledLine({
        atMs: nowMs,
        accepted: [part(long, 1, 2), part(held, 1, 1)],
        returned: [],
        refused: [{ messageId: refused, reason: 'ESME_RINVDSTADR' }],
      })
    const entries = await readingOf(t, clock, lines)
    await reconcile(knex, { entries, takenAtMs: nowMs, nowMs, isMarking: true })
    t.deepEqual(await states(knex, [long, refused, held]), ['unknown', 'refused', 'sent'])
  },
)

storeTest(
  'a lost row that left gets its place in the ledger again, one that did not leave may come again',
  async (t, { knex, clock }) => {
    const nowMs = clock.nowMs()
    const lost = (messageId: number, entityKey: string) => ({
      messageId,
      recipient: '22670000001',
      alertId: 5,
      entityKey,
      occurrenceKey: 'o',
      clientReference: null,
    })
    const lines = enqueuedLines(nowMs, [lost(100, 'left'), lost(101, 'stayed')]) + claimedLines(nowMs, [100])
    const entries = await readingOf(t, clock, lines)
    const found = await reconcile(knex, { entries, takenAtMs: nowMs, nowMs, isMarking: true })
    t.like(found.left, [{ messageId: 100, certainty: 'possible', isInBackup: false }])
    t.like(found.lost, [{ messageId: 101, isFromAlert: true }])
    const results = await put(
      knex,
      clock,
      item({ alertId: 5 }, ['left', 'o']),
      item({ alertId: 5 }, ['stayed', 'o']),
    )
    t.is(results[0]?.kind, 'duplicate')
    t.like(results[1], { kind: 'enqueued' })
    t.true(results[1]?.kind === 'enqueued' && results[1].messageId > 101)
  },
)

test('the list cannot run as a formula in a spreadsheet', t => {
  const csv = leftAfterBackupCsv([
    {
      messageId: 1,
      atMs: Date.UTC(2027, 0, 4),
      recipient: '22670000001',
      alertId: null,
      entityKey: '=1+1;"x"',
      clientReference: '@SUM(A1)',
      certainty: 'certain',
      isInBackup: true,
    },
  ])
  t.true(csv.includes(`"+22670000001"`))
  t.true(csv.includes(`"'=1+1;""x"""`))
  t.true(csv.includes(`"'@SUM(A1)"`))
})

function states(knex: Knex, ids: readonly number[]) {
  return Promise.all(ids.map(id => stateOf(knex, id)))
}

test('a journal that cannot be written is told once and stops nobody', async t => {
  const clock = fakeClock()
  const directory = join(tempDir(t), 'journal')
  const errors: unknown[] = []
  const journal = openJournal(directory, clock, { ...silentLogger, error: fields => errors.push(fields) })
  // A directory where the file of the day belongs fails like a disk that cannot be written.
  mkdirSync(join(directory, fileOfDay))
  await journal.append(claimedLines(1, [1]))
  await journal.append(claimedLines(1, [2]))
  t.is(errors.length, 1)
  rmdirSync(join(directory, fileOfDay))
  await journal.append(claimedLines(1, [3]))
  await journal.close()
  t.is(readFileSync(join(directory, fileOfDay), 'utf8'), claimedLines(1, [3]))
})
