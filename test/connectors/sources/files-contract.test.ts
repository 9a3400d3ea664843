/** In a file of its own: the test of flat memory measures the whole process. */
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test from 'ava'
import iconv from 'iconv-lite'
import { tempDir } from '../../support/temp-dir.ts'
import { testSourceContract } from './contract.ts'
import { type ContractTable, type FixtureDatabase, people } from './contract-fixture.ts'

const csvOf: Record<Exclude<ContractTable, 'silent' | `numbers_${number}`>, string | Buffer> = {
  people: ['id;name', ...people.map(({ id, name }) => `${id};${quoted(name)}`), ''].join('\n'),
  names: 'name\nAwa\n',
  contract_types:
    'code;due;seen;premium;policy;age;active;absent;rate;name\n' +
    'AB    ;2027-01-01;2027-03-28 02:30:00;12345678901234567.89;9007199254740993;42;1;;0.1;Ouédraogo œ ’\n',
  legacy: Buffer.concat([
    Buffer.from('id;name\n1;'),
    iconv.encode('Aïcha N’Guessan œ €', 'cp1252'),
    Buffer.from('\n2;Zoé\n'),
  ]),
  dos: Buffer.concat([
    Buffer.from('id;name\n1;'),
    iconv.encode('Zoé Çç ü', 'cp850'),
    Buffer.from('\n2;Aïcha\n'),
  ]),
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`
}

function* numbersCsv(count: number): Generator<string> {
  yield 'n;pad\n'
  for (let n = 1; n <= count; n += 1) yield `${n};${String(n).padStart(200, '0')}\n`
}

const text = 'a CSV file holds text only'
testSourceContract({
  kind: 'files',
  serverTest: test,
  async database(t): Promise<FixtureDatabase> {
    const folder = tempDir(t)
    return {
      config: { folder, stableSeconds: 0 },
      async prepare(table) {
        const count = /^numbers_(\d+)$/.exec(table)?.[1]
        if (table === 'silent') return
        const path = join(folder, `${table}.csv`)
        if (count === undefined) writeFileSync(path, csvOf[table as keyof typeof csvOf])
        else await pipeline(Readable.from(numbersCsv(Number(count))), createWriteStream(path))
      },
    }
  },
  yes: '1',
  differs: {
    age: { value: '42', why: text },
    rate: { value: '0.1', why: text },
    photo: { why: `${text}, no binary` },
  },
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  silent: `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000000000)
    SELECT count(*) AS n FROM numbers`,
  textType: /^text$/,
  numericId: 'CAST(id AS INTEGER)',
})
