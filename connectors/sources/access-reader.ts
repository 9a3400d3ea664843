/**
 * The child process that reads an Access file. Started by access-process.ts only, with an environment of `TZ=UTC`:
 * the driver asks the zone of the process for some years.
 *
 * The file is read into this process's memory in one go, which is the copy that is worked on: Access may go on
 * writing, nothing stays on a disk, and a process ends with all it held. Each row is decoded once only, because the
 * driver changes the bytes of negative amounts and replication ids while it decodes them.
 */
import { stat } from 'node:fs/promises'
import MDBReader, { type Column, type Value } from 'mdb-reader'
import type { SourceValue } from '../source.ts'
import {
  type AccessValueReader,
  accessTypeNames,
  accessValueReader,
  dosText,
  isTextColumn,
} from './access-values.ts'
import { batchBytes, rowBytes } from './batch-size.ts'
import type { FailedAnswer } from './reading-process.ts'
import { readRegularFile } from './regular-file.ts'
import type { ReadingSettings } from './settings.ts'

export interface AccessTable {
  name: string
  columns: { name: string; type: string }[]
  isText: boolean[]
  /** Why the driver cannot read it; absent when it can. */
  problem?: string
}

/** A table of another file, of which this one only holds the name. */
export interface LinkedTable {
  name: string
  to: 'file' | 'server'
  /** The file behind it, as Access wrote it down; empty when that cannot be told. */
  file: string
  foreignName: string
}

export type AccessOrder =
  | {
      kind: 'open'
      path: string
      password: string
      maxBytes: number
      encoding: ReadingSettings['encoding']
    }
  | { kind: 'next'; table: string; batchRows: number }

/** Rows by columns: half as much work to hand over as arrays of rows. */
export interface AccessColumns {
  kind: 'rows'
  count: number
  columns: SourceValue[][]
  bytes: number
}

export type AccessAnswer =
  | { kind: 'opened'; version: string; tables: AccessTable[]; linked: LinkedTable[] }
  | AccessColumns
  | FailedAnswer

/** Byte 20 of the file. */
const versions = ['97', '2000-2003', '2007', '2010', '2013', '2016', '2019']
/** The driver walks over the pages before the first row it is asked for: few large steps cost less than many. */
const rowsPerStep = 5_000

let reader: MDBReader
/** Since Access 2000 text is Unicode; sizes are counted in bytes. */
let bytesPerLetter = 2
let fixText: ((text: string) => string) | undefined
const cursors = new Map<string, Cursor>()

interface Cursor {
  columns: Column[]
  readers: (AccessValueReader | undefined)[]
  /** Without those that are not read. */
  names: string[]
  offset: number
  waiting: Record<string, Value>[]
  taken: number
}

process.on('message', (order: AccessOrder) => {
  const obeyed = order.kind === 'open' ? open(order) : nextRows(order)
  obeyed.then(answer, error => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'DAMAGED'
    answer({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
  })
})
process.on('disconnect', () => process.exit())

/** A parent that was killed cannot be answered: nobody is left to read for. */
function answer(message: AccessAnswer): void {
  process.send?.(message, undefined, undefined, error => {
    if (error !== null) process.exit()
  })
}

async function open(order: Extract<AccessOrder, { kind: 'open' }>): Promise<AccessAnswer> {
  const bytes = await readWhole(order)
  const version = bytes[20] ?? -1
  if (!/^(?:Standard (?:Jet|ACE) DB|MSISAM Database)/.test(bytes.toString('latin1', 4, 19))) {
    throw failure('NOT_ACCESS', 'the file does not begin as Access files do')
  }
  if (versions[version] === undefined) {
    throw failure('NOT_ACCESS', `version ${version} of the format is not known`)
  }
  reader = openDatabase(bytes, order.password)
  if (version === 0) bytesPerLetter = 1
  if (version === 0 && order.encoding === 'cp850') fixText = dosText()
  const tables = reader.getTableNames().filter(isForUsers).map(describeTable)
  return { kind: 'opened', version: versions[version], tables, linked: linkedTables() }
}

async function readWhole({
  path,
  maxBytes,
}: Extract<AccessOrder, { kind: 'open' }>): Promise<Buffer<ArrayBuffer>> {
  const before = await stat(path)
  if (!before.isFile()) throw failure('NOT_ACCESS', 'the path is not a file')
  if (before.size > maxBytes) throw failure('TOO_BIG', `${before.size} bytes`)
  const bytes = await readRegularFile(path)
  const after = await stat(path)
  if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || bytes.length !== after.size) {
    throw failure('CHANGED', 'the file was written to while it was copied')
  }
  return bytes
}

/**
 * A database password of a .mdb is only written down in the file, not used to encrypt: Access asks for it, the driver does
 * not. That of Access 97 is written in a way nobody here could check, and is not asked for.
 */
function openDatabase(bytes: Buffer, password: string): MDBReader {
  try {
    const opened = new MDBReader(bytes, { password })
    const isJet4 = bytes[20] === 1 && bytes.toString('latin1', 4, 12) === 'Standard'
    const stored = isJet4 ? opened.getPassword() : null
    if (stored === null || stored === password) return opened
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'Wrong password') throw error
  }
  throw failure('WRONG_PASSWORD', password === '' ? 'the file wants a password' : 'the password is wrong')
}

/** MSys… tables are Access's own (some files list them as ordinary ones); `~` begins what Access deleted. */
function isForUsers(name: string): boolean {
  return !/^(?:msys|~)/i.test(name)
}

function describeTable(name: string): AccessTable {
  try {
    const columns = reader.getTable(name).getColumns()
    return {
      name,
      columns: columns.map(column => ({ name: column.name, type: typeOf(column) })),
      isText: columns.map(isTextColumn),
    }
  } catch (error) {
    return { name, columns: [], isText: [], problem: error instanceof Error ? error.message : String(error) }
  }
}

function typeOf(column: Column): string {
  const name = accessTypeNames[column.type] ?? column.type
  return column.type === 'text' ? `${name} (${column.size / bytesPerLetter})` : name
}

/** Names with their files where the system table can be read, else the names alone. */
function linkedTables(): LinkedTable[] {
  try {
    const objects = reader
      .getTable('MSysObjects')
      .getData({ columns: ['Name', 'Type', 'Database', 'ForeignName'] })
    // 4: linked to a database server, 6: to a file.
    return objects
      .filter(({ Type }) => Type === 4 || Type === 6)
      .map(({ Name, Type, Database, ForeignName }) => ({
        name: String(Name),
        to: Type === 6 ? 'file' : 'server',
        file: typeof Database === 'string' ? Database : '',
        foreignName: typeof ForeignName === 'string' ? ForeignName : '',
      }))
  } catch {
    const names = reader.getTableNames({ normalTables: false, linkedTables: true })
    return names.map(name => ({ name, to: 'file', file: '', foreignName: '' }))
  }
}

async function nextRows({ table, batchRows }: Extract<AccessOrder, { kind: 'next' }>): Promise<AccessAnswer> {
  const cursor = cursors.get(table) ?? openCursor(table)
  if (cursor.taken === cursor.waiting.length) fill(cursor, table)
  const { columns, readers, waiting, taken } = cursor
  const { end, bytes } = batchEnd(cursor, batchRows)
  cursor.taken = end
  return {
    kind: 'rows',
    count: end - taken,
    bytes,
    columns: columns.map((column, index) =>
      readColumn(waiting, { name: column.name, read: readers[index], from: taken, end }),
    ),
  }
}

function batchEnd({ waiting, taken, names }: Cursor, batchRows: number): { end: number; bytes: number } {
  let end = taken
  let bytes = 0
  while (end < waiting.length && end - taken < batchRows && bytes < batchBytes) {
    const row = waiting[end]!
    bytes += rowBytes(
      names.map(name => row[name]),
      names,
    )
    end += 1
  }
  return { end, bytes }
}

function readColumn(
  rows: readonly Record<string, Value>[],
  { name, read, from, end }: { name: string; read: AccessValueReader | undefined; from: number; end: number },
): SourceValue[] {
  const values: SourceValue[] = []
  for (let index = from; index < end; index += 1) {
    const value = rows[index]![name] ?? null
    values.push(read === undefined ? (value as SourceValue) : read(value))
  }
  return values
}

function openCursor(table: string): Cursor {
  const columns = reader.getTable(table).getColumns()
  const readers = columns.map(column => accessValueReader(column, fixText))
  // Attachments are rows of other tables, looked up one by one for each row.
  const names = columns.filter(column => column.type !== 'complex').map(column => column.name)
  const cursor = { columns, readers, names, offset: 0, waiting: [], taken: 0 }
  cursors.set(table, cursor)
  return cursor
}

function fill(cursor: Cursor, table: string): void {
  const options = { columns: cursor.names, rowOffset: cursor.offset, rowLimit: rowsPerStep }
  cursor.waiting = reader.getTable(table).getData(options)
  cursor.offset += cursor.waiting.length
  cursor.taken = 0
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
