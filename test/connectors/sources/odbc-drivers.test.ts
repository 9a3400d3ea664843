/** ODBC drivers that know little: FreeTDS against the TDS responder, mdbtools on an Access file. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { odbcAvailable } from '../../support/odbc.ts'
import type { TdsAnswer, TdsServer } from '../../support/tds/answers.ts'
import { startTdsServer } from '../../support/tds/server.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, failureOf, openFixture } from './contract-fixture.ts'

const tdsTest = odbcAvailable('FreeTDS') ? test.serial : test.skip
const mdbTest = odbcAvailable('MDBTools') ? test.serial : test.skip
const kind = { kind: 'odbc' } as const

interface Responder {
  server: TdsServer
  config: Record<string, unknown>
  asked(): string[]
}

async function responder(t: ExecutionContext, answer: (sql: string) => TdsAnswer): Promise<Responder> {
  const server = await startTdsServer(t, {
    answer: ({ sql }) => (/^\s*SELECT\b(?!.*@@)/i.test(sql) ? answer(sql) : { rowCount: 0 }),
  })
  const { host, port, user, password, database } = server
  return {
    server,
    config: {
      preset: 'sqlserver-old',
      host,
      port,
      user,
      password,
      database,
      connectTimeoutMs: 60_000,
    },
    asked: () => server.statements.map(({ sql }) => sql),
  }
}

tdsTest('odbc with FreeTDS: rows arrive with their types, values are written into the statement', async t => {
  const { config, asked } = await responder(t, () => ({
    columns: [
      { name: 'id', type: 'int' },
      { name: 'code', type: 'char(6)', collation: 'cp1252' },
      { name: 'name', type: 'varchar(40)', collation: 'cp1252' },
      { name: 'due', type: 'datetime' },
      { name: 'premium', type: 'decimal(12,2)' },
      { name: 'policy', type: 'bigint' },
      { name: 'active', type: 'bit' },
      { name: 'absent', type: 'varchar(10)' },
    ],
    rows: [
      [
        7,
        'AB    ',
        'Aïcha N’Guessan',
        '2027-01-01 00:00:00.000',
        '1234567.89',
        9007199254740993n,
        true,
        null,
      ],
    ],
  }))
  const source = openFixture(t, kind, config)
  const query = {
    sql: 'SELECT id, code FROM clients WHERE name = :name AND due >= :since AND id > :id AND x <> :none',
    params: { name: "N'Dri -- ?", since: '2027-01-01', id: -1, none: null },
  }
  const rows = await collect(source.read(query))
  t.is(rows.length, 1)
  t.like(rows[0], {
    id: 7,
    code: 'AB',
    name: 'Aïcha N’Guessan',
    due: '2027-01-01 00:00:00',
    premium: '1234567.89',
    policy: '9007199254740993',
    active: true,
    absent: null,
  })
  t.true(
    asked().includes(
      "SELECT id, code FROM clients WHERE name = 'N''Dri -- ?' AND due >= '2027-01-01' AND id > (-1) AND x <> NULL",
    ),
    asked().join('\n'),
  )
})

tdsTest(
  'odbc with FreeTDS: an error of the server is told in its words, a wrong password as such',
  async t => {
    const { config } = await responder(t, () => ({
      error: { number: 208, message: "Invalid object name 'contrats'." },
    }))
    const missing = await failureOf(t, openFixture(t, kind, config).read({ sql: 'SELECT * FROM contrats' }))
    t.is(missing.error.code, 'source-query-failed')
    t.regex(missing.error.message, /contrats/)

    const wrong = openFixture(t, kind, config, { password: 'not-this-one' })
    const { error } = await failureOf(t, wrong.read({ sql: 'SELECT 1 AS one' }))
    t.is(error.code, 'source-login-refused', error.message)
    t.false(error.message.includes('not-this-one'))
    t.deepEqual(
      (await wrong.test()).map(step => `${step.step} ${step.outcome}`),
      ['resolve ok', 'connect ok', 'login failed'],
    )
  },
)

tdsTest('odbc with FreeTDS: a read above its time is stopped on the server too', async t => {
  const { config, server } = await responder(t, () => ({ silent: true }))
  const source = openFixture(t, kind, config, { timeoutMs: 1_500 })
  const { error } = await failureOf(t, source.read({ sql: 'SELECT * FROM slow' }))
  t.is(error.code, 'source-timeout', error.message)
  while (server.running > 0) await new Promise(resolve => setImmediate(resolve))
  t.is(server.running, 0)
})

const contrats = fileURLToPath(new URL('../../fixtures/access/contrats.mdb', import.meta.url))

mdbTest('odbc with mdbtools: an Access file is read, one row per fetch', async t => {
  const file = join(tempDir(t), 'contrats.mdb')
  copyFileSync(contrats, file)
  const source = openFixture(t, kind, { preset: 'mdbtools', file })
  const clients = await collect(source.read({ sql: 'SELECT * FROM CLIENTS' }))
  t.is(clients.length, 400)
  t.deepEqual(Object.keys(clients[0] ?? {}), [
    'CODEASSU',
    'Telephone',
    'nom',
    'prenom',
    'IMAT',
    'datesaisie',
    'etat',
    'sexe',
  ])
  t.regex(String(clients[0]?.datesaisie), /^\d{4}-\d\d-\d\d/)
  const code = Number(clients[5]?.CODEASSU)
  const one = await collect(
    source.read({ sql: 'SELECT CODEASSU, nom FROM CLIENTS WHERE CODEASSU = :code', params: { code } }),
  )
  t.deepEqual(one, [{ CODEASSU: code, nom: clients[5]?.nom ?? null }])
  const { error, before } = await failureOf(t, source.read({ sql: 'SELECT nom FROM CLIENTS', maxRows: 7 }))
  t.is(error.code, 'source-row-cap')
  t.is(before.length, 7)
})

mdbTest(
  'odbc with mdbtools: tables are listed, a missing table is told, the file is told by its path',
  async t => {
    const source = openFixture(t, kind, { preset: 'mdbtools', file: contrats })
    const tables = await source.describe()
    t.deepEqual(tables.map(table => table.name).sort(), ['CLIENTS', 'CONTRATS'])
    const missing = await failureOf(t, source.read({ sql: 'SELECT * FROM NOPE' }))
    t.is(missing.error.code, 'source-query-failed')
    t.deepEqual(
      (await source.test()).map(step => `${step.step} ${step.outcome}`),
      ['login ok', 'read-only ok', 'select ok'],
    )
    const file = join(tempDir(t), 'missing.mdb')
    const absent = await failureOf(
      t,
      openFixture(t, kind, { preset: 'mdbtools', file }).read({ sql: 'SELECT * FROM CLIENTS' }),
    )
    t.true(absent.error.message.includes(file))
    t.is(absent.error.code, 'source-unreachable', absent.error.message)
  },
)
