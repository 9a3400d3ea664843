/**
 * Writes Access 97 files (Jet 3), which no library does: pages of 2,048 bytes, text of one byte a letter. Tables without
 * indexes; the catalogue has the columns that readers look at.
 *
 * @see HACKING.md of mdbtools; access-97.test.ts has mdbtools read these files too
 */
import { rc4 } from './jet.ts'
import {
  dataPage,
  fixedBytes,
  type Jet3Column,
  Jet3Pages,
  type Jet3Record,
  type Jet3Value,
  jet3Types,
  packRow,
  pageSize,
  usageMap,
} from './jet3-rows.ts'

export interface Jet3Table {
  name: string
  columns: Jet3Column[]
  rows: Jet3Value[][]
  /** Rows that were deleted but lie in the page, with the flags of their place. */
  gone?: { row: Jet3Value[]; flags: number }[]
}

export interface Jet3Options {
  /** Bytes of a text in the code page of the file. */
  encode(text: string): Buffer
  /** As the file tells it, for example 1252. */
  codePage: number
}

const catalogueColumns: Jet3Column[] = [
  { name: 'Id', type: 'long' },
  { name: 'ParentId', type: 'long' },
  { name: 'Name', type: 'text', size: 64 },
  { name: 'Type', type: 'integer' },
  { name: 'DateCreate', type: 'datetime' },
  { name: 'DateUpdate', type: 'datetime' },
  { name: 'Flags', type: 'long' },
  { name: 'Owner', type: 'binary', size: 255 },
  { name: 'Database', type: 'memo' },
  { name: 'Connect', type: 'memo' },
  { name: 'ForeignName', type: 'text', size: 64 },
  { name: 'LvProp', type: 'ole' },
]
const mapsPage = 1
const cataloguePage = 2
const rootId = 0x0f00_0000
const tablesId = 0x0f00_0001
/** Marks what is Access's own. */
const systemFlag = -0x8000_0000
const created = 36_000.5

/** @returns the file, the same bytes for the same input */
export function jet3File(tables: readonly Jet3Table[], options: Jet3Options): Buffer {
  const all = [catalogue(tables), ...tables]
  const pages = new Jet3Pages(options.encode)
  pages.add(databasePage(options))
  pages.add(Buffer.alloc(pageSize))
  for (const _ of all) pages.add(Buffer.alloc(pageSize))
  const maps: Jet3Record[] = []
  for (const [index, table] of all.entries()) {
    const definition = cataloguePage + index
    const owned = writeRows(pages, table, definition)
    const isSystem = index === 0
    pages.put(definition, definitionPage(table, { ...options, isSystem, map: mapsPage * 256 + maps.length }))
    maps.push({ bytes: usageMap(owned), flags: 0 }, { bytes: usageMap([]), flags: 0 })
  }
  pages.put(mapsPage, dataPage(maps, 0))
  return pages.file()
}

function catalogue(tables: readonly Jet3Table[]): Jet3Table {
  const entry = (id: number, parent: number, name: string, type: number, flags: number): Jet3Value[] => [
    id,
    parent,
    name,
    type,
    created,
    created,
    flags,
  ]
  return {
    name: 'MSysObjects',
    columns: catalogueColumns,
    rows: [
      entry(tablesId, rootId, 'Tables', 3, systemFlag),
      entry(cataloguePage, tablesId, 'MSysObjects', 1, systemFlag),
      ...tables.map(({ name }, index) => entry(cataloguePage + 1 + index, tablesId, name, 1, 0)),
    ],
  }
}

function databasePage({ codePage }: Jet3Options): Buffer {
  const page = Buffer.alloc(pageSize)
  page[1] = 1
  page.write('Standard Jet DB\0', 4, 'latin1')
  page.writeUInt16LE(0x409, 0x3a)
  page.writeUInt16LE(codePage, 0x3c)
  rc4(Buffer.from('c7da396b', 'hex'), page.subarray(0x18, 0x18 + 126)).copy(page, 0x18)
  return page
}

/** @returns the pages that hold them */
function writeRows(pages: Jet3Pages, { columns, rows, gone = [] }: Jet3Table, definition: number): number[] {
  const owned: number[] = []
  let records: Jet3Record[] = []
  let used = 10
  for (const { row, flags } of [...gone, ...rows.map(row => ({ row, flags: 0 }))]) {
    const bytes = packRow(columns, row, pages)
    if (used + bytes.length + 2 > pageSize) {
      owned.push(pages.add(dataPage(records, definition)))
      records = []
      used = 10
    }
    records.push({ bytes, flags })
    used += bytes.length + 2
  }
  owned.push(pages.add(dataPage(records, definition)))
  return owned
}

/** @param map the record of the table's pages; the one of its free pages follows it */
function definitionPage(
  { columns, rows }: Jet3Table,
  { encode, codePage, isSystem, map }: Jet3Options & { isSystem: boolean; map: number },
): Buffer {
  const page = Buffer.alloc(pageSize)
  page.write('\x02\x01VC', 0, 'latin1')
  page.writeUInt32LE(rows.length, 12)
  page[20] = isSystem ? 0x53 : 0x4e
  page.writeUInt16LE(columns.length, 21)
  page.writeUInt16LE(columns.filter(column => fixedBytes(column) === undefined).length, 23)
  page.writeUInt16LE(columns.length, 25)
  page.writeUInt32LE(map, 35)
  page.writeUInt32LE(map + 1, 39)
  let at = 43
  let fixedAt = 0
  let variable = 0
  for (const [index, column] of columns.entries()) {
    const bytes = fixedBytes(column)
    page[at] = jet3Types[column.type].code
    page.writeUInt16LE(index, at + 1)
    page.writeUInt16LE(variable, at + 3)
    page.writeUInt16LE(index, at + 5)
    if (column.type === 'text' || column.type === 'memo') {
      page.writeUInt16LE(0x409, at + 7)
      page.writeUInt16LE(codePage, at + 9)
    }
    page[at + 13] = bytes === undefined ? 2 : 3
    page.writeUInt16LE(fixedAt, at + 14)
    page.writeUInt16LE(bytes ?? column.size ?? 0, at + 16)
    fixedAt += bytes ?? 0
    variable += bytes === undefined ? 1 : 0
    at += 18
  }
  for (const { name } of columns) {
    const bytes = encode(name)
    page[at] = bytes.length
    bytes.copy(page, at + 1)
    at += 1 + bytes.length
  }
  page.writeUInt16LE(0xffff, at)
  page.writeUInt32LE(at + 2, 8)
  return page
}
