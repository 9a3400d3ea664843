/**
 * What Transact-SQL adds to the guard, and a server that nobody named, which may speak it. Pure.
 *
 * A statement needs no semicolon before the next one: `SELECT 1 DELETE FROM t` is two statements. So every reserved
 * word that begins a statement is refused wherever it stands bare; being reserved it cannot be a name without
 * brackets, which keeps honest queries whole.
 *
 * @see "Reserved Keywords (Transact-SQL)" and "SELECT (Transact-SQL)" in Microsoft's reference
 */
import type { SqlDialect, SqlToken } from './sql-tokens.ts'

type TransactSqlRefusal = 'writes' | 'locks-rows' | 'several-statements'

const statementWords = new Set(
  (
    'ADD ALTER BACKUP BEGIN BREAK BULK CHECKPOINT CLOSE COMMIT CONTINUE CREATE DBCC DEALLOCATE DECLARE DENY DROP DUMP ' +
    'CALL EXEC EXECUTE GOTO GRANT IF KILL LINENO LOAD OPEN PRINT RAISERROR READTEXT RECONFIGURE RECEIVE RESTORE RETURN ' +
    'REVERT REVOKE ROLLBACK SAVE SEND SET SETUSER SHUTDOWN THROW TRIGGER TRUNCATE UPDATETEXT USE WAITFOR WHILE WRITETEXT'
  ).split(' '),
)
/** Table hints that keep others out of the rows or the table. */
const lockHints = new Set(['HOLDLOCK', 'PAGLOCK', 'ROWLOCK', 'TABLOCK', 'TABLOCKX', 'UPDLOCK', 'XLOCK'])
/** Sybase's statements that begin with a word which may be a name elsewhere. */
const sybaseStatement =
  /^(?:DISK (?:INIT|REINIT|REFIT|RESIZE|MIRROR|UNMIRROR|REMIRROR)|LOCK TABLE|PREPARE TRAN(?:SACTION)?|REORG \w+|TRANSFER TABLE|(?:UN)?MOUNT (?:ALL|DATABASE)|(?:QUIESCE|ONLINE) DATABASE)$/
/** Words after which a SELECT goes on with the same statement. */
const joiningWords = new Set(['UNION', 'ALL', 'EXCEPT', 'INTERSECT'])

/** Why the bare word at `index` cannot stand in one SELECT of SQL Server; undefined when it can. */
export function refusalInTransactSql(
  tokens: readonly SqlToken[],
  index: number,
  dialect: SqlDialect,
): TransactSqlRefusal | undefined {
  const word = wordAt(tokens, index)
  if (word === 'INSERT') return 'writes'
  // The update guard sees to it that there is one, in its place.
  if (word === 'SET' && wordAt(tokens, 0) === 'UPDATE') return undefined
  // DB2's locks have a reason of their own.
  if (word === 'USE' && wordAt(tokens, index + 1) === 'AND') return 'locks-rows'
  if (statementWords.has(word)) return 'several-statements'
  if (sybaseStatement.test(`${word} ${wordAt(tokens, index + 1)}`)) return 'several-statements'
  if (word === 'CONVERSATION' && ['END', 'GET', 'MOVE'].includes(wordAt(tokens, index - 1))) return 'writes'
  if (lockHints.has(word)) return 'locks-rows'
  // OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY; else it moves a cursor.
  const isFetchFirst = dialect === 'ansi' && /^(?:FIRST|NEXT)$/.test(wordAt(tokens, index + 1))
  if (word === 'FETCH' && !isFetchFirst && !/^ROWS?$/.test(wordAt(tokens, index - 1)))
    return 'several-statements'
  if (word === 'SELECT' && !continues(tokens, index)) return 'several-statements'
  return undefined
}

/** Whether a SELECT belongs to the statement before it. */
function continues(tokens: readonly SqlToken[], index: number): boolean {
  const before = tokens[index - 1]
  if (before === undefined || (before.kind === 'symbol' && before.text === '(')) return true
  if (joiningWords.has(wordAt(tokens, index - 1))) return true
  return before.text === ')' && wordAt(tokens, 0) === 'WITH' && isFirstOutside(tokens, index)
}

/** The SELECT after the last `)` of WITH …: the first that stands in no parentheses. */
function isFirstOutside(tokens: readonly SqlToken[], index: number): boolean {
  let depth = 0
  for (let at = 0; at < index; at += 1) {
    const { kind, text } = tokens[at]!
    if (kind === 'symbol' && text === '(') depth += 1
    if (kind === 'symbol' && text === ')') depth -= 1
    if (depth === 0 && wordAt(tokens, at) === 'SELECT') return false
  }
  return depth === 0
}

function wordAt(tokens: readonly SqlToken[], index: number): string {
  const token = tokens[index]
  return token?.kind === 'word' ? token.text.toUpperCase() : ''
}
