/**
 * Transactions of the hot path. For each of its own, knex builds a whole instance of itself, some 150 functions: more
 * work on SQLite than the statements of a small batch. Here one instance serves all transactions of a database.
 */
import type Sqlite from 'better-sqlite3'
import knexFactory, { type Knex } from 'knex'
import { dialectOf } from './dialect.ts'
import { prepared } from './sqlite-statements.ts'

type Work<Result> = (transaction: Knex.Transaction) => Promise<Result>

/**
 * Runs work in one transaction: committed with its result, rolled back when it throws. Never within another.
 *
 * @param work awaits every statement that it begins: one that outlives it would run in the next transaction
 * @throws what the work throws, or the database at the commit
 */
export function inTransaction<Result>(knex: Knex, work: Work<Result>): Promise<Result> {
  return dialectOf(knex).name === 'sqlite' ? inSqlite(knex, work) : knex.transaction(work)
}

async function inSqlite<Result>(knex: Knex, work: Work<Result>): Promise<Result> {
  // The pool has this one connection: while it is taken, everything else waits.
  const connection: Sqlite.Database = await knex.client.acquireConnection()
  try {
    prepared(connection, 'begin immediate').run()
    try {
      const result = await work(heldKnex(knex, connection))
      prepared(connection, 'commit').run()
      return result
    } catch (error) {
      // SQLite itself rolls back on a full disk.
      if (connection.inTransaction) rollBack(connection)
      throw error
    }
  } finally {
    await knex.client.releaseConnection(connection)
  }
}

/** One that stayed open would swallow what others write: then rather no store at all. */
function rollBack(connection: Sqlite.Database): void {
  try {
    prepared(connection, 'rollback').run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

const instances = new WeakMap<Sqlite.Database, Knex.Transaction>()

/** knex on a connection that it neither takes nor gives back. */
function heldKnex(knex: Knex, connection: Sqlite.Database): Knex.Transaction {
  let known = instances.get(connection)
  if (known === undefined) {
    const { log, useNullAsDefault, compileSqlOnError } = knex.client.config as Knex.Config
    class HeldClient extends (knex.client.constructor as typeof Knex.Client) {
      override acquireConnection(): Promise<Sqlite.Database> {
        return Promise.resolve(connection)
      }

      override releaseConnection(): Promise<void> {
        return Promise.resolve()
      }
    }
    const own = knexFactory({ client: HeldClient, log, useNullAsDefault, compileSqlOnError } as Knex.Config)
    // As knex tells of the queries of its own transactions.
    own.client.on('query', (query: unknown) => knex.client.emit('query', query))
    known = own as Knex.Transaction
    instances.set(connection, known)
  }
  return known
}
