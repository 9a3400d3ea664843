import test from 'ava'
import Database from 'better-sqlite3'
import { systemClock } from '../../../connectors/clock.ts'
import { mssqlConfigSchema } from '../../../connectors/sources/mssql-config.ts'
import { openMssqlWriter } from '../../../connectors/sources/mssql-writer.ts'
import type { TdsAnswer } from '../../support/tds/answers.ts'
import { startTdsServer } from '../../support/tds/server.ts'
import type { TdsStatement } from '../../support/tds/statements.ts'
import { configOf } from './mssql-fixture.ts'
import { testWriterContract } from './writer-contract.ts'

const counted = '\nSELECT @@ROWCOUNT AS [rows]'

testWriterContract({
  kind: 'mssql',
  serverTest: test,
  async database(t) {
    const sqlite = new Database(':memory:')
    t.teardown(() => sqlite.close())
    sqlite.exec('CREATE TABLE sms (id INTEGER, etat VARCHAR(20), envoi VARCHAR(30))')
    let isHeld = false
    const undo = (): void => {
      if (sqlite.open && sqlite.inTransaction) sqlite.exec('ROLLBACK')
    }
    const answer = ({ sql, params }: TdsStatement, { user }: { user: string }): TdsAnswer | undefined => {
      const control = /\b(BEGIN|COMMIT|ROLLBACK) TRANSACTION/.exec(sql)?.[1]
      if (control !== undefined) sqlite.exec(control)
      if (!sql.endsWith(counted)) return undefined
      if (user !== 'lecteur') {
        const message = "The UPDATE permission was denied on the object 'sms'."
        return { error: { number: 229, message } }
      }
      if (isHeld) return { silent: true }
      try {
        const { changes } = sqlite.prepare(sql.slice(0, -counted.length)).run(params)
        return { columns: [{ name: 'rows', type: 'int' }], rows: [[changes]] }
      } catch (error) {
        return { error: { number: 208, message: (error as Error).message } }
      }
    }
    const server = await startTdsServer(t, { accounts: { autre: 'only reads' }, answer, closed: undo })
    return {
      config: configOf(server),
      execute: async sql => sqlite.exec(sql),
      async rows() {
        const rows = sqlite
          .prepare<[], { id: number; etat: string }>('SELECT id, etat FROM sms ORDER BY id')
          .all()
        return rows.map(({ id, etat }) => `${id} ${etat}`)
      },
      readerConfig: { ...configOf(server), user: 'autre', password: 'only reads' },
      async lock() {
        isHeld = true
        return {
          async release() {
            isHeld = false
          },
        }
      },
    }
  },
})

const steps = {
  'before its statement': /BEGIN TRANSACTION/,
  'while its statement runs': /@@ROWCOUNT/,
  'while it is committed': /COMMIT TRANSACTION/,
}
for (const [when, step] of Object.entries(steps)) {
  test(`mssql: an update that was given up ${when} is stopped on the server`, async t => {
    const reached = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const server = await startTdsServer(t, {
      answer({ sql }) {
        if (step.test(sql)) {
          reached.resolve()
          return { silent: true }
        }
        if (sql.endsWith(counted)) return { columns: [{ name: 'rows', type: 'int' }], rows: [[1]] }
        return undefined
      },
      closed: () => ended.resolve(),
    })
    const writer = openMssqlWriter(mssqlConfigSchema.parse(configOf(server)), { clock: systemClock })
    t.teardown(() => writer.close())
    const cancel = new AbortController()
    const sql = 'UPDATE sms SET etat = :state WHERE id = :id'
    const writing = writer.update({ sql, params: { state: 'x', id: 1 } }, cancel.signal)
    await reached.promise
    cancel.abort(new Error('the server stops'))
    await t.throwsAsync(writing, { message: 'the server stops' })
    await ended.promise
    t.is(server.stopped, 1)
    t.is(server.running, 0)
    t.regex(server.statements.at(-1)?.sql ?? '', step, 'nothing is sent after it')
  })
}
