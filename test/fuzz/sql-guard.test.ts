/** The SQL guard: whatever it lets through must read, on real databases opened for reading and writing. */
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import pg from 'pg'
import { checkSelect } from '../../connectors/sources/select-guard.ts'
import type { SqlDialect } from '../../connectors/sources/sql-tokens.ts'
import { createDatabase, postgresAvailable } from '../support/postgres.ts'
import { tempDir } from '../support/temp-dir.ts'
import { fuzz } from './fuzz.ts'
import { assembled, mutated } from './mutations.ts'

const reads = [
  'SELECT a, b FROM t WHERE a = :a',
  "SELECT 'it''s; DROP TABLE t' AS c, \"a\" FROM t -- end",
  'WITH x AS (SELECT a FROM t) SELECT * FROM x ORDER BY 1 LIMIT 5',
  "SELECT replace(b, 'a', 'b'), CASE WHEN a > 1 THEN 'x' END FROM t /* c */ GROUP BY a, b",
  '((SELECT a FROM t) UNION (SELECT 2))',
  "SELECT $$ a $$, E'it\\'s', b::text FROM t",
  'SELECT `a`, [b] FROM t',
]
const writes = [
  'INSERT INTO t VALUES (9, 9)',
  'UPDATE t SET a = 9',
  'DELETE FROM t',
  'DROP TABLE t',
  'CREATE TABLE u (a INT)',
  "ATTACH DATABASE ':memory:' AS x",
  'WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x',
  'WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 2',
  'SELECT a INTO u FROM t',
  "SELECT nextval('s'), setval('s', 9)",
  'SELECT a FROM t FOR UPDATE',
  'PRAGMA user_version = 9',
  'REPLACE INTO t VALUES (1, 9)',
  'EXPLAIN ANALYZE DELETE FROM t',
]
const pieces = [
  ...[
    'SELECT ',
    'FROM t ',
    'WITH ',
    'x AS ',
    'WHERE ',
    'a',
    'b',
    ', ',
    '*',
    '1',
    ' UNION ',
    '(',
    ')',
    ';',
    "'",
    '"',
  ],
  ...[
    '`',
    '[',
    ']',
    '--',
    '\n',
    '\r',
    '/*',
    '*/',
    '/*!',
    '#',
    '$$',
    '$a$',
    "E'",
    "U&'",
    '\\',
    ':a',
    '?',
    '::',
    '\0',
  ],
  ...[
    'INSERT INTO t VALUES (9, 9)',
    'DELETE FROM t ',
    'UPDATE t SET a = 9 ',
    'RETURNING a ',
    'INTO u ',
    'FOR UPDATE ',
  ],
  ...[
    'nextval',
    'replace(',
    'DROP TABLE t',
    '\u00a0',
    '\u2028',
    'é',
    ' VALUES (1, 2)',
    'pragma_user_version',
  ],
]
const corpus = [...reads, ...writes]
const sql = fc.oneof(
  mutated(corpus, [...pieces, ...writes]),
  assembled(pieces),
  fc.string({ unit: 'binary' }),
)
/** A write hidden behind, inside or before what reads: the likeliest attacks. */
const smuggled = fc
  .tuple(
    fc.constantFrom(...reads),
    fc.constantFrom(...writes),
    fc.constantFrom(...pieces),
    fc.nat(60),
    fc.boolean(),
  )
  .map(([read, write, glue, at, isReversed]) =>
    isReversed ? `${write}${glue}${read}` : read.slice(0, at) + glue + write + read.slice(at),
  )
/** Whole queries of parts that read and, now and then, a part that writes: most of what passes is SQL that runs. */
function mostly(reading: readonly string[], writing: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...reading) },
    { weight: 1, arbitrary: fc.constantFrom(...writing) },
  )
}
const blank = fc.constantFrom(' ', '\n', '/**/', '\t', ' -- c\n', '/* ; */')
const prefix = mostly(
  ['', 'with x as (select 1 as a) ', 'with x(a) as (values (1)) '],
  ['with x as (delete from t returning a) ', 'explain ', 'with x as (insert into t values (9, 9)) '],
)
const expression = mostly(
  [
    'a',
    'b',
    '"a"',
    "'it''s; delete'",
    "replace(b, 'x', 'y')",
    '(select max(a) from t)',
    '1.5e3',
    'max(a, :a)',
  ],
  [
    ...["nextval('s')", "setval('s', 9)", '"nextval"(\'s\')', "pg_catalog.nextval('s')", 'lo_create(0)'],
    ...[
      "set_config('a.b', '1', false)",
      "query_to_xml('delete from t', true, true, '')",
      "load_extension('x')",
    ],
  ],
)
const relation = mostly(['t', 't as y', '(select * from t) as y'], ['(delete from t returning a) as y'])
const tail = mostly(
  ['', ' limit 2', ' order by 1', ' ;; --', ' where a in (1, :a)'],
  [' for update', ' for no key update', '; delete from t', ' into u'],
)
const shaped = fc
  .tuple(prefix, blank, expression, expression, blank, relation, tail)
  .map(([start, gap, first, second, space, from, end]) => {
    return `${start}select${gap}${first}, ${second}${space}from ${from}${end}`
  })
const statements = fc.oneof(sql, smuggled, shaped)

test('any text in any dialect is a verdict', async t => {
  const dialect = fc.constantFrom<SqlDialect>('postgres', 'mysql', 'sqlite')
  await fuzz(t, fc.tuple(statements, dialect), ([written, spoken]) => {
    const verdict = checkSelect(written, spoken)
    if (verdict.kind === 'select') return /select|with/i.test(verdict.statement)
    return verdict.excerpt.length <= 40 && verdict.position <= written.length
  })
})

test('what passes for SQLite changes nothing in a file opened for writing', async t => {
  const database = new Database(join(tempDir(t), 'insurer.db'))
  t.teardown(() => void database.close())
  database.exec("create table t (a integer primary key, b text); insert into t values (1, 'x'), (2, 'y')")
  const facts = database.prepare(
    `select total_changes() as changes, (select group_concat(name || coalesce(sql, '')) from sqlite_schema) as tables,
       (select user_version from pragma_user_version) as version, (select count(*) from pragma_database_list) as files`,
  )
  const before = facts.get()
  let executed = 0
  await fuzz(
    t,
    statements,
    written => {
      const verdict = checkSelect(written, 'sqlite')
      if (verdict.kind === 'refused') return true
      database.exec('begin')
      try {
        const statement = database.prepare(verdict.statement)
        const values = Object.fromEntries(verdict.parameterNames.map(name => [name, 1]))
        if (!statement.readonly || !statement.reader) return false
        let rows = 0
        for (const _ of statement.iterate(values)) if (++rows === 50) break
        executed += 1
      } catch (error) {
        // Most mutants are no SQL at all, which the database is asked to say.
        if (!(error instanceof Database.SqliteError || error instanceof RangeError)) throw error
      }
      const after = facts.get()
      const isOpen = database.inTransaction
      if (isOpen) database.exec('rollback')
      return isOpen && JSON.stringify(after) === JSON.stringify(before)
    },
    { share: 2 },
  )
  t.log(`${executed} statements were executed`)
  t.true(executed > 20)
})

const serverTest = postgresAvailable() ? test : test.skip

serverTest('what passes for PostgreSQL writes nothing in a transaction that may write', async t => {
  const { url } = await createDatabase(t)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  await client.query(
    "create table t (a int, b text); insert into t values (1, 'x'), (2, 'y'); create sequence s",
  )
  await client.query('set statement_timeout = 1000')
  // A transaction is given a number when it first writes or locks a row, and never before.
  const question = `select pg_current_xact_id_if_assigned() is null as "isClean", (select is_called from s) as "isCalled"`
  let executed = 0
  await fuzz(
    t,
    statements,
    async written => {
      const verdict = checkSelect(written, 'postgres')
      if (verdict.kind === 'refused') return true
      await client.query('begin')
      try {
        await client.query({ text: verdict.statement, values: verdict.parameterNames.map(() => '1') })
        executed += 1
        const { rows } = await client.query(question)
        return rows[0].isClean && !rows[0].isCalled
      } catch (error) {
        if (error instanceof pg.DatabaseError) return true
        throw error
      } finally {
        await client.query('rollback')
      }
    },
    { share: 1 },
  )
  const { rows } = await client.query('select count(*)::int as rows from t')
  t.is(rows[0].rows, 2)
  t.log(`${executed} statements were executed`)
  t.true(executed > 10)
})
