/** Rows of (schema, table, column, type) to tables with their columns. */
import type { SourceRow, SourceTable } from '../source.ts'

/** A schema above this is not shown whole; the largest insurance packages have some 40,000 columns. */
export const mostColumns = 200_000

/** @param rows ordered by schema, table and place of the column */
export async function groupTables(rows: AsyncIterable<SourceRow>): Promise<SourceTable[]> {
  const tables: SourceTable[] = []
  for await (const row of rows) {
    const schema = row.schema === null ? null : String(row.schema)
    const name = String(row.table)
    let table = tables.at(-1)
    if (table?.name !== name || table.schema !== schema) {
      table = { schema, name, columns: [] }
      tables.push(table)
    }
    table.columns.push({ name: String(row.column), type: String(row.type) })
  }
  return tables
}
