/** Rows of Access files as we read them out of their pages, beside the driver's. */
import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import MDBReader, { type Column, type Value } from 'mdb-reader'
import type { SourceValue } from '../../../connectors/source.ts'
import { catalogueTables } from '../../../connectors/sources/access-catalogue.ts'
import { accessCursor } from '../../../connectors/sources/access-cursor.ts'
import { readColumns } from '../../../connectors/sources/access-definitions.ts'
import { hideDeletedRows } from '../../../connectors/sources/access-deleted-rows.ts'
import { dataPages } from '../../../connectors/sources/access-pages.ts'
import { type AccessTextReader, unicodeText, windowsText } from '../../../connectors/sources/access-texts.ts'
import { accessValueReader } from '../../../connectors/sources/access-values.ts'
import { definitionPage, growTable } from '../../support/jet.ts'
import { jet3File } from '../../support/jet3.ts'

const fixtures = new URL('../../fixtures/access/', import.meta.url)
const files = readdirSync(fixtures).filter(name => /\.(?:mdb|accdb)$/.test(name))
const fixture = (name: string): Buffer => readFileSync(new URL(name, fixtures))

const textOf = (file: Buffer): AccessTextReader => (file[20] === 0 ? windowsText : unicodeText)

/** In batches of a few rows; whatever was in the way is thrown. */
function readOurs(source: Buffer, table: string, page = definitionPage(source, table)): SourceValue[][] {
  const file = Buffer.from(source)
  hideDeletedRows(file)
  const cursor = accessCursor({ file, page, columns: readColumns(file, page), text: textOf(file) })
  const rows: SourceValue[][] = []
  for (let batch = cursor.next(7); batch.rows.length > 0; batch = cursor.next(7)) rows.push(...batch.rows)
  return rows
}

/** The driver changes some bytes while it decodes a row: it reads a copy of its own. */
function readByDriver(source: Buffer, table: string): SourceValue[][] {
  const file = Buffer.from(source)
  hideDeletedRows(file)
  const opened = new MDBReader(file).getTable(table)
  const columns = opened.getColumns()
  return opened.getData().map(row => columns.map(column => madePlain(row[column.name]!, column)))
}

function madePlain(value: Value, { type }: Column): SourceValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (type === 'complex' || value === null) return null
  if (value instanceof Date) {
    // Before day 0 it counts the time of the day down.
    const text = value.getTime() < Date.UTC(1899, 11, 30) ? 'before day 0' : value.toISOString()
    return text.replace('T', ' ').replace(/(?: 00:00:00)?\.000Z$/, '')
  }
  if (value instanceof Uint8Array) return new Uint8Array(value)
  const isLong = typeof value === 'string' && value.replace(/^-?0*|\.|0*$/g, '').length > 15
  return (type === 'currency' || type === 'numeric') && !isLong ? Number(value) : (value as SourceValue)
}

for (const name of files) {
  test(`every table has the rows and values that the driver reads: ${name}`, t => {
    const source = fixture(name)
    const tables = new MDBReader(Buffer.from(source)).getTableNames()
    t.true(tables.length > 0)
    for (const table of tables) {
      const isBeforeDayZero = (value: SourceValue): boolean => /^189\d-/.test(String(value))
      const rows = readOurs(source, table).map(row =>
        row.map(value => (isBeforeDayZero(value) ? 'before day 0' : value)),
      )
      // The driver reads calculated columns as if they were not.
      const columns = readColumns(source, definitionPage(source, table))
      const isRead = (index: number): boolean => columns[index]!.type !== 'complex'
      const byDriver = readByDriver(source, table).map(row =>
        row.map((value, index) => (isRead(index) ? value : null)),
      )
      t.deepEqual(rows, byDriver, table)
    }
  })
}

for (const name of files) {
  test(`the tables and their columns are those that the driver tells: ${name}`, t => {
    const file = fixture(name)
    const reader = new MDBReader(Buffer.from(file))
    const ours = catalogueTables(file)
    t.deepEqual(
      ours.map(table => table.name),
      reader.getTableNames(),
    )
    for (const { name: table, definition } of ours) {
      t.is(definition, definitionPage(file, table))
      const columns = readColumns(file, definition)
      const told = reader.getTable(table).getColumns()
      // The driver takes calculated columns for what they are calculated from.
      const typeOf = (type: string, index: number): string =>
        columns[index]!.type === 'complex' ? 'not read' : type
      t.deepEqual(
        columns.map(({ name, type, size, variableIndex }, index) => ({
          name,
          type: typeOf(type, index),
          size,
          fixedLength: variableIndex === -1,
        })),
        told.map(({ name, type, size, fixedLength }, index) => ({
          name,
          type: typeOf(type, index),
          size,
          fixedLength,
        })),
      )
      const scales = told.flatMap(({ scale }, index) => (scale === undefined ? [] : [[index, scale]]))
      t.true(scales.every(([index, scale]) => columns[index!]!.scale === scale))
    }
  })
}

test('a table of many pages, whose list has pages of its own, gives each row once and in order', t => {
  const { file, rows } = growTable(fixture('contrats.mdb'), 'CLIENTS', 60_000)
  const read = readOurs(file, 'CLIENTS')
  t.deepEqual(
    read.map(([number]) => number),
    Array.from({ length: rows }, (_, index) => index + 1),
  )
  t.deepEqual(read[59_999], readByDriver(file, 'CLIENTS')[59_999])
})

test('a table of Access 97 has the rows that the driver reads, however long they are', t => {
  const widths = [0, 1, 30, 31, 60, 100, 200, 250, 255]
  const rows = widths.flatMap(a =>
    widths.map(b => [a * 1_000 + b, 'é'.repeat(a), '€'.repeat(b), 'z'.repeat(a * 9)]),
  )
  const columns = [
    { name: 'n', type: 'long' },
    { name: 'a', type: 'text', size: 255 },
    { name: 'b', type: 'text', size: 255 },
    { name: 'note', type: 'memo' },
  ] as const
  const table = { name: 'LONGUES', columns: [...columns], rows }
  const source = jet3File([table], { encode: text => iconv.encode(text, 'cp1252'), codePage: 1_252 })
  t.deepEqual(readOurs(source, 'LONGUES'), rows)
  t.deepEqual(readOurs(source, 'LONGUES'), readByDriver(source, 'LONGUES'))
})

test('a list of pages that is not understood, or leads twice to the same, is told as damaged', t => {
  const grown = growTable(fixture('contrats.mdb'), 'CLIENTS', 150_000).file
  const definition = definitionPage(grown, 'CLIENTS')
  const pointer = grown.readUInt32LE(definition * 4_096 + 55)
  const page = (pointer >>> 8) * 4_096
  const list = page + grown.readUInt16LE(page + 14 + (pointer & 0xff) * 2)
  const first = grown.readUInt32LE(list + 1)
  t.true(first > 0)
  for (const damage of [
    (file: Buffer) => file.writeUInt8(7, list),
    (file: Buffer) => file.writeUInt32LE(first, list + 5),
    (file: Buffer) => file.writeUInt32LE(0xff_ffff, list + 1),
    (file: Buffer) => file.writeUInt32LE(definition, list + 1),
  ]) {
    const file = Buffer.from(grown)
    damage(file)
    const error = t.throws(() => dataPages(file, definition), { message: /list of the pages/ })
    t.is((error as NodeJS.ErrnoException).code, 'DAMAGED')
  }
})

test('a page of another table in the list is told as damaged', t => {
  const file = fixture('contrats.mdb')
  const definition = definitionPage(file, 'CLIENTS')
  const [page] = dataPages(file, definition)
  file.writeUInt32LE(definition + 1, page! * 4_096 + 4)
  const error = t.throws(() => readOurs(file, 'CLIENTS', definition), { message: /does not belong/ })
  t.is((error as NodeJS.ErrnoException).code, 'DAMAGED')
})

test('compressed text changes between one byte and two a letter, wherever a NUL stands', t => {
  const read = unicodeText
  const text = (hex: string): string => {
    const bytes = Buffer.from(`aaaa${hex.replaceAll(' ', '')}aaaa`, 'hex')
    return read(bytes, 2, bytes.length - 2)
  }
  t.is(text('fffe 4f 75 e9'), 'Oué')
  t.is(text('4f00 a803'), 'OΨ', 'not compressed')
  t.is(text('fffe'), '', 'nothing, compressed')
  t.is(text('4d00'), 'M', 'two bytes are one letter')
  t.is(text(''), '')
  t.is(text('fffe 4f 00 a803 a903 00 75 00'), 'OΨΩu')
  t.is(text('fffe 00 a803'), 'Ψ')
  t.is(text('fffe 4f 00 a803 a9'), 'OΨ', 'half a letter at the end')
})

test('half a letter at an odd place ends with the letter before', t => {
  // Node would write beyond its memory, which ends the process sooner or later.
  const bytes = Buffer.alloc(4_096, 'A\0')
  for (let start = 1; start < 3_001; start += 2) {
    const text = unicodeText(bytes, start, start + 1_001)
    t.is(text.length, 500)
  }
})

test('any damage to the pages of a table ends in rows or in an error', t => {
  const sources = (['types-2003.mdb', 'types-2010.accdb'] as const).map(name => {
    const file = fixture(name)
    const definition = definitionPage(file, 'QUITTANCES')
    const pages = dataPages(file, definition)
    // Long values lie near.
    return { file, definition, places: [...pages, ...pages.map(page => page + 1), definition] }
  })
  const damage = fc.record({
    source: fc.constantFrom(...sources),
    page: fc.nat(),
    changes: fc.array(fc.record({ at: fc.nat(4_095), byte: fc.nat(255) }), { minLength: 1, maxLength: 40 }),
  })
  fc.assert(
    fc.property(damage, ({ source: { file, definition, places }, page, changes }) => {
      const damaged = Buffer.from(file)
      const start = places[page % places.length]! * 4_096
      for (const { at, byte } of changes) damaged[(start + at) % damaged.length] = byte
      try {
        const rows = readOurs(damaged, 'QUITTANCES', definition)
        t.true(rows.every(row => row.length === rows[0]!.length))
      } catch (error) {
        const { name, code } = error as NodeJS.ErrnoException
        t.true(/^(?:ERR_|DAMAGED|ROW-TOO-LARGE)/.test(code ?? '') || name === 'RangeError', String(error))
      }
    }),
    { numRuns: 300 },
  )
})

test('a chain of long text that leads back to itself ends with the length that was told', t => {
  const note = 'x'.repeat(10_000)
  const columns = [
    { name: 'n', type: 'long' },
    { name: 'note', type: 'memo' },
  ] as const
  const table = { name: 'NOTES', columns: [...columns], rows: [[1, note]] }
  const file = jet3File([table], { encode: text => Buffer.from(text, 'latin1'), codePage: 1_252 })
  for (let page = 2_048; page < file.length; page += 2_048) {
    if (file.toString('latin1', page + 4, page + 8) !== 'LVAL') continue
    const record = page + file.readUInt16LE(page + 10)
    file.writeUInt32LE((page / 2_048) << 8, record)
  }
  t.deepEqual(readOurs(file, 'NOTES'), [[1, note]])
})

test('a date of the extended type is plain, and one that is none is told', t => {
  const column = { name: 'vu', type: 'datetimextended', scale: 0 } as const
  const read = accessValueReader(column, { file: Buffer.alloc(0), text: unicodeText })!
  const stored = (days: number, seconds: number, ticks: number): Buffer => {
    const digits = (value: number, count: number): string => String(value).padStart(count, '0')
    return Buffer.from(`${digits(days, 19)}:${digits(seconds, 12)}${digits(ticks, 7)}:7\0`, 'latin1')
  }
  const plain = (bytes: Buffer): SourceValue => read(bytes, 0, bytes.length)
  t.is(plain(stored(739_981, 0, 0)), '2027-01-01')
  t.is(plain(stored(739_981, 37_230, 1_234_500)), '2027-01-01 10:20:30.12345')
  t.is(plain(stored(0, 0, 1)), '0001-01-01 00:00:00.0000001')
  t.throws(() => plain(Buffer.alloc(42, 0x78)), { message: /extended type/ })
})
