/** The list of all that an Access file holds, and the password that a .mdb has written down. */
import { accessCursor } from './access-cursor.ts'
import { readColumns } from './access-definitions.ts'
import { textReaderOf, unicodeText } from './access-texts.ts'
import { codedError } from './error-words.ts'
import { rc4 } from './rc4.ts'

export interface AccessTableEntry {
  name: string
  /** The number of the page that defines it. */
  definition: number
}

/** A table of another file, of which this one only holds the name. */
export interface LinkedTable {
  name: string
  to: 'file' | 'server'
  /** The file behind it, as Access wrote it down; empty when that cannot be told. */
  file: string
  foreignName: string
}

/** `MSysObjects`, always there. */
const catalogueDefinition = 2
const tableObject = 1
const serverLink = 4
const fileLink = 6
/** Some objects have a bit above. */
const typeMask = 0x7f
const systemFlags = 0x8000_0002
const pageMask = 0xff_ffff
const rowsAtATime = 500

/** Tables of users. @throws Error DAMAGED, or RangeError */
export function catalogueTables(file: Buffer): AccessTableEntry[] {
  const objects = readObjects(file, ['Id', 'Name', 'Type', 'Flags'])
  const tables = objects.filter(([, , type]) => (Number(type) & typeMask) === tableObject)
  const definitions = new Map<string, number>()
  for (const [id, name] of tables.toReversed()) definitions.set(String(name), Number(id) & pageMask)
  return tables
    .filter(([, name, , flags]) => (Number(flags) & systemFlags) === 0 && isForUsers(String(name)))
    .map(([, name]) => ({ name: String(name), definition: definitions.get(String(name))! }))
}

/** With their files where the list tells them, else the names alone. */
export function linkedTables(file: Buffer): LinkedTable[] {
  try {
    const objects = readObjects(file, ['Name', 'Type', 'Database', 'ForeignName'])
    return objects
      .filter(([, type]) => type === serverLink || type === fileLink)
      .map(([name, type, database, foreignName]) => ({
        name: String(name),
        to: type === fileLink ? 'file' : 'server',
        file: typeof database === 'string' ? database : '',
        foreignName: typeof foreignName === 'string' ? foreignName : '',
      }))
  } catch {
    const links = readObjects(file, ['Name', 'Type']).filter(([, type]) => type === fileLink)
    return links.map(([name]) => ({ name: String(name), to: 'file', file: '', foreignName: '' }))
  }
}

/** MSys… tables are Access's own (some files list them as ordinary ones); `~` begins what Access deleted. */
function isForUsers(name: string): boolean {
  return !/^(?:msys|~)/i.test(name)
}

/** Only what is asked: other columns hold the layout of forms, megabytes of them. */
function readObjects(file: Buffer, names: readonly string[]): unknown[][] {
  const columns = readColumns(file, catalogueDefinition)
  const asked = names.map(name => {
    const column = columns.find(there => there.name === name)
    if (column === undefined) throw codedError('DAMAGED', `the list of tables has no column ${name}`)
    return column
  })
  const cursor = accessCursor({ file, page: catalogueDefinition, columns: asked, text: textReaderOf(file) })
  const rows: unknown[][] = []
  for (;;) {
    const batch = cursor.next(rowsAtATime).rows
    if (batch.length === 0) return rows
    rows.push(...batch)
  }
}

/** A part of the first page, scrambled with a key that is the same in every file. */
const headerAt = 0x18
const headerBytes = 128
const headerKey = Buffer.from('c7da396b', 'hex')
const passwordAt = 0x42 - headerAt
const passwordBytes = 40
/** A double, which also hides the password. */
const createdAt = 0x72 - headerAt

/**
 * @param file a whole .mdb of Access 2000 to 2003
 * @returns null for none
 */
export function writtenPassword(file: Buffer): string | null {
  const header = rc4(headerKey, file.subarray(headerAt, headerAt + headerBytes))
  const mask = Buffer.alloc(4)
  mask.writeInt32LE(Math.floor(header.readDoubleLE(createdAt)))
  const bytes = header
    .subarray(passwordAt, passwordAt + passwordBytes)
    .map((byte, at) => byte ^ mask[at % 4]!)
  if (bytes.every(byte => byte === 0)) return null
  const [password] = unicodeText(Buffer.from(bytes), 0, passwordBytes).split('\0')
  return password!
}
