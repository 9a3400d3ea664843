/** SQLite files, read by a child process (see sqlite-reader.ts for why). */
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Source, SourceError, type SourceQuery, type SourceRow, type SourceTestStep } from '../source.ts'
import { askAhead } from './batch-size.ts'
import { groupTables, mostColumns } from './describing.ts'
import { errorCode, errorWords } from './error-words.ts'
import { type OwnFiles, refuseOwnFile } from './own-files.ts'
import { startProcess } from './reading-process.ts'
import { openRegularFile } from './regular-file.ts'
import { batchRows, type CheckedStatement, type RowBatches, readRows } from './row-reading.ts'
import { absolutePath, type ReadingSettings, readingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'
import type { ReaderAnswer, ReaderOrder } from './sqlite-reader.ts'

export const sqliteConfigSchema = z.strictObject({ path: absolutePath, ...readingSettings })
export type SqliteConfig = z.output<typeof sqliteConfigSchema>

const readerModule = fileURLToPath(new URL('./sqlite-reader.ts', import.meta.url))
/** Batches asked for ahead: the file is read while the rows before are worked on. */
const batchesAhead = 3

const tablesQuery = `SELECT NULL AS "schema", m.name AS "table", c.name AS "column", c.type AS "type"
  FROM sqlite_master m JOIN pragma_table_info(m.name) c
  WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid`

/** @param config a file that exists; it is opened read-only for each read */
export function openSqlite(config: SqliteConfig, { clock, ownFiles }: SourceContext): Source {
  const place = `SQLite ${config.path}`
  const readWith = (
    settings: ReadingSettings,
    query: SourceQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<SourceRow> =>
    readRows({
      query,
      dialect: 'sqlite',
      settings,
      clock,
      signal,
      place,
      open: async (statement, stop) => {
        await checkFile(config.path, place, ownFiles)
        return startReader(config, statement, stop)
      },
      explain: error => explain(error, place),
    })
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => {
      const countTables = { sql: 'SELECT count(*) AS n FROM sqlite_master' }
      const check = (): Promise<void> => checkFile(config.path, place, ownFiles)
      return testFile(check, () => drain(readWith(config, countTables, signal)))
    },
    describe: signal =>
      groupTables(readWith({ ...config, maxRows: mostColumns }, { sql: tablesQuery }, signal)),
    close: async () => undefined,
  }
}

async function startReader(
  config: SqliteConfig,
  checked: CheckedStatement,
  signal: AbortSignal,
): Promise<RowBatches> {
  const reader = startProcess<ReaderOrder | 'next', ReaderAnswer>(readerModule, signal)
  try {
    reader.send({
      path: config.path,
      statement: checked.statement,
      values: Object.fromEntries(
        checked.parameterNames.map((name, index) => [name, checked.values[index] ?? null]),
      ),
      encoding: config.encoding,
      batchRows,
    })
    const opened = await reader.next()
    const next = askAhead(
      batchesAhead,
      () => reader.send('next'),
      async () => {
        const answer = await reader.next()
        return answer.kind === 'rows' ? answer : { rows: [], bytes: 0 }
      },
    )
    return {
      columns: opened.kind === 'columns' ? opened.columns : [],
      next: async () => (await next()).rows,
      close: async () => reader.kill(),
    }
  } catch (error) {
    reader.kill()
    throw error
  }
}

/** @throws SourceError unless the path is a file that can be read and begins as SQLite files do */
export async function checkFile(path: string, place: string, ownFiles?: OwnFiles): Promise<void> {
  await refuseOwnFile(path, ownFiles, place)
  try {
    const file = await openRegularFile(path)
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0)
      const isSqlite = size === 0 || buffer.toString('latin1', 0, bytesRead) === 'SQLite format 3\0'
      if (isSqlite) return
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = errorCode(error, 'ERROR')
    const message = `${place}: the file cannot be read (${code}). Check the path, and that the service's account may read the file and enter its folder.`
    throw new SourceError('source-unreachable', message, { reason: code }, error)
  }
  throw new SourceError('source-unreachable', `${place}: this is not a SQLite file, or it is encrypted.`)
}

export function explain(error: unknown, place: string): SourceError {
  const code = errorCode(error, 'ERROR')
  const words = errorWords(error)
  const isUnreachable = /^SQLITE_(?:CANTOPEN|NOTADB|CORRUPT|IOERR|READONLY|PERM|BUSY|LOCKED)/.test(code)
  const advice = isUnreachable
    ? 'Check the file, the rights on its folder, and that no program locks it.'
    : 'Correct the query.'
  return new SourceError(
    isUnreachable ? 'source-unreachable' : 'source-query-failed',
    `${place}: ${words} (${code}). ${advice}`,
    { reason: code },
    error,
  )
}

/** A file has no host to resolve and no login; opened read-only it cannot be written. */
async function testFile(check: () => Promise<void>, select: () => Promise<void>): Promise<SourceTestStep[]> {
  const steps: SourceTestStep[] = []
  const attempts = [
    ['connect', check],
    ['select', select],
  ] as const
  for (const [step, attempt] of attempts) {
    try {
      await attempt()
      steps.push({ step, outcome: 'ok', detail: '' })
    } catch (error) {
      return [...steps, { step, outcome: 'failed', detail: errorWords(error) }]
    }
    if (step === 'connect') steps.push({ step: 'read-only', outcome: 'ok', detail: '' })
  }
  return steps
}

async function drain(rows: AsyncGenerator<SourceRow>): Promise<void> {
  while ((await rows.next()).done !== true);
}
