/** CSV and Excel files in a watched folder: they answer SELECTs as tables, see tables/ and files/. */
import { access, constants, readdir } from 'node:fs/promises'
import { relative } from 'node:path'
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
import { errorCode, errorWords } from './error-words.ts'
import { separators } from './files/csv-detect.ts'
import { type FoundFile, fileNames } from './files/folder.ts'
import {
  allFiles,
  describeFile,
  type FileSettings,
  folderTables,
  originColumns,
  tableName,
} from './files/folder-tables.ts'
import { moveAway } from './files/moving.ts'
import { FileNotReadable } from './files/open-file.ts'
import { refuseOwnFile } from './own-files.ts'
import { absolutePath, type ReadingSettings, readingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'
import { readTables } from './tables/read-tables.ts'
import type { TableSet } from './tables/table-set.ts'

const separatorNames = Object.keys(separators) as [keyof typeof separators]
const { timeoutMs, maxRows, trimPadding } = readingSettings
const columnName = z.string().trim().min(1).max(128)

export const filesConfigSchema = z
  .strictObject({
    folder: absolutePath,
    /** `*` and `?` in file names, several separated by blanks, in any case. */
    pattern: z.string().trim().min(1).max(255).default('*.csv *.txt *.xlsx'),
    format: z.enum(['auto', 'csv', 'xlsx']).default('auto'),
    separator: z.enum(['auto', ...separatorNames]).default('auto'),
    /** Of CSV files; `utf16le` is what Excel calls Unicode text. */
    encoding: z.enum(['auto', 'utf8', 'cp1252', 'cp850', 'utf16le']).default('auto'),
    /** The first row names the columns; without it they are `column_1`, `column_2`, … */
    header: z.boolean().default(true),
    /** Columns as the files name them, and as queries do. */
    rename: z.record(columnName, columnName).default({}),
    /** Of Excel files; absent, the first. */
    sheet: z.string().min(1).max(31).optional(),
    /** What becomes of files whose rows a run has read to the end. */
    whenRead: z.enum(['keep', 'move']).default('keep'),
    /** Where they are moved to. */
    processedFolder: absolutePath.optional(),
    /** A file is whole when its size and time stayed the same for so long. */
    stableSeconds: z.int().min(0).max(3_600).default(5),
    /** How long a read waits for that; within `timeoutMs`. */
    waitSeconds: z.int().min(0).max(3_600).default(30),
    /** A CSV file is streamed: the limit is one of time. Excel files have one of their own, 64 MiB. */
    maxFileMiB: z.int().min(1).max(10_240).default(1_024),
    timeoutMs,
    maxRows,
    trimPadding,
  })
  .refine(config => config.whenRead === 'keep' || config.processedFolder !== undefined, {
    path: ['processedFolder'],
    message: 'needed to move files that were read',
  })
  .refine(
    config => config.processedFolder === undefined || relative(config.folder, config.processedFolder) !== '',
    {
      path: ['processedFolder'],
      message: 'another folder than the watched one',
    },
  )
type FilesConfig = z.output<typeof filesConfigSchema>

/** Files told in a connection test and a description; the others are alike, or it would take long. */
const mostFilesTold = 20

/** @param config a folder that exists; files are opened for each read */
export function openFiles(config: FilesConfig, { clock, ownFiles }: SourceContext): Source {
  const place = `Folder ${config.folder}`
  const checkPath = (path: string): Promise<void> => refuseOwnFile(path, ownFiles, place)
  const settings: FileSettings = { ...fileSettings(config), checkPath }
  /** Read to the end by reads that ended well: what `acknowledge` may move. */
  const complete = new Map<string, FoundFile>()
  const explained = (error: unknown): SourceError => explain(error, place)

  const read = (query: SourceQuery, signal?: AbortSignal): AsyncGenerator<SourceRow> => {
    const finished: FoundFile[] = []
    const tables: TableSet = {
      ...folderTables(settings, { clock, onRead: file => void finished.push(file) }),
      ended: () => {
        for (const file of finished) complete.set(file.path, file)
      },
    }
    return readTables({
      query,
      settings: readingOf(config),
      clock,
      signal,
      place,
      tables,
      explain: explained,
    })
  }
  return {
    read,
    test: signal => testSteps(config, { explained, checkPath }, () => describeAll(settings, clock, signal)),
    async describe(signal) {
      try {
        return (await describeAll(settings, clock, signal)).tables
      } catch (error) {
        throw explained(error)
      }
    },
    async acknowledge() {
      const { whenRead, processedFolder } = config
      if (whenRead === 'keep' || processedFolder === undefined) return
      await checkPath(processedFolder)
      try {
        await moveAway(complete.values(), processedFolder, clock.now())
      } catch (error) {
        const message = `${place}: files were read, and cannot be moved to ${processedFolder} (${errorCode(error, 'ERROR')}). Give the service's account the right to write in both folders.`
        throw new SourceError('source-unreachable', message, { reason: errorCode(error, 'ERROR') }, error)
      }
      complete.clear()
    },
    close: async () => undefined,
  }
}

function fileSettings(config: FilesConfig): FileSettings {
  const { encoding, separator, header, sheet } = config
  return {
    ...config,
    csv: {
      encoding: encoding === 'auto' ? undefined : encoding,
      separator: separator === 'auto' ? undefined : separator,
      hasHeader: header,
    },
    xlsx: { sheet, hasHeader: header },
  }
}

/** Letters are the files' matter; what the private database holds is text. */
function readingOf({ timeoutMs, maxRows, trimPadding }: FilesConfig): ReadingSettings {
  return { timeoutMs, maxRows, trimPadding, encoding: 'utf8' }
}

async function describeAll(
  settings: FileSettings,
  clock: Clock,
  given: AbortSignal | undefined,
): Promise<{ tables: SourceTable[]; details: string[] }> {
  const signal = given ?? new AbortController().signal
  const names = await fileNames(settings)
  const tables: SourceTable[] = []
  const details: string[] = []
  const together = new Map<string, { name: string; type: string }>()
  for (const name of names.slice(0, mostFilesTold)) {
    const file = await describeFile(name, settings, { clock, signal })
    if (file === undefined) continue
    const columns = file.columns.map(column => ({ name: column, type: file.typeName }))
    tables.push({ schema: null, name: tableName(name, names), columns })
    details.push(file.detail)
    for (const column of columns) {
      const key = column.name.toLowerCase()
      if (!together.has(key)) together.set(key, column)
    }
  }
  if (names.length > mostFilesTold) details.push(`and ${names.length - mostFilesTold} more files`)
  const origin = originColumns.map(name => ({ name, type: name === '_file' ? 'text' : 'number' }))
  const all = { schema: null, name: allFiles, columns: [...together.values(), ...origin] }
  return { tables: [all, ...tables], details }
}

/** A folder has no login; files are opened for reading, and moved only when that is wanted. */
async function testSteps(
  { folder, whenRead, processedFolder }: FilesConfig,
  {
    explained,
    checkPath,
  }: { explained(error: unknown): SourceError; checkPath(path: string): Promise<void> },
  look: () => Promise<{ details: string[] }>,
): Promise<SourceTestStep[]> {
  const steps: SourceTestStep[] = []
  let step: SourceTestStep['step'] = 'connect'
  try {
    await checkPath(folder)
    await readdir(folder)
    steps.push({ step, outcome: 'ok', detail: '' })
    step = 'read-only'
    if (whenRead === 'move' && processedFolder !== undefined) {
      await checkPath(processedFolder)
      await access(folder, constants.W_OK)
      steps.push({
        step,
        outcome: 'warning',
        detail: `Files that a run has read are moved to ${processedFolder}.`,
      })
    } else steps.push({ step, outcome: 'ok', detail: '' })
    step = 'select'
    const { details } = await look()
    const detail =
      details.length === 0 ? 'No file is there yet; an alert then finds no rows.' : details.join('; ')
    steps.push({ step, outcome: details.length === 0 ? 'warning' : 'ok', detail })
  } catch (error) {
    steps.push({ step, outcome: 'failed', detail: explained(error).message })
  }
  return steps
}

function explain(error: unknown, place: string): SourceError {
  if (error instanceof SourceError) return error
  if (error instanceof FileNotReadable) {
    const code = error.because === 'moment' ? 'source-unreachable' : 'source-query-failed'
    return new SourceError(code, `${place}: ${error.message.replace(/\.$/, '')}.`, {}, error)
  }
  const code = errorCode(error, 'ERROR')
  const words = errorWords(error)
  const message = `${place}: ${words}. Check the path, and that the service's account may read the folder and its files.`
  return new SourceError('source-unreachable', message, { reason: code }, error)
}
