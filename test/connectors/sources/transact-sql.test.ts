import test from 'ava'
import fc from 'fast-check'
import { checkSelect, type RefusalReason } from '../../../connectors/sources/select-guard.ts'
import { tokenizeSql } from '../../../connectors/sources/sql-tokens.ts'
import { checkUpdate } from '../../../connectors/sources/update-guard.ts'

test('mssql: parameters become @p1, @p2, … whatever their names, a repeated one the same', t => {
  const sql = "SELECT TOP 10 [a ]] :x] FROM t WHERE d >= :from AND d < :to AND e <> :from AND f = N':from';"
  t.deepEqual(checkSelect(sql, 'mssql'), {
    kind: 'select',
    statement: "SELECT TOP 10 [a ]] :x] FROM t WHERE d >= @p1 AND d < @p2 AND e <> @p1 AND f = N':from'",
    parameterNames: ['from', 'to'],
  })
})

const allowed = [
  'WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a UNION ALL SELECT 2) SELECT * FROM a JOIN b ON a.x = b.x',
  '(SELECT 1) UNION (SELECT 2) EXCEPT SELECT 3',
  'SELECT * FROM t ORDER BY a OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY',
  "SELECT CASE WHEN a = 1 THEN 'DELETE' ELSE 'EXEC' END AS [update], t.[drop], t.[set], [exec] FROM [delete] AS t",
  'SELECT @@VERSION AS v, @@SERVERNAME AS s, geography::Point(1, 2, 4326) AS p',
  "SELECT IIF(a = 1, 'x', 'y'), REPLACE(n, 'a', 'b'), TRY_CONVERT(date, d, 103) FROM t WITH (NOLOCK)",
  'SELECT a, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) AS r FROM [base].[dbo].[t] /* x */ -- end',
  'SELECT téléphone, #t.prénom FROM #t FOR JSON PATH',
  'SELECT * FROM t WHERE a IN (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v) OPTION (RECOMPILE)',
  'SELECT x.a FROM t CROSS APPLY (SELECT TOP 1 a FROM u WHERE u.i = t.i ORDER BY d DESC) AS x',
]

for (const sql of allowed) {
  test(`mssql lets ${JSON.stringify(sql)} through`, t => {
    t.is(checkSelect(sql, 'mssql').kind, 'select', JSON.stringify(checkSelect(sql, 'mssql')))
  })
}

const refused: [RefusalReason, string][] = [
  ['not-a-select', 'EXEC sp_who'],
  ['not-a-select', 'sp_who'],
  ['not-a-select', "[SELECT] 'x'"],
  ['not-a-select', 'DECLARE @x int SELECT 1'],
  ['writes', 'SELECT 1 DELETE FROM t'],
  ['writes', 'SELECT 1 AS a\nUPDATE t SET a = 1'],
  ['writes', 'SELECT 1 INSERT t VALUES (1)'],
  ['writes', 'SELECT 1 INSERT (a) VALUES (1)'],
  ['writes', 'SELECT 1 MERGE t USING u ON 1 = 1 WHEN MATCHED THEN DELETE'],
  ['writes', 'WITH a AS (SELECT 1 AS x) DELETE FROM a'],
  ['writes', 'SELECT NEXT VALUE FOR numbers'],
  ['writes', 'SELECT CASE WHEN 1 = 1 THEN 1 END CONVERSATION'],
  ['writes-into', 'SELECT * INTO copied FROM t'],
  ['several-statements', 'SELECT 1; DROP TABLE t'],
  ['several-statements', 'SELECT 1 DROP TABLE t'],
  ['several-statements', "SELECT 1 EXEC('DELETE FROM t')"],
  ['several-statements', 'SELECT 1 execute sp_x'],
  ['several-statements', 'SELECT 1 TRUNCATE TABLE t'],
  ['several-statements', 'SELECT 1 SELECT 2'],
  ['several-statements', '(SELECT 1) SELECT 2'],
  ['several-statements', 'WITH a AS (SELECT 1 AS x) SELECT x FROM a WHERE x IN (1) SELECT 2'],
  ['several-statements', 'SELECT 1 SET DEADLOCK_PRIORITY HIGH'],
  ['several-statements', 'SELECT 1 WAITFOR DELAY 0'],
  ['several-statements', 'SELECT 1 COMMIT'],
  ['several-statements', 'SELECT 1 IF 1 = 1 PRINT 1'],
  ['several-statements', 'SELECT 1 SHUTDOWN'],
  ['several-statements', 'SELECT 1 AS rs FETCH NEXT FROM c'],
  ['several-statements', 'SELECT 1 REVERT'],
  ['several-statements', 'SELECT 1 RECEIVE TOP (1) x FROM q'],
  ['locks-rows', 'SELECT * FROM t WITH (TABLOCKX)'],
  ['locks-rows', 'SELECT * FROM t (updlock)'],
  ['dangerous-function', "SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'DELETE FROM t')"],
  ['dangerous-function', "SELECT * FROM OPENQUERY(srv, 'DELETE FROM t')"],
  ['dangerous-function', "SELECT * FROM [OPENQUERY](srv, 'x')"],
  ['dangerous-function', "SELECT * FROM sys.fn_trace_gettable('\\\\host\\share\\x', 1)"],
  ['dangerous-function', "SELECT * FROM sys.dm_os_file_exists('\\\\host\\share')"],
  ['dangerous-function', "SELECT xp_cmdshell('x')"],
  ['dangerous-function', "SELECT * FROM OPENDATASOURCE('x', 'y').b.dbo.t"],
  ['other-server', 'SELECT * FROM srv.base.dbo.t'],
  ['other-server', 'SELECT * FROM [srv]...[t]'],
  ['other-server', 'SELECT * FROM u, srv.base..t'],
  // Sybase, by the same rules.
  ['several-statements', 'SELECT 1 LOCK TABLE t IN EXCLUSIVE MODE'],
  ['several-statements', "SELECT 1 MOUNT DATABASE ALL FROM 'x'"],
  // A money literal ends at its dot, and another statement begins.
  ['unreadable-quoting', 'SELECT €1.DELETE FROM contrats WHERE €1=€1.COMMIT'],
  ['unreadable-quoting', 'SELECT £.TRUNCATE TABLE x'],
  ['unreadable-quoting', 'SELECT a¥1.DELETE FROM t'],
  ['unreadable-quoting', 'SELECT $1.DELETE FROM t'],
  ['unreadable-quoting', 'SELECT \uff04a.DELETE FROM t'],
  ['unreadable-quoting', 'SELECT 1 \uff24\uff25\uff2c\uff25\uff34\uff25 FROM t'],
  ['writes', 'SELECT 1.DELETE FROM t'],
  ['writes', 'SELECT 1e.DELETE FROM t'],
  ['writes', 'SELECT 0x1.DELETE FROM t'],
  ['writes', 'SELECT @@SPID.DELETE FROM t'],
  ['writes', 'SELECT a.DELETE FROM t'],
  ['unknown-placeholder', 'SELECT @x'],
  ['unknown-placeholder', 'SELECT @p1 FROM t WHERE a = :a'],
  ['unterminated', 'SELECT [a FROM t'],
  ['unterminated', 'SELECT [a]] FROM t'],
  ['unterminated', 'SELECT 1 /* a /* b */'],
  // Two readings, so neither.
  ['unterminated', 'SELECT 1 /* a /* b */ */'],
  ['unterminated', 'SELECT 1 -- a\rDELETE FROM t'],
  ['unterminated', 'SELECT 1 -- a\u2028DELETE FROM t'],
  ['unreadable-quoting', 'SELECT 1\u00a0DELETE FROM t'],
  ['unreadable-quoting', 'SELECT 1 a\u3000DELETE FROM t'],
  ['unreadable-quoting', 'SELECT 1 a\ufeffDELETE FROM t'],
]

for (const [reason, sql] of refused) {
  const shown = JSON.stringify(sql).replace(/[^ -~]/g, sign => `\\u${sign.charCodeAt(0).toString(16)}`)
  test(`mssql refuses ${shown} (${reason})`, t => {
    const verdict = checkSelect(sql, 'mssql')
    t.is(verdict.kind === 'refused' ? verdict.reason : verdict.kind, reason)
  })
}

test('mssql: the way back takes one UPDATE and nothing beside it', t => {
  const sql = 'UPDATE [dbo].[sms] SET etat = :state, envoi = :at WHERE id = :id'
  t.deepEqual(checkUpdate(sql, 'mssql'), {
    kind: 'update',
    statement: 'UPDATE [dbo].[sms] SET etat = @p1, envoi = @p2 WHERE id = @p3',
    parameterNames: ['state', 'at', 'id'],
  })
  for (const more of [
    ' DELETE FROM t',
    ' EXEC sp_x',
    ' SELECT 1',
    ' SET NOCOUNT ON',
    ' DROP TABLE t',
    ' sp_who',
  ]) {
    t.is(checkUpdate(sql + more, 'mssql').kind, 'refused', more)
  }
})

const words = (
  'SELECT WITH a AS ( ) , FROM t WHERE 1 = UNION ALL DELETE INSERT UPDATE MERGE INTO EXEC SET DROP ; . [ ] ]] " \' -- ' +
  '/* */ @x @@y :p N #t \n \r CASE END FETCH NEXT ROWS IF BEGIN \u00a0'
).split(' ')
const soup = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map(parts => `SELECT ${parts.join(' ')}`)

test('mssql: whatever passes holds no bare word that could begin another statement', t => {
  const beginning = /^(?:DELETE|INSERT|UPDATE|MERGE|INTO|EXEC|SET|DROP|IF|BEGIN)$/
  let passed = 0
  fc.assert(
    fc.property(soup, sql => {
      const verdict = checkSelect(sql, 'mssql')
      if (verdict.kind === 'refused') return true
      passed += 1
      const cut = tokenizeSql(verdict.statement, 'mssql')
      if (cut.kind !== 'tokens') return false
      return cut.tokens.every((token, index) => {
        return token.kind !== 'word' || cut.tokens[index - 1]?.text === '.' || !beginning.test(token.text)
      })
    }),
    { numRuns: 5_000 },
  )
  t.true(passed > 20, `${passed} passed: the soup must also contain queries`)
})
