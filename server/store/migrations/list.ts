/** Every migration in order; append only. A database is never taken back by hand: restore the backup instead. */
import type { Knex } from 'knex'
import { firstTables } from './0001-first-tables.ts'
import { sourceSetup } from './0002-source-setup.ts'
import { inboundTables } from './0003-inbound.ts'
import { routing } from './0004-routing.ts'
import { contracts } from './0005-contracts.ts'
import { operatorEvents } from './0006-operator-events.ts'

export interface Migration {
  name: string
  up(knex: Knex): Promise<void>
}

export const migrations: readonly Migration[] = [
  { name: '0001-first-tables', up: firstTables },
  { name: '0002-source-setup', up: sourceSetup },
  { name: '0003-inbound', up: inboundTables },
  { name: '0004-routing', up: routing },
  { name: '0005-contracts', up: contracts },
  { name: '0006-operator-events', up: operatorEvents },
]

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
