/** Every migration in order; append only. A database is never taken back by hand: restore the backup instead. */
import type { Knex } from 'knex'
import { firstTables } from './0001-first-tables.ts'

export interface Migration {
  name: string
  up(knex: Knex): Promise<void>
}

export const migrations: readonly Migration[] = [{ name: '0001-first-tables', up: firstTables }]

/** Brings the database to the newest version. Safe to call at every start. */
export async function migrate(knex: Knex): Promise<void> {
  await knex.migrate.latest({
    migrationSource: {
      getMigrations: async () => [...migrations],
      getMigrationName: (migration: Migration) => migration.name,
      getMigration: async (migration: Migration) => ({ up: migration.up, down: async () => {} }),
    },
  })
}
