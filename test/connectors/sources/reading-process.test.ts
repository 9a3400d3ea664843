import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import Database from 'better-sqlite3'
import { systemClock } from '../../../connectors/clock.ts'
import { keepCompiledCode } from '../../../connectors/compile-cache.ts'
import { sourceKinds } from '../../../connectors/sources/kinds.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect } from './contract-fixture.ts'

// The cache is that of the whole process: this file has one test.
test('a reading process leaves its compiled code to the next one, though it is killed', async t => {
  const directory = tempDir(t)
  const path = join(directory, 'insurer.db')
  new Database(path).exec('CREATE TABLE contrats (police TEXT)').close()
  const source = sourceKinds.sqlite.open({ path }, { clock: systemClock })
  t.teardown(() => source.close())
  const read = (): Promise<unknown> => collect(source.read({ sql: 'SELECT * FROM contrats' }))

  keepCompiledCode(directory)
  await read()
  const kept = entriesOf(join(directory, 'compile-cache'))
  t.true(
    kept.some(entry => entry.holds('sqlite-reader')),
    'the reader itself is among them',
  )

  await read()
  t.deepEqual(
    entriesOf(join(directory, 'compile-cache')).map(entry => entry.written),
    kept.map(entry => entry.written),
    'the second process found all it needed',
  )
})

function entriesOf(cache: string): { written: string; holds(word: string): boolean }[] {
  const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files
    .map(file => join(file.parentPath, file.name))
    .sort()
    .map(path => ({
      written: `${path} ${statSync(path).mtimeMs}`,
      holds: word => readFileSync(path).includes(word),
    }))
}
