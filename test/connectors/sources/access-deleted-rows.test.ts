/** Rows of Access that were moved and then deleted, and what may make them look alive. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import type { SourceValue } from '../../../connectors/source.ts'
import { accessCursor } from '../../../connectors/sources/access-cursor.ts'
import { readColumns } from '../../../connectors/sources/access-definitions.ts'
import { hideDeletedRows } from '../../../connectors/sources/access-deleted-rows.ts'
import { dataPages } from '../../../connectors/sources/access-pages.ts'
import { unicodeText } from '../../../connectors/sources/access-texts.ts'
import { definitionPage } from '../../support/jet.ts'

const pageSize = 4_096
const moved = 0x8000
const pointer = 0x4000
const fixture = readFileSync(new URL('../../fixtures/access/types-2003.mdb', import.meta.url))
const clients = definitionPage(fixture, 'ASSURES')
const receipts = definitionPage(fixture, 'QUITTANCES')

function clientCodes(source: Buffer): SourceValue[] {
  const file = Buffer.from(source)
  hideDeletedRows(file)
  const columns = readColumns(file, clients)
  const { rows } = accessCursor({ file, page: clients, columns, text: unicodeText }).next(100)
  return rows.map(([code]) => code!).toSorted()
}

/** Where the entries of a page's list of rows lie. */
function entriesOf(file: Buffer, page: number): number[] {
  const at = page * pageSize + 12
  return Array.from({ length: file.readUInt16LE(at) }, (_, row) => at + 2 + row * 2)
}

/** Makes the first row of another page a pointer to every moved row of the clients, by turns. */
function withPointers(page: number, each: (file: Buffer) => void): void {
  for (const target of dataPages(fixture, clients)) {
    for (const [row, entry] of entriesOf(fixture, target).entries()) {
      if ((fixture.readUInt16LE(entry) & (moved | pointer)) !== moved) continue
      const file = Buffer.from(fixture)
      const [first] = entriesOf(file, page)
      const start = file.readUInt16LE(first!) & 0x1fff
      file.writeUInt16LE(start | pointer, first)
      file.writeUInt32LE((target << 8) | row, page * pageSize + start)
      each(file)
    }
  }
}

test('a client whose record was corrected and later deleted is gone, the other corrected one is there', t => {
  t.deepEqual(clientCodes(fixture), [1, 2, 3, 4, 6, 8])
})

test('a pointer left over in a page of another table brings no deleted client back', t => {
  const [page] = dataPages(fixture, receipts)
  let tried = 0
  withPointers(page!, file => {
    t.deepEqual(clientCodes(file), [1, 2, 3, 4, 6, 8])
    tried += 1
  })
  t.is(tried, 2)
})

test('a pointer of the same table does, so the test above tells something', t => {
  const [page] = dataPages(fixture, receipts)
  const found: string[] = []
  withPointers(page!, file => {
    file.writeUInt32LE(clients, page! * pageSize + 4)
    found.push(clientCodes(file).join())
  })
  t.true(found.includes('1,2,3,4,6,7,8'), found.join(' '))
})
