/** What files and web services have in common: they hold tables, and have no SQL of their own. */
import type { Clock } from '../../clock.ts'
import type { SourceError, SourceParams, SourceQuery } from '../../source.ts'
import type { RowList } from '../row-lists.ts'
import type { ReadingSettings } from '../settings.ts'

/** One table, open. */
export interface TableRows {
  /**
   * No two may be the same, whatever their case; `uniqueColumnNames` sees to it. None at all means that the table is
   * empty and nobody knows its columns (a folder without files, an answer `[]`): a query may then name any column,
   * and `batches` is not asked.
   */
  columns: string[]
  /** Batches of at most `batchRows` rows, in column order. */
  batches: AsyncIterable<RowList>
  /**
   * Per column: every value is text or NULL. Such a column compares as text, so that `etat = 1` finds '1'; absent
   * means that nothing is known, and a value then only equals one of its own type.
   */
  isText?: readonly boolean[]
}

export interface TableSet {
  /** Names a query may use, as the administrator sees them. Compared without regard to case. */
  names(signal: AbortSignal): Promise<string[]>
  /**
   * Opens one table for reading.
   *
   * @param name one of `names`, spelt as there
   * @param params those of the query: a web request may use `:since` or `:today`
   * @param signal aborted when the read is over, however it ended: frees what iterating did not
   * @param enough after so many rows nothing need be fetched before it is asked for; absent: nobody knows
   */
  open(name: string, params: SourceParams, signal: AbortSignal, enough?: number): Promise<TableRows>
  /** Told when the query has given its last row and all before it were taken; not when the read broke off. */
  ended?(): void
}

export interface TablesRequest {
  query: SourceQuery
  settings: ReadingSettings
  clock: Clock
  signal: AbortSignal | undefined
  /** Names the source in messages. */
  place: string
  tables: TableSet
  /** What `tables` threw, in our words; errors of the SQL are not asked about. */
  explain(error: unknown): SourceError
}

/** Rows that one read may load for a join or a WHERE: some hundred MB on disk; more belongs into a database. */
export const mostLoadedRows = 5_000_000

/** The same names, made different: an empty one becomes `column_3`, a second `nom` becomes `nom_2`. */
export function uniqueColumnNames(names: readonly string[]): string[] {
  const given = new Set(names.map(name => name.toLowerCase()))
  const taken = new Set<string>()
  return names.map((name, index) => {
    const wanted = name === '' ? `column_${index + 1}` : name
    let unique = wanted
    for (let number = 2; taken.has(unique.toLowerCase()); number += 1) {
      const next = `${wanted}_${number}`
      unique = given.has(next.toLowerCase()) ? unique : next
    }
    taken.add(unique.toLowerCase())
    return unique
  })
}
