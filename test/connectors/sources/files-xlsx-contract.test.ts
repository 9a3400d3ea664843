/** In a file of its own: the test of flat memory measures the whole process. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { tempDir } from '../../support/temp-dir.ts'
import { type XmlCell, xlsx } from '../../support/xlsx.ts'
import { testSourceContract } from './contract.ts'
import { type ContractTable, type FixtureDatabase, people } from './contract-fixture.ts'

const text = (value: string): XmlCell => ({ type: 'inlineStr', value })
const number = (value: number | string, style?: number): XmlCell => ({
  value: String(value),
  ...(style !== undefined && { style }),
})
const date = 1
const dateTime = 2

/** Excel itself keeps 15 digits of a number: what is longer is text there. */
const types = {
  code: text('AB    '),
  due: number(46_388, date),
  seen: number('46474.104166666664', dateTime),
  premium: text('12345678901234567.89'),
  policy: text('9007199254740993'),
  age: number(42),
  active: { type: 'b', value: '1' },
  absent: undefined,
  rate: number(0.1),
  name: text('Ouédraogo œ ’'),
} as const

function sheetOf(table: ContractTable): Record<string, XmlCell | undefined>[] {
  if (table === 'people') return people.map(({ id, name }) => ({ id: number(id), name: text(name) }))
  if (table === 'names') return people.map(({ name }) => ({ name: text(name) }))
  if (table === 'contract_types') return [types]
  const count = Number(/^numbers_(\d+)$/.exec(table)?.[1])
  return Array.from({ length: count }, (_, index) => ({
    n: number(index + 1),
    pad: text(String(index + 1).padStart(200, '0')),
  }))
}

/** Columns in the order of their names in the first row. */
function workbook(rows: Record<string, XmlCell | undefined>[]): Buffer {
  const names = Object.keys(rows[0] ?? {})
  const cells = (row: Record<string, XmlCell | undefined>): Record<string, XmlCell> => {
    const filled = names.flatMap((name, index) => {
      const cell = row[name]
      return cell === undefined ? [] : [[String.fromCharCode(65 + index), cell] as const]
    })
    return Object.fromEntries(filled)
  }
  const header = Object.fromEntries(names.map(name => [name, text(name)]))
  return xlsx({ Rows: [header, ...rows].map(cells) })
}

const unicode = 'an Excel file is XML in UTF-8, whichever Windows saved it'

testSourceContract({
  kind: 'files',
  label: 'files of Excel',
  serverTest: test,
  async database(t): Promise<FixtureDatabase> {
    const folder = tempDir(t)
    return {
      config: { folder, stableSeconds: 0 },
      async prepare(table) {
        if (table !== 'silent') writeFileSync(join(folder, `${table}.xlsx`), workbook(sheetOf(table)))
      },
    }
  },
  yes: 1,
  differs: { photo: { why: 'a cell holds no bytes; pictures lie upon the sheet, not in it' } },
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  streamedRows: 100_000,
  silent: `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000000000)
    SELECT count(*) AS n FROM numbers`,
  textType: /^Excel cell$/,
  lacks: { cp1252: unicode, cp850: unicode },
})
