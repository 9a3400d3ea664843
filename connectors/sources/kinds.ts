/** The kinds of source. Adding one is a file beside this one, a line in the map below and a test file. */
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Source } from '../source.ts'
import { openMysql } from './mysql.ts'
import { mysqlConfigSchema } from './mysql-connection.ts'
import { openPostgres } from './postgres.ts'
import { postgresConfigSchema } from './postgres-connection.ts'
import { openSqlite, sqliteConfigSchema } from './sqlite.ts'

export interface SourceContext {
  clock: Clock
}

export interface SourceKind {
  configSchema: z.ZodType
  /**
   * Makes a source; it connects at the first read, not before.
   *
   * @param config settings as stored, with the password in plain
   * @throws z.ZodError when they are not those of the kind
   */
  open(config: unknown, context: SourceContext): Source
}

export const sourceKinds = {
  sqlite: kind(sqliteConfigSchema, openSqlite),
  postgres: kind(postgresConfigSchema, openPostgres),
  /** MySQL and MariaDB. */
  mysql: kind(mysqlConfigSchema, openMysql),
}

export type SourceKindName = keyof typeof sourceKinds

function kind<Schema extends z.ZodType>(
  configSchema: Schema,
  open: (config: z.output<Schema>, context: SourceContext) => Source,
): SourceKind & { configSchema: Schema } {
  return { configSchema, open: (config, context) => open(configSchema.parse(config), context) }
}
