/** What a damaged or hostile Access file may cost. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import iconv from 'iconv-lite'
import { systemClock } from '../../../connectors/clock.ts'
import type { SourceError } from '../../../connectors/source.ts'
import { accessConfigSchema, openAccess } from '../../../connectors/sources/access.ts'
import { accessCursor } from '../../../connectors/sources/access-cursor.ts'
import { readColumns } from '../../../connectors/sources/access-definitions.ts'
import { batchBytes } from '../../../connectors/sources/batch-size.ts'
import { definitionPage } from '../../support/jet.ts'
import { type Jet3Table, jet3File } from '../../support/jet3.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect } from './contract-fixture.ts'

const pageSize = 2_048

function fileOf(table: Jet3Table): Buffer {
  return jet3File([table], { encode: text => iconv.encode(text, 'cp1252'), codePage: 1_252 })
}

const numbers: Jet3Table = {
  name: 'NUMEROS',
  columns: [{ name: 'n', type: 'long' }],
  rows: [[1], [2]],
}

test('a table whose definition leads back to itself is read or told, and keeps nothing busy', async t => {
  const file = fileOf(numbers)
  for (let page = pageSize; page < file.length; page += pageSize) {
    if (file[page] === 2) file.writeUInt32LE(page / pageSize, page + 4)
  }
  const path = join(tempDir(t), 'contrats.mdb')
  writeFileSync(path, file)
  const source = openAccess(accessConfigSchema.parse({ path }), { clock: systemClock })
  t.deepEqual(
    (await source.describe()).map(table => table.name),
    ['NUMEROS'],
  )
  t.deepEqual(await collect(source.read({ sql: 'SELECT n FROM NUMEROS' })), [{ n: 1 }, { n: 2 }])
})

test('a file that is not understood in time ends the test and the description, in words', async t => {
  const path = join(tempDir(t), 'contrats.mdb')
  writeFileSync(path, fileOf(numbers))
  // Shorter than the start of a process.
  const source = openAccess({ ...accessConfigSchema.parse({ path }), timeoutMs: 1 }, { clock: systemClock })
  const [step] = await source.test()
  t.is(step?.outcome, 'failed')
  t.regex(step?.detail ?? '', /contrats\.mdb: the file was not understood within 1 ms\. It may be damaged/)
  const error = await t.throwsAsync<SourceError>(source.describe())
  t.is(error?.code, 'source-timeout')
})

test('large values are made plain once each, in batches of a mebibyte', t => {
  const long = 'x'.repeat(60_000)
  const rows = Array.from({ length: 25 }, (_, n) => [n, long])
  const columns: Jet3Table['columns'] = [
    { name: 'n', type: 'long' },
    { name: 'note', type: 'memo' },
  ]
  const file = fileOf({ name: 'NOTES', columns, rows })
  let read = 0
  const text = (bytes: Buffer, start: number, end: number): string => {
    read += 1
    return bytes.toString('latin1', start, end)
  }
  const page = definitionPage(file, 'NOTES')
  const cursor = accessCursor({ file, page, columns: readColumns(file, page), text })
  const counts: number[] = []
  for (let batch = cursor.next(500); batch.rows.length > 0; batch = cursor.next(500)) {
    counts.push(batch.rows.length)
    t.true(batch.bytes < batchBytes + 2 * long.length)
  }
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    rows.length,
  )
  t.true(counts.length > 1)
  t.is(read, rows.length)
  t.is(cursor.next(500).rows.length, 0, 'the end stays the end')
})
