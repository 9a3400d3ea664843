/**
 * Statements changed for what the package `odbc` cannot hand over. Pure.
 *
 * It makes every decimal a double (15 digits for certain) and takes all text for UTF-8. Where the server's SQL lets us,
 * the same rows are asked for with wide decimals as text and, when the source has an encoding, text as hex digits of
 * its stored bytes.
 */
import type { OdbcColumn } from './odbc-driver.ts'
import { exactDigits, type Rewritten } from './odbc-values.ts'
import type { ReadingSettings } from './settings.ts'
import { type SqlDialect, tokenizeSql } from './sql-tokens.ts'

export interface Rewriting {
  statement: string
  /** What each column became. */
  columns: Rewritten[]
}

const decimalAsText: Partial<Record<SqlDialect, (column: string, declared: OdbcColumn) => string>> = {
  postgres: column => `CAST(${column} AS VARCHAR(200))`,
  // CAST of MONEY to text would round it to two digits.
  mssql: (column, { columnSize, decimalDigits }) =>
    `CAST(CAST(${column} AS DECIMAL(${columnSize}, ${decimalDigits})) AS VARCHAR(60))`,
  informix: column => `CAST(${column} AS VARCHAR(60))`,
  db2: column => `CAST(${column} AS VARCHAR(60))`,
}

const textAsHex: Partial<Record<SqlDialect, (column: string) => string>> = {
  // Into SQL_ASCII nothing is converted, whatever the database says that it holds.
  postgres: column => `encode(convert_to(CAST(${column} AS text), 'SQL_ASCII'), 'hex')`,
  sqlite: column => `hex(CAST(${column} AS BLOB))`,
}

/** Servers that keep the order of a subquery; elsewhere an ORDER BY inside is an error or loses its order. */
const keepsOrder: ReadonlySet<SqlDialect> = new Set(['postgres', 'sqlite'])
const textTypes: ReadonlySet<string> = new Set([
  'SQL_CHAR',
  'SQL_VARCHAR',
  'SQL_LONGVARCHAR',
  'SQL_WCHAR',
  'SQL_WVARCHAR',
  'SQL_WLONGVARCHAR',
])

/**
 * The statement that only tells the columns, where the first rows of the statement itself could not even be fetched:
 * PostgreSQL ends a read at the first text that is not UTF-8.
 */
export function describingStatement(
  statement: string,
  { dialect, encoding }: { dialect: SqlDialect; encoding: ReadingSettings['encoding'] },
): string | undefined {
  if (encoding === 'utf8' || textAsHex[dialect] === undefined) return undefined
  return `SELECT * FROM (${statement}\n) AS asked WHERE 1 = 0`
}

/** @returns undefined when the statement can stay as it is, or nothing can be done for it */
export function rewriteStatement(
  statement: string,
  declared: readonly OdbcColumn[],
  { dialect, encoding }: { dialect: SqlDialect; encoding: ReadingSettings['encoding'] },
): Rewriting | undefined {
  const toText = decimalAsText[dialect]
  const toHex = encoding === 'utf8' ? undefined : textAsHex[dialect]
  const columns = declared.map(({ dataTypeName, columnSize }): Rewritten => {
    const isDecimal = dataTypeName === 'SQL_DECIMAL' || dataTypeName === 'SQL_NUMERIC'
    if (isDecimal && columnSize > exactDigits && toText !== undefined) return 'decimal-text'
    return textTypes.has(dataTypeName) && toHex !== undefined ? 'hex-text' : undefined
  })
  if (columns.every(column => column === undefined)) return undefined
  if (!keepsOrder.has(dialect) && isOrdered(statement, dialect)) return undefined

  const names = declared.map((_, index) => `c${index}`)
  const values = names.map((name, index) => {
    if (columns[index] === 'decimal-text') return `${toText!(name, declared[index]!)} AS ${name}`
    return columns[index] === 'hex-text' ? `${toHex!(name)} AS ${name}` : name
  })
  const list = names.join(', ')
  const asked =
    dialect === 'sqlite'
      ? `WITH asked(${list}) AS (${statement}\n) SELECT ${values.join(', ')} FROM asked`
      : `SELECT ${values.join(', ')} FROM (${statement}\n) AS asked(${list})`
  return { statement: asked, columns }
}

function isOrdered(statement: string, dialect: SqlDialect): boolean {
  const cut = tokenizeSql(statement, dialect)
  let depth = 0
  return (
    cut.kind !== 'tokens' ||
    cut.tokens.some(({ kind, text }) => {
      if (kind === 'symbol' && text === '(') depth += 1
      if (kind === 'symbol' && text === ')') depth -= 1
      return depth === 0 && kind === 'word' && /^order$/i.test(text)
    })
  )
}
