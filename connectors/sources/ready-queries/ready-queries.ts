/** The ready-made queries in the dialect of one source. Pure. One more schema is a file beside this and a line below. */
import type { SqlDialect } from '../sql-tokens.ts'
import { wordsOf } from './dialect-words.ts'
import { genericQueries } from './generic.ts'
import { orassQueries } from './orass.ts'
import { phoneColumn, type ReadyQueryCode, type ReadySchema, type ReadyText } from './ready-query.ts'

export interface ReadyQuery {
  schema: ReadySchema
  code: ReadyQueryCode
  /** To be adapted: tables and columns are another site's. */
  sql: string
  /** What an alert on this query is made with. */
  keyColumns: string[]
  phoneColumn: string
  trigger: ReadyText['trigger']
  dateColumn: string | null
  /** Column of an incremental alert of kind `time`; null for queries that look at every row. */
  incrementalColumn: string | null
}

const schemas: Record<ReadySchema, readonly ReadyText[]> = { orass: orassQueries, generic: genericQueries }

/** Before each query, in the product's two languages. */
const hint = `-- À adapter : tables, colonnes et surtout le téléphone sont des exemples.
-- To be adapted: tables, columns and above all the phone are examples.
`

export function readyQueries(dialect: SqlDialect): ReadyQuery[] {
  const words = wordsOf(dialect)
  const { spelled } = words
  return (Object.keys(schemas) as ReadySchema[]).flatMap(schema =>
    schemas[schema].map(text => ({
      schema,
      code: text.code,
      sql: (words.hasComments ? hint : '') + text.sql(words),
      keyColumns: text.keyColumns.map(spelled),
      phoneColumn: spelled(phoneColumn),
      trigger: text.trigger,
      dateColumn: text.dateColumn === undefined ? null : spelled(text.dateColumn),
      incrementalColumn: text.timeColumn === undefined ? null : spelled(text.timeColumn),
    })),
  )
}
