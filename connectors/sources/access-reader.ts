/**
 * The child process that reads an Access file. Started by access-process.ts only. Without a driver: mdb-reader, beside
 * which the tests put our rows, takes longer and loads a parser of XML first.
 *
 * The file is read into this process's memory in one go, which is the copy that is worked on: Access may go on
 * writing, nothing stays on a disk, and a process ends with all it held.
 */
import { stat } from 'node:fs/promises'
import { catalogueTables, type LinkedTable, linkedTables, writtenPassword } from './access-catalogue.ts'
import { type AccessCursor, accessCursor } from './access-cursor.ts'
import { type AccessColumn, readColumns } from './access-definitions.ts'
import { hideDeletedRows } from './access-deleted-rows.ts'
import { isEncrypted } from './access-first-page.ts'
import { dataPages } from './access-pages.ts'
import { type AccessTextReader, dosText, textReaderOf } from './access-texts.ts'
import { accessTypeNames, isTextColumn } from './access-values.ts'
import type { SizedBatch } from './batch-size.ts'
import { codedError, errorCode, errorWords } from './error-words.ts'
import { serveOrders } from './reading-child.ts'
import type { FailedAnswer } from './reading-process.ts'
import { readRegularFile } from './regular-file.ts'
import type { ReadingSettings } from './settings.ts'

export interface AccessTable {
  name: string
  columns: { name: string; type: string }[]
  isText: boolean[]
  /** Why it cannot be read; absent when it can. */
  problem?: string
}

export type AccessOrder =
  | {
      kind: 'open'
      path: string
      password: string
      maxBytes: number
      encoding: ReadingSettings['encoding']
    }
  | { kind: 'next'; table: string; wanted: string[] | undefined; batchRows: number }

export type AccessAnswer =
  | { kind: 'opened'; version: string; tables: AccessTable[]; linked: LinkedTable[] }
  | ({ kind: 'rows' } & SizedBatch)
  | FailedAnswer

/** Byte 20 of the file. */
const versions = ['97', '2000-2003', '2007', '2010', '2013', '2016', '2019']

let file: Buffer
/** Since Access 2000 text is Unicode; sizes are counted in bytes. */
let bytesPerLetter = 2
let text: AccessTextReader
/** The pages that define the tables. */
const definitions = new Map<string, number>()
const cursors = new Map<string, AccessCursor>()

serveOrders<AccessOrder, AccessAnswer>(obey, 'DAMAGED')

async function obey(order: AccessOrder): Promise<AccessAnswer> {
  try {
    return order.kind === 'open' ? await open(order) : await nextRows(order)
  } catch (error) {
    // What is read beyond a damaged page: Node's code for that says nothing of the file.
    throw errorCode(error).startsWith('ERR_') ? codedError('DAMAGED', errorWords(error)) : error
  }
}

async function open(order: Extract<AccessOrder, { kind: 'open' }>): Promise<AccessAnswer> {
  const bytes = await readWhole(order)
  const version = bytes[20] ?? -1
  if (!/^(?:Standard (?:Jet|ACE) DB|MSISAM Database)/.test(bytes.toString('latin1', 4, 19))) {
    throw codedError('NOT_ACCESS', 'the file does not begin as Access files do')
  }
  if (versions[version] === undefined) {
    throw codedError('NOT_ACCESS', `version ${version} of the format is not known`)
  }
  await makePlain(bytes, order.password)
  file = bytes
  if (version === 0) bytesPerLetter = 1
  text = version === 0 && order.encoding === 'cp850' ? dosText : textReaderOf(bytes)
  const tables = catalogueTables(bytes).map(({ name, definition }) => {
    definitions.set(name, definition)
    return describeTable(name, definition)
  })
  return { kind: 'opened', version: versions[version], tables, linked: linkedTables(bytes) }
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
 * Decrypts the file, where it is encrypted, and hides rows that are gone.
 *
 * A database password of a .mdb is only written down in the file, not used to encrypt, but Access asks for it. That of
 * Access 97 is written in a way nobody here could check, and is not asked for.
 */
async function makePlain(bytes: Buffer, password: string): Promise<void> {
  try {
    if (isEncrypted(bytes)) {
      // Loaded only here: what it needs takes a fifth of the start of a read.
      const { decryptFile } = await import('./access-decryption.ts')
      decryptFile(bytes, password)
    }
    hideDeletedRows(bytes)
    const isJet4 = bytes[20] === 1 && bytes.toString('latin1', 4, 12) === 'Standard'
    const stored = isJet4 ? writtenPassword(bytes) : null
    if (stored === null || stored === password) return
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'Wrong password') throw error
  }
  throw codedError('WRONG_PASSWORD', password === '' ? 'the file wants a password' : 'the password is wrong')
}

function describeTable(name: string, definition: number): AccessTable {
  try {
    const columns = readColumns(file, definition)
    // A table whose list of pages is damaged is told with those that cannot be read.
    dataPages(file, definition)
    return {
      name,
      columns: columns.map(column => ({ name: column.name, type: typeOf(column) })),
      isText: columns.map(isTextColumn),
    }
  } catch (error) {
    return { name, columns: [], isText: [], problem: error instanceof Error ? error.message : String(error) }
  }
}

function typeOf({ type, size }: AccessColumn): string {
  const name = accessTypeNames[type]
  return type === 'text' ? `${name} (${size / bytesPerLetter})` : name
}

function nextRows({ table, wanted, batchRows }: Extract<AccessOrder, { kind: 'next' }>): AccessAnswer {
  const cursor = cursors.get(table) ?? openCursor(table, wanted)
  cursors.set(table, cursor)
  return { kind: 'rows', ...cursor.next(batchRows) }
}

function openCursor(table: string, wanted: string[] | undefined): AccessCursor {
  const page = definitions.get(table)
  if (page === undefined) throw codedError('DAMAGED', `the table ${table} is not in the list of tables`)
  const columns = readColumns(file, page)
  return accessCursor({ file, page, columns, text, wanted: wanted && new Set(wanted) })
}
