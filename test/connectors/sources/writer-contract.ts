/** What every way back into a customer's database must do; each kind that has one brings its fixture. */
import type { ExecutionContext, TestFn } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import { SourceError, type SourceErrorCode, type SourceWriter } from '../../../connectors/source.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'

export interface WriterFixture {
  kind: SourceKindName
  serverTest: TestFn | TestFn['skip']
  /** A database with the table `sms` (id INTEGER, etat VARCHAR(20), envoi VARCHAR(30)), empty, and its settings. */
  database(t: ExecutionContext): Promise<WriterDatabase>
}

export interface WriterDatabase {
  config: Record<string, unknown>
  execute(sql: string): Promise<unknown>
  /** `id etat` of every row, by id. */
  rows(): Promise<string[]>
  /** Settings of an account that may read `sms` and not change it; null where there are no accounts. */
  readerConfig: Record<string, unknown> | null
  /** Takes the row 1 and holds it until `release`. */
  lock(): Promise<{ release(): Promise<void> }>
}

const update = 'UPDATE sms SET etat = :state, envoi = :sentAt WHERE id = :id'
const params = (id: number, state = 'delivered') => ({ id, state, sentAt: '2027-03-08T07:30:00.000Z' })

export function testWriterContract({ kind, serverTest, database }: WriterFixture): void {
  const open = (
    t: ExecutionContext,
    config: Record<string, unknown>,
    more: Record<string, unknown> = {},
  ): SourceWriter => {
    const known = sourceKinds[kind]
    const writer = known.openWriter!({ ...config, ...more }, { clock: systemClock })
    t.teardown(() => writer.close())
    return writer
  }
  const failure = async (
    t: ExecutionContext,
    writing: Promise<unknown>,
    code: SourceErrorCode,
  ): Promise<SourceError> => {
    const error = await t.throwsAsync(writing, { instanceOf: SourceError })
    t.is(error.code, code, error.message)
    return error
  }

  serverTest(`${kind}: an update changes its row, is committed, and counts rows`, async t => {
    const { config, execute, rows } = await database(t)
    await execute("INSERT INTO sms VALUES (1, 'new', NULL), (2, 'new', NULL)")
    const writer = open(t, config)
    t.is(await writer.update({ sql: update, params: params(1) }), 1)
    t.deepEqual(await rows(), ['1 delivered', '2 new'])
    t.is(
      await writer.update({ sql: update, params: params(1) }),
      1,
      'a row that says so already is found too',
    )
    t.is(await writer.update({ sql: update, params: params(9) }), 0)
    t.is(await writer.update({ sql: update, params: params(2, "O'Brien; --") }), 1)
    t.deepEqual(await rows(), ['1 delivered', "2 O'Brien; --"])
  })

  serverTest(`${kind}: a rehearsal counts rows and changes none`, async t => {
    const { config, execute, rows } = await database(t)
    await execute("INSERT INTO sms VALUES (1, 'new', NULL)")
    const writer = open(t, config)
    t.is(await writer.rehearse({ sql: update, params: params(1) }), 1)
    t.deepEqual(await rows(), ['1 new'])
    t.is(await writer.update({ sql: update, params: params(1) }), 1)
    t.deepEqual(await rows(), ['1 delivered'])
  })

  serverTest(`${kind}: an update that finds the whole table is rolled back`, async t => {
    const { config, execute, rows } = await database(t)
    const values = Array.from({ length: 101 }, (_, index) => `(${index + 1}, 'new', NULL)`)
    await execute(`INSERT INTO sms VALUES ${values.join(', ')}`)
    const writer = open(t, config)
    const sql = 'UPDATE sms SET etat = :state WHERE etat <> :state'
    const error = await failure(t, writer.update({ sql, params: { state: 'sent' } }), 'source-row-cap')
    t.regex(error.message, /101 rows and was rolled back/)
    t.true((await rows()).every(row => row.endsWith(' new')))
    t.is(await writer.update({ sql: `${sql} AND id <= :most`, params: { state: 'sent', most: 100 } }), 100)
  })

  serverTest(
    `${kind}: anything but one UPDATE is refused before it is sent, and a missing value too`,
    async t => {
      const { config, execute, rows } = await database(t)
      await execute("INSERT INTO sms VALUES (1, 'new', NULL)")
      const writer = open(t, config)
      for (const sql of ['DELETE FROM sms', 'UPDATE sms SET etat = 1', `${update}; DELETE FROM sms`]) {
        await failure(t, writer.update({ sql, params: params(1) }), 'source-query-refused')
      }
      const missing = await failure(
        t,
        writer.update({ sql: update, params: { id: 1, state: 'x' } }),
        'source-query-refused',
      )
      t.regex(missing.message, /:sentAt/)
      t.deepEqual(await rows(), ['1 new'])
    },
  )

  serverTest(
    `${kind}: a missing table is told in the words of the database, and the next update works`,
    async t => {
      const { config, execute, rows } = await database(t)
      await execute("INSERT INTO sms VALUES (1, 'new', NULL)")
      const writer = open(t, config)
      const sql = update.replace('sms', 'contrats')
      const error = await failure(t, writer.update({ sql, params: params(1) }), 'source-query-failed')
      t.regex(error.message, /contrats/)
      t.is(await writer.update({ sql: update, params: params(1) }), 1)
      t.deepEqual(await rows(), ['1 delivered'])
    },
  )

  serverTest(`${kind}: an account that may only read is told so`, async t => {
    const { execute, rows, readerConfig } = await database(t)
    if (readerConfig === null) {
      t.pass('a file has no accounts')
      return
    }
    await execute("INSERT INTO sms VALUES (1, 'new', NULL)")
    await failure(t, open(t, readerConfig).update({ sql: update, params: params(1) }), 'source-query-failed')
    t.deepEqual(await rows(), ['1 new'])
  })

  serverTest(`${kind}: a row that another program holds ends the update at its time limit`, async t => {
    const { config, execute, rows, lock } = await database(t)
    await execute("INSERT INTO sms VALUES (1, 'new', NULL)")
    const held = await lock()
    const error = await t.throwsAsync(
      open(t, config, { timeoutMs: 500 }).update({ sql: update, params: params(1) }),
      { instanceOf: SourceError },
    )
    t.regex(error.code, /^source-(?:timeout|unreachable)$/, error.message)
    await held.release()
    t.deepEqual(await rows(), ['1 new'])
    t.is(await open(t, config).update({ sql: update, params: params(1) }), 1)
  })

  serverTest(`${kind}: a cancelled update ends with the reason of the signal`, async t => {
    const { config, execute, lock } = await database(t)
    await execute("INSERT INTO sms VALUES (1, 'new', NULL)")
    const held = await lock()
    const cancel = new AbortController()
    const reason = new Error('the server stops')
    const writing = open(t, config).update({ sql: update, params: params(1) }, cancel.signal)
    cancel.abort(reason)
    t.is(await t.throwsAsync(writing), reason)
    await held.release()
  })
}
