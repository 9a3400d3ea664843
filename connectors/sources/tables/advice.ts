/** What SQLite says about a SELECT over tables, with the tables and columns that there are. */
import { SourceError } from '../../source.ts'
import { errorCode, errorWords } from '../error-words.ts'
import { listed, type OpenTables } from './open-tables.ts'

/** @param error what the child process answered */
export function adviceOnSql(error: unknown, tables: OpenTables, place: string): SourceError {
  if (error instanceof SourceError) return error
  const words = errorWords(error)
  const code = errorCode(error, 'ERROR')
  const message = `${place}: ${words} (${code}). ${advice(code, words, tables)}`
  return new SourceError('source-query-failed', message, { reason: code }, error)
}

function advice(code: string, words: string, tables: OpenTables): string {
  if (code === 'SQLITE_FULL') {
    return 'What the query needs loaded is above 4 GiB, or the disk of temporary files is full. Name fewer tables.'
  }
  if (code === 'ENDED') return 'The machine may be short of memory. Try again, or name fewer tables.'
  if (!/no such column|ambiguous column|syntax error/.test(words)) return 'Correct the query.'
  const columns = tables.opened().map(({ name, rows }) => `${name} (${listed(rows.columns)})`)
  return columns.length === 0 ? 'Correct the query.' : `The columns are: ${columns.join('; ')}.`
}
