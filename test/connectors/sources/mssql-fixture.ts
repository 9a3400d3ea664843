/**
 * A SQL Server for the contract tests: the TDS responder, with SQLite behind it for queries of ordinary tables. The
 * way over the wire is real, the understanding of Transact-SQL is not; that is for the live test.
 */
import { readFileSync, rmSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { selfSignedCertificate, serverDirectory } from '../../support/server-process.ts'
import type { TdsAnswer, TdsOptions, TdsServer } from '../../support/tds/answers.ts'
import type { TdsColumn, TdsValue } from '../../support/tds/columns.ts'
import { startTdsServer } from '../../support/tds/server.ts'
import type { TdsStatement } from '../../support/tds/statements.ts'
import type { TdsTls } from '../../support/tds/wrapped-tls.ts'
import type { ContractTable, FixtureDatabase } from './contract-fixture.ts'

const utf8AsLatin = (text: string): Buffer => Buffer.from(text, 'utf8')

const scripted: Record<string, { columns: TdsColumn[]; rows: TdsValue[][] }> = {
  contract_types: {
    columns: [
      { name: 'code', type: 'char(6)' },
      { name: 'due', type: 'date' },
      { name: 'seen', type: 'datetime' },
      { name: 'premium', type: 'decimal(30,2)' },
      { name: 'policy', type: 'bigint' },
      { name: 'age', type: 'int' },
      { name: 'active', type: 'bit' },
      { name: 'absent', type: 'text' },
      { name: 'photo', type: 'varbinary(max)' },
      { name: 'rate', type: 'real' },
      { name: 'name', type: 'varchar(40)' },
    ],
    rows: [
      [
        'AB',
        '2027-01-01',
        '2027-03-28 02:30:00',
        '12345678901234567.89',
        '9007199254740993',
        42,
        true,
        null,
        Buffer.from([0, 0xff, 0x80]),
        0.1,
        'Ouédraogo œ ’',
      ],
    ],
  },
  legacy: {
    columns: [{ name: 'name', type: 'varchar(40)' }],
    rows: [['Aïcha N’Guessan œ €'], [utf8AsLatin('Zoé')]],
  },
  dos: {
    columns: [{ name: 'name', type: 'varchar(40)' }],
    rows: [[Buffer.from('5a6f822080872081', 'hex')], [utf8AsLatin('Aïcha')]],
  },
}

export interface MssqlDatabase extends FixtureDatabase {
  server: TdsServer
  /** What the account may write: sysadmin, owner of the database, tables. */
  rights: [number, number, number]
}

/** A responder with an empty database. */
export async function mssqlDatabase(t: ExecutionContext, options: TdsOptions = {}): Promise<MssqlDatabase> {
  const sqlite = new Database(':memory:')
  t.teardown(() => sqlite.close())
  const answer = (statement: TdsStatement): TdsAnswer | undefined =>
    statement.sql.includes('IS_SRVROLEMEMBER') ? rightsOf(database.rights) : answerOf(sqlite, statement)
  const server = await startTdsServer(t, { answer, ...options })
  const database: MssqlDatabase = {
    server,
    rights: [0, 0, 3],
    config: configOf(server),
    execute: async sql => sqlite.exec(sql),
    async prepare(table: ContractTable) {
      if (table === 'people') {
        sqlite.exec(`CREATE TABLE people (id INTEGER, name VARCHAR(80));
          INSERT INTO people VALUES (1, 'Awa'), (2, 'N''Dri "x" :id'), (3, 'Koffi')`)
      }
      if (table === 'names') sqlite.exec('CREATE VIEW names AS SELECT name FROM people')
    },
  }
  return database
}

export function configOf(server: TdsServer): Record<string, unknown> {
  const { host, port, user, password, database } = server
  return { host, port, user, password, database, tls: { mode: 'off' } }
}

/** A certificate for `localhost`. */
export async function tdsCertificate(t: ExecutionContext): Promise<TdsTls & { caPem: string }> {
  const directory = serverDirectory('tds')
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const { keyPath, caPem } = await selfSignedCertificate(directory)
  return { certificatePem: caPem, keyPem: readFileSync(keyPath, 'utf8'), caPem }
}

function answerOf(sqlite: Database.Database, statement: TdsStatement): TdsAnswer | undefined {
  const { sql } = statement
  if (/^\s*(?:SET|BEGIN)\b/i.test(sql)) return undefined
  if (sql.includes('WAITFOR')) return { silent: true }
  if (sql.includes("'SELECT') = 1")) return rightsOf([9])
  const count = /FROM numbers_(\d+)/.exec(sql)?.[1]
  if (count !== undefined) return { columns: numberColumns, rows: numbers(Number(count)) }
  if (sql.includes('INFORMATION_SCHEMA.COLUMNS')) return catalogue(sqlite)
  const table = Object.entries(scripted).find(([name]) => sql.includes(`FROM ${name}`))?.[1]
  return table === undefined ? queried(sqlite, statement) : picked(sql, table)
}

const numberColumns: TdsColumn[] = [
  { name: 'n', type: 'int not null' },
  { name: 'pad', type: 'varchar(200)' },
]

function* numbers(count: number): Generator<TdsValue[]> {
  for (let n = 1; n <= count; n += 1) yield [n, Buffer.from(String(n).padStart(200, '0'), 'latin1')]
}

/** Of `SELECT a, b FROM t` the columns a and b; of `SELECT *` all. */
function picked(sql: string, { columns, rows }: (typeof scripted)[string]): TdsAnswer {
  const list = /SELECT (.*?) FROM/.exec(sql)?.[1] ?? '*'
  const indexes =
    list === '*'
      ? columns.map((_, index) => index)
      : list.split(', ').map(name => {
          return columns.findIndex(column => column.name === name)
        })
  const of = <T>(values: T[]): T[] => indexes.map(index => values[index]!)
  return { columns: of(columns), rows: rows.map(of) }
}

function queried(sqlite: Database.Database, { sql, params }: TdsStatement): TdsAnswer {
  try {
    const prepared = sqlite.prepare<unknown[], TdsValue[]>(sql).raw(true)
    const rows = prepared.all(params)
    const columns = prepared.columns().map(({ name }, index) => {
      const isNumber = typeof rows[0]?.[index] === 'number'
      return { name, type: isNumber ? 'int' : 'nvarchar(400)' }
    })
    return { columns, rows }
  } catch (error) {
    const words = (error as Error).message
    const missing = /no such table: (\w+)/.exec(words)?.[1]
    if (missing === undefined) return { error: { number: 102, message: words, class: 15 } }
    return { error: { number: 208, message: `Invalid object name '${missing}'.`, class: 16 } }
  }
}

function catalogue(sqlite: Database.Database): TdsAnswer {
  const tables = sqlite.prepare<[], { name: string }>('SELECT name FROM sqlite_master ORDER BY name').all()
  const rows = tables.flatMap(({ name }) => {
    const columns = sqlite.pragma(`table_info(${name})`) as { name: string; type: string }[]
    return columns.map(column => ['dbo', name, column.name, column.type.toLowerCase()])
  })
  const columns = ['schema', 'table', 'column', 'type'].map(name => ({ name, type: 'nvarchar(128)' }))
  return { columns, rows }
}

function rightsOf(rights: number[]): TdsAnswer {
  return { columns: rights.map(() => ({ name: '', type: 'int' })), rows: [rights] }
}
