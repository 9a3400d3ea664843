/** One test body, both databases: SQLite in a directory of its own and a PostgreSQL database of its own. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Knex } from 'knex'
import { type DatabaseConfig, openDatabase } from '../../server/store/database.ts'
import { migrate } from '../../server/store/migrations/list.ts'
import { type FakeClock, fakeClock } from './fake-clock.ts'
import { createDatabase, postgresAvailable } from './postgres.ts'
import { tempDir } from './temp-dir.ts'

export interface StoreContext {
  knex: Knex
  clock: FakeClock
}

export type StoreBody = (t: ExecutionContext, context: StoreContext) => Promise<void>

/** Registers `title [sqlite]` and `title [postgres]`; the second is skipped where PostgreSQL is absent. */
export function storeTest(title: string, body: StoreBody): void {
  sqliteTest(title, body)
  postgresTest(title, body)
}

export function sqliteTest(title: string, body: StoreBody): void {
  test.serial(`${title} [sqlite]`, async t => {
    await runOn(t, { kind: 'sqlite', file: join(tempDir(t), 'rappel.db') }, body)
  })
}

export function postgresTest(title: string, body: StoreBody): void {
  const serverTest = postgresAvailable() ? test.serial : test.serial.skip
  serverTest(`${title} [postgres]`, async t => {
    const { url } = await createDatabase(t)
    await runOn(t, { kind: 'postgres', url, poolSize: 4 }, body)
  })
}

async function runOn(t: ExecutionContext, database: DatabaseConfig, body: StoreBody): Promise<void> {
  const knex = openDatabase(database)
  t.teardown(() => knex.destroy())
  await migrate(knex)
  await body(t, { knex, clock: fakeClock() })
}
