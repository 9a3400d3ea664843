/** A source opened for one question, and its rows made ready for JSON. */
import type { z } from 'zod'
import type {
  Source,
  SourceParams,
  SourceRow,
  SourceTable,
  SourceTestStep,
  SourceValue,
} from '../../../connectors/source.ts'
import { guessMapping } from '../../../connectors/sources/guessing/guess-mapping.ts'
import { addDays } from '../../../scheduler/calendar/local-date.ts'
import { localDateAt } from '../../../scheduler/calendar/zoned.ts'
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import {
  type sourceGuess,
  type sourcePreview,
  type sourceTables,
  type sourceTablesQuery,
  type sourceTest,
  usualListedColumns,
} from '../contract/sources.ts'

type Preview = z.input<typeof sourcePreview>
type ColumnType = Preview['columns'][number]['types'][number]

const usualPreviewRows = 20
/** Enough for shares of a column's values to mean something. */
const guessedRows = 200
/** A cell of a preview is looked at, not used; a document in a column must not fill the page. */
const longestCell = 1_000

interface Asked {
  sql: string
  params?: SourceParams | undefined
}

/** What a first run of an alert would give, so that its query can be tried as it is. */
function firstRunParams(now: Date, zone: string): SourceParams {
  const today = localDateAt(now, zone)
  return {
    today,
    since: addDays(today, -1),
    now: now.toISOString(),
    watermark: '1970-01-01 00:00:00',
    lastId: 0,
  }
}

/** Closes the source whatever happens. */
export async function withSource<Answer>(
  source: Source,
  ask: (source: Source) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(source)
  } finally {
    await source.close()
  }
}

export function testOf(steps: SourceTestStep[]): z.input<typeof sourceTest> {
  return { isOk: steps.every(step => step.outcome !== 'failed'), steps }
}

/** Reads one row more than asked for, then stops the query. */
export async function previewRows(
  source: Source,
  { sql, params, rows: wanted = usualPreviewRows }: Asked & { rows?: number | undefined },
  { now, zone }: { now: Date; zone: string },
  signal: AbortSignal,
): Promise<Preview> {
  const columns = new Map<string, Set<ColumnType>>()
  const rows: Preview['rows'] = []
  let hasMore = false
  for await (const row of source.read({ sql, params: { ...firstRunParams(now, zone), ...params } }, signal)) {
    hasMore = rows.length === wanted
    if (hasMore) break
    const cells: Preview['rows'][number] = []
    for (const [name, value] of Object.entries(row)) {
      const { type, cell } = cellOf(value)
      const types = columns.get(name) ?? new Set()
      columns.set(name, types.add(type))
      cells.push(cell)
    }
    rows.push(cells)
  }
  return { columns: [...columns].map(([name, types]) => ({ name, types: [...types] })), rows, hasMore }
}

function cellOf(value: SourceValue): { type: ColumnType; cell: string | number | boolean | null } {
  if (value === null) return { type: 'null', cell: null }
  if (value instanceof Uint8Array) {
    return { type: 'binary', cell: Buffer.from(value).toString('base64').slice(0, longestCell) }
  }
  switch (typeof value) {
    case 'bigint':
      return { type: 'integer', cell: String(value) }
    case 'number':
      return { type: 'number', cell: Number.isFinite(value) ? value : String(value) }
    case 'boolean':
      return { type: 'boolean', cell: value }
    default:
      return { type: 'text', cell: value.slice(0, longestCell) }
  }
}

/** Reads a sample and says what each column may be. */
export async function guessColumns(
  source: Source,
  { sql, params, country }: Asked & { country: CountryCode },
  { now, zone }: { now: Date; zone: string },
  signal: AbortSignal,
): Promise<z.input<typeof sourceGuess>> {
  const rows: SourceRow[] = []
  for await (const row of source.read({ sql, params: { ...firstRunParams(now, zone), ...params } }, signal)) {
    rows.push(row)
    if (rows.length === guessedRows) break
  }
  const columns = Object.keys(rows[0] ?? {})
  return { rows: rows.length, columns, guesses: guessMapping(columns, rows, country) }
}

/** What matches a search, as far as the limit goes. */
export function searchTables(
  tables: readonly SourceTable[],
  query: z.output<typeof sourceTablesQuery>,
): z.input<typeof sourceTables> {
  const { limit = usualListedColumns } = query
  const matching = tables.flatMap(table => matchOf(table, query))
  const bySchema = Map.groupBy(matching, ({ schema }) => schema)
  const schemas = [...bySchema].map(([schema, ofSchema]) => ({ schema, tables: ofSchema.length }))
  const listed: SourceTable[] = []
  let left = limit
  for (const table of matching) {
    if (left <= 0) break
    listed.push({ ...table, columns: table.columns.slice(0, left) })
    left -= table.columns.length
  }
  return { schemas, tables: listed, hasMore: left < 0 || listed.length < matching.length }
}

function matchOf(table: SourceTable, query: z.output<typeof sourceTablesQuery>): SourceTable[] {
  if (query.schema !== undefined && folded(table.schema ?? '') !== folded(query.schema)) return []
  if (query.table !== undefined && !folded(table.name).includes(folded(query.table))) return []
  if (query.column === undefined) return [table]
  const wanted = folded(query.column)
  const columns = table.columns.filter(({ name }) => folded(name).includes(wanted))
  return columns.length === 0 ? [] : [{ ...table, columns }]
}

function folded(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
