/** Which columns a SELECT may use, told by its words alone. Pure. */
import { type SqlToken, tokenizeSql } from './sql-tokens.ts'

/**
 * Errs on the side of yes: a name counts wherever it stands, be it as a table, an alias or a text.
 *
 * @param sql one SELECT of SQLite
 * @returns tells by its name whether a column of a table may be used; whatever its case
 */
export function namedColumns(sql: string): (column: string) => boolean {
  const cut = tokenizeSql(sql, 'sqlite')
  if (cut.kind !== 'tokens' || cut.tokens.some(usesUnnamed)) return () => true
  const names = new Set(cut.tokens.map(token => plainName(token).toLowerCase()))
  return column => names.has(column.toLowerCase())
}

/** `*` but in `count(*)`, where a product counts too; NATURAL JOIN; `IN pays`, which is a table of one column. */
function usesUnnamed({ kind, text }: SqlToken, index: number, tokens: readonly SqlToken[]): boolean {
  if (kind === 'symbol' && text === '*') return tokens[index - 1]?.text !== '('
  if (kind !== 'word') return false
  const word = text.toUpperCase()
  return word === 'NATURAL' || (word === 'IN' && tokens[index + 1]?.text !== '(')
}

/** SQLite takes `'nom'` for a name where it wants one. */
function plainName({ kind, text }: SqlToken): string {
  return kind === 'string' ? text.slice(1, -1).replaceAll("''", "'") : text
}
