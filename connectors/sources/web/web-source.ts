/** A web service as a source, whatever it speaks: its requests are tables, and SQL is asked of those. */
import type { Source, SourceTable, SourceValue } from '../../source.ts'
import type { RowList } from '../row-lists.ts'
import { readTables } from '../tables/read-tables.ts'
import type { TableSet } from '../tables/table-set.ts'
import type { KnownSecrets } from './known-secrets.ts'
import { explainFailure, placeOf } from './web-errors.ts'
import type { WebSourceParts } from './web-parts.ts'
import { openWebTable } from './web-table.ts'
import { testWebService } from './web-test.ts'

/** Rows that a column's type is told from. */
const sampledRows = 100

export function openWebSource(parts: WebSourceParts): Source {
  const { service, settings, clock, names } = parts
  const { place, secrets } = service.client
  const tables: TableSet = {
    names: async () => names,
    open: async (name, params, signal, enough) => {
      const reading = { service, clock, timeoutMs: settings.timeoutMs, signal, enough }
      try {
        const table = await openWebTable(await parts.tableOf(name, params), reading)
        return { ...table, batches: withoutSecrets(table.batches, secrets) }
      } catch (error) {
        throw secrets.hideIn(error)
      }
    },
  }
  return {
    read(query, signal) {
      const explain = (error: unknown) => explainFailure(place, secrets.hideIn(error))
      return readTables({ query, settings, clock, signal, place: placeOf(place), tables, explain })
    },
    async test(signal) {
      const steps = await testWebService(parts, name => probe(name, signal), signal)
      return steps.map(step => ({ ...step, detail: secrets.hide(step.detail) }))
    },
    async describe(signal) {
      const described: SourceTable[] = []
      for (const name of names)
        described.push({ schema: null, name, columns: await describeOne(name, signal) })
      return described
    },
    close: async () => service.close(),
  }

  /** One request that fails does not hide the others where its columns are known without asking. */
  async function describeOne(name: string, signal: AbortSignal | undefined): Promise<SourceTable['columns']> {
    try {
      return await probe(name, signal)
    } catch (error) {
      signal?.throwIfAborted()
      const { fields } = parts.settings.requests[name] ?? {}
      if (fields === undefined) throw error
      return Object.keys(fields).map(column => ({ name: column, type: '' }))
    }
  }

  /** The columns of a table, with types as the first rows of its first page show them. */
  async function probe(name: string, signal: AbortSignal | undefined): Promise<SourceTable['columns']> {
    const over = new AbortController()
    const cancel = clock.after(settings.timeoutMs, () =>
      over.abort(new Error(`no answer in ${settings.timeoutMs} ms`)),
    )
    const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
    try {
      const { columns, batches } = await tables.open(name, {}, stop)
      const rows = await firstOf(batches)
      return columns.map((column, index) => ({
        name: column,
        type: typeOf(rows.map(row => row[index] ?? null)),
      }))
    } finally {
      cancel()
      over.abort(new Error('the probe is over'))
    }
  }
}

async function* withoutSecrets(
  batches: AsyncIterable<RowList>,
  secrets: KnownSecrets,
): AsyncGenerator<RowList> {
  try {
    yield* batches
  } catch (error) {
    throw secrets.hideIn(error)
  }
}

async function firstOf(batches: AsyncIterable<RowList>): Promise<SourceValue[][]> {
  for await (const batch of batches) {
    return Array.from({ length: Math.min(batch.length, sampledRows) }, (_, index) => batch.at(index)!)
  }
  return []
}

/** What JSON calls them: services declare no types. Empty when no row has a value. */
function typeOf(values: readonly SourceValue[]): string {
  const types = new Set(values.filter(value => value !== null).map(value => typeof value))
  if (types.size === 0) return ''
  return types.size === 1 ? [...types][0]!.replace('string', 'text') : 'text'
}
