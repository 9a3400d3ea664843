/** What every kind of source must do, as one set of tests; each kind's own test file brings its fixture. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ExecutionContext, TestFn } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import { type Source, SourceError, type SourceRow, type SourceValue } from '../../../connectors/source.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'

/** A zone far from UTC, so that a date which passes through an instant shows up as the day before. */
process.env.TZ = 'Pacific/Auckland'

export interface Fixture {
  kind: SourceKindName
  /** `test`, or `test.skip` where the server is not installed. */
  serverTest: TestFn | TestFn['skip']
  /** An empty database: settings that open it, and a way to fill it. */
  database(t: ExecutionContext): Promise<FixtureDatabase>
  /**
   * Creates the table `contract_types` with one row: code CHAR(6) 'AB', due 2027-01-01, seen 2027-03-28 02:30:00,
   * premium 12345678901234567.89, policy 9007199254740993, age 42, active true, absent NULL, photo 00 ff 80,
   * rate 0.1, name `Ouédraogo œ ’`.
   */
  typesTable: string[]
  /** How this kind writes true. */
  yes: SourceValue
  /** A SELECT of `count` rows with the columns n (1, 2, …) and pad (200 characters). */
  numbers(count: number): string
  /** A SELECT that works for minutes before its first row. */
  silent: string
  /** Creates `legacy` (name) with the bytes of cp1252 `Aïcha N’Guessan œ €`, then UTF-8 `Zoé`, ordered by id. */
  legacyTable: string[]
}

export interface FixtureDatabase {
  config: Record<string, unknown>
  execute(sql: string): Promise<unknown>
}

export function openFixture(
  t: ExecutionContext,
  fixture: Fixture,
  config: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Source {
  const source = sourceKinds[fixture.kind].open({ ...config, ...more }, { clock: systemClock })
  t.teardown(() => source.close())
  return source
}

export async function collect(rows: AsyncIterable<SourceRow>): Promise<SourceRow[]> {
  return await Array.fromAsync(rows)
}

/** The SourceError that reading ends with, and the rows before it. */
export async function failureOf(
  t: ExecutionContext,
  rows: AsyncIterable<SourceRow>,
): Promise<{ error: SourceError; before: SourceRow[] }> {
  const before: SourceRow[] = []
  const error = await t.throwsAsync(
    async () => {
      for await (const row of rows) before.push(row)
    },
    { instanceOf: SourceError },
  )
  return { error, before }
}

export function testSourceContract(fixture: Fixture): void {
  const { kind, serverTest } = fixture
  const name = (sentence: string): string => `${kind}: ${sentence}`

  serverTest(name('rows arrive in order, by column name, with the values of the parameters'), async t => {
    const { config, execute } = await fixture.database(t)
    await execute('CREATE TABLE people (id INTEGER, name VARCHAR(80))')
    await execute("INSERT INTO people VALUES (1, 'Awa'), (2, 'N''Dri \"x\" :id'), (3, 'Koffi')")
    const source = openFixture(t, fixture, config)
    const query = { sql: 'SELECT id, name FROM people WHERE id >= :from AND id < :to + :from ORDER BY id;' }
    t.deepEqual(await collect(source.read({ ...query, params: { from: 2, to: 1 } })), [
      { id: 2, name: 'N\'Dri "x" :id' },
    ])
    const quote = { sql: 'SELECT id FROM people WHERE name = :name', params: { name: 'N\'Dri "x" :id' } }
    t.deepEqual(await collect(source.read(quote)), [{ id: 2 }])
    const attack = { ...quote, params: { name: "x' OR 1=1 --" } }
    t.deepEqual(await collect(source.read(attack)), [])
    const missing = await failureOf(t, source.read(query))
    t.is(missing.error.code, 'source-query-refused')
    t.regex(missing.error.message, /:from/)
  })

  serverTest(
    name('dates are not shifted, decimals and big integers are exact, padding is trimmed'),
    async t => {
      const { config, execute } = await fixture.database(t)
      for (const sql of fixture.typesTable) await execute(sql)
      const source = openFixture(t, fixture, config)
      t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM contract_types' })), [
        {
          code: 'AB',
          due: '2027-01-01',
          seen: '2027-03-28 02:30:00',
          premium: '12345678901234567.89',
          policy: '9007199254740993',
          age: 42,
          active: fixture.yes,
          absent: null,
          photo: new Uint8Array([0, 0xff, 0x80]),
          rate: 0.1,
          name: 'Ouédraogo œ ’',
        },
      ])
    },
  )

  serverTest(
    name('the encoding setting reads text that an old program stored in Windows letters'),
    async t => {
      const { config, execute } = await fixture.database(t)
      for (const sql of [...fixture.legacyTable, ...fixture.typesTable]) await execute(sql)
      const source = openFixture(t, fixture, config, { encoding: 'cp1252' })
      t.deepEqual(await collect(source.read({ sql: 'SELECT name FROM legacy ORDER BY id -- all' })), [
        { name: 'Aïcha N’Guessan œ €' },
        { name: 'Zoé' },
      ])
      const [types] = await collect(
        source.read({ sql: 'SELECT name, photo, premium, code FROM contract_types' }),
      )
      t.deepEqual(types, {
        name: 'Ouédraogo œ ’',
        photo: new Uint8Array([0, 0xff, 0x80]),
        premium: '12345678901234567.89',
        code: 'AB',
      })
    },
  )

  serverTest(name('200,000 rows pass through a memory that stays flat'), async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { maxRows: 200_000 })
    let count = 0
    const heldMiB: number[] = []
    for await (const row of source.read({ sql: fixture.numbers(200_000) })) {
      count += 1
      if (count % 40_000 === 1) {
        t.is(Number(row.n), count)
        // The reader falls behind here: without back-pressure the rest of the result would pile up.
        for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
        heldMiB.push(heldMemoryMiB())
      }
    }
    t.is(count, 200_000)
    const growth = Math.max(...heldMiB) - heldMiB[0]!
    t.true(growth < 12, `memory held grew by ${growth} MiB; the whole result is above 40`)
  })

  serverTest(
    name('a reader that goes away in the middle, or never starts, leaves nothing running'),
    async t => {
      const { config } = await fixture.database(t)
      const source = openFixture(t, fixture, config)
      for await (const row of source.read({ sql: fixture.numbers(100_000) })) {
        if (Number(row.n) === 3) break
      }
      t.deepEqual((await collect(source.read({ sql: 'SELECT 1 AS one' }))).length, 1)
    },
  )

  serverTest(name('a cancelled read ends at once with the reason of the signal'), async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { maxRows: 1_000_000 })
    const cancel = new AbortController()
    const reason = new Error('run stopped')
    let count = 0
    const reading = async (): Promise<void> => {
      for await (const _ of source.read({ sql: fixture.numbers(1_000_000) }, cancel.signal)) {
        count += 1
        if (count === 1_000) cancel.abort(reason)
      }
    }
    t.is(await t.throwsAsync(reading), reason)
    t.is(count, 1_000)

    const already = source.read({ sql: fixture.silent }, AbortSignal.abort(reason))
    t.is(await t.throwsAsync(() => collect(already)), reason)
  })

  serverTest(name('a query above its time limit is stopped and says so'), async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { timeoutMs: 500 })
    const { error, before } = await failureOf(t, source.read({ sql: fixture.silent }))
    t.is(error.code, 'source-timeout', error.message)
    t.is(before.length, 0)
  })

  serverTest(
    name('one row above the cap is an error after the rows of the cap; the cap itself is not'),
    async t => {
      const { config } = await fixture.database(t)
      const source = openFixture(t, fixture, config, { maxRows: 700 })
      t.is((await collect(source.read({ sql: fixture.numbers(700) }))).length, 700)
      const { error, before } = await failureOf(t, source.read({ sql: fixture.numbers(701) }))
      t.is(error.code, 'source-row-cap')
      t.is(before.length, 700)
      const asked = await failureOf(t, source.read({ sql: fixture.numbers(10), maxRows: 4 }))
      t.is(asked.error.code, 'source-row-cap')
      t.is(asked.before.length, 4)
    },
  )

  serverTest(name('a missing table is told in the words of the database'), async t => {
    const { config } = await fixture.database(t)
    const { error } = await failureOf(
      t,
      openFixture(t, fixture, config).read({ sql: 'SELECT * FROM contrats' }),
    )
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /contrats/)
  })

  serverTest(name('two columns of one name are refused instead of losing one'), async t => {
    const { config } = await fixture.database(t)
    const { error } = await failureOf(
      t,
      openFixture(t, fixture, config).read({ sql: 'SELECT 1 AS a, 2 AS a' }),
    )
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /"a"/)
  })

  serverTest(name('a write is refused before it is sent'), async t => {
    const { config, execute } = await fixture.database(t)
    await execute('CREATE TABLE people (id INTEGER)')
    await execute('INSERT INTO people VALUES (1)')
    const source = openFixture(t, fixture, config)
    for (const sql of ['DELETE FROM people', 'SELECT 1; DELETE FROM people', 'DROP TABLE people']) {
      t.is((await failureOf(t, source.read({ sql }))).error.code, 'source-query-refused')
    }
    t.is((await collect(source.read({ sql: 'SELECT id FROM people' }))).length, 1)
  })

  serverTest(name('describe lists the tables and their columns in the words of the database'), async t => {
    const { config, execute } = await fixture.database(t)
    await execute('CREATE TABLE people (id INTEGER, name VARCHAR(80))')
    await execute('CREATE VIEW names AS SELECT name FROM people')
    const all = await openFixture(t, fixture, config, { maxRows: 1 }).describe()
    // A MySQL account sees every database of its server, those of the tests beside this one included.
    const tables = all.filter(table => kind !== 'mysql' || table.schema === config.database)
    const people = tables.find(table => table.name === 'people')
    t.deepEqual(
      people?.columns.map(column => column.name),
      ['id', 'name'],
    )
    t.regex(people?.columns[1]?.type ?? '', /var.*\(80\)/i)
    t.true(tables.some(table => table.name === 'names'))
  })
}

const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
})()

/** What is still referenced, in and beside the heap. */
function heldMemoryMiB(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}
