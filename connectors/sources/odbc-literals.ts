/**
 * Values written into a statement. Pure.
 *
 * Numbers and NULL always: a driver asks the server for the type of each place, and `? + ?` has none. Texts only for
 * drivers that cannot be handed any (FreeTDS and mdbtools have no SQLDescribeParam, without which the package binds
 * nothing).
 *
 * Safe because the places are those that the guard's tokenizer cut, and because a literal can only end where every one
 * of these servers ends it: quotes are doubled, and what a server might read in its own way is refused.
 */
import { type SqlDialect, tokenizeSql } from './sql-tokens.ts'

/** Longer than any value of a query; very old servers end a literal at 255 or 4,000 characters. */
const mostCharacters = 2_000

/**
 * @param statement with `?` for each value, as the guard wrote it
 * @throws Error when a value cannot be written without doubt
 */
export function writeValues(
  statement: string,
  values: readonly (string | number | null)[],
  { dialect, parameters }: { dialect: SqlDialect; parameters: 'bound' | 'written' },
): { text: string; bound: string[] } {
  const cut = tokenizeSql(statement, dialect)
  if (cut.kind !== 'tokens') throw new Error('the statement cannot be read')
  const places = cut.tokens.filter(token => token.text === '?' && /^(?:placeholder|symbol)$/.test(token.kind))
  if (places.length !== values.length) {
    throw new Error(`the statement has ${places.length} places for ${values.length} values`)
  }
  let copied = 0
  const bound: string[] = []
  const pieces = places.flatMap((token, index) => {
    const before = statement.slice(copied, token.start)
    copied = token.end
    const value = values[index] ?? null
    if (typeof value !== 'string' || parameters === 'written') return [before, literal(value)]
    bound.push(value)
    return [before, '?']
  })
  return { text: `${pieces.join('')}${statement.slice(copied)}`, bound }
}

function literal(value: string | number | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('a value is no number')
    // In brackets: a minus sign before a number may be the second half of a comment.
    return value < 0 ? `(${value})` : String(value)
  }
  if (value.length > mostCharacters) throw new Error(`a value is longer than ${mostCharacters} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f-\u009f\\{}\u2018\u2019\u02bc\uff07]/.test(value)) {
    throw new Error(
      'a value holds a sign that this driver may read in its own way: \\ { } a curly quote or a control',
    )
  }
  return `'${value.replaceAll("'", "''")}'`
}
