/** A source opened for one question, and its rows made ready for JSON. */
import type { z } from 'zod'
import type { Source, SourceTestStep, SourceValue } from '../../../connectors/source.ts'
import type { sourcePreview, sourcePreviewRequest, sourceTest } from '../contract/sources.ts'

type Preview = z.input<typeof sourcePreview>
type ColumnType = Preview['columns'][number]['types'][number]

const usualPreviewRows = 10
/** A cell of a preview is looked at, not used; a document in a column must not fill the page. */
const longestCell = 1_000

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
  { sql, params, rows: wanted = usualPreviewRows }: z.output<typeof sourcePreviewRequest>,
  signal: AbortSignal,
): Promise<Preview> {
  const columns = new Map<string, Set<ColumnType>>()
  const rows: Preview['rows'] = []
  let hasMore = false
  for await (const row of source.read({ sql, ...(params !== undefined && { params }) }, signal)) {
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
