/** What the guard lets through and refuses in the dialects of Oracle and of ODBC. */
import test from 'ava'
import fc from 'fast-check'
import { checkSelect, type RefusalReason } from '../../../connectors/sources/select-guard.ts'
import type { SqlDialect } from '../../../connectors/sources/sql-tokens.ts'

const guessed: SqlDialect[] = ['oracle', 'informix', 'db2', 'access', 'ansi']

test('Oracle takes numbered names, because its own words cannot be parameters', t => {
  t.deepEqual(checkSelect('SELECT a FROM t WHERE d >= :from AND d < :to AND e <> :from', 'oracle'), {
    kind: 'select',
    statement: 'SELECT a FROM t WHERE d >= :p1 AND d < :p2 AND e <> :p1',
    parameterNames: ['from', 'to'],
  })
})

const allowed: [SqlDialect, string][] = [
  ['oracle', "SELECT q'[it's; DELETE FROM t]', Q'!a'b!', nq'<x'y>', N'z' FROM DUAL"],
  ['oracle', 'SELECT /*+ FIRST_ROWS(50) */ NUMEPOLI, "update" FROM ORASS.CONTRAT c WHERE c.DELETE = 1'],
  ['oracle', 'SELECT DBMS_LOB.SUBSTR(NOTE, 4000, 1), UTL_RAW.CAST_TO_RAW(NOM), ROWNUM FROM T -- all'],
  ['oracle', "SELECT TO_CHAR(D, 'DD/MM/YYYY') FROM T START WITH A = 1 CONNECT BY PRIOR A = B"],
  ['informix', 'SELECT FIRST 10 nom FROM clients WHERE d = TODAY - 3'],
  ['db2', 'SELECT NOM FROM LIB.CLIENTS WHERE D = CURRENT DATE FETCH FIRST 10 ROWS ONLY WITH UR'],
  ['access', "SELECT [nom client], `a`, IIf(etat = 'x', 1, 0) FROM [CLIENTS 2] WHERE id IN ('a', 'b')"],
  ['ansi', "SELECT a, \"b c\", N'é' || 'it''s' FROM s.t AS téléphones WHERE b <> 'x;--' AND c != -1.5 / 2"],
  ['ansi', 'WITH x AS (SELECT a FROM t) SELECT a FROM x UNION ALL SELECT 1 FROM y ORDER BY a'],
  ['ansi', 'SELECT a FROM t ORDER BY a FETCH FIRST 10 ROWS ONLY'],
  ['oracle', "SELECT EXTRACT(YEAR FROM D), XMLAGG(XMLELEMENT(E, N)).EXTRACT('//text()') FROM V$SESSION"],
]
for (const [dialect, sql] of allowed) {
  test(`${dialect} lets ${JSON.stringify(sql)} through`, t => {
    t.is(checkSelect(sql, dialect).kind, 'select', JSON.stringify(checkSelect(sql, dialect)))
  })
}

const refused: [SqlDialect, RefusalReason, string][] = [
  ['oracle', 'locks-rows', 'SELECT * FROM T FOR UPDATE NOWAIT'],
  ['oracle', 'other-server', 'SELECT * FROM CONTRAT@SIEGE'],
  ['oracle', 'other-server', 'SELECT * FROM CONTRAT @ "SIEGE"'],
  ['oracle', 'writes', 'SELECT SEQ.NEXTVAL FROM DUAL'],
  ['oracle', 'dangerous-function', 'SELECT UTL_HTTP.REQUEST(:u) FROM DUAL'],
  ['oracle', 'dangerous-function', 'SELECT "UTL_HTTP".REQUEST(:u) FROM DUAL'],
  ['oracle', 'dangerous-function', 'SELECT SYS.DBMS_LOCK.SLEEP(1) FROM DUAL'],
  ['oracle', 'dangerous-function', "SELECT HTTPURITYPE('http://x').GETCLOB() FROM DUAL"],
  [
    'oracle',
    'several-statements',
    'WITH FUNCTION f RETURN NUMBER IS BEGIN EXECUTE IMMEDIATE x; RETURN 1; END; SELECT f FROM DUAL',
  ],
  ['oracle', 'not-a-select', 'BEGIN DELETE FROM T; END;'],
  ['oracle', 'unterminated', "SELECT q'[never ends' FROM DUAL"],
  ['oracle', 'unterminated', "SELECT q' x ' FROM DUAL; DELETE FROM T --'"],
  ['oracle', 'unknown-placeholder', 'SELECT :1 FROM DUAL'],
  ['informix', 'dangerous-function', "SELECT FILETOCLOB('/etc/x', 'server') FROM t"],
  ['informix', 'dangerous-function', "SELECT task('x') FROM t"],
  ['informix', 'writes-into', 'SELECT * FROM t INTO TEMP x'],
  ['informix', 'writes', 'SELECT s.NEXTVAL FROM t'],
  ['db2', 'writes', 'SELECT * FROM FINAL TABLE (INSERT INTO t VALUES (1))'],
  ['db2', 'writes', 'SELECT NEXT VALUE FOR s FROM SYSIBM.SYSDUMMY1'],
  ['db2', 'dangerous-function', "SELECT SYSTOOLS.HTTPGETCLOB('x', '') FROM SYSIBM.SYSDUMMY1"],
  ['access', 'other-server', "SELECT * FROM t IN 'C:\\other.mdb'"],
  ['access', 'other-server', 'SELECT * FROM [ODBC;DSN=x].t'],
  ['access', 'dangerous-function', "SELECT Shell('cmd') FROM t"],
  ['access', 'unterminated', "SELECT 1 -- ' \n"],
  ['ansi', 'unreadable-quoting', "SELECT 'a\\' FROM t"],
  ['ansi', 'dangerous-function', "SELECT xp_cmdshell('x')"],
  ['oracle', 'dangerous-function', `SELECT XMLTYPE('<!DOCTYPE a SYSTEM "http://x">') FROM DUAL`],
  ['oracle', 'dangerous-function', "SELECT SYS.XMLTYPE.CREATEXML('x') FROM DUAL"],
  ['oracle', 'dangerous-function', 'SELECT * FROM EXTERNAL ((A NUMBER) DEFAULT DIRECTORY D LOCATION (:f))'],
  ['oracle', 'dangerous-function', "SELECT CTXSYS.DRITHSX.SN(1, 'x') FROM DUAL"],
  ['oracle', 'unreadable-quoting', 'SELECT U&"X\\004dLTYPE"(A) FROM DUAL'],
  ['informix', 'other-server', 'SELECT * FROM base@server:owner.t'],
  ['db2', 'locks-rows', 'SELECT * FROM T WITH RS USE AND KEEP EXCLUSIVE LOCKS'],
  ['access', 'other-server', 'SELECT * FROM t IN "other.mdb"'],
  ['ansi', 'other-server', "SELECT * FROM t IN 'other.mdb'"],
  ['ansi', 'other-server', 'SELECT * FROM srv.base.dbo.t'],
  ['ansi', 'locks-rows', 'SELECT * FROM T WITH RS USE AND KEEP EXCLUSIVE LOCKS'],
  ['ansi', 'unreadable-quoting', "SELECT $$'$$ as a; commit; drop table victim; commit; --'"],
  ['ansi', 'unreadable-quoting', "SELECT [']; DROP TABLE t; --']"],
  ['ansi', 'unreadable-quoting', "SELECT `'`; DROP TABLE t; --'"],
  ['ansi', 'unreadable-quoting', "SELECT q'[a]' FROM t"],
  ['ansi', 'unreadable-quoting', "SELECT E'a' FROM t"],
  ['ansi', 'unreadable-quoting', "SELECT U&'a'"],
  ['ansi', 'unreadable-quoting', "SELECT {'} ; DROP TABLE t --'"],
  ['ansi', 'unreadable-quoting', "SELECT 1 # '\n; DROP TABLE t --'"],
  ['ansi', 'unreadable-quoting', "SELECT 1 // '\n; DROP TABLE t --'"],
  ['ansi', 'unreadable-quoting', 'SELECT 1e.DELETE FROM t'],
  ['ansi', 'unreadable-quoting', 'SELECT "a\\" FROM t'],
  ['ansi', 'unreadable-quoting', 'SELECT €1.DELETE FROM t'],
  ['ansi', 'several-statements', 'SELECT 1 DROP TABLE t COMMIT'],
  ['ansi', 'several-statements', "SELECT 1 EXEC('dr'+'op table t')"],
  ['ansi', 'several-statements', 'SELECT 1 CALL p()'],
  ['ansi', 'writes', 'SELECT a.DELETE FROM t'],
  // Comments end here or there, are obeyed or none at all.
  ['ansi', 'unterminated', "SELECT 1 /*!INTO OUTFILE '/x'*/"],
  ['ansi', 'unterminated', "SELECT 5--1 INTO OUTFILE '/x'"],
  ['ansi', 'unterminated', 'SELECT 1 -- plain'],
  ['ansi', 'unterminated', 'SELECT 1 /* plain */'],
  ...[
    ...["pg_read_file('x')", "load_file('x')", "HTTPURITYPE('x')", "xp_write_file('x', 'y')", 'lo_create(0)'],
    ...[
      "filetoclob('x', 'y')",
      "qcmdexc('x')",
      "Shell('x')",
      "writefile('x', 'y')",
      "spider_direct_sql('x')",
    ],
  ].map((call): [SqlDialect, RefusalReason, string] => [
    'ansi',
    'dangerous-function',
    `SELECT ${call} FROM t`,
  ]),
]
for (const [dialect, reason, sql] of refused) {
  test(`${dialect} refuses ${JSON.stringify(sql)} as ${reason}`, t => {
    t.like(checkSelect(sql, dialect), { kind: 'refused', reason })
  })
}

test('what two servers could read in two ways is refused: nested comments, lone line ends, odd blanks', t => {
  for (const dialect of guessed) {
    for (const sql of [
      'SELECT 1 /* a /* b */ FROM t',
      'SELECT 1 -- a\rFROM t',
      'SELECT 1 FROM t FOR\u3000UPDATE',
      'SELECT 1 FROM t FOR\u00a0UPDATE',
    ]) {
      t.is(checkSelect(sql, dialect).kind, 'refused', `${dialect} ${JSON.stringify(sql)}`)
    }
  }
})

test('no text makes the guard fail, and what passes begins with SELECT, WITH or a parenthesis', t => {
  const piece = fc.constantFrom(
    ...["'", '"', "q'[", "]'", '--', '/*', '*/', '\n', '\r', ';', '(', ')', '@', ':x', '?', '[', '{', '.'],
    ...['SELECT ', 'WITH ', ' FROM ', ' FOR UPDATE', ' DELETE ', 'dbms_x', 'a', '1', ' '],
  )
  fc.assert(
    fc.property(fc.constantFrom(...guessed), fc.array(piece, { maxLength: 14 }), (dialect, pieces) => {
      const verdict = checkSelect(`SELECT ${pieces.join('')}`, dialect)
      if (verdict.kind === 'select') t.regex(verdict.statement, /^(?:SELECT|WITH|\()/)
    }),
  )
})
