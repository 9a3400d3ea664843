/** The long way of a read over tables: what the SELECT names is loaded into a private SQLite, which answers it. */
import { fileURLToPath } from 'node:url'
import { SourceError, type SourceValue } from '../../source.ts'
import { askAhead } from '../batch-size.ts'
import { type ReadingProcess, startProcess } from '../reading-process.ts'
import type { RowList } from '../row-lists.ts'
import { batchRows, type CheckedStatement, type RowBatches } from '../row-reading.ts'
import { adviceOnSql } from './advice.ts'
import type { OpenTables } from './open-tables.ts'
import type { PrivateAnswer, PrivateOrder } from './private-database.ts'
import { mostLoadedRows } from './table-set.ts'

type Child = ReadingProcess<PrivateOrder, PrivateAnswer>

/** Orders sent ahead of their answers: the child works while we fetch. */
const ordersAhead = 3

/**
 * @param signal ends the child process
 * @throws SourceError `source-query-failed` for what SQLite refuses; what opening or reading a table throws
 */
export async function queryLoaded(
  { statement, parameterNames, values }: CheckedStatement,
  { tables, place, signal }: { tables: OpenTables; place: string; signal: AbortSignal },
): Promise<RowBatches> {
  const child: Child = startProcess(fileURLToPath(new URL('./private-database.ts', import.meta.url)), signal)
  const next = (): ReturnType<Child['next']> =>
    child.next().catch(error => {
      throw adviceOnSql(error, tables, place)
    })
  try {
    const named = Object.fromEntries(parameterNames.map((name, index) => [name, values[index] ?? null]))
    child.send({ kind: 'ask', statement, values: named })
    const columns = await prepare(child, next, tables)
    await loadAll(child, next, tables, place)
    const ask = (): void => child.send({ kind: 'next', batchRows })
    const nextRows = askAhead(ordersAhead, ask, async () => {
      const answer = await next()
      if (answer.kind !== 'rows') throw new Error(`the reading process answered ${answer.kind}`)
      return answer
    })
    return {
      columns,
      next: async () => (await nextRows()).rows,
      close: async () => child.kill(),
    }
  } catch (error) {
    child.kill()
    throw error
  }
}

/** Gives the child the columns of each table it asks for. @returns the columns of the result */
async function prepare(child: Child, next: Child['next'], tables: OpenTables): Promise<string[]> {
  for (let answer = await next(); ; answer = await next()) {
    if (answer.kind === 'ready') return answer.columns
    if (answer.kind !== 'missing') throw new Error(`the reading process answered ${answer.kind}`)
    const { name, rows } = await tables.open(answer.table)
    child.send({ kind: 'table', name, columns: rows.columns, isText: rows.isText ?? [] })
  }
}

async function loadAll(child: Child, next: Child['next'], tables: OpenTables, place: string): Promise<void> {
  let unanswered = 0
  let loaded = 0
  for (const { name, rows } of tables.opened()) {
    if (rows.columns.length === 0) continue
    for await (const batch of rows.batches) {
      if (batch.length === 0) continue
      loaded += batch.length
      if (loaded > mostLoadedRows) throw tooMuch(place, name)
      child.send({ kind: 'load', table: name, rows: wholeRows(batch) })
      unanswered += 1
      if (unanswered > ordersAhead) {
        await next()
        unanswered -= 1
      }
    }
  }
  for (; unanswered > 0; unanswered -= 1) await next()
}

/** A process takes no row that is made when it is asked for. */
function wholeRows(batch: RowList): SourceValue[][] {
  return Array.isArray(batch) ? batch : Array.from({ length: batch.length }, (_, index) => batch.at(index)!)
}

function tooMuch(place: string, table: string): SourceError {
  const message = `${place}: the query needs more than ${mostLoadedRows} rows loaded (the limit was passed in "${table}"); nothing was read. Name fewer tables, or pick the columns of one table without WHERE.`
  return new SourceError('source-query-failed', message, { mostLoadedRows, table })
}
