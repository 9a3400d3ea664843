/** The way back into a SQLite file: a child process, kept between updates. */
import { fileURLToPath } from 'node:url'
import type { SourceWriter } from '../source.ts'
import { keepConnection } from './kept-connection.ts'
import { type ReadingProcess, startProcess } from './reading-process.ts'
import type { CheckedStatement } from './row-reading.ts'
import { openWriter } from './row-writing.ts'
import type { SourceContext } from './source-context.ts'
import { checkFile, explain, type SqliteConfig } from './sqlite.ts'
import type { UpdateAnswer, UpdateOrder } from './sqlite-updater.ts'

type Updater = ReadingProcess<UpdateOrder, UpdateAnswer>

const updaterModule = fileURLToPath(new URL('./sqlite-updater.ts', import.meta.url))

/** A file has no accounts: who may write it is for the rights of the file system. */
export function openSqliteWriter(config: SqliteConfig, { clock, ownFiles }: SourceContext): SourceWriter {
  const place = `SQLite ${config.path}`
  const closing = new AbortController()
  return openWriter({
    dialect: 'sqlite',
    settings: config,
    clock,
    place,
    explain: error => explain(error, place),
    ...keepConnection<Updater>({
      async open() {
        await checkFile(config.path, place, ownFiles)
        return startProcess(updaterModule, closing.signal)
      },
      change: (updater, statement, commitsUpTo) => change(updater, config, statement, commitsUpTo),
      stop: updater => updater.kill(),
      free: updater => updater.kill(),
    }),
    // Also a process that waits for a lock: nobody is left for whom it waits.
    close: async () => closing.abort(),
  })
}

async function change(
  updater: Updater,
  { path, timeoutMs }: SqliteConfig,
  { statement, parameterNames, values }: CheckedStatement,
  commitsUpTo: number,
): Promise<number> {
  updater.send({
    path,
    statement,
    values: Object.fromEntries(parameterNames.map((name, index) => [name, values[index] ?? null])),
    commitsUpTo,
    lockWaitMs: timeoutMs,
  })
  const { rows } = await updater.next()
  return rows
}
