/**
 * Lets one SELECT through and nothing else. Pure.
 *
 * It is the first of three locks: the statement then runs in a read-only transaction (or on a file opened
 * read-only), under an account that should have no right to write. Being the first it may refuse too much (an
 * unquoted column called `update`), never too little.
 */
import { isDangerousFunction, isDangerousPackage } from './dangerous-functions.ts'
import { type SqlDialect, type SqlToken, tokenizeSql } from './sql-tokens.ts'
import { refusalInTransactSql } from './transact-sql.ts'
import { hasTwoReadings, touchesParameter } from './two-readings.ts'

/** A query a person maintains fits many times; the limit bounds the work of every later pass. */
export const maxStatementLength = 100_000

type UnreadableReason = 'empty' | 'too-long' | 'unterminated' | 'unreadable-quoting'

export type RefusalReason =
  | 'empty'
  | 'too-long'
  | 'unterminated'
  | 'unbalanced-parentheses'
  | 'not-a-select'
  | 'several-statements'
  | 'writes'
  | 'writes-into'
  | 'locks-rows'
  | 'obeyed-comment'
  | 'dangerous-function'
  | 'unknown-placeholder'
  | 'unreadable-quoting'
  /** `table@link`, `server.base.owner.table`: another server under another account, with neither of our locks. */
  | 'other-server'

type GuardVerdict =
  | {
      kind: 'select'
      /** What is sent: named parameters became the driver's placeholders, a final semicolon is gone. */
      statement: string
      /** One name per value to hand over, in order. */
      parameterNames: string[]
    }
  | {
      kind: 'refused'
      reason: RefusalReason
      /** Offset in the query, in UTF-16 units. */
      position: number
      /** The offending place, at most 40 characters. */
      excerpt: string
    }

const writeVerbs = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'UPSERT'])
/** Also functions: MySQL's `INSERT(text, …)` and everybody's `REPLACE(text, …)`. */
const verbsThatAreFunctions = new Set(['INSERT', 'REPLACE'])
const lockWords = new Set(['UPDATE', 'SHARE', 'NO', 'KEY'])

/** Where `sequence.NEXTVAL`, without parentheses, counts on. */
const dialectsWithNextval: ReadonlySet<SqlDialect> = new Set(['oracle', 'informix', 'db2', 'ansi'])
/** Where `@` is followed by the name of another server. */
const dialectsWithLinks: ReadonlySet<SqlDialect> = new Set(['oracle', 'informix', 'ansi'])
/** SQL Server and Sybase, whose statements need no semicolon between them, and what may be one of them. */
const dialectsOfBareStatements: ReadonlySet<SqlDialect> = new Set(['mssql', 'ansi'])
/** `server.base.owner.table`. Also a column in four parts is refused; an alias makes it two. */
const partsWithServer = 4

export interface GuardOptions {
  /**
   * `odbc` writes every parameter as `?`, and refuses the driver's escapes `{fn …}`: what these become is written by
   * the driver after we looked.
   */
  placeholders?: 'native' | 'odbc'
}

/**
 * @param sql one SELECT or WITH … SELECT; parameters are written `:name`
 * @returns the statement to send, or why it is refused; never throws
 */
export function checkSelect(sql: string, dialect: SqlDialect, options: GuardOptions = {}): GuardVerdict {
  const isOdbc = options.placeholders === 'odbc'
  const refuse = (reason: RefusalReason, position: number): GuardVerdict => {
    return { kind: 'refused', reason, position, excerpt: sql.slice(position, position + 40) }
  }
  const cut = readTokens(sql, dialect)
  if (cut.kind === 'refused') return refuse(cut.reason, cut.position)
  const { tokens } = cut

  const first = tokens.find(token => token.text !== '(')
  if (!isWord(first, 'SELECT', 'WITH')) return refuse('not-a-select', first?.start ?? 0)
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(' && token.kind === 'symbol') depth += 1
    if (token.text === ')' && token.kind === 'symbol') depth -= 1
    if (depth < 0) return refuse('unbalanced-parentheses', token.start)
    const reason = (isOdbc && refusalInOdbc(tokens, index)) || refusalOf(tokens, index, dialect)
    if (reason !== undefined) return refuse(reason, token.start)
  }
  if (depth > 0) return refuse('unbalanced-parentheses', tokens.at(-1)?.start ?? 0)
  return { kind: 'select', ...withPlaceholders(sql, tokens, isOdbc ? 'odbc' : dialect) }
}

/** Escapes of the driver, and values that it would write beside something. */
export function refusalInOdbc(tokens: readonly SqlToken[], index: number): 'unreadable-quoting' | undefined {
  const isDoubtful = isSymbol(tokens[index]!, '{') || touchesParameter(tokens, index)
  return isDoubtful ? 'unreadable-quoting' : undefined
}

/** Why the token at `index`, seen with its neighbours, cannot stand in a SELECT. */
export function refusalOf(
  tokens: readonly SqlToken[],
  index: number,
  dialect: SqlDialect,
): RefusalReason | undefined {
  const token = tokens[index]!
  const next = tokens[index + 1]
  if (hasTwoReadings(tokens, index, dialect)) return 'unreadable-quoting'
  switch (token.kind) {
    case 'obeyed-comment':
      return 'obeyed-comment'
    case 'placeholder':
      return 'unknown-placeholder'
    case 'symbol':
      if (token.text === '@' && dialectsWithLinks.has(dialect)) return 'other-server'
      if (token.text === '.' && namesServer(tokens, index, dialect)) return 'other-server'
      return token.text === ';' ? 'several-statements' : undefined
    case 'string':
      return namesFile(tokens, index, dialect) ? 'other-server' : undefined
    case 'escape-string':
      // PostgreSQL joins strings over a line end and keeps reading backslashes as escapes in the second one.
      return next?.kind === 'string' ? 'unreadable-quoting' : undefined
    case 'quoted-identifier':
      // Access: [ODBC;DSN=…] and [C:\…] are other databases.
      if (dialect === 'access' && /[;:\\/]/.test(token.text)) return 'other-server'
      if (namesFile(tokens, index, dialect)) return 'other-server'
      return callsDangerousFunction(token, next, dialect) ? 'dangerous-function' : undefined
    case 'word':
      return refusalOfWord(tokens, index, dialect)
    default:
      return undefined
  }
}

function refusalOfWord(
  tokens: readonly SqlToken[],
  index: number,
  dialect: SqlDialect,
): RefusalReason | undefined {
  const token = tokens[index]!
  const next = tokens[index + 1]
  if (callsDangerousFunction(token, next, dialect)) return 'dangerous-function'
  if (dialectsWithNextval.has(dialect) && isWord(token, 'NEXTVAL')) return 'writes'
  const mayBeginStatement = dialectsOfBareStatements.has(dialect)
  // Where no column without quotes can be called so, whoever puts a dot before it wants to be overlooked.
  if (!mayBeginStatement && isQualified(tokens, index)) return undefined
  const refusal = mayBeginStatement ? refusalInTransactSql(tokens, index, dialect) : undefined
  if (refusal !== undefined) return refusal

  if (isWord(token, 'FOR') && next?.kind === 'word' && lockWords.has(next.text.toUpperCase())) {
    return 'locks-rows'
  }
  if (isWord(token, 'LOCK') && isWord(next, 'IN')) return 'locks-rows'
  // DB2: WITH RS USE AND KEEP EXCLUSIVE LOCKS.
  if (isWord(token, 'USE') && isWord(next, 'AND')) return 'locks-rows'
  if (isWord(token, 'INTO')) return 'writes-into'
  if (isWord(token, 'NEXT') && isWord(next, 'VALUE')) return 'writes'
  const verb = token.text.toUpperCase()
  if (!writeVerbs.has(verb)) return undefined
  return verbsThatAreFunctions.has(verb) && next?.text === '(' ? undefined : 'writes'
}

/** `table.word` is a column whatever the word is; `0x1.word` and `@@x.word` are no such thing. */
export function isQualified(tokens: readonly SqlToken[], index: number): boolean {
  const [before, owner, dot] = [tokens[index - 3], tokens[index - 2], tokens[index - 1]]
  if (dot?.text !== '.' || owner === undefined) return false
  if (owner.kind === 'quoted-identifier') return true
  if (owner.kind !== 'word') return false
  const isTail = before?.end === owner.start && (before.kind === 'number' || /^[$@#]$/.test(before.text))
  return !isTail
}

/** Access: FROM t IN 'another file', in either kind of quotes. */
function namesFile(tokens: readonly SqlToken[], index: number, dialect: SqlDialect): boolean {
  return (dialect === 'access' || dialect === 'ansi') && isWord(tokens[index - 1], 'IN')
}

/** The last dot of a name in four parts, some of which may be left out: `server...table`. */
function namesServer(tokens: readonly SqlToken[], index: number, dialect: SqlDialect): boolean {
  if (!dialectsOfBareStatements.has(dialect)) return false
  let dots = 0
  for (let at = index; at >= 0 && dots < partsWithServer - 1; at -= 1) {
    const token = tokens[at]!
    if (isSymbol(token, '.')) dots += 1
    else if (token.kind !== 'word' && token.kind !== 'quoted-identifier') return false
    else if (!isSymbol(tokens[at + 1]!, '.')) return false
  }
  return dots === partsWithServer - 1
}

function callsDangerousFunction(token: SqlToken, next: SqlToken | undefined, dialect: SqlDialect): boolean {
  if (next?.text === '.' && isDangerousPackage(token.text, dialect)) return true
  return next?.text === '(' && isDangerousFunction(token.text, dialect)
}

export function isSymbol(token: SqlToken, text: string): boolean {
  return token.kind === 'symbol' && token.text === text
}

export function isWord(token: SqlToken | undefined, ...words: string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase())
}

/** What every guard looks at first: a statement of a bounded length whose tokens are those of the server. */
export function readTokens(
  sql: string,
  dialect: SqlDialect,
): { kind: 'tokens'; tokens: SqlToken[] } | { kind: 'refused'; reason: UnreadableReason; position: number } {
  if (sql.length > maxStatementLength) {
    return { kind: 'refused', reason: 'too-long', position: maxStatementLength }
  }
  // Servers and drivers in C end the text at a NUL.
  const nul = sql.indexOf('\0')
  if (nul !== -1) return { kind: 'refused', reason: 'unreadable-quoting', position: nul }
  const cut = tokenizeSql(sql, dialect)
  if (cut.kind === 'unterminated') return { kind: 'refused', reason: 'unterminated', position: cut.position }
  const tokens = withoutFinalSemicolons(cut.tokens)
  return tokens.length === 0 ? { kind: 'refused', reason: 'empty', position: 0 } : { kind: 'tokens', tokens }
}

function withoutFinalSemicolons(tokens: readonly SqlToken[]): SqlToken[] {
  const isSemicolon = (token: SqlToken): boolean => token.kind === 'symbol' && token.text === ';'
  return tokens.slice(0, tokens.findLastIndex(token => !isSemicolon(token)) + 1)
}

type Placeholders = SqlDialect | 'odbc'

/** How the driver of each dialect writes the value of `:name`, the `number`th of the statement. */
function placeholder(style: Placeholders, name: string, number: number): string {
  switch (style) {
    case 'postgres':
      return `$${number}`
    case 'sqlite':
      return `:${name}`
    // Not the name itself: Oracle refuses :from, :date and every other reserved word (ORA-01745).
    case 'oracle':
      return `:p${number}`
    // Nor here: sp_executesql itself has arguments called @stmt and @params.
    case 'mssql':
      return `@p${number}`
    default:
      return '?'
  }
}

/** Where placeholders have names or numbers a name used twice is one value; question marks are counted. */
export function withPlaceholders(
  sql: string,
  tokens: readonly SqlToken[],
  style: Placeholders,
): { statement: string; parameterNames: string[] } {
  const names: string[] = []
  const pieces: string[] = []
  let copied = tokens[0]?.start ?? 0
  for (const token of tokens) {
    if (token.kind !== 'parameter') continue
    const name = token.text.slice(1)
    const known = placeholder(style, name, 1) === '?' ? -1 : names.indexOf(name)
    if (known === -1) names.push(name)
    const number = known === -1 ? names.length : known + 1
    pieces.push(sql.slice(copied, token.start), placeholder(style, name, number))
    copied = token.end
  }
  pieces.push(sql.slice(copied, tokens.at(-1)?.end))
  return { statement: pieces.join(''), parameterNames: names }
}
