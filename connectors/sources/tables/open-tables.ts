/** The tables that one read has opened, by the names of their set. */
import { SourceError, type SourceParams } from '../../source.ts'
import type { TableRows, TableSet } from './table-set.ts'

interface OpenTable {
  name: string
  rows: TableRows
}

export interface OpenTables {
  /**
   * Opens a table once, by the name a query gives it.
   *
   * @param enough see `TableSet.open`
   * @throws SourceError `source-query-failed` naming the tables there are
   */
  open(spelt: string, enough?: number): Promise<OpenTable>
  opened(): readonly OpenTable[]
}

/** Names told in a message; a folder may hold thousands of files. */
const mostNamesTold = 30

export function openTables({
  tables,
  params,
  place,
  signal,
}: {
  tables: TableSet
  params: SourceParams
  place: string
  signal: AbortSignal
}): OpenTables {
  const open = new Map<string, OpenTable>()
  let names: string[] | undefined
  return {
    async open(spelt, enough) {
      names ??= await tables.names(signal)
      const name = nameOf(spelt, names)
      if (name === undefined) throw unknownTable(spelt, names, place)
      const known = open.get(name)
      if (known !== undefined) return known
      const rows = await tables.open(name, params, signal, enough)
      checkColumns(rows.columns, name, place)
      const table = { name, rows }
      open.set(name, table)
      return table
    },
    opened: () => [...open.values()],
  }
}

/** SQLite writes `main.contrats` for a table that the query qualifies; a file's name may have a dot of its own. */
function nameOf(spelt: string, names: readonly string[]): string | undefined {
  const find = (wanted: string): string | undefined =>
    names.find(name => name === wanted) ?? names.find(name => name.toLowerCase() === wanted.toLowerCase())
  return find(spelt) ?? (/^main\./i.test(spelt) ? find(spelt.slice('main.'.length)) : undefined)
}

function unknownTable(spelt: string, names: readonly string[], place: string): SourceError {
  const there = names.length === 0 ? 'There is none.' : `There are: ${listed(names)}.`
  const message = `${place}: there is no table "${spelt}". ${there}`
  return new SourceError('source-query-failed', message, { table: spelt })
}

/** A set that breaks its word would lose a column without a sound. */
function checkColumns(columns: readonly string[], table: string, place: string): void {
  const lower = columns.map(column => column.toLowerCase())
  const wrong = columns.find((_, index) => lower.indexOf(lower[index]!) !== index)
  if (wrong === undefined) return
  const message = `${place}: the table "${table}" has two columns named "${wrong}".`
  throw new SourceError('source-query-failed', message, { table })
}

/** Names for a message, at most `mostNamesTold`. */
export function listed(names: readonly string[]): string {
  const told = names.slice(0, mostNamesTold).join(', ')
  return names.length > mostNamesTold ? `${told} and ${names.length - mostNamesTold} more` : told
}
