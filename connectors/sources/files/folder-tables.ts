/** The tables of a folder: each file by its name, and `files`, all of them one after the other. */
import type { Clock } from '../../clock.ts'
import type { SourceValue } from '../../source.ts'
import { type TableRows, type TableSet, uniqueColumnNames } from '../tables/table-set.ts'
import type { CsvChoice } from './csv-detect.ts'
import { openCsv } from './csv-file.ts'
import { checkUnchanged, type FolderSettings, type FoundFile, fileNames, wholeFile } from './folder.ts'
import { FileNotReadable, type OpenFile } from './open-file.ts'
import { openXlsx, type XlsxChoice } from './xlsx-file.ts'

/** All files together. */
export const allFiles = 'files'
/** Of `files`: where a row came from. */
export const originColumns = ['_file', '_row']

export interface FileSettings extends FolderSettings {
  format: 'auto' | 'csv' | 'xlsx'
  csv: CsvChoice
  xlsx: XlsxChoice
  /** Names of columns in the files, and what a query calls them. */
  rename: Readonly<Record<string, string>>
}

interface FolderReading {
  clock: Clock
  /** Told of each file that was read to its end and stayed what it was. */
  onRead(file: FoundFile): void
}

export function folderTables(settings: FileSettings, reading: FolderReading): TableSet {
  return {
    async names() {
      const names = await fileNames(settings)
      return [allFiles, ...new Set([...names.map(name => tableName(name, names)), ...names])]
    },
    async open(table, _params, signal) {
      const names = await fileNames(settings)
      const isTogether = table === allFiles
      const wanted = isTogether
        ? names
        : names.filter(name => name === table || tableName(name, names) === table)
      const found: FoundFile[] = []
      for (const name of wanted) {
        const file = await inFile(name, wholeFile(name, settings, { clock: reading.clock, signal }))
        if (file !== undefined) found.push(file)
      }
      return openTogether(found, {
        ...reading,
        settings,
        signal,
        originColumns: isTogether ? originColumns : [],
      })
    },
  }
}

/** What a query calls a file: without its ending, where no other file is then called the same. */
export function tableName(name: string, names: readonly string[]): string {
  const stemOf = (of: string): string => of.replace(/\.[^.]+$/, '').toLowerCase()
  const stem = stemOf(name)
  const isUnique =
    stem !== '' && stem !== allFiles && names.filter(other => stemOf(other) === stem).length === 1
  return isUnique ? name.slice(0, stem.length) : name
}

/** The columns of one file, as `describe` and `test` show them; undefined when it went away meanwhile. */
export async function describeFile(
  name: string,
  settings: FileSettings,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<{ columns: string[]; typeName: string; detail: string } | undefined> {
  const file = await inFile(name, wholeFile(name, settings, { clock, signal }))
  if (file === undefined) return undefined
  const open = await inFile(name, openFile(file, settings, signal))
  open.close()
  const columns = renamed(open.columns, settings.rename)
  return { columns, typeName: open.typeName, detail: `${name}: ${open.detail}` }
}

type Opening = FolderReading & {
  settings: FileSettings
  signal: AbortSignal
  originColumns: readonly string[]
}

interface Part {
  file: FoundFile
  /** Kept open when it is the only one: an Excel file is parsed to learn its header. */
  open: OpenFile | undefined
  columns: string[]
  isText: boolean
}

async function openTogether(found: readonly FoundFile[], opening: Opening): Promise<TableRows> {
  const { settings, signal, originColumns: origin } = opening
  const parts: Part[] = []
  for (const file of found) {
    const open = await inFile(file.name, openFile(file, settings, signal))
    const isOnly = found.length === 1
    if (!isOnly) open.close()
    const columns = renamed(open.columns, settings.rename)
    parts.push({ file, open: isOnly ? open : undefined, columns, isText: open.isText })
  }
  const columns = unionOf(parts.map(part => part.columns))
  const batches = batchesOf(parts, columns, opening)
  // No file, or only empty ones: a query may name any column.
  if (columns.length === 0) return { columns, batches }
  const isText = columns.map(column => parts.every(part => part.isText || !has(part, column)))
  return {
    columns: uniqueColumnNames([...columns, ...origin]),
    isText: [...isText, ...origin.map(name => name === '_file')],
    batches,
  }
}

async function* batchesOf(
  parts: readonly Part[],
  columns: readonly string[],
  opening: Opening,
): AsyncGenerator<SourceValue[][], void, undefined> {
  for (const part of parts) {
    const { file } = part
    const open = part.open ?? (await inFile(file.name, openFile(file, opening.settings, opening.signal)))
    const place = placer(part, columns, opening.originColumns.length > 0)
    try {
      for await (const rows of open.batches) yield rows.map(place)
      await checkUnchanged(file)
    } catch (error) {
      throw inNamedFile(file.name, error)
    } finally {
      open.close()
    }
    // Someone may have made an empty file and not written to it yet: it stays.
    if (part.columns.length > 0) opening.onRead(file)
  }
}

/** From a row of a file, whose last value is its number, to one of the table. */
function placer(
  part: Part,
  columns: readonly string[],
  hasOrigin: boolean,
): (row: SourceValue[]) => SourceValue[] {
  const { file } = part
  const places = columns.map(column => indexOf(part, column))
  const isStraight = part.columns.length === columns.length && places.every((at, index) => at === index)
  return row => {
    const number = row.pop() ?? null
    const placed = isStraight ? row : places.map(at => (at === -1 ? null : row[at]!))
    if (hasOrigin) placed.push(file.name, number)
    return placed
  }
}

async function openFile(file: FoundFile, settings: FileSettings, signal: AbortSignal): Promise<OpenFile> {
  const { format, csv, xlsx } = settings
  const isExcel = format === 'xlsx' || (format === 'auto' && /\.xls[xm]?$/i.test(file.name))
  return await (isExcel ? openXlsx(file.path, xlsx, signal) : openCsv(file.path, csv, signal))
}

function renamed(columns: readonly string[], names: Readonly<Record<string, string>>): string[] {
  const lower = new Map(Object.entries(names).map(([from, to]) => [from.toLowerCase(), to]))
  return uniqueColumnNames(columns.map(column => lower.get(column.toLowerCase()) ?? column))
}

/** In the order in which they first appear, spelt as there. */
function unionOf(lists: readonly string[][]): string[] {
  const union = new Map<string, string>()
  for (const column of lists.flat()) {
    const key = column.toLowerCase()
    if (!union.has(key)) union.set(key, column)
  }
  return [...union.values()]
}

function indexOf({ columns }: Part, column: string): number {
  return columns.findIndex(name => name.toLowerCase() === column.toLowerCase())
}

const has = (part: Part, column: string): boolean => indexOf(part, column) !== -1

async function inFile<Result>(name: string, work: Promise<Result>): Promise<Result> {
  return await work.catch(error => {
    throw inNamedFile(name, error)
  })
}

function inNamedFile(name: string, error: unknown): unknown {
  return error instanceof FileNotReadable
    ? new FileNotReadable(`${name}: ${error.message}`, error.because)
    : error
}
