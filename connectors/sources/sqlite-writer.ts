/** The way back into a SQLite file: a child process, kept between updates, a transaction for each. */
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock.ts'
import type { SourceUpdate, SourceWriter } from '../source.ts'
import type { OwnFiles } from './own-files.ts'
import { type ReadingProcess, startProcess } from './reading-process.ts'
import type { CheckedStatement } from './row-reading.ts'
import { writeRows } from './row-writing.ts'
import { checkFile, explain, type SqliteConfig } from './sqlite.ts'
import type { UpdateAnswer, UpdateOrder } from './sqlite-updater.ts'

const updater = fileURLToPath(new URL('./sqlite-updater.ts', import.meta.url))

/** A file has no accounts: who may write it is for the rights of the file system. */
export function openSqliteWriter(
  config: SqliteConfig,
  { clock, ownFiles }: { clock: Clock; ownFiles?: OwnFiles | undefined },
): SourceWriter {
  const place = `SQLite ${config.path}`
  const closing = new AbortController()
  let kept: ReadingProcess<UpdateOrder, UpdateAnswer> | undefined

  async function run(
    { statement, parameterNames, values }: CheckedStatement,
    commitsUpTo: number,
    signal: AbortSignal,
  ): Promise<number> {
    if (kept === undefined) await checkFile(config.path, place, ownFiles)
    const child = kept ?? startProcess<UpdateOrder, UpdateAnswer>(updater, closing.signal)
    kept = undefined
    signal.addEventListener('abort', child.kill, { once: true })
    if (signal.aborted) child.kill()
    try {
      child.send({
        path: config.path,
        statement,
        values: Object.fromEntries(parameterNames.map((name, index) => [name, values[index] ?? null])),
        commitsUpTo,
        lockWaitMs: config.timeoutMs,
      })
      const { rows } = await child.next()
      kept = child
      return rows
    } catch (error) {
      child.kill()
      throw error
    } finally {
      signal.removeEventListener('abort', child.kill)
    }
  }

  const write = (update: SourceUpdate, isRehearsal: boolean, signal?: AbortSignal): Promise<number> =>
    writeRows({
      update,
      isRehearsal,
      dialect: 'sqlite',
      settings: config,
      clock,
      signal,
      place,
      run,
      explain: error => explain(error, place),
    })
  return {
    update: (update, signal) => write(update, false, signal),
    rehearse: (update, signal) => write(update, true, signal),
    async close() {
      closing.abort()
      kept = undefined
    },
  }
}
