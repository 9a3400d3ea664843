import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import MDBReader, { type Value } from 'mdb-reader'
import { hideDeletedRows } from '../../../connectors/sources/access-deleted-rows.ts'
import { hidePages } from '../../../connectors/sources/access-shown-pages.ts'
import { definitionPage, growTable } from '../../support/jet.ts'
import { jet3File } from '../../support/jet3.ts'

type Row = Record<string, Value>

const fixtures = new URL('../../fixtures/access/', import.meta.url)
const files = readdirSync(fixtures).filter(name => /\.(?:mdb|accdb)$/.test(name))

/** The driver changes some bytes while it decodes a row: each way reads a copy of its own. */
function opened(source: Buffer): { file: Buffer; reader: MDBReader } {
  const file = Buffer.from(source)
  hideDeletedRows(file)
  return { file, reader: new MDBReader(file) }
}

function readWhole(source: Buffer, table: string): Row[] {
  return opened(source).reader.getTable(table).getData()
}

function readInSteps(source: Buffer, table: string, most: number): Row[][] {
  const { file, reader } = opened(source)
  const pages = hidePages(file, definitionPage(file, table))
  const steps: Row[][] = []
  while (pages.show(most)) steps.push(reader.getTable(table).getData())
  return steps
}

for (const name of files) {
  test(`pages shown some at a time give the rows of the whole table: ${name}`, t => {
    const source = readFileSync(new URL(name, fixtures))
    for (const table of opened(source).reader.getTableNames()) {
      const whole = readWhole(source, table)
      for (const most of [1, 3, 64]) {
        t.deepEqual(readInSteps(source, table, most).flat(), whole, `${table}, ${most} pages at a time`)
      }
    }
  })
}

test('a table of many pages, whose list has pages of its own, comes in steps, each page once', t => {
  const { file, rows } = growTable(readFileSync(new URL('contrats.mdb', fixtures)), 'CLIENTS', 60_000)
  const steps = readInSteps(file, 'CLIENTS', 64)
  t.true(steps.length > 10)
  t.true(steps.every(step => step.length > 0 && step.length < 64 * 255))
  t.deepEqual(
    steps.flat().map(row => row.CODEASSU),
    Array.from({ length: rows }, (_, index) => index + 1),
  )
})

test('a table of Access 97 comes in steps too', t => {
  const rows = Array.from({ length: 3_000 }, (_, n) => [n])
  const table = { name: 'NUMEROS', columns: [{ name: 'n', type: 'long' as const }], rows }
  const source = jet3File([table], { encode: text => Buffer.from(text, 'latin1'), codePage: 1_252 })
  const steps = readInSteps(source, 'NUMEROS', 2)
  t.true(steps.length > 5)
  t.deepEqual(
    steps.flat().map(row => row.n),
    rows.map(([n]) => n),
  )
})

test('nothing is shown before it is asked for, and a list that is not understood is told', t => {
  const { file, reader } = opened(readFileSync(new URL('contrats.mdb', fixtures)))
  const definition = definitionPage(file, 'CLIENTS')
  const pages = hidePages(file, definition)
  t.deepEqual(reader.getTable('CLIENTS').getData(), [])
  t.true(pages.show(1))

  const pointer = file.readUInt32LE(definition * 4_096 + 55)
  const page = (pointer >>> 8) * 4_096
  file[page + file.readUInt16LE(page + 14 + (pointer & 0xff) * 2)] = 7
  const error = t.throws(() => hidePages(file, definition), { message: /list of the pages/ })
  t.is((error as NodeJS.ErrnoException).code, 'DAMAGED')
})
