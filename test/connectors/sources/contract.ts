/**
 * What every kind of source must do, as one set of tests; each kind's own test file brings its fixture.
 *
 * What a kind cannot do is named in its fixture: `lacks` (a whole test) or `differs` (one column of the types), each
 * with the reason; a test then says so by name. Nothing is left out silently.
 */
import type { ExecutionContext } from 'ava'
import type { SourceRow } from '../../../connectors/source.ts'
import {
  anything,
  type ContractItem,
  type ContractTable,
  collect,
  contractItems,
  contractTests,
  type Fixture,
  type FixtureDatabase,
  failureOf,
  openFixture,
  prepare,
  type TypesColumn,
  typesRow,
} from './contract-fixture.ts'
import { heldMemoryMiB } from './held-memory.ts'

/** A zone far from UTC, so that a date which passes through an instant shows up as the day before. */
process.env.TZ = 'Pacific/Auckland'

export function testSourceContract(fixture: Fixture<FixtureDatabase>): void {
  const { kind, differs = {}, streamedRows = 200_000, numericId = 'id' } = fixture
  const { spelled = (name: string) => name } = fixture
  const items = Object.keys(contractItems) as ContractItem[]
  const lacks = Object.fromEntries(
    items.flatMap(item => (fixture.lacks?.[item] === undefined ? [] : [[item, fixture.lacks[item]]])),
  )
  const contractTest = contractTests<ContractItem>(fixture, contractItems, lacks)
  /** A row as this kind spells its columns. */
  const row = (values: SourceRow): SourceRow =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [spelled(name), value]))
  const expectedTypes = (...columns: TypesColumn[]): SourceRow => {
    const values = columns.flatMap(column => {
      const other = differs[column]
      if (other !== undefined) return other.value === undefined ? [] : [[column, other.value]]
      return [[column, column === 'active' ? fixture.yes : typesRow[column]]]
    })
    return row(Object.fromEntries(values))
  }
  type MakeDatabase = (t: ExecutionContext, ...tables: ContractTable[]) => Promise<FixtureDatabase>
  const filled =
    (make: Fixture<FixtureDatabase>['database']): MakeDatabase =>
    async (t, ...tables) => {
      const made = await make(t)
      await prepare(fixture, made, ...tables)
      return made
    }
  const database = filled(fixture.database)
  const legacyDatabase = filled(fixture.legacyDatabase ?? fixture.database)

  contractTest('read', async t => {
    const { config } = await database(t, 'people')
    const source = openFixture(t, fixture, config)
    const query = {
      sql: `SELECT ${numericId} AS id, name FROM people
        WHERE ${numericId} >= :from AND ${numericId} < :to + :from ORDER BY id;`,
    }
    t.deepEqual(await collect(source.read({ ...query, params: { from: 2, to: 1 } })), [
      row({ id: 2, name: 'N\'Dri "x" :id' }),
    ])
    const quote = {
      sql: `SELECT ${numericId} AS id FROM people WHERE name = :name`,
      params: { name: 'N\'Dri "x" :id' },
    }
    t.deepEqual(await collect(source.read(quote)), [row({ id: 2 })])
    const attack = { ...quote, params: { name: "x' OR 1=1 --" } }
    t.deepEqual(await collect(source.read(attack)), [])
    const missing = await failureOf(t, source.read(query))
    t.is(missing.error.code, 'source-query-refused')
    t.regex(missing.error.message, /:from/)
  })

  contractTest('types', async t => {
    for (const [column, { why }] of Object.entries(differs)) t.log(`${column}: ${why}`)
    const { config } = await database(t, 'contract_types')
    const source = openFixture(t, fixture, config)
    t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM contract_types' })), [
      expectedTypes(...(Object.keys(typesRow) as TypesColumn[])),
    ])
  })

  contractTest('cp1252', async t => {
    const made = await legacyDatabase(t, 'legacy')
    const read = (sql: string) => {
      const source = openFixture(t, fixture, made.config, { encoding: 'cp1252' })
      return collect(source.read({ sql }))
    }
    t.deepEqual(await read('SELECT name FROM legacy ORDER BY id -- all'), [
      row({ name: 'Aïcha N’Guessan œ €' }),
      row({ name: 'Zoé' }),
    ])
    const asked = (['name', 'photo', 'premium', 'code'] as const).filter(
      column => differs[column] === undefined || differs[column].value !== undefined,
    )
    await prepare(fixture, made, 'contract_types')
    const [types] = await read(`SELECT ${asked.join(', ')} FROM contract_types`)
    t.deepEqual(types, expectedTypes(...asked))
  })

  contractTest('cp850', async t => {
    const { config } = await legacyDatabase(t, 'dos')
    const source = openFixture(t, fixture, config, { encoding: 'cp850' })
    t.deepEqual(await collect(source.read({ sql: 'SELECT name FROM dos ORDER BY id' })), [
      row({ name: 'Zoé Çç ü' }),
      row({ name: 'Aïcha' }),
    ])
  })

  contractTest('streaming', async t => {
    const { config } = await database(t, `numbers_${streamedRows}`)
    const source = openFixture(t, fixture, config, { maxRows: streamedRows })
    let count = 0
    const heldMiB: number[] = []
    for await (const read of source.read({ sql: fixture.numbers(streamedRows) })) {
      count += 1
      if (count % (streamedRows / 5) === 1) {
        t.is(Number(read[spelled('n')]), count)
        // The reader falls behind here: without back-pressure the rest of the result would pile up.
        for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
        heldMiB.push(heldMemoryMiB())
      }
    }
    t.is(count, streamedRows)
    const growth = Math.max(...heldMiB) - heldMiB[0]!
    const wholeMiB = (streamedRows * 200) / 2 ** 20
    t.true(growth < 12, `memory held grew by ${growth} MiB; the whole result is above ${wholeMiB}`)
  })

  contractTest('early-end', async t => {
    const { config } = await database(t, `numbers_${streamedRows}`)
    const source = openFixture(t, fixture, config, { maxRows: streamedRows })
    source.read({ sql: fixture.numbers(streamedRows) })
    for await (const read of source.read({ sql: fixture.numbers(streamedRows) })) {
      if (Number(read[spelled('n')]) === 3) break
    }
    t.is((await collect(source.read(anything(fixture)))).length, 1)
  })

  contractTest('cancel', async t => {
    const { config } = await database(t, `numbers_${streamedRows}`)
    const source = openFixture(t, fixture, config, { maxRows: streamedRows })
    const cancel = new AbortController()
    const reason = new Error('run stopped')
    let count = 0
    const reading = async (): Promise<void> => {
      for await (const _ of source.read({ sql: fixture.numbers(streamedRows) }, cancel.signal)) {
        count += 1
        if (count === 1_000) cancel.abort(reason)
      }
    }
    t.is(await t.throwsAsync(reading), reason)
    t.is(count, 1_000)

    const already = source.read({ sql: fixture.silent }, AbortSignal.abort(reason))
    t.is(await t.throwsAsync(() => collect(already)), reason)
  })

  contractTest('timeout', async t => {
    const { config } = await database(t, 'silent')
    const source = openFixture(t, fixture, config, { timeoutMs: 500 })
    const { error, before } = await failureOf(t, source.read({ sql: fixture.silent }))
    t.is(error.code, 'source-timeout', error.message)
    t.is(before.length, 0)
  })

  contractTest('row-cap', async t => {
    const { config } = await database(t, 'numbers_700', 'numbers_701', 'numbers_10')
    const source = openFixture(t, fixture, config, { maxRows: 700 })
    t.is((await collect(source.read({ sql: fixture.numbers(700) }))).length, 700)
    const { error, before } = await failureOf(t, source.read({ sql: fixture.numbers(701) }))
    t.is(error.code, 'source-row-cap')
    t.is(before.length, 700)
    const asked = await failureOf(t, source.read({ sql: fixture.numbers(10), maxRows: 4 }))
    t.is(asked.error.code, 'source-row-cap')
    t.is(asked.before.length, 4)
  })

  contractTest('missing-table', async t => {
    const { config } = await database(t)
    const source = openFixture(t, fixture, config)
    const { error } = await failureOf(t, source.read({ sql: 'SELECT * FROM contrats' }))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /contrats/i)
  })

  contractTest('same-names', async t => {
    const { config } = await database(t)
    const sql = `SELECT 1 AS a, 2 AS a${fixture.fromNothing ?? ''}`
    const { error } = await failureOf(t, openFixture(t, fixture, config).read({ sql }))
    t.is(error.code, 'source-query-failed')
    t.true(error.message.includes(`"${spelled('a')}"`), error.message)
  })

  contractTest('write-refused', async t => {
    const { config } = await database(t, 'people')
    const source = openFixture(t, fixture, config)
    const writes = ['DELETE FROM people', 'SELECT 1; DELETE FROM people', 'DROP TABLE people']
    const hidden = ['SELECT 1 DELETE FROM people', 'SELECT * INTO copied FROM people']
    for (const sql of [...writes, ...hidden, 'WITH a AS (DELETE FROM people) SELECT 1']) {
      t.is((await failureOf(t, source.read({ sql }))).error.code, 'source-query-refused', sql)
    }
    t.is((await collect(source.read({ sql: 'SELECT id FROM people' }))).length, 3)
  })

  contractTest('describe', async t => {
    const { config } = await database(t, 'people', 'names')
    const all = await openFixture(t, fixture, config, { maxRows: 1 }).describe()
    // A MySQL account sees every database of its server, those of the tests beside this one included.
    const tables = all.filter(table => kind !== 'mysql' || table.schema === config.database)
    const people = tables.find(table => table.name === spelled('people'))
    t.deepEqual(
      people?.columns.map(column => column.name),
      ['id', 'name'].map(spelled),
    )
    t.regex(people?.columns[1]?.type ?? '', fixture.textType ?? /var.*\(80\)/i)
    t.true(tables.some(table => table.name === spelled('names')))
  })
}
