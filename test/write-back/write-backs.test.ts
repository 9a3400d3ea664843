/** The end of messages written into a real customer's file by the real store and the real UPDATE. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import type { Knex } from 'knex'
import { SourceError, type SourceWriter } from '../../connectors/source.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { silentLogger } from '../../server/log.ts'
import { createAlert } from '../../server/store/alerts.ts'
import { openDatabase } from '../../server/store/database.ts'
import { migrate } from '../../server/store/migrations/list.ts'
import { bindOperations, type Store } from '../../server/store/operations.ts'
import { missingParameters } from '../../server/write-back/parameters.ts'
import { createWriteBacks, type WriteBacks } from '../../server/write-back/write-backs.ts'
import { definition } from '../support/alert-definitions.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { answered, item, put, receipt, settleAll, take } from '../support/stored-messages.ts'
import { tempDir } from '../support/temp-dir.ts'

const sql =
  'UPDATE sms SET etat = :state, fin = :finalAt, motif = :error WHERE agence = :agence AND police = :police'

interface Room {
  knex: Knex
  clock: FakeClock
  store: Store
  writeBacks: WriteBacks
  sourceId: number
  /** Alarms raised and cleared, in order. */
  alarms: string[]
  /** Makes the next updates fail. */
  fail: { error: Error | null; updates: number }
  /** Ends a message about the contract. */
  end(key: string, failed?: boolean): Promise<number>
  rows(): string[]
  states(): Promise<string[]>
}

async function room(t: ExecutionContext, statement = sql): Promise<Room> {
  const directory = tempDir(t)
  const clock = fakeClock()
  const knex = openDatabase({ kind: 'sqlite', file: join(directory, 'rappel.db') })
  await migrate(knex)
  const store = bindOperations(knex)
  const path = join(directory, 'client.db')
  const customer = new Database(path)
  customer.exec('create table sms (agence text, police text, etat text, fin text, motif text)')
  const change = { actor: 'test', nowMs: clock.nowMs() }
  const source = { name: 'client', kind: 'sqlite', config: { path }, sealedPassword: null }
  const { sourceId } = await store.sources.create(source, change)
  const { templateId } = await store.templates.create({ name: 'T', language: 'fr', source: 'x' }, change)
  const alert = definition({ sourceId, templates: [{ templateId }], keyColumns: ['agence', 'police'] })
  const { id: alertId } = await createAlert(knex, { name: 'A', definition: alert }, change)
  const states = ['delivered', 'undelivered'] as const
  const settings = { sourceId, account: null, sealedPassword: null, statement, states: [...states] }
  await store.writeBackSettings.set(settings, change)
  const alarms: string[] = []
  const fail: Room['fail'] = { error: null, updates: 0 }
  const writeBacks = createWriteBacks({
    store,
    clock,
    log: silentLogger,
    alarms: {
      raise: (kind, subject, detail) => alarms.push(`raise ${kind} ${subject}: ${detail}`),
      clear: (kind, subject) => alarms.push(`clear ${kind} ${subject}`),
    },
    async openWriteBack() {
      const found = await store.writeBackSettings.find(sourceId)
      if (found === null) return null
      const writer = sourceKinds.sqlite.openWriter!({ path }, { clock })
      return { name: 'client', statement: found.statement, writer: failing(writer, fail) }
    },
  })
  t.teardown(async () => {
    await writeBacks.stop()
    customer.close()
    await knex.destroy()
  })
  return {
    knex,
    clock,
    store,
    writeBacks,
    sourceId,
    alarms,
    fail,
    async end(key, failed = false) {
      customer.prepare("insert into sms values ('1010', ?, 'A ENVOYER', null, null)").run(key)
      const [result] = await put(
        knex,
        clock,
        item({ alertId }, [`1010|${key.replaceAll('|', '\\|')}`, 'once']),
      )
      await take(knex, clock)
      const messageId = result?.kind === 'enqueued' ? result.messageId : 0
      await settleAll(knex, clock, [answered(messageId, key)], [])
      const failure = failed ? { state: 'undelivered' as const, detail: 'err:021' } : {}
      await settleAll(knex, clock, [], [receipt(key, failure)])
      return messageId
    },
    rows: () =>
      customer
        .prepare<[], { police: string; etat: string; fin: string; motif: string }>(
          'select * from sms order by police',
        )
        .all()
        .map(row => `${row.police} ${row.etat} ${row.fin} ${row.motif}`),
    async states() {
      const all = await store.writeBacks.list({ limit: 500 })
      return all.map(({ entityKey, state, attempts }) => `${entityKey} ${state} ${attempts}`).sort()
    },
  }
}

/** The writer, with the failures that the test asked for. */
function failing(writer: SourceWriter, fail: Room['fail']): SourceWriter {
  return {
    ...writer,
    async update(update, signal) {
      fail.updates += 1
      if (fail.error !== null) throw fail.error
      return await writer.update(update, signal)
    },
  }
}

const away = new SourceError('source-unreachable', 'db.example: no answer')

test('each message that ended changes its row once, with state, local time and reason', async t => {
  const { writeBacks, end, rows, states, fail } = await room(t)
  await end('P1')
  await end('P|2', true)
  await writeBacks.run()
  t.deepEqual(rows(), [
    'P1 delivered 2027-01-04 09:00:05 null',
    'P|2 undelivered 2027-01-04 09:00:05 err:021',
  ])
  t.deepEqual(await states(), ['1010|P1 done 1', '1010|P\\|2 done 1'])
  await writeBacks.run()
  t.is(fail.updates, 2)
})

test('a row that is gone is told as no-row, not as done', async t => {
  const { writeBacks, end, states, alarms, store, sourceId } = await room(
    t,
    sql.replace(':police', "'X' || :police"),
  )
  await end('P1')
  await writeBacks.run()
  t.deepEqual(await states(), ['1010|P1 no-row 1'])
  t.is((await store.writeBacks.count(sourceId)).noRow, 1)
  t.false(alarms.some(alarm => alarm.startsWith('raise')))
})

test('a customer that is away is tried again, once per source and not once per message', async t => {
  const { writeBacks, end, rows, states, alarms, fail, clock } = await room(t)
  for (const key of ['P1', 'P2', 'P3']) await end(key)
  fail.error = away
  await writeBacks.run()
  t.is(fail.updates, 1)
  t.deepEqual(await states(), ['1010|P1 waiting 1', '1010|P2 waiting 0', '1010|P3 waiting 0'])
  t.regex(alarms[0] ?? '', /^raise write-back-failed client: 1 to be tried again: db.example/)
  await writeBacks.run()
  t.is(fail.updates, 1, 'the source rests')
  fail.error = null
  await clock.advance(30_000)
  await writeBacks.run()
  t.true(rows().every(row => row.includes('delivered')))
  t.deepEqual(alarms.slice(1), ['clear write-back-failed client'])
})

test('what fails for three days is given up, stays visible, and succeeds when it is retried', async t => {
  const { writeBacks, end, rows, states, alarms, fail, clock, store } = await room(t)
  const messageId = await end('P1')
  fail.error = new SourceError('source-query-failed', 'db.example: check constraint')
  await writeBacks.run()
  for (let hours = 0; hours < 80; hours += 1) {
    await clock.advance(3_600_000)
    await writeBacks.run()
  }
  const [given] = await store.writeBacks.list({ state: 'failed', limit: 10 })
  t.like(given, { messageId, state: 'failed', dueAtMs: null, error: 'db.example: check constraint' })
  t.true(given!.attempts > 10 && given!.attempts < 20, `${given!.attempts} attempts`)
  t.true((given!.finishedAtMs ?? 0) - given!.queuedAtMs <= 72 * 3_600_000)
  t.regex(alarms.at(-1) ?? '', /1 given up/)
  fail.error = null
  await store.writeBacks.retry({ messageIds: [messageId] }, clock.nowMs())
  await writeBacks.run()
  t.deepEqual(await states(), ['1010|P1 done 1'])
  t.regex(rows()[0] ?? '', /delivered/)
})

test('a statement that names what no message has is given up at once, visibly, and succeeds when corrected', async t => {
  const { writeBacks, end, rows, states, alarms, clock, store, sourceId } = await room(
    t,
    sql.replace(':error', ':nosuch'),
  )
  const messageId = await end('P1')
  await writeBacks.run()
  const [given] = await store.writeBacks.list({ state: 'failed', limit: 10 })
  t.like(given, { messageId, attempts: 1, dueAtMs: null })
  t.regex(given?.error ?? '', /:nosuch/)
  t.regex(alarms.at(-1) ?? '', /1 given up; 0 to be tried again/)
  const settings = (await store.writeBackSettings.find(sourceId))!
  await store.writeBackSettings.set({ ...settings, statement: sql }, { actor: 'test', nowMs: clock.nowMs() })
  await store.writeBacks.retry({ sourceId }, clock.nowMs())
  await writeBacks.run()
  t.deepEqual(await states(), ['1010|P1 done 1'])
  t.regex(rows()[0] ?? '', /delivered/)
})

test('names that an alert does not give are told by what all and by what some lack', t => {
  const names = ['state', 'police', 'nosuch', 'key', 'key2', 'key3', 'police']
  t.deepEqual(missingParameters(names, []), { byAll: [], bySome: ['police', 'nosuch', 'key2', 'key3'] })
  t.deepEqual(missingParameters(names, [['agence', 'police'], ['id']]), {
    byAll: ['nosuch', 'key3'],
    bySome: ['police', 'nosuch', 'key2', 'key3'],
  })
  t.deepEqual(missingParameters(['key1', 'id', 'ID'], [['id']]), { byAll: ['ID'], bySome: ['ID'] })
})

test('one message that fails does not keep the others waiting', async t => {
  const { writeBacks, end, rows, states } = await room(t, sql.replace(':error', 'json(:key2)'))
  await end('not json')
  await end('1')
  await writeBacks.run()
  t.deepEqual(await states(), ['1010|1 done 1', '1010|not json waiting 1'])
  t.regex(rows()[0] ?? '', /^1 delivered/)
})

test('more than one batch is written in one go', async t => {
  const { writeBacks, end, rows } = await room(t)
  for (let number = 0; number < 205; number += 1) await end(`P${number}`)
  await writeBacks.run()
  t.true(rows().every(row => row.includes('delivered')))
})

test('a write-back that was switched off while messages waited fails them visibly', async t => {
  const { writeBacks, end, states, knex } = await room(t)
  await end('P1')
  await knex('source_write_backs').delete()
  await writeBacks.run()
  t.deepEqual(await states(), ['1010|P1 failed 1'])
})

test('stopping breaks off an update and leaves it due', async t => {
  const { writeBacks, end, states, fail, store, clock } = await room(t)
  await end('P1')
  const claimed = Promise.withResolvers<void>()
  fail.error = Object.assign(new Error('the server is stopping'))
  const claim = store.writeBacks.claim
  Object.assign(store.writeBacks, {
    claim: async (...request: Parameters<typeof claim>) => {
      const due = await claim(...request)
      claimed.resolve()
      return due
    },
  })
  const running = writeBacks.run()
  await claimed.promise
  await writeBacks.stop()
  await running
  const [left] = await store.writeBacks.list({ limit: 1 })
  t.is(left?.dueAtMs, clock.nowMs())
  t.deepEqual(await states(), ['1010|P1 waiting 0'])
})

test('a clean start beats every five seconds', async t => {
  const { writeBacks, end, rows, clock } = await room(t)
  await end('P1')
  writeBacks.start()
  t.regex(rows()[0] ?? '', /A ENVOYER/)
  await clock.advance(5_000)
  await writeBacks.run()
  t.regex(rows()[0] ?? '', /delivered/)
})
