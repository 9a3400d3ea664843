/**
 * The child process that reads an Access file. Started by access-process.ts only, with an environment of `TZ=UTC`:
 * the driver asks the zone of the process for some years.
 *
 * The file is read into this process's memory in one go, which is the copy that is worked on: Access may go on
 * writing, nothing stays on a disk, and a process ends with all it held. Each row is decoded once only, because the
 * driver changes the bytes of negative amounts and replication ids while it decodes them.
 */
import { stat } from 'node:fs/promises'
import type MDBReader from 'mdb-reader'
import type { Column } from 'mdb-reader'
import { hideCalculatedColumns } from './access-calculated.ts'
import { type AccessCursor, accessCursor } from './access-cursor.ts'
import { cutEndlessDefinitions } from './access-definitions.ts'
import { hideDeletedRows } from './access-deleted-rows.ts'
import { showTextAsBytes } from './access-dos-text.ts'
import { isEncrypted } from './access-first-page.ts'
import { hidePages } from './access-shown-pages.ts'
import { type AccessValueReader, accessTypeNames, isTextColumn } from './access-values.ts'
import type { SizedBatch } from './batch-size.ts'
import { codedError, errorCode, errorWords } from './error-words.ts'
import { serveOrders } from './reading-child.ts'
import type { FailedAnswer } from './reading-process.ts'
import { readRegularFile } from './regular-file.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText } from './text-values.ts'

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

export type AccessAnswer =
  | { kind: 'opened'; version: string; tables: AccessTable[]; linked: LinkedTable[] }
  | ({ kind: 'rows' } & SizedBatch)
  | FailedAnswer

/** Byte 20 of the file. */
const versions = ['97', '2000-2003', '2007', '2010', '2013', '2016', '2019']

let reader: MDBReader
let file: Buffer
/** In the list of all that a file holds. */
const tableObject = 1
/** Since Access 2000 text is Unicode; sizes are counted in bytes. */
let bytesPerLetter = 2
/** How the text columns of each table are read where the driver gives their bytes. */
const textReaders = new Map<string, ReadonlyMap<string, AccessValueReader>>()
const cursors = new Map<string, AccessCursor>()

serveOrders<AccessOrder, AccessAnswer>(obey, 'DAMAGED')

async function obey(order: AccessOrder): Promise<AccessAnswer> {
  try {
    return order.kind === 'open' ? await open(order) : await nextRows(order)
  } catch (error) {
    // Where pages are damaged the driver reads beyond them: Node's code for that says nothing of the file.
    throw errorCode(error).startsWith('ERR_') ? codedError('DAMAGED', errorWords(error)) : error
  }
}

async function open(order: Extract<AccessOrder, { kind: 'open' }>): Promise<AccessAnswer> {
  // The driver is loaded while the disk works.
  const [bytes, driver] = await Promise.all([readWhole(order), import('mdb-reader')])
  const version = bytes[20] ?? -1
  if (!/^(?:Standard (?:Jet|ACE) DB|MSISAM Database)/.test(bytes.toString('latin1', 4, 19))) {
    throw codedError('NOT_ACCESS', 'the file does not begin as Access files do')
  }
  if (versions[version] === undefined) {
    throw codedError('NOT_ACCESS', `version ${version} of the format is not known`)
  }
  file = bytes
  reader = await openDatabase(driver.default, bytes, order.password)
  if (version === 0) bytesPerLetter = 1
  const tables = reader.getTableNames().filter(isForUsers).map(describeTable)
  // Described before: then the types are no longer those of the file.
  if (version === 0 && order.encoding === 'cp850') {
    for (const table of tables) textReaders.set(table.name, dosReaders(table))
    showTextAsBytes(bytes)
  }
  return { kind: 'opened', version: versions[version], tables, linked: linkedTables() }
}

async function readWhole({
  path,
  maxBytes,
}: Extract<AccessOrder, { kind: 'open' }>): Promise<Buffer<ArrayBuffer>> {
  const before = await stat(path)
  if (!before.isFile()) throw codedError('NOT_ACCESS', 'the path is not a file')
  if (before.size > maxBytes) throw codedError('TOO_BIG', `${before.size} bytes`)
  const bytes = await readRegularFile(path)
  const after = await stat(path)
  if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || bytes.length !== after.size) {
    throw codedError('CHANGED', 'the file was written to while it was copied')
  }
  return bytes
}

/**
 * A database password of a .mdb is only written down in the file, not used to encrypt: Access asks for it, the driver does
 * not. That of Access 97 is written in a way nobody here could check, and is not asked for.
 */
async function openDatabase(Driver: typeof MDBReader, bytes: Buffer, password: string): Promise<MDBReader> {
  try {
    if (isEncrypted(bytes)) {
      // Loaded only here: what it needs takes a fifth of the start of a read.
      const { decryptFile } = await import('./access-decryption.ts')
      decryptFile(bytes, password)
    }
    cutEndlessDefinitions(bytes)
    hideDeletedRows(bytes)
    hideCalculatedColumns(bytes)
    const opened = new Driver(bytes)
    const isJet4 = bytes[20] === 1 && bytes.toString('latin1', 4, 12) === 'Standard'
    const stored = isJet4 ? opened.getPassword() : null
    if (stored === null || stored === password) return opened
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'Wrong password') throw error
  }
  throw codedError('WRONG_PASSWORD', password === '' ? 'the file wants a password' : 'the password is wrong')
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

function dosReaders({ columns, isText }: AccessTable): Map<string, AccessValueReader> {
  const read: AccessValueReader = value => (value instanceof Uint8Array ? decodeText(value, 'cp850') : null)
  return new Map(columns.filter((_, index) => isText[index]).map(({ name }) => [name, read]))
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

function nextRows({ table, batchRows }: Extract<AccessOrder, { kind: 'next' }>): AccessAnswer {
  const cursor = cursors.get(table) ?? openCursor(table)
  cursors.set(table, cursor)
  return { kind: 'rows', ...cursor.next(batchRows) }
}

function openCursor(table: string): AccessCursor {
  const pages = hidePages(file, definitionOf(table))
  return accessCursor(() => reader.getTable(table), pages, textReaders.get(table))
}

/** The page of a table's definition, as the driver finds it. */
function definitionOf(table: string): number {
  const objects = reader.getTable('MSysObjects').getData({ columns: ['Id', 'Name', 'Type'] })
  const found = objects.find(({ Name, Type }) => Name === table && (Number(Type) & 0x7f) === tableObject)
  if (found === undefined) throw codedError('DAMAGED', `the table ${table} is not in the list of tables`)
  return Number(found.Id) & 0xff_ffff
}
