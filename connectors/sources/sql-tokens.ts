/**
 * SQL text cut into tokens exactly where the server's own lexer cuts it, per dialect. Pure, linear in the text.
 *
 * Exactness is the point: a guard that ends a string or a comment one character earlier or later than the server
 * reads another statement than the one that runs. The sessions therefore fix what the lexers leave to settings:
 * `standard_conforming_strings = on` (PostgreSQL) and an empty `sql_mode` (MySQL and MariaDB).
 *
 * @see PostgreSQL src/backend/parser/scan.l, SQLite src/tokenize.c, MySQL sql/sql_lex.cc
 */

/**
 * `informix`, `db2`, `access` and `ansi` are read through ODBC (`ansi` stands for what nobody named). Informix is told
 * by its connection string that a double quote is a name (DELIMIDENT).
 */
export type SqlDialect =
  | 'postgres'
  | 'mysql'
  | 'sqlite'
  | 'mssql'
  | 'oracle'
  | 'informix'
  | 'db2'
  | 'access'
  | 'ansi'

type SqlTokenKind =
  | 'word'
  | 'quoted-identifier'
  | 'string'
  /** PostgreSQL's E'…', where a backslash escapes. */
  | 'escape-string'
  | 'number'
  /** `:name`, the one way to write a parameter. */
  | 'parameter'
  /** `?`, `$1`, `@p`: a driver's placeholder that nobody would fill. */
  | 'placeholder'
  /** MySQL's executable comment or optimizer hint: text that looks like a comment and is obeyed. */
  | 'obeyed-comment'
  | 'symbol'

/** `text` is what the server compares: identifiers without their quotes, the rest as written. */
export interface SqlToken {
  kind: SqlTokenKind
  text: string
  start: number
  end: number
}

type SqlTokens =
  | { kind: 'tokens'; tokens: SqlToken[] }
  | { kind: 'unterminated'; what: 'string' | 'identifier' | 'comment'; position: number }

interface Quoting {
  close: string
  kind: SqlTokenKind
  hasBackslash: boolean
  /** The first closing quote ends it; elsewhere a doubled one stands for itself. */
  isNeverDoubled?: boolean
}

/** Strings in single quotes, names in double quotes, a doubled quote for itself: standard SQL. */
const standardQuotings: Readonly<Record<string, Quoting>> = {
  "'": { close: "'", kind: 'string', hasBackslash: false },
  '"': { close: '"', kind: 'quoted-identifier', hasBackslash: false },
}

const quotings: Record<SqlDialect, Readonly<Record<string, Quoting>>> = {
  oracle: standardQuotings,
  informix: standardQuotings,
  db2: standardQuotings,
  access: {
    ...standardQuotings,
    '`': { close: '`', kind: 'quoted-identifier', hasBackslash: false },
    '[': { close: ']', kind: 'quoted-identifier', hasBackslash: false, isNeverDoubled: true },
  },
  ansi: standardQuotings,
  /** With QUOTED_IDENTIFIER on, which the session fixes. */
  mssql: {
    ...standardQuotings,
    '[': { close: ']', kind: 'quoted-identifier', hasBackslash: false },
  },
  postgres: {
    "'": { close: "'", kind: 'string', hasBackslash: false },
    '"': { close: '"', kind: 'quoted-identifier', hasBackslash: false },
  },
  mysql: {
    "'": { close: "'", kind: 'string', hasBackslash: true },
    '"': { close: '"', kind: 'string', hasBackslash: true },
    '`': { close: '`', kind: 'quoted-identifier', hasBackslash: false },
  },
  sqlite: {
    "'": { close: "'", kind: 'string', hasBackslash: false },
    '"': { close: '"', kind: 'quoted-identifier', hasBackslash: false },
    '`': { close: '`', kind: 'quoted-identifier', hasBackslash: false },
    '[': { close: ']', kind: 'quoted-identifier', hasBackslash: false, isNeverDoubled: true },
  },
}

/** Lexers whose source nobody outside has read: what two of them could read in two ways is refused. */
export const guessedLexers: ReadonlySet<SqlDialect> = new Set([
  'mssql',
  'oracle',
  'informix',
  'db2',
  'access',
  'ansi',
])

const escapeQuoting: Quoting = { close: "'", kind: 'escape-string', hasBackslash: true }

/** Every character above ASCII belongs to an identifier in the three lexers, the no-break space included. */
const wordPattern = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y
/** Letters after the digits start a new word: PostgreSQL before 15 reads `SELECT 1into t` as four tokens. */
const numberPattern = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const parameterPattern = /:[A-Za-z_][A-Za-z0-9_]*/y
const dollarQuotePattern = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
/** Oracle's `q'[…]'`: the sign after the quote, or its mirror, ends the text when a quote follows. */
const oracleQuotePattern = /[nN]?[qQ]'/y
const mirrors: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' }
const placeholderPatterns: Record<SqlDialect, RegExp> = {
  /** A variable; `@@VERSION` and its like are the server's own. */
  mssql: /\?|(?<!@)@(?!@)\w*/y,
  oracle: /\?|:\d+/y,
  informix: /\?/y,
  db2: /\?/y,
  access: /\?|[@#]\w*/y,
  ansi: /\?|[$@#]\w+/y,
  postgres: /\$\d+/y,
  mysql: /\?/y,
  sqlite: /\?\d*|[$@#][A-Za-z0-9_]*/y,
}

/** @param sql any text; a length limit is the caller's */
export function tokenizeSql(sql: string, dialect: SqlDialect): SqlTokens {
  const isGuessed = guessedLexers.has(dialect)
  const tokens: SqlToken[] = []
  let position = 0
  const take = (kind: SqlTokenKind, end: number, text = sql.slice(position, end)): void => {
    tokens.push({ kind, text, start: position, end })
    position = end
  }

  while (position < sql.length) {
    const character = sql[position]!
    if (/\s/.test(character) && character < '\u0080') {
      position += 1
      continue
    }

    if (startsLineComment(sql, position, dialect)) {
      const end = endOfLine(sql, position, dialect)
      if (isGuessed && endsInTwoPlaces(sql.slice(position, end), dialect)) {
        return { kind: 'unterminated', what: 'comment', position }
      }
      position = end
      continue
    }
    if (sql.startsWith('/*', position)) {
      const end = endOfBlockComment(sql, position, dialect)
      if (end === undefined || (isGuessed && endsInTwoPlaces(sql.slice(position, end), dialect))) {
        return { kind: 'unterminated', what: 'comment', position }
      }
      if (dialect === 'mysql' && /^\/\*(?:!|M!|\+)/.test(sql.slice(position, position + 4))) {
        take('obeyed-comment', end)
      } else position = end
      continue
    }

    const isEscapeString = dialect === 'postgres' && /^[eE]'/.test(sql.slice(position, position + 2))
    const quoting = isEscapeString ? escapeQuoting : quotings[dialect][character]
    if (quoting !== undefined) {
      const open = position + (isEscapeString ? 2 : 1)
      const end = endOfQuoted(sql, open, quoting)
      if (end === undefined) {
        const what = quoting.kind === 'quoted-identifier' ? 'identifier' : 'string'
        return { kind: 'unterminated', what, position }
      }
      const inner = sql.slice(open, end - 1)
      const isName = quoting.kind === 'quoted-identifier'
      take(quoting.kind, end, isName ? inner.replaceAll(quoting.close.repeat(2), quoting.close) : undefined)
      continue
    }

    const dollarQuote = dialect === 'postgres' ? match(dollarQuotePattern, sql, position) : undefined
    if (dollarQuote !== undefined) {
      const close = sql.indexOf(dollarQuote, position + dollarQuote.length)
      if (close === -1) return { kind: 'unterminated', what: 'string', position }
      take('string', close + dollarQuote.length)
      continue
    }

    const oracleQuote = dialect === 'oracle' ? match(oracleQuotePattern, sql, position) : undefined
    if (oracleQuote !== undefined) {
      const open = position + oracleQuote.length
      const sign = sql[open] ?? ' '
      const close = sql.indexOf(`${mirrors[sign] ?? sign}'`, open + 1)
      // A blank is no such sign, and what the server then reads is not known.
      if (close === -1 || /\s/.test(sign)) return { kind: 'unterminated', what: 'string', position }
      take('string', close + 2)
      continue
    }

    const word = match(wordPattern, sql, position)
    if (word !== undefined) {
      take('word', position + word.length)
      continue
    }
    const number = match(numberPattern, sql, position)
    if (number !== undefined) {
      take('number', position + number.length)
      continue
    }
    if (sql.startsWith('::', position) || sql.startsWith(':=', position)) {
      take('symbol', position + 2)
      continue
    }
    const parameter = match(parameterPattern, sql, position)
    if (parameter !== undefined) {
      take('parameter', position + parameter.length)
      continue
    }
    const placeholder = match(placeholderPatterns[dialect], sql, position)
    if (placeholder !== undefined) {
      take('placeholder', position + placeholder.length)
      continue
    }
    take('symbol', position + 1)
  }
  return { kind: 'tokens', tokens }
}

/**
 * A comment that one server ends earlier than another: at a lone carriage return, or after a nested one. Access has
 * none, so that what stands in one would be read there, and a server that nobody named may be Access.
 */
function endsInTwoPlaces(comment: string, dialect: SqlDialect): boolean {
  if (dialect === 'access' || dialect === 'ansi') return true
  return /\r(?!\n)|[\u0085\u2028\u2029]/.test(comment) || comment.indexOf('/*', 1) > 0
}

function match(pattern: RegExp, sql: string, position: number): string | undefined {
  pattern.lastIndex = position
  return pattern.exec(sql)?.[0]
}

/** MySQL wants a blank after the two dashes, so that `5--1` stays a subtraction. */
function startsLineComment(sql: string, position: number, dialect: SqlDialect): boolean {
  if (dialect === 'mysql' && sql[position] === '#') return true
  if (!sql.startsWith('--', position)) return false
  if (dialect !== 'mysql') return true
  const next = sql[position + 2]
  return next === undefined || next <= ' ' || next === '\u007f'
}

/** Only PostgreSQL lets a carriage return end the comment. */
function endOfLine(sql: string, position: number, dialect: SqlDialect): number {
  const lineEnd = dialect === 'postgres' ? /[\r\n]/g : /\n/g
  lineEnd.lastIndex = position
  return lineEnd.exec(sql)?.index ?? sql.length
}

/** @returns the position after the comment; only PostgreSQL's comments nest */
function endOfBlockComment(sql: string, position: number, dialect: SqlDialect): number | undefined {
  if (dialect !== 'postgres') {
    const close = sql.indexOf('*/', position + 2)
    return close === -1 ? undefined : close + 2
  }
  const marks = /\/\*|\*\//g
  marks.lastIndex = position
  let depth = 0
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return undefined
}

/** @returns the position after the closing quote; a doubled quote stands for itself, except in SQLite's and Access' `[…]` */
function endOfQuoted(sql: string, open: number, quoting: Quoting): number | undefined {
  for (let at = open; at < sql.length; at += 1) {
    const character = sql[at]
    if (character === '\\' && quoting.hasBackslash) at += 1
    else if (character === quoting.close) {
      if (quoting.isNeverDoubled === true || sql[at + 1] !== quoting.close) return at + 1
      at += 1
    }
  }
  return undefined
}
