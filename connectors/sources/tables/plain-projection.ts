/** Recognises a query that only picks columns of one table: its rows need no database on their way. Pure. */
import { type SqlToken, tokenizeSql } from '../sql-tokens.ts'

export interface PlainProjection {
  /** As the query spells it. */
  table: string
  columns: 'all' | { name: string; as: string | undefined }[]
  limit: number | undefined
}

/**
 * Words that SQLite may read as something else than a name; a query that uses one unquoted goes the long way.
 * @see https://www.sqlite.org/lang_keywords.html
 */
const keywords = new Set(
  `ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN BY CASCADE CASE
  CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP
  DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE
  EXISTS EXPLAIN FAIL FALSE FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE
  IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH
  MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER OTHERS OUTER OVER PARTITION PLAN PRAGMA
  PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT
  ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER TRUE UNBOUNDED UNION UNIQUE
  UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHOUT`.split(/\s+/),
)

/** @param statement one SELECT that the guard let through @returns undefined when it needs a database */
export function plainProjection(statement: string): PlainProjection | undefined {
  const cut = tokenizeSql(statement, 'sqlite')
  if (cut.kind !== 'tokens') return undefined
  const reader = tokenReader(cut.tokens)
  if (!reader.takeWord('SELECT')) return undefined

  const items: { owner: string | undefined; name: string | '*'; as: string | undefined }[] = []
  do {
    const item = reader.takeItem()
    if (item === undefined) return undefined
    items.push(item)
  } while (reader.takeSymbol(','))

  if (!reader.takeWord('FROM')) return undefined
  const table = reader.takeName()
  if (table === undefined) return undefined
  const known = (reader.takeAlias() ?? table).toLowerCase()
  const limit = reader.takeWord('LIMIT') ? reader.takeCount() : undefined
  if (!reader.isAtEnd() || items.some(item => (item.owner ?? known).toLowerCase() !== known)) return undefined

  const hasStar = items.some(item => item.name === '*')
  if (hasStar && items.length > 1) return undefined
  return { table, columns: hasStar ? 'all' : items.map(({ name, as }) => ({ name, as })), limit }
}

function tokenReader(tokens: readonly SqlToken[]) {
  let at = 0
  const takeSymbol = (text: string): boolean => {
    const token = tokens[at]
    const isIt = token?.kind === 'symbol' && token.text === text
    if (isIt) at += 1
    return isIt
  }
  const takeWord = (word: string): boolean => {
    const token = tokens[at]
    const isIt = token?.kind === 'word' && token.text.toUpperCase() === word
    if (isIt) at += 1
    return isIt
  }
  const takeName = (): string | undefined => {
    const token = tokens[at]
    const isName =
      token?.kind === 'quoted-identifier' ||
      (token?.kind === 'word' && !keywords.has(token.text.toUpperCase()))
    if (!isName) return undefined
    at += 1
    return token.text
  }
  /** `AS` without a name after it leaves tokens over, and the query goes the long way. */
  const takeAlias = (): string | undefined => {
    takeWord('AS')
    return takeName()
  }
  return {
    takeSymbol,
    takeWord,
    takeName,
    takeAlias,
    takeItem() {
      if (takeSymbol('*')) return { owner: undefined, name: '*', as: undefined }
      const first = takeName()
      if (first === undefined) return undefined
      if (!takeSymbol('.')) return { owner: undefined, name: first, as: takeAlias() }
      if (takeSymbol('*')) return { owner: first, name: '*', as: undefined }
      const name = takeName()
      return name === undefined ? undefined : { owner: first, name, as: takeAlias() }
    },
    /** Digits only; anything else stays, and is then no plain projection. */
    takeCount(): number | undefined {
      const token = tokens[at]
      if (token?.kind !== 'number' || !/^\d{1,9}$/.test(token.text)) return undefined
      at += 1
      return Number(token.text)
    },
    isAtEnd: () => at === tokens.length,
  }
}
