/**
 * The SQL guard against lexers of real servers: what it lets through, by the server's own dialect and as the SQL of a
 * server that nobody named, is sent as it stands, several statements allowed, outside any transaction. A canary tells
 * whether something ran that the guard did not see.
 */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { checkSelect } from '../../connectors/sources/select-guard.ts'
import { type SqlDialect, tokenizeSql } from '../../connectors/sources/sql-tokens.ts'
import { checkUpdate } from '../../connectors/sources/update-guard.ts'
import { createDatabase as createMariadb, mariadbAvailable } from '../support/mariadb.ts'
import { createDatabase, postgresAvailable } from '../support/postgres.ts'
import { tempDir } from '../support/temp-dir.ts'
import { fuzz } from './fuzz.ts'

/** What opens, closes or toggles a text, a name or a comment on one server or another. */
const toggles = [
  ...[
    "'",
    "''",
    '"',
    '""',
    '`',
    '[',
    ']',
    '$$',
    '$a$',
    "E'",
    "e'",
    "q'[",
    "]'",
    "N'",
    "X'",
    "U&'",
    'U&"',
    "_utf8'",
  ],
  ...[
    '\\',
    "\\'",
    '\\"',
    '\\\\',
    '/*',
    '*/',
    '/*!',
    '/*!50000',
    '/*M!',
    '/*+',
    '--',
    '-- ',
    '#',
    '//',
    '{',
    '}',
  ],
  ...['\n', '\r', '\t', '\f', '\v', '\u00a0', '\u0085', '\u2028', '\u001a', '€1.', '1.', '1e', '0x1.', '$1.'],
]
const attacks = [
  ...['; drop table canary; commit; ', '; delete from canary; commit; ', '; insert into canary values (9); '],
  ...[
    ' drop table canary ',
    ' into outfile "canary" ',
    ' into canary2 from canary ',
    '; update canary set a = 9; ',
  ],
]
const reading = [
  'a',
  '1',
  ', ',
  ' as b',
  ' from canary ',
  ' where a = ',
  ' or ',
  '.',
  ' union select 1 ',
  ' ',
  '(',
  ')',
]
const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...toggles) },
  { weight: 2, arbitrary: fc.constantFrom(...attacks) },
  { weight: 4, arbitrary: fc.constantFrom(...reading) },
)
const assembled = fc.array(part, { maxLength: 12 }).map(parts => `select ${parts.join('')}`)
/** What is a text, a name or a comment on one server, and none or a longer one on another. */
const wholes: readonly (readonly [string, string])[] = [
  ...([
    ['$$', '$$'],
    ['$a$', '$a$'],
    ['`', '`'],
    ['[', ']'],
    ['"', '"'],
    ["'", "'"],
    ['{', '}'],
  ] as const),
  ...([
    ["E'", "'"],
    ["'\\'", "'"],
    ["'\\", "'"],
    ["E'\\'", "'"],
    ["q'[", "]'"],
    ['"\\"', '"'],
    ['U&"', '"'],
  ] as const),
  ...([
    ['1 /*', '*/'],
    ['1 /* /*', '*/'],
    ['1 /* /* */', '*/'],
    ['1 #', '\n'],
    ['5--', '\n'],
    ['1 -- ', '\r'],
    ['1 //', '\n'],
  ] as const),
  ...([
    ['1 /*!', '*/'],
    ['1 /*!99999', '*/'],
    ['1 /*M!', '*/'],
    ['1 /*+', '*/'],
    ['1 -- ', '\u2028'],
  ] as const),
]
/**
 * One server reads `$$'$$` as a text and what follows as a statement; another opens a text at the quote, which the
 * quote at the end closes.
 */
const bracketed = fc
  .tuple(
    fc.constantFrom(...wholes),
    fc.constantFrom(...wholes),
    fc.constantFrom(...attacks),
    fc.constantFrom('', '-- ', '/* '),
    fc.constantFrom('', ' as a', ', 1', ' 1'),
  )
  .map(([[open, close], [hide, show], attack, comment, more]) => {
    return `select ${open}${hide.replace('1 ', '')}${close}${more}${attack}${comment}${show}`
  })
const statements = fc.oneof(assembled, bracketed)

interface Server {
  dialect: SqlDialect
  /** Sends a text as it is; errors of the server are none of ours. */
  run(sql: string): Promise<void>
  /** What there is: tables, and the rows of the canary. */
  facts(): Promise<unknown>
}

/** Values are of no matter here. */
function withValues(statement: string, dialect: SqlDialect, value: string): string {
  const cut = tokenizeSql(statement, dialect)
  if (cut.kind !== 'tokens') return statement
  const places = cut.tokens.filter(({ kind, text }) => kind === 'placeholder' || text === '?')
  return places.reduceRight((sql, { start, end }) => sql.slice(0, start) + value + sql.slice(end), statement)
}

async function holds(t: ExecutionContext, server: Server): Promise<void> {
  const before = JSON.stringify(await server.facts())
  let sent = 0
  await fuzz(
    t,
    fc.tuple(statements, fc.constantFrom(server.dialect, 'ansi' as const)),
    async ([written, dialect]) => {
      const verdict = checkSelect(written, dialect)
      if (verdict.kind === 'refused') return true
      sent += 1
      await server.run(withValues(verdict.statement, dialect, '1'))
      return JSON.stringify(await server.facts()) === before
    },
    { share: 4 },
  )
  const tail = fc.tuple(fc.constantFrom(' ', ' or ', ' and '), assembled)
  await fuzz(
    t,
    fc.tuple(tail, fc.constantFrom(server.dialect, 'ansi' as const)),
    async ([[joint, tailed], dialect]) => {
      const written = `update canary set a = a where a = :k${joint}${tailed.slice('select '.length)}`
      const verdict = checkUpdate(written, dialect)
      if (verdict.kind === 'refused') return true
      sent += 1
      await server.run(withValues(verdict.statement, dialect, '7'))
      return JSON.stringify(await server.facts()) === before
    },
  )
  t.log(`${sent} statements were sent`)
  t.true(sent > 20)
  // A canary that does not see an attack would make all of this pass.
  await server.run('select 1; insert into canary values (9)')
  t.not(JSON.stringify(await server.facts()), before)
}

test('SQLite: what passes runs no second statement', async t => {
  const database = new Database(join(tempDir(t), 'insurer.db'))
  t.teardown(() => void database.close())
  database.exec('create table canary (a integer); insert into canary values (7)')
  await holds(t, {
    dialect: 'sqlite',
    async run(sql) {
      try {
        database.exec(sql)
      } catch (error) {
        if (!(error instanceof Database.SqliteError || error instanceof RangeError)) throw error
      }
      if (database.inTransaction) database.exec('rollback')
    },
    async facts() {
      const tables = database.prepare('select name from sqlite_schema').pluck().all()
      return [tables, tables.includes('canary') && database.prepare('select a from canary').pluck().all()]
    },
  })
})

const postgresTest = postgresAvailable() ? test.serial : test.skip

for (const conforming of ['on', 'off']) {
  postgresTest(
    `PostgreSQL: what passes runs no second statement (backslashes plain: ${conforming})`,
    async t => {
      const { url } = await createDatabase(t)
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      t.teardown(() => client.end())
      await client.query('create table canary (a int); insert into canary values (7)')
      await client.query(`set statement_timeout = 1000; set standard_conforming_strings = ${conforming}`)
      await holds(t, {
        // With the setting off only the strictest reading is of use; the kind postgres switches it on.
        dialect: conforming === 'on' ? 'postgres' : 'ansi',
        async run(sql) {
          try {
            await client.query(sql)
          } catch (error) {
            if (!(error instanceof pg.DatabaseError)) throw error
          }
        },
        async facts() {
          await client.query('rollback')
          const tables = await client.query(
            "select relname from pg_class where relnamespace = 'public'::regnamespace",
          )
          const [{ canary }] = (await client.query("select to_regclass('canary') is not null as canary")).rows
          return [tables.rows, canary && (await client.query('select a from canary')).rows]
        },
      })
    },
  )
}

const mariadbTest = mariadbAvailable() ? test.serial : test.skip

for (const mode of ['', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES']) {
  mariadbTest(`MariaDB: what passes runs no second statement (sql_mode '${mode}')`, async t => {
    const database = await createMariadb(t)
    const connection = await mysql.createConnection({ ...database, multipleStatements: true })
    t.teardown(() => connection.end())
    await connection.query(`set session sql_mode = '${mode}', autocommit = 1`)
    await connection.query('create table canary (a int)')
    await connection.query('insert into canary values (7)')
    await holds(t, {
      dialect: mode === '' ? 'mysql' : 'ansi',
      async run(sql) {
        try {
          await connection.query(sql)
        } catch (error) {
          if (!(error instanceof Error && 'sqlState' in error)) throw error
        }
      },
      async facts() {
        const [tables] = await connection.query('show tables')
        const rows = await connection.query('select a from canary').catch(() => ['gone'])
        return [tables, rows[0]]
      },
    })
  })
}
