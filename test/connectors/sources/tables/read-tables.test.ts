import test from 'ava'
import fc from 'fast-check'
import { SourceError, type SourceRow, type SourceValue } from '../../../../connectors/source.ts'
import { failureOf } from '../contract-fixture.ts'
import { type MemoryTable, memoryTables, readMemory } from './memory-tables.ts'

const clients: MemoryTable = {
  columns: ['id', 'nom', 'tel'],
  rows: [
    [1, 'SAWADOGO', '70000001'],
    [2, 'TRAORE', null],
    [3, 'ZONGO', '0070000003'],
  ],
  isText: [false, true, true],
}
const contracts: MemoryTable = {
  columns: ['police', 'client', 'prime', 'actif'],
  rows: [
    ['P-1', 1, 145_500, true],
    ['P-2', 1, 99_000.5, false],
    ['P-3', 3, 120_000, true],
  ],
}

const read = (tables: ReturnType<typeof memoryTables>, sql: string): Promise<SourceRow[]> =>
  Array.fromAsync(readMemory(tables, sql))

test('a SELECT joins, filters, groups and sorts tables that have no SQL of their own', async t => {
  const tables = memoryTables({ clients, contracts, agencies: { columns: ['code'], rows: [] } })
  const sql = `WITH paid AS (SELECT client, sum(prime) AS total FROM contracts WHERE prime > :least GROUP BY client)
    SELECT c.nom, p.total FROM Clients c JOIN paid p ON p.client = c.id ORDER BY p.total DESC`
  const rows = await Array.fromAsync(readMemory(tables, sql, { params: { least: 99_000 } }))
  t.deepEqual(rows, [
    { nom: 'SAWADOGO', total: 244_500.5 },
    { nom: 'ZONGO', total: 120_000 },
  ])
  t.deepEqual(tables.opened.toSorted(), ['clients', 'contracts'], 'a table that is not named is not opened')
  t.deepEqual(tables.params, [{ least: 99_000 }, { least: 99_000 }])
})

test('columns picked from one table stream through, in any case and order, with other names and a limit', async t => {
  const tables = memoryTables({ clients })
  t.deepEqual(await read(tables, 'select TEL as phone, x.NOM from CLIENTS as x limit 1;'), [
    { phone: '70000001', nom: 'SAWADOGO' },
  ])
  t.deepEqual((await read(tables, 'SELECT * FROM "clients"')).length, 3)
})

test('a text column finds a number that is written like it; leading zeros stay', async t => {
  const tables = memoryTables({ clients })
  t.deepEqual(await read(tables, 'SELECT id FROM clients WHERE tel = 70000001'), [{ id: 1 }])
  t.deepEqual(await read(tables, "SELECT tel FROM clients WHERE tel LIKE '00%'"), [{ tel: '0070000003' }])
})

test('a query without tables needs none', async t => {
  const tables = memoryTables({})
  t.deepEqual(await read(tables, 'SELECT 1 AS one'), [{ one: 1 }])
  t.deepEqual(tables.opened, [])
})

test('an empty table of unknown columns lets a query name any, and gives no rows', async t => {
  const tables = memoryTables({ files: { columns: [], rows: [] }, other: { columns: [], rows: [] }, clients })
  t.deepEqual(await read(tables, 'SELECT * FROM files'), [])
  t.deepEqual(await read(tables, 'SELECT Telephone FROM files'), [])
  t.deepEqual(await read(tables, "SELECT f.Telephone FROM files f WHERE f.etat = 'x' ORDER BY f.nom"), [])
  t.deepEqual(await read(tables, 'SELECT count(*) AS n FROM files'), [{ n: 0 }])
  t.deepEqual(
    await read(tables, 'SELECT c.id FROM clients c LEFT JOIN files f ON f.id = c.id AND c.id < 2'),
    [{ id: 1 }, { id: 2 }, { id: 3 }],
  )
  t.deepEqual(await read(tables, 'SELECT f.a, o.b FROM files f JOIN other o ON o.a = f.a'), [])
})

test('an unknown table is told with those there are, an unknown column with the columns, before anything is loaded', async t => {
  const tables = memoryTables({ clients, contracts })
  for (const sql of ['SELECT * FROM contrats', 'SELECT count(*) AS n FROM main.contrats']) {
    const { error } = await failureOf(t, readMemory(tables, sql))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /contrats".*clients, contracts/)
  }
  for (const sql of ['SELECT mobile FROM clients', 'SELECT upper(c.mobile) AS m FROM clients c']) {
    const { error } = await failureOf(t, readMemory(tables, sql))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /mobile.*clients \(id, nom, tel\)/)
  }
  t.is(tables.taken, 0)
})

test('two columns of one name in a table, and writes, are refused', async t => {
  const double = memoryTables({ t: { columns: ['nom', 'NOM'], rows: [] } })
  t.is((await failureOf(t, readMemory(double, 'SELECT 1 FROM t'))).error.code, 'source-query-failed')
  for (const sql of ['DELETE FROM t', 'SELECT 1; SELECT 2', "SELECT load_extension('x')"]) {
    t.is((await failureOf(t, readMemory(double, sql))).error.code, 'source-query-refused')
  }
})

test('both ways through a read give the same values', async t => {
  const value: fc.Arbitrary<SourceValue> = fc.oneof(
    fc.string({ unit: 'binary' }).filter(text => !text.includes('\0')),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }),
  )
  const rows = fc.array(fc.tuple(value, value), { maxLength: 20 })
  const property = fc.asyncProperty(rows, async rows => {
    const tables = memoryTables({ t: { columns: ['a', 'B'], rows } })
    const short = await read(tables, 'SELECT b, A AS x FROM t')
    const long = await read(tables, 'SELECT b, A AS x FROM t WHERE 1 = 1')
    t.deepEqual(short, long)
  })
  await fc.assert(property, { numRuns: 25 })
})

function* numbers(count: number): Generator<SourceValue[]> {
  for (let n = 1; n <= count; n += 1) yield [n, 'x'.repeat(200)]
}

const manyNumbers = (count: number): MemoryTable => ({
  columns: ['n', 'pad'],
  rows: { [Symbol.iterator]: () => numbers(count) },
})

test('a slow reader holds the table back, and leaving early ends it', async t => {
  const tables = memoryTables({ t: manyNumbers(100_000) })
  for await (const row of readMemory(tables, 'SELECT n FROM t')) {
    if (row.n === 1_200) break
  }
  t.is(tables.taken, 1_500)
  t.is(tables.aborted, 1)
})

test('a large table sorts and comes back whole', async t => {
  const tables = memoryTables({ t: manyNumbers(120_000) })
  let expected = 120_000
  for await (const row of readMemory(tables, 'SELECT n FROM t ORDER BY n DESC')) {
    if (row.n !== expected) return t.fail(`${row.n} instead of ${expected}`)
    expected -= 1
  }
  t.is(expected, 0)
})

test('a cancelled load ends with the reason of the signal, a late one with the time limit', async t => {
  const tables = memoryTables({ t: manyNumbers(5_000_000) })
  const cancel = new AbortController()
  const reason = new Error('run stopped')
  const reading = Array.fromAsync(
    readMemory(tables, 'SELECT count(*) AS n FROM t', { signal: cancel.signal }),
  )
  const watched = tables.open
  tables.open = async (...given) => {
    const table = await watched(...given)
    cancel.abort(reason)
    return table
  }
  t.is(await t.throwsAsync(reading), reason)
  const silent = 'SELECT count(*) AS n FROM t AS a, t AS b, t AS c'
  const late = readMemory(memoryTables({ t: manyNumbers(2_000) }), silent, { timeoutMs: 400 })
  t.is((await failureOf(t, late)).error.code, 'source-timeout')
})

test('the row cap holds on both ways', async t => {
  const tables = memoryTables({ t: manyNumbers(1_500) })
  for (const sql of ['SELECT n FROM t', 'SELECT n FROM t WHERE n > 0']) {
    const { error, before } = await failureOf(t, readMemory(tables, sql, { maxRows: 700 }))
    t.is(error.code, 'source-row-cap')
    t.is(before.length, 700)
  }
})

test('what a table throws in the middle is explained by its kind', async t => {
  const broken: MemoryTable = {
    columns: ['n'],
    rows: (function* () {
      yield* Array.from({ length: 500 }, (_, n) => [n])
      throw new Error('the wire broke')
    })(),
  }
  const { error, before } = await failureOf(t, readMemory(memoryTables({ t: broken }), 'SELECT n FROM t'))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /the wire broke/)
  t.is(before.length, 500)
  const own = memoryTables({ t: broken })
  own.open = async () => {
    throw new SourceError('source-login-refused', 'no')
  }
  t.is((await failureOf(t, readMemory(own, 'SELECT max(n) AS m FROM t'))).error.code, 'source-login-refused')
})
