/** Microsoft Access files (.mdb, .accdb): their tables answer SELECTs, see tables/. */
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import {
  type Source,
  SourceError,
  type SourceQuery,
  type SourceRow,
  type SourceTable,
  type SourceTestStep,
} from '../source.ts'
import type { LinkedTable } from './access-catalogue.ts'
import { type OpenAccessFile, openAccessFile } from './access-process.ts'
import { errorCode, errorWords } from './error-words.ts'
import { namedColumns } from './named-columns.ts'
import { refuseOwnFile } from './own-files.ts'
import { orAborted } from './row-reading.ts'
import { absolutePath, readingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'
import { listed } from './tables/open-tables.ts'
import { readTables } from './tables/read-tables.ts'
import type { TableSet } from './tables/table-set.ts'

export const accessConfigSchema = z.strictObject({
  path: absolutePath,
  /** The database password. */
  password: z.string().max(255).default(''),
  /** The whole file is held in the memory of a process of its own while it is read; Access itself ends at 2,048. */
  maxFileMiB: z.int().min(1).max(2_047).default(512),
  ...readingSettings,
})
type AccessConfig = z.output<typeof accessConfigSchema>

/** @param config a file that exists; each read takes a new copy of it and never writes */
export function openAccess(config: AccessConfig, { clock, ownFiles }: SourceContext): Source {
  const place = `Access ${config.path}`
  const openFile = async (signal: AbortSignal): Promise<OpenAccessFile> => {
    await refuseOwnFile(config.path, ownFiles, place)
    return await openAccessFile(config, { clock, signal })
  }
  return {
    read: (query: SourceQuery, signal?: AbortSignal): AsyncGenerator<SourceRow> =>
      readTables({
        query,
        settings: config,
        clock,
        signal,
        place,
        tables: tableSet(openFile, place, query.sql),
        explain: error => explain(error, place, config),
      }),
    test: signal =>
      withFile(openFile, { place, clock, timeoutMs: config.timeoutMs }, signal, file =>
        testSteps(file, place, config),
      ),
    async describe(signal) {
      try {
        const { tables } = await withFile(
          openFile,
          { place, clock, timeoutMs: config.timeoutMs },
          signal,
          opening => opening,
        )
        return tables.map(({ name, columns }): SourceTable => ({ schema: null, name, columns }))
      } catch (error) {
        throw explain(error, place, config)
      }
    },
    close: async () => undefined,
  }
}

/** The tables of one read: the file is opened when the first is asked for. */
function tableSet(
  openFile: (signal: AbortSignal) => Promise<OpenAccessFile>,
  place: string,
  sql: string,
): TableSet {
  let opening: Promise<OpenAccessFile> | undefined
  const opened = (signal: AbortSignal): Promise<OpenAccessFile> => {
    opening ??= openFile(signal)
    return opening
  }
  return {
    async names(signal) {
      const { tables, linked } = await opened(signal)
      return [...tables, ...linked].map(table => table.name)
    },
    async open(name, _params, signal) {
      const file = await opened(signal)
      const link = file.linked.find(linked => linked.name === name)
      if (link !== undefined) throw isLinked(link, place)
      const { columns, isText, problem } = file.tables.find(table => table.name === name)!
      if (problem !== undefined) {
        const message = `${place}: the table "${name}" cannot be read (${problem}).`
        throw new SourceError('source-query-failed', message, { table: name })
      }
      const names = columns.map(column => column.name)
      // One scanned paper of some MiB in a column that nobody asks for would else stop the read of its table.
      return { columns: names, isText, batches: file.rows(name, names.filter(namedColumns(sql))) }
    },
  }
}

function isLinked({ name, to, file, foreignName }: LinkedTable, place: string): SourceError {
  const behind = foreignName === '' ? '' : ` (there "${foreignName}")`
  const [where, advice] =
    to === 'server'
      ? ['on a database server', 'Set up a source for that server.']
      : [
          file === '' ? 'in another Access file' : `in ${file}`,
          'Set up a source that points at that back-end file, by a path this machine can read.',
        ]
  const message = `${place}: "${name}" is a linked table; its rows are ${where}${behind}. ${advice}`
  return new SourceError('source-query-failed', message, { table: name, linkedTo: file })
}

/** Ends the process of the file whatever happens, be it that a damaged file keeps it busy. */
async function withFile<Answer>(
  openFile: (signal: AbortSignal) => Promise<OpenAccessFile>,
  { place, timeoutMs, clock }: { place: string; timeoutMs: number; clock: Clock },
  signal: AbortSignal | undefined,
  ask: (file: Promise<OpenAccessFile>) => Promise<Answer>,
): Promise<Answer> {
  const over = new AbortController()
  const cancelDeadline = clock.after(timeoutMs, () => {
    const message = `${place}: the file was not understood within ${timeoutMs} ms. It may be damaged: compact and repair it in Access. A large file needs a higher time limit of the source.`
    over.abort(new SourceError('source-timeout', message, { timeoutMs }))
  })
  const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  try {
    return await ask(orAborted(openFile(stop), stop))
  } finally {
    cancelDeadline()
    over.abort()
  }
}

/** A file has no host; it is read from a copy and cannot be written by us. */
async function testSteps(
  opening: Promise<OpenAccessFile>,
  place: string,
  config: AccessConfig,
): Promise<SourceTestStep[]> {
  const ok = (step: SourceTestStep['step'], detail = ''): SourceTestStep => ({ step, outcome: 'ok', detail })
  try {
    const { version, tables, linked } = await opening
    const found = `Access ${version}, tables: ${listed(tables.map(table => table.name))}`
    const unread = tables.filter(table => table.problem !== undefined).map(table => table.name)
    const remarks = [
      ...linked.map(link => isLinked(link, place).message),
      ...(unread.length === 0 ? [] : [`${place}: not readable: ${unread.join(', ')}`]),
    ]
    const select: SourceTestStep =
      remarks.length === 0
        ? ok('select', found)
        : { step: 'select', outcome: 'warning', detail: `${found}. ${remarks.slice(0, 5).join(' ')}` }
    return [ok('connect'), ok('login'), ok('read-only'), select]
  } catch (error) {
    const explained = explain(error, place, config)
    const isLogin = explained.code === 'source-login-refused'
    const failed: SourceTestStep = {
      step: isLogin ? 'login' : 'connect',
      outcome: 'failed',
      detail: explained.message,
    }
    return isLogin ? [ok('connect'), failed] : [failed]
  }
}

function explain(error: unknown, place: string, { maxFileMiB }: AccessConfig): SourceError {
  if (error instanceof SourceError) return error
  const code = errorCode(error, 'ERROR')
  const words = errorWords(error)
  const told: Record<string, string> = {
    NOT_ACCESS: `this is not an Access file that can be read (${words}). Access 97 to 2019, .mdb and .accdb, can be.`,
    TOO_BIG: `the file is above the limit of ${maxFileMiB} MiB (${words}); all of it is held in memory while it is read. Compact the database in Access, or raise the limit if the machine has the memory.`,
    CHANGED: 'the file was written to each time it was copied. Read it at a quieter moment.',
    WRONG_PASSWORD: `${words}. Give the database password of the file.`,
    DAMAGED: `the file cannot be understood (${words}). It may be damaged, half-copied, or protected in a way that is not supported (a workgroup file .mdw). Compact and repair it in Access.`,
    ENDED: `${words}. The machine may be short of memory, or the file is damaged.`,
  }
  const message =
    told[code] ??
    `the file cannot be read (${code}). Check the path, that the service's account may read the file and enter its folder, and that no program locks it.`
  const isLogin = code === 'WRONG_PASSWORD'
  return new SourceError(
    isLogin ? 'source-login-refused' : 'source-unreachable',
    `${place}: ${message}`,
    { reason: code },
    error,
  )
}
