/** Opens the store's database: SQLite in one file, or PostgreSQL. */
import knexFactory, { type Knex } from 'knex'
import pg from 'pg'

export type DatabaseConfig =
  | { kind: 'sqlite'; file: string; isReadOnly?: boolean }
  | { kind: 'postgres'; url: string; poolSize?: number }

/** Pages of SQLite kept in memory, KiB: the hot ends of the indexes; the rest is in the system's own cache. */
const writerCacheKib = 16 * 1024
/** Reports walk, they do not come back to a page: more would be memory for nothing. */
const readerCacheKib = 8 * 1024
/**
 * Pages of the write-ahead log before they are copied into the database, 16 MB: the ends of tables and indexes, written
 * anew by every commit, are then copied once for four times as many.
 */
const checkpointPages = 4_000
/** A write transaction of the store lasts milliseconds; only a backup or a foreign tool holds longer. */
const sqliteBusyTimeoutMs = 10_000
const postgresPoolSize = 8
/** Errors are logged, and knex would write the values into them: texts and numbers of customers. */
const showsValuesInErrors = false
/** knex prints stacks beside the errors that it throws; whoever catches those says them once. */
const silent = { warn() {}, error() {}, deprecate() {}, debug() {} }
/** Oid of int8: our ids and times stay under 2^53, so plain numbers are exact. */
const int8Oid = 20
const numericOid = 1700

export function openDatabase(config: DatabaseConfig): Knex {
  return config.kind === 'sqlite' ? openSqlite(config) : openPostgres(config)
}

function openSqlite(config: Extract<DatabaseConfig, { kind: 'sqlite' }>): Knex {
  return knexFactory({
    client: 'better-sqlite3',
    connection: { filename: config.file, options: { readonly: config.isReadOnly === true } },
    useNullAsDefault: true,
    compileSqlOnError: showsValuesInErrors,
    log: silent,
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection: { pragma(text: string): unknown }, done: (error: Error | null) => void) {
        connection.pragma(`busy_timeout = ${sqliteBusyTimeoutMs}`)
        if (config.isReadOnly !== true) {
          connection.pragma('journal_mode = WAL')
          // FULL: an answer given after the commit survives a power cut. Speed comes from batches instead.
          connection.pragma('synchronous = FULL')
          connection.pragma('foreign_keys = ON')
          connection.pragma(`wal_autocheckpoint = ${checkpointPages}`)
        }
        connection.pragma(`cache_size = -${config.isReadOnly === true ? readerCacheKib : writerCacheKib}`)
        connection.pragma('temp_store = MEMORY')
        done(null)
      },
    },
  })
}

function openPostgres(config: Extract<DatabaseConfig, { kind: 'postgres' }>): Knex {
  return knexFactory({
    client: 'pg',
    connection: {
      connectionString: config.url,
      application_name: 'rappel',
      types: {
        getTypeParser: (oid: number, format?: string) =>
          oid === int8Oid || oid === numericOid ? Number : pg.types.getTypeParser(oid, format as 'text'),
      },
    } as Knex.PgConnectionConfig,
    compileSqlOnError: showsValuesInErrors,
    log: silent,
    pool: { min: 0, max: config.poolSize ?? postgresPoolSize },
  })
}
