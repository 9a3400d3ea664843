import test from 'ava'
import fc from 'fast-check'
import {
  checkSelect,
  maxStatementLength,
  type RefusalReason,
} from '../../../connectors/sources/select-guard.ts'
import { type SqlDialect, tokenizeSql } from '../../../connectors/sources/sql-tokens.ts'

const dialects: SqlDialect[] = ['postgres', 'mysql', 'sqlite']

test('a SELECT passes and its named parameters become the placeholders of the driver', t => {
  const sql = "SELECT a FROM t WHERE d >= :from AND d < :to AND e <> :from AND f = ':from' ;; -- end"
  const verdicts = dialects.map(dialect => checkSelect(sql, dialect))
  t.deepEqual(verdicts, [
    {
      kind: 'select',
      statement: "SELECT a FROM t WHERE d >= $1 AND d < $2 AND e <> $1 AND f = ':from'",
      parameterNames: ['from', 'to'],
    },
    {
      kind: 'select',
      statement: "SELECT a FROM t WHERE d >= ? AND d < ? AND e <> ? AND f = ':from'",
      parameterNames: ['from', 'to', 'from'],
    },
    {
      kind: 'select',
      statement: "SELECT a FROM t WHERE d >= :from AND d < :to AND e <> :from AND f = ':from'",
      parameterNames: ['from', 'to'],
    },
  ])
})

const allowed: [SqlDialect | 'all', string][] = [
  ['all', 'WITH a AS (SELECT 1) SELECT * FROM a'],
  ['all', '((SELECT 1) UNION (SELECT 2))'],
  ['all', '/* report */ -- of the day\n select 1'],
  ['all', "SELECT 'DELETE; INTO OUTFILE' AS word, c.update, c.into, c.delete FROM c"],
  ['all', "SELECT replace(name, 'a', 'b') FROM t"],
  [
    'all',
    "SELECT CASE WHEN substring(a FROM 1 FOR 3) = 'abc' THEN 1 END, updated_at, deleted, inserted FROM t",
  ],
  ['postgres', 'SELECT "update", a::date, b[1 : 2] FROM "delete" WHERE c ? \'key\''],
  ['postgres', "SELECT $$ it's; DROP TABLE t $$, E'it\\'s; x', pg_sleep(0), U&'d\\0061t'"],
  ['mysql', "SELECT `update`, INSERT('abc', 1, 1, 'x'), 'it\\'s; DELETE' FROM `delete` # all of it"],
  ['mysql', 'SELECT TRUNCATE(a, 2), @@version, sleep(0) FROM t'],
  ['sqlite', 'SELECT [update], `into`, "set" FROM [delete], pragma_table_info(:name)'],
]

for (const [dialect, sql] of allowed) {
  test(`${dialect} lets ${JSON.stringify(sql)} through`, t => {
    for (const one of dialect === 'all' ? dialects : [dialect])
      t.is(checkSelect(sql, one).kind, 'select', one)
  })
}

const refused: [SqlDialect | 'all', RefusalReason, string][] = [
  ['all', 'empty', ''],
  ['all', 'empty', ' /* nothing */ ; '],
  ...[
    'INSERT INTO t VALUES (1)',
    'UPDATE t SET a = 1',
    'DELETE FROM t',
    'DROP TABLE t',
    'CREATE TABLE t (a INT)',
  ].map((sql): [SqlDialect | 'all', RefusalReason, string] => ['all', 'not-a-select', sql]),
  ...[
    'CALL p()',
    'EXEC p',
    'EXECUTE p',
    'SET a = 1',
    'EXPLAIN ANALYZE DELETE FROM t',
    'TRUNCATE t',
    'VALUES (1)',
  ].map((sql): [SqlDialect | 'all', RefusalReason, string] => ['all', 'not-a-select', sql]),
  ['all', 'not-a-select', '(DELETE FROM t)'],
  ['all', 'not-a-select', '/* SELECT */ DELETE FROM t'],
  ['all', 'not-a-select', '-- SELECT\nDELETE FROM t'],
  ['all', 'not-a-select', '"SELECT" 1'],
  ['postgres', 'not-a-select', 'DO $$ BEGIN DELETE FROM t; END $$'],
  ['postgres', 'not-a-select', "COPY (SELECT 1) TO PROGRAM 'sh'"],
  ['sqlite', 'not-a-select', "ATTACH 'x.db' AS x"],
  ['sqlite', 'not-a-select', 'PRAGMA writable_schema = 1'],
  ['mysql', 'not-a-select', 'HANDLER t OPEN'],
  ['all', 'several-statements', 'SELECT 1; DELETE FROM t'],
  ['all', 'several-statements', "SELECT ''; DELETE FROM t -- '"],
  ['mysql', 'several-statements', "SELECT '\\\\'; DELETE FROM t -- '"],
  ['postgres', 'several-statements', "SELECT '\\'; DELETE FROM t --'"],
  ['postgres', 'several-statements', 'SELECT 1 /* /* */ */ ; DELETE FROM t /* */'],
  ['postgres', 'several-statements', 'SELECT 1 -- a\r; DELETE FROM t'],
  ['mysql', 'several-statements', 'SELECT 1 /* /* */ ; DELETE FROM t'],
  ['all', 'writes', 'WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a'],
  ['all', 'writes', 'WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a'],
  ['all', 'writes', 'WITH a AS (SELECT 1) uPdAtE t SET a = 1'],
  ['all', 'writes', 'WITH a AS (SELECT 1) REPLACE INTO t SELECT * FROM a'],
  ['postgres', 'writes', 'WITH a AS MATERIALIZED (MERGE/**/INTO t USING u ON true) SELECT 1'],
  ['mysql', 'writes', 'SELECT NEXT VALUE FOR s'],
  ['all', 'writes-into', 'SELECT * INTO copied FROM t'],
  ['postgres', 'writes-into', 'SELECT 1into copied'],
  ['mysql', 'writes-into', "SELECT * FROM t INTO OUTFILE '/x'"],
  ['mysql', 'writes-into', "SELECT * FROM t INTO/**/DUMPFILE '/x'"],
  ['mysql', 'writes-into', 'SELECT 1 INTO @a'],
  ['all', 'locks-rows', 'SELECT * FROM t FOR UPDATE'],
  ['postgres', 'locks-rows', 'SELECT * FROM t FOR /**/ NO KEY UPDATE'],
  ['mysql', 'locks-rows', 'SELECT * FROM t LOCK IN SHARE MODE'],
  ['mysql', 'obeyed-comment', "SELECT 1 /*!50000 INTO OUTFILE '/x' */"],
  ['mysql', 'obeyed-comment', "SELECT 1 /*M!100100 INTO OUTFILE '/x' */"],
  ['mysql', 'obeyed-comment', 'SELECT /*+ SET_VAR(max_execution_time = 0) */ 1'],
  ...[
    "pg_read_file('/x')",
    'lo_import (1)',
    "dblink_exec('a', 'b')",
    'pg_terminate_backend(1)',
    "set_config('a', 'b', true)",
  ].map((call): [SqlDialect | 'all', RefusalReason, string] => [
    'postgres',
    'dangerous-function',
    `SELECT ${call}`,
  ]),
  ...[
    "PG_READ_BINARY_FILE('/x')",
    "pg_catalog.pg_ls_dir('/')",
    '"lo_export"(1, \'/x\')',
    "nextval('s')",
    "query_to_xml('x', true, true, '')",
    "pg_copy_logical_replication_slot('a', 'b')",
    'pg_stat_statements_reset()',
    "xpath_table('a', 'b', 't', '/c', 'true')",
    "gin_clean_pending_list('i')",
    "pg_restore_relation_stats('a', 'b')",
    'pg_logfile_rotate()',
    "http_get('http://x')",
    'loread(1, 2)',
  ].map((call): [SqlDialect | 'all', RefusalReason, string] => [
    'postgres',
    'dangerous-function',
    `SELECT ${call}`,
  ]),
  ['mysql', 'dangerous-function', "SELECT LOAD_FILE/**/('/x')"],
  ['mysql', 'dangerous-function', "SELECT sys_exec('x'), get_lock('a', 1)"],
  ['mysql', 'dangerous-function', "SELECT spider_direct_sql('DELETE FROM t', '', 'host \"x\"')"],
  ['mysql', 'dangerous-function', "SELECT group_replication_set_as_primary('x')"],
  ['sqlite', 'dangerous-function', "SELECT load_extension('x')"],
  ['sqlite', 'dangerous-function', "SELECT [writefile]('/x', 'y')"],
  ['postgres', 'unreadable-quoting', 'SELECT U&"pg\\005fread_file"(\'/x\')'],
  ['postgres', 'unreadable-quoting', "SELECT E'a'\n'b\\'; DELETE FROM t --'"],
  ['all', 'unreadable-quoting', 'SELECT 1 \0; DELETE FROM t'],
  ['all', 'unbalanced-parentheses', 'SELECT 1) AS a, (SELECT 2'],
  ['all', 'unbalanced-parentheses', 'SELECT (1'],
  ['all', 'unterminated', "SELECT 'a"],
  ['all', 'unterminated', 'SELECT 1 /* a'],
  ['postgres', 'unknown-placeholder', 'SELECT $1'],
  ['mysql', 'unknown-placeholder', 'SELECT ?'],
  ['sqlite', 'unknown-placeholder', 'SELECT @a'],
]

for (const [dialect, reason, sql] of refused) {
  test(`${dialect} refuses ${JSON.stringify(sql)} (${reason})`, t => {
    for (const one of dialect === 'all' ? dialects : [dialect]) {
      const verdict = checkSelect(sql, one)
      t.is(verdict.kind === 'refused' ? verdict.reason : verdict.kind, reason, one)
    }
  })
}

test('a refusal points at the place', t => {
  t.deepEqual(checkSelect('SELECT * FROM t FOR UPDATE', 'postgres'), {
    kind: 'refused',
    reason: 'locks-rows',
    position: 16,
    excerpt: 'FOR UPDATE',
  })
})

test('a query above the limit is refused before it is read', t => {
  const verdict = checkSelect(`SELECT ${'1'.repeat(maxStatementLength)}`, 'postgres')
  t.is(verdict.kind === 'refused' && verdict.reason, 'too-long')
  t.is(checkSelect(`SELECT ${"'".repeat(8_000_000)}`, 'mysql').kind, 'refused')
})

const pieces = [
  ...[
    'SELECT',
    'WITH',
    'a',
    'AS',
    '(',
    ')',
    ',',
    'INSERT',
    'DELETE',
    'INTO',
    'FOR',
    'UPDATE',
    'REPLACE',
    ';',
    '.',
  ],
  ...[
    "'",
    '"',
    '`',
    '[',
    ']',
    '\\',
    '/*',
    '*/',
    '/*!',
    '--',
    '#',
    '\n',
    '\r',
    '$$',
    "E'",
    ':p',
    '::',
    '?',
    '$1',
    '1',
    ' ',
  ],
]
const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map(parts => `SELECT ${parts.join(' ')}`)

test('whatever passes is one statement without a write, and passes again as it is sent', t => {
  let passed = 0
  fc.assert(
    fc.property(soup, fc.constantFrom(...dialects), (sql, dialect) => {
      const verdict = checkSelect(sql, dialect)
      if (verdict.kind === 'refused') return sql.startsWith(verdict.excerpt, verdict.position)
      passed += 1
      const cut = tokenizeSql(verdict.statement, dialect)
      if (cut.kind !== 'tokens') return false
      return cut.tokens.every((token, index) => {
        const isQualified = cut.tokens[index - 1]?.text === '.'
        const isCalled = cut.tokens[index + 1]?.text === '('
        return (
          token.kind !== 'word' ||
          isQualified ||
          isCalled ||
          !/^(?:INSERT|DELETE|INTO|UPDATE)$/.test(token.text)
        )
      })
    }),
    { numRuns: 5_000 },
  )
  t.true(passed > 20, `${passed} passed: the soup must also contain queries`)
})

test('a piece of any text cannot leave a string or a comment that it is put into', t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(...dialects),
      (text, dialect) => {
        const quoted = text.replaceAll("'", "''").replaceAll('\\', '\\\\').replaceAll('\0', '')
        const verdict = checkSelect(`SELECT '${quoted}' AS a`, dialect)
        return verdict.kind === 'select' && verdict.parameterNames.length === 0
      },
    ),
  )
  t.pass()
})
