/** Columns that a row does not have yet, and columns that nobody asks for. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source, SourceValue } from '../../../connectors/source.ts'
import { accessConfigSchema, openAccess } from '../../../connectors/sources/access.ts'
import type { AccessColumn } from '../../../connectors/sources/access-definitions.ts'
import { longValue } from '../../../connectors/sources/access-long-values.ts'
import { accessRowReader } from '../../../connectors/sources/access-rows.ts'
import { unicodeText, windowsText } from '../../../connectors/sources/access-texts.ts'
import { RowTooLarge } from '../../../connectors/sources/batch-size.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, enoughMs, failureOf } from './contract-fixture.ts'

/** CODE, ECHEANCE and, added when there were rows already, TEL. */
const columns = (countBytes: 1 | 2): AccessColumn[] => [
  { name: 'CODE', type: 'long', size: 4, scale: 0, number: 0, variableIndex: -1, offset: countBytes },
  {
    name: 'ECHEANCE',
    type: 'datetime',
    size: 8,
    scale: 0,
    number: 1,
    variableIndex: -1,
    offset: countBytes + 4,
  },
  { name: 'TEL', type: 'text', size: 40, scale: 0, number: 2, variableIndex: 0, offset: countBytes },
]

function readRow(version: 97 | 2000, hex: string, wanted?: ReadonlySet<string>): SourceValue[] {
  const row = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const file = Buffer.alloc(4_096)
  file[20] = version === 97 ? 0 : 1
  const text = version === 97 ? windowsText : unicodeText
  return accessRowReader({ file, page: 2, columns: columns(version === 97 ? 1 : 2), text, wanted })(
    row,
    0,
    row.length,
  )
}

/** 46,388 days, 2027-01-01. */
const due = '0000000080a6e640'

test('rows older than the first text column of their table keep their values', t => {
  t.deepEqual(readRow(2000, `0200 07000000 ${due} 03`), [7, '2027-01-01', null])
  t.deepEqual(readRow(97, `02 07000000 ${due} 03`), [7, '2027-01-01', null])
})

test('rows written since the text column was added have its text', t => {
  const stored = readRow(2000, `0300 07000000 ${due} 3700 3000 1200 0e00 0100 07`)
  t.deepEqual(stored, [7, '2027-01-01', '70'])
  t.deepEqual(readRow(97, `03 07000000 ${due} 3730 0f 0d 01 07`), [7, '2027-01-01', '70'])
})

test('columns that are not wanted are NULL, whatever their bytes hold', t => {
  const damaged = `0300 07000000 ${due} 3700 3000 ffff ffff ffff 07`
  t.deepEqual(readRow(2000, damaged, new Set(['CODE'])), [7, null, null])
  t.throws(() => readRow(2000, damaged, new Set(['TEL'])), { instanceOf: RangeError })
})

function openReceipts(t: ExecutionContext, change: (file: Buffer) => void): Source {
  const file = readFileSync(new URL('../../fixtures/access/types-2003.mdb', import.meta.url))
  change(file)
  const path = join(tempDir(t), 'types.mdb')
  writeFileSync(path, file)
  return openAccess(accessConfigSchema.parse({ path, timeoutMs: enoughMs }), { clock: systemClock })
}

/** The photo of one receipt has 17 MiB. */
function enlargePhoto(file: Buffer): void {
  const photo = file.indexOf(Buffer.from('030000800000000000000000010203', 'hex'))
  file.writeUInt32LE(17 * 2 ** 20, photo)
}

test('access: a photo too large for a row keeps nobody from reading the other columns', async t => {
  const source = openReceipts(t, enlargePhoto)
  t.is((await collect(source.read({ sql: 'SELECT numequit, echeance FROM quittances' }))).length, 4)
  const joined = `SELECT a.nom, q.numequit FROM assures a JOIN quittances q USING (codeassu) WHERE q.payee = 1`
  t.is((await collect(source.read({ sql: joined }))).length, 2)
  t.deepEqual(await collect(source.read({ sql: 'SELECT count(*) AS n FROM quittances' })), [{ n: 4 }])
  for (const sql of ['SELECT * FROM quittances', 'SELECT photo FROM quittances WHERE mois = 12']) {
    const { error } = await failureOf(t, source.read({ sql }))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /17825792 bytes or more, most of it in the column "photo"/)
  }
})

test('a long value that says to have up to a gigabyte is refused before it is put together', t => {
  const cell = Buffer.alloc(12)
  for (const [length, place] of [
    [0x3fff_ffff, 0],
    [0x3fff_ffff, 0x80],
    [9 * 2 ** 20, 0x40],
  ] as const) {
    cell.writeUInt32LE(length)
    cell[3]! |= place
    t.throws(() => longValue(Buffer.alloc(8_192), cell, 'photo'), {
      instanceOf: RowTooLarge,
      message: /"photo"/,
    })
  }
  cell.writeUInt32LE(0xc000_0001)
  t.throws(() => longValue(Buffer.alloc(8_192), cell, 'photo'), { message: /place of a long value/ })
})
