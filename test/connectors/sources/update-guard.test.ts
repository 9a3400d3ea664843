import test from 'ava'
import fc from 'fast-check'
import { maxStatementLength } from '../../../connectors/sources/select-guard.ts'
import { type SqlDialect, tokenizeSql } from '../../../connectors/sources/sql-tokens.ts'
import { checkUpdate, type UpdateRefusalReason } from '../../../connectors/sources/update-guard.ts'

const dialects: SqlDialect[] = ['postgres', 'mysql', 'sqlite', 'oracle', 'informix']

test('an UPDATE passes and its named parameters become the placeholders of the driver', t => {
  const sql = 'UPDATE sms SET etat = :state, envoi = :sentAt WHERE id = :ID AND etat <> :state; -- end'
  t.deepEqual(checkUpdate(sql, 'postgres'), {
    kind: 'update',
    statement: 'UPDATE sms SET etat = $1, envoi = $2 WHERE id = $3 AND etat <> $1',
    parameterNames: ['state', 'sentAt', 'ID'],
  })
  t.deepEqual(checkUpdate(sql, 'mysql'), {
    kind: 'update',
    statement: 'UPDATE sms SET etat = ?, envoi = ? WHERE id = ? AND etat <> ?',
    parameterNames: ['state', 'sentAt', 'ID', 'state'],
  })
  const odbc = checkUpdate(sql, 'informix', { placeholders: 'odbc' })
  t.is(odbc.kind === 'update' && odbc.statement.split('?').length, 5)
})

const allowed: [SqlDialect | 'all', string][] = [
  ['all', 'update t set a = 1 where k = :k'],
  ['all', 'UPDATE orass.sms AS s SET s.etat = 2 WHERE s.k = :k AND (s.b = 1 OR s.c IS NOT NULL)'],
  ['all', "UPDATE t SET a = CASE WHEN :state = 'delivered' THEN 'O' ELSE 'N' END, b = b + 1 WHERE k = :k"],
  ['all', "UPDATE t SET a = COALESCE(:error, ''), d = DATE '2027-01-31' WHERE k IN (:k, :k2)"],
  [
    'all',
    'UPDATE t SET a = (SELECT MAX(x) FROM u WHERE u.k = t.k) WHERE k = :k AND EXISTS (SELECT 1 FROM v)',
  ],
  ['all', 'UPDATE t SET (a, b) = (SELECT 1, 2 FROM dual) WHERE k = :k'],
  ['all', '/* from Rappel */ UPDATE t SET a = a - -1 WHERE k BETWEEN :k AND :k2 OR NOT b LIKE :p ESCAPE :e'],
  ['all', 'UPDATE t SET t.where = 1, t.set = 2, t.returning = 3 WHERE t.output = :k'],
  ['ansi', 'UPDATE base..t SET a = 1 WHERE k = :k'],
  [
    'postgres',
    'UPDATE "Table" SET "set" = :state::text, b = now() WHERE "key" = :k::int AND c = E\'it\\\'s\'',
  ],
  ['mysql', 'UPDATE `t` SET `a` = CONCAT(`a`, "x"), b = NOW() WHERE `k` = :k AND 7 DIV 2 = 3'],
  ['sqlite', "UPDATE [t] SET a = strftime('%s', :sentAt) WHERE k = :k COLLATE nocase"],
  ['oracle', "UPDATE t SET a = TO_DATE(:sentAt, 'YYYY-MM-DD HH24:MI:SS'), b = N'é' WHERE k = :k"],
]

for (const [dialect, sql] of allowed) {
  test(`${dialect} lets ${JSON.stringify(sql)} through`, t => {
    for (const one of dialect === 'all' ? dialects : [dialect]) {
      const verdict = checkUpdate(sql, one)
      t.is(verdict.kind, 'update', `${one} ${JSON.stringify(verdict)}`)
    }
  })
}

const refused: [SqlDialect | 'all', UpdateRefusalReason, string][] = [
  ['all', 'empty', ' -- nothing'],
  ['all', 'no-where', 'UPDATE t SET a = 1'],
  ['all', 'no-where', 'UPDATE t SET a = (SELECT 1 FROM u WHERE k = :k)'],
  ['all', 'no-where', "UPDATE t SET a = 'WHERE k = :k'"],
  ['all', 'no-where', 'UPDATE t SET a = 1 -- WHERE k = :k'],
  ['all', 'no-parameter-in-where', 'UPDATE t SET a = :state WHERE etat = 0'],
  ...['SELECT 1', 'DELETE FROM t WHERE k = :k', 'INSERT INTO t VALUES (:k)', 'DROP TABLE t', 'EXEC p :k'].map(
    (sql): [SqlDialect | 'all', UpdateRefusalReason, string] => ['all', 'not-an-update', sql],
  ),
  ['all', 'not-an-update', 'WITH x AS (SELECT 1) UPDATE t SET a = 1 WHERE k = :k'],
  ['all', 'not-an-update', '(UPDATE t SET a = 1 WHERE k = :k)'],
  ['all', 'not-an-update', '"UPDATE" t SET a = 1 WHERE k = :k'],
  ['all', 'not-an-update', 'UPDATE STATISTICS t WHERE k = :k'],
  ['all', 'several-statements', 'UPDATE t SET a = 1 WHERE k = :k; DROP TABLE t'],
  ...[
    ...['DROP TABLE t', 'EXEC xp_cmdshell', 'SHUTDOWN', 'SELECT 1', 'WAITFOR DELAY', 'TRUNCATE TABLE t'],
    ...[
      'BEGIN TRANSACTION',
      'COMMIT',
      'GRANT ALL',
      'ORDER BY a',
      'LIMIT 1',
      'OPTION (RECOMPILE)',
      'IF 1 = 1',
    ],
    ...['SET NOCOUNT ON', 'FROM u', 'DECLARE x', 'a', '1', "'x'", ':k', '(SELECT 1)', 'WHERE k = :k'],
  ].map((more): [SqlDialect | 'all', UpdateRefusalReason, string] => [
    'all',
    'beyond-one-update',
    `UPDATE t SET a = 1 WHERE k = :k ${more}`,
  ]),
  ['all', 'beyond-one-update', 'UPDATE t SET a = CASE WHEN 1 = 1 THEN 1 END SHUTDOWN WHERE k = :k'],
  ['all', 'beyond-one-update', 'UPDATE t SET a = 1 WHERE k = :k AND b IS NULL DROP TABLE t'],
  ['informix', 'beyond-one-update', 'UPDATE t SET a = 1 WHERE k = :k AND b = MOD SHUTDOWN'],
  ['all', 'beyond-one-update', 'UPDATE t SET a = f(1) DROP TABLE t WHERE k = :k'],
  ['all', 'beyond-one-update', 'UPDATE t SET a = 1DROP TABLE t WHERE k = :k'],
  ['all', 'beyond-one-update', 'UPDATE t SET a = t.x EXEC p WHERE k = :k'],
  ['all', 'beyond-one-update', 'UPDATE t SET a = u.b FROM u WHERE u.k = :k'],
  ['all', 'not-one-table', 'UPDATE t, u SET t.a = 1, u.b = 2 WHERE t.k = :k'],
  ['all', 'not-one-table', 'UPDATE t JOIN u ON t.k = u.k SET t.a = 1 WHERE t.k = :k'],
  ['all', 'not-one-table', 'UPDATE (SELECT a, k FROM t) SET a = 1 WHERE k = :k'],
  ['all', 'not-one-table', 'UPDATE elsewhere.base.dbo.t SET a = 1 WHERE k = :k'],
  ['all', 'not-one-table', 'UPDATE SET a = 1 WHERE k = :k'],
  ['all', 'not-one-table', 'UPDATE LOW_PRIORITY t SET a = 1 WHERE k = :k'],
  ['sqlite', 'writes', 'UPDATE OR REPLACE t SET a = 1 WHERE k = :k'],
  ['all', 'returns-rows', 'UPDATE t SET a = 1 WHERE k = :k RETURNING a'],
  ['all', 'returns-rows', 'UPDATE t SET a = 1 OUTPUT inserted.a INTO u WHERE k = :k'],
  ['all', 'writes', 'UPDATE t SET a = (DELETE FROM u RETURNING 1) WHERE k = :k'],
  ['all', 'writes-into', 'UPDATE t SET a = (SELECT 1 INTO u) WHERE k = :k'],
  ['postgres', 'dangerous-function', "UPDATE t SET a = pg_read_file('/x') WHERE k = :k"],
  ['mysql', 'dangerous-function', "UPDATE t SET a = load_file('/x') WHERE k = :k"],
  ['mysql', 'obeyed-comment', 'UPDATE t SET a = 1 /*! , b = 2 */ WHERE k = :k'],
  ['postgres', 'unknown-placeholder', 'UPDATE t SET a = $1 WHERE k = :k'],
  ['all', 'unbalanced-parentheses', 'UPDATE t SET a = 1) WHERE (k = :k'],
  ['all', 'unbalanced-parentheses', 'UPDATE t SET a = 1 WHERE (k = :k'],
  ['all', 'unterminated', "UPDATE t SET a = 'x WHERE k = :k"],
  ['all', 'unreadable-quoting', 'UPDATE t SET a = 1 WHERE k = :k \0'],
]

for (const [dialect, reason, sql] of refused) {
  test(`${dialect} refuses ${JSON.stringify(sql)} (${reason})`, t => {
    for (const one of dialect === 'all' ? dialects : [dialect]) {
      const verdict = checkUpdate(sql, one)
      t.is(verdict.kind === 'refused' ? verdict.reason : verdict.kind, reason, one)
    }
  })
}

test('for a server that nobody named all of that is refused too, and what has no comments passes', t => {
  for (const [dialect, , sql] of refused) {
    if (dialect === 'all') t.is(checkUpdate(sql, 'ansi').kind, 'refused', sql)
  }
  for (const [dialect, sql] of allowed) {
    if (dialect === 'all' && !sql.includes('/*')) t.is(checkUpdate(sql, 'ansi').kind, 'update', sql)
  }
})

const start = 'UPDATE t SET a = 1 WHERE id = :id'
const hidden: [SqlDialect, string][] = [
  ['ansi', '/*! OR 1=1 */'],
  ['ansi', '--1 OR 1=1'],
  ['ansi', "AND b = '\\' OR 1=1 --'"],
  ['ansi', 'AND b = $$x$$'],
  ['ansi', 'OR 1=1.SHUTDOWN'],
  ['ansi', 'OR 1=t.SHUTDOWN'],
  ['mssql', 'OR 1=€1.SHUTDOWN'],
  ['mssql', 'AND 1=€1.DELETE..t'],
  ['mssql', 'OR 1=$1.SHUTDOWN'],
  ['mssql', 'OR 1=0x1.SHUTDOWN'],
  ['mssql', 'OR 1=1e.SHUTDOWN'],
  ['mssql', 'OR 1=@@SPID.SHUTDOWN'],
  ['mssql', 'OR id = :id.SHUTDOWN'],
  ['mssql', 'OR 1=t.SHUTDOWN'],
]
for (const [dialect, more] of hidden) {
  test(`${dialect} refuses an UPDATE with ${JSON.stringify(more).replaceAll('€', 'EUR')} at its end`, t => {
    t.is(checkUpdate(`${start} ${more}`, dialect).kind, 'refused')
    t.is(checkUpdate(start, dialect).kind, 'update')
  })
}

test('a refusal points at the place', t => {
  t.deepEqual(checkUpdate('UPDATE t SET a = 1 WHERE k = :k DROP TABLE t', 'informix'), {
    kind: 'refused',
    reason: 'beyond-one-update',
    position: 32,
    excerpt: 'DROP TABLE t',
  })
  t.like(checkUpdate(`UPDATE ${'a'.repeat(maxStatementLength)}`, 'ansi'), { reason: 'too-long' })
})

const pieces = [
  ...['UPDATE', 'SET', 'WHERE', 'a', 't', '=', '(', ')', ',', '.', ';', 'AND', 'OR', 'END', 'CASE', 'SELECT'],
  ...[
    'DROP',
    'EXEC',
    'DELETE',
    'FROM',
    'RETURNING',
    ':k',
    '1',
    "'x'",
    '"q"',
    '--',
    '/*',
    '*/',
    '\n',
    '::',
    '+',
  ],
]
const soup = fc
  .array(fc.constantFrom(...pieces), { maxLength: 25 })
  .map(parts => `UPDATE t SET a = 1 ${parts.join(' ')} WHERE k = :k`)

test('whatever passes ends no operand before another begins, and passes again as it is sent', t => {
  let passed = 0
  fc.assert(
    fc.property(soup, fc.constantFrom(...dialects), (sql, dialect) => {
      const verdict = checkUpdate(sql, dialect)
      if (verdict.kind === 'refused') return sql.startsWith(verdict.excerpt, verdict.position)
      passed += 1
      const cut = tokenizeSql(verdict.statement, dialect)
      if (cut.kind !== 'tokens') return false
      let depth = 0
      return cut.tokens.every((token, index) => {
        if (token.text === '(') depth += 1
        if (token.text === ')') depth -= 1
        const isQualified = cut.tokens[index - 1]?.text === '.'
        if (depth > 0 || isQualified || token.kind !== 'word') return true
        const starts = /^(?:DROP|EXEC|SELECT|FROM)$/.test(token.text)
        const previous = cut.tokens[index - 1]
        return (
          !starts || previous?.kind === 'symbol' || /^(?:AND|OR|SET|WHERE|CASE)$/.test(previous?.text ?? '')
        )
      })
    }),
    { numRuns: 5_000 },
  )
  t.true(passed > 20, `${passed} passed: the soup must also contain updates`)
})
