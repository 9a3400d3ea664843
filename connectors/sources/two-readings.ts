/**
 * What two servers, or two lexers of one text, would read in two ways. Pure.
 *
 * `ansi` stands for a server that nobody named, so only signs are let through that every server reads alike: a text
 * that is cut the same everywhere hides nothing. The other dialects whose lexers nobody outside has read (guessed)
 * are held to plain words.
 */
import { guessedLexers, type SqlDialect, type SqlToken } from './sql-tokens.ts'

/** Left out: `$ # @ [ ] { } & ^ ~ \` and the backtick, which quote, comment or name something on one server or another. */
const signsOfAll = new Set(['(', ')', ',', '.', ';', '*', '+', '-', '/', '%', '=', '<', '>', '|'])
/** Its like in letters of every server. `€` is a letter to nobody and money to SQL Server, which ends a word at it. */
const plainWord = /^[\p{L}_][\p{L}\p{Nd}_$#]*$/u
/** Letters of two halves, and the Turkish ones that are capitals or small letters of I in one country only. */
const doubtfulLetter = /[\ud800-\udfff\u0130\u0131]/

/** Whether the token at `index` is read the same whoever reads it. */
export function hasTwoReadings(tokens: readonly SqlToken[], index: number, dialect: SqlDialect): boolean {
  const token = tokens[index]!
  // U&"…" spells an identifier in escapes, which would hide a function's name.
  if (isUnicodeName(tokens, index)) return true
  if (guessedLexers.has(dialect) && token.kind === 'word' && !isPlainWord(token.text)) return true
  // SQL Server's money: `$1.DELETE` is `$1.` and another statement.
  if (dialect === 'mssql' && token.kind === 'symbol' && token.text === '$') return true
  return dialect === 'ansi' && isDoubtfulInAnsi(tokens, index)
}

function isDoubtfulInAnsi(tokens: readonly SqlToken[], index: number): boolean {
  const token = tokens[index]!
  const before = tokens[index - 1]
  const isGlued = before?.end === token.start
  switch (token.kind) {
    case 'string':
      // E'…', q'…', X'…', _utf8'…': the word says how the text is read. N'…' says nothing about its end.
      return token.text.includes('\\') || (isGlued && before.kind === 'word' && !/^n$/i.test(before.text))
    case 'quoted-identifier':
      return token.text.includes('\\')
    case 'word':
      // `1a` is a name in MySQL, `1e.x` and `0x1.x` a number and a word in SQL Server.
      return token.text.includes('$') || (isGlued && before.kind === 'number')
    case 'symbol':
      if (token.text === '!') return !isGluedSymbol(tokens[index + 1], token, '=')
      return (
        !signsOfAll.has(token.text) || (token.text === '/' && isGluedSymbol(tokens[index + 1], token, '/'))
      )
    default:
      return false
  }
}

function isGluedSymbol(next: SqlToken | undefined, token: SqlToken, text: string): boolean {
  return next?.start === token.end && next.kind === 'symbol' && next.text === text
}

/** Full-width letters and their like are the plain ones to some. */
function isPlainWord(text: string): boolean {
  return plainWord.test(text) && !doubtfulLetter.test(text) && text.normalize('NFKC') === text
}

function isUnicodeName(tokens: readonly SqlToken[], index: number): boolean {
  const { kind, text } = tokens[index]!
  const isPrefix = kind === 'word' && /^u$/i.test(text) && tokens[index + 1]?.text === '&'
  return isPrefix && tokens[index + 2]?.kind === 'quoted-identifier'
}

/**
 * A parameter that touches a word, a number, a text or a dot: its value, where a driver needs it written into the
 * statement, would run together with it. `:id.SHUTDOWN` would become `5.SHUTDOWN`.
 */
export function touchesParameter(tokens: readonly SqlToken[], index: number): boolean {
  const token = tokens[index]!
  if (token.kind !== 'parameter') return false
  const [before, next] = [tokens[index - 1], tokens[index + 1]]
  const mayRunTogether = (other: SqlToken): boolean =>
    other.kind !== 'symbol' || /[.:$#@&\\]/.test(other.text)
  return (
    (before?.end === token.start && mayRunTogether(before)) ||
    (next?.start === token.end && mayRunTogether(next)) ||
    next?.text === '.'
  )
}
