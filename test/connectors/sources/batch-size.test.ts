import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { systemClock } from '../../../connectors/clock.ts'
import {
  aheadBytes,
  askAhead,
  batchBytes,
  mostRowBytes,
  RowTooLarge,
  rowBytes,
  takeBatch,
} from '../../../connectors/sources/batch-size.ts'
import { mariadbAvailable, createDatabase as mariadbDatabase } from '../../support/mariadb.ts'
import { postgresAvailable, createDatabase as postgresDatabase } from '../../support/postgres.ts'
import { tempDir } from '../../support/temp-dir.ts'
import type { LargeRowsAnswer, LargeRowsOrder } from './large-rows-reader.ts'

test('a batch ends at its rows or its bytes, and no row is lost, doubled or out of order', t => {
  const sizes = fc.array(fc.nat(mostRowBytes - 64), { maxLength: 12 })
  const property = fc.property(sizes, fc.integer({ min: 1, max: 20 }), (lengths, most) => {
    const rows = lengths.map((length, index) => [index, new Uint8Array(length)])
    let at = 0
    const taken: unknown[] = []
    for (;;) {
      const batch = takeBatch(most, () => rows[at++])
      if (batch.rows.length === 0) break
      if (batch.rows.length > most || batch.bytes === 0) return false
      if (batch.bytes - rowBytes(batch.rows.at(-1)!) >= batchBytes) return false
      taken.push(...batch.rows.map(row => row[0]))
    }
    return taken.join() === lengths.keys().toArray().join()
  })
  t.notThrows(() => fc.assert(property, { numRuns: 50 }))
})

test('rows above the limit are refused naming their largest column', t => {
  const error = t.throws(
    () => takeBatch(500, () => ['A1', 'x'.repeat(mostRowBytes), 'Awa'], ['police', 'dossier', 'nom']),
    { instanceOf: RowTooLarge },
  )
  t.regex(error.message, /column "dossier"; 4194304 are the limit/)
})

test('what is asked for ahead is bounded by its bytes, and small batches are asked for as early as before', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 1, max: 5 * 2 ** 20 })), {
        maxLength: 40,
      }),
      async sizes => {
        const answers = [...sizes, 0]
        let asked = 0
        let given = 0
        const ask = (): void => {
          asked += 1
          const last = answers[given - 1] ?? aheadBytes
          t.true(asked - given <= Math.max(1, aheadBytes / last))
        }
        const next = askAhead(14, ask, async () => ({ bytes: answers[given++] ?? 0 }))
        while ((await next()).bytes > 0);
        t.is(given, sizes.length + 1)
      },
    ),
  )
})

// What starts a process is serial: each has two, busy for seconds, and a limit of time.
const rows = 1_000
const bytesEach = 500_000

test('small batches are soon asked for as far ahead as wanted', async t => {
  let asked = 0
  let given = 0
  const next = askAhead(
    14,
    () => {
      asked += 1
    },
    async () => ({ bytes: ++given > 20 ? 0 : 50_000 }),
  )
  const ahead = []
  for (let round = 0; round < 6; round += 1) {
    await next()
    ahead.push(asked - given)
  }
  t.deepEqual(ahead, [2, 4, 8, 14, 14, 14])
})

test.serial(
  '1,000 rows of 1 MB out of the private SQLite of a folder pass through a heap of 192 MiB',
  async t => {
    const folder = tempDir(t)
    const sql = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${rows})
    SELECT n, hex(zeroblob(${bytesEach})) AS x FROM n`
    const read = await readInSmallHeap(t, { kind: 'files', config: { folder }, sql })
    t.like(read, { kind: 'read', rows, bytes: rows * bytesEach * 2 })
  },
)

test.serial('the same out of a SQLite file', async t => {
  const path = sqliteFile(t)
  const sql = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${rows})
    SELECT n, zeroblob(${bytesEach}) AS x FROM n`
  const read = await readInSmallHeap(t, { kind: 'sqlite', config: { path }, sql })
  t.like(read, { kind: 'read', rows, bytes: rows * bytesEach })
})

for (const [kind, make] of [
  ['files', (t: ExecutionContext) => ({ folder: tempDir(t) })],
  ['sqlite', (t: ExecutionContext) => ({ path: sqliteFile(t) })],
] as const) {
  test(`${kind}: a value above the limit is an error that names its column`, async t => {
    const sql = 'SELECT 1 AS n, hex(zeroblob(3000000)) AS dossier'
    const read = await readInSmallHeap(t, { kind, config: make(t), sql })
    t.like(read, { kind: 'failed', code: 'source-query-failed' })
    t.regex(read.kind === 'failed' ? read.message : '', /column "dossier"; 4194304 are the limit/)
  })
}

const postgresTest = postgresAvailable() ? test.serial : test.serial.skip
const mariadbTest = mariadbAvailable() ? test.serial : test.serial.skip

postgresTest('postgres: 1,000 rows of 500 kB pass through a heap of 192 MiB', async t => {
  const { host, port, user, password, database } = await postgresDatabase(t)
  const config = { host, port, user, password, database }
  const sql = `SELECT n, repeat('x', ${bytesEach}) AS x FROM generate_series(1, ${rows}) AS n`
  const read = await readInSmallHeap(t, { kind: 'postgres', config, sql })
  t.like(read, { kind: 'read', rows, bytes: rows * bytesEach })
})

postgresTest('postgres: a value of 200 MB is refused before it is here, whatever came before it', async t => {
  const { host, port, user, password, database } = await postgresDatabase(t)
  const config = { host, port, user, password, database }
  const sql = `SELECT n, repeat('x', CASE n WHEN 1500 THEN 200000000 ELSE 10 END) AS x
    FROM generate_series(1, 3000) AS n`
  const read = await readInSmallHeap(t, { kind: 'postgres', config, sql })
  t.like(read, { kind: 'failed', code: 'source-query-failed' })
  t.regex(read.kind === 'failed' ? read.message : '', /4194304 are the limit/)
})

mariadbTest('mysql: 1,000 rows of 500 kB pass through a heap of 192 MiB', async t => {
  const { host, port, user, password, database } = await mariadbDatabase(t)
  const config = { host, port, user, password, database }
  const sql = `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows})
    SELECT n, repeat('x', ${bytesEach}) AS x FROM s`
  const read = await readInSmallHeap(t, { kind: 'mysql', config, sql })
  t.like(read, { kind: 'read', rows, bytes: rows * bytesEach })
})

mariadbTest('mysql: a value of 12 MB is refused', async t => {
  const { host, port, user, password, database } = await mariadbDatabase(t)
  const config = { host, port, user, password, database }
  const sql = "SELECT 1 AS n, repeat('x', 12000000) AS x"
  const read = await readInSmallHeap(t, { kind: 'mysql', config, sql })
  t.like(read, { kind: 'failed', code: 'source-query-failed' })
  t.regex(read.kind === 'failed' ? read.message : '', /4194304 are the limit/)
})

const isLinux = existsSync('/proc/self/stat')
const linuxTest = isLinux ? test.serial : test.serial.skip
/** It looks every half second; a thread waits for its turn where other tests hold every processor. */
const soonMs = 30_000

linuxTest('a reader in an endless query is gone soon after its parent was killed', async t => {
  const sql = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n)
    SELECT count(*) AS n FROM n`
  for (const order of [
    { kind: 'sqlite', config: { path: sqliteFile(t) }, sql },
    { kind: 'files', config: { folder: tempDir(t) }, sql },
  ] as const) {
    const parent = startReader(t, order)
    const child = await until(() => childrenOf(parent.pid!).find(isWorking))
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const killedMs = systemClock.monotonicMs()
    await until(() => isGone(child) || undefined)
    t.true(systemClock.monotonicMs() - killedMs < soonMs, order.kind)
  }
})

function sqliteFile(t: ExecutionContext): string {
  const path = join(tempDir(t), 'insurer.db')
  writeFileSync(path, '')
  new Database(path).exec('CREATE TABLE t (a)').close()
  return path
}

const heapMiB = 192

async function readInSmallHeap(t: ExecutionContext, order: LargeRowsOrder): Promise<LargeRowsAnswer> {
  const reader = startReader(t, order)
  const [answer] = await Promise.race([once(reader, 'message'), once(reader, 'exit')])
  return answer as LargeRowsAnswer
}

function startReader(t: ExecutionContext, order: LargeRowsOrder): ChildProcess {
  t.timeout(300_000)
  const module = fileURLToPath(new URL('./large-rows-reader.ts', import.meta.url))
  const reader = fork(module, [], {
    execArgv: [`--max-old-space-size=${heapMiB}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  t.teardown(() => void reader.kill('SIGKILL'))
  reader.send(order)
  return reader
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

/** Two seconds of processor time: it started long ago and is inside the query. */
function isWorking(pid: number): boolean {
  return Number(statOf(pid)[11]) > 200
}

/** Ended; the process that adopts orphans may never ask how, and the entry then stays as a zombie. */
function isGone(pid: number): boolean {
  try {
    return ['Z', 'X'].includes(statOf(pid)[0]!)
  } catch {
    return true
  }
}

/** State, then the numbers of proc_pid_stat(5). */
function statOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
}

async function until<Value>(look: () => Value | undefined): Promise<Value> {
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    await systemClock.sleep(50)
  }
}
