/**
 * Transactions of the hot path. For each of its own, knex builds a whole instance of itself, some 150 functions: more
 * work on SQLite than the statements of a small batch. Here one instance serves all transactions of a database, and
 * what waits for it already shares one commit: a disk that takes milliseconds to sync is asked once for all.
 */
import type Sqlite from 'better-sqlite3'
import knexFactory, { type Knex } from 'knex'
import { dialectOf } from './dialect.ts'
import { prepared } from './sqlite-statements.ts'

type Work<Result> = (transaction: Knex.Transaction) => Promise<Result>

interface Waiting {
  work: Work<unknown>
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

/** Works of one commit: the first waits for the last, some ten milliseconds. */
const worksPerCommit = 4

/**
 * Runs work in one transaction: committed with its result, rolled back alone when it throws. Never within another.
 *
 * @throws what the work throws, or the database at the commit
 */
export function inTransaction<Result>(knex: Knex, work: Work<Result>): Promise<Result> {
  if (dialectOf(knex).name === 'postgres') return knex.transaction(work)
  return new Promise<Result>((resolve, reject) => {
    const queue = queueOf(knex)
    queue.waiting.push({ work, resolve: resolve as Waiting['resolve'], reject })
    if (!queue.isDraining) void drain(knex, queue)
  })
}

interface Queue {
  waiting: Waiting[]
  isDraining: boolean
}

const queues = new WeakMap<Knex, Queue>()

function queueOf(knex: Knex): Queue {
  let queue = queues.get(knex)
  if (queue === undefined) {
    queue = { waiting: [], isDraining: false }
    queues.set(knex, queue)
  }
  return queue
}

async function drain(knex: Knex, queue: Queue): Promise<void> {
  queue.isDraining = true
  for (let first = queue.waiting.shift(); first !== undefined; first = queue.waiting.shift()) {
    try {
      // The pool has this one connection: while it is taken, everything else waits.
      const connection: Sqlite.Database = await knex.client.acquireConnection()
      try {
        await commitTogether(first, queue.waiting, { connection, transaction: heldKnex(knex, connection) })
      } finally {
        await knex.client.releaseConnection(connection)
      }
    } catch (error) {
      first.reject(error)
    }
  }
  queue.isDraining = false
}

/** @throws what kept the transaction from beginning; all else is told to those whom it concerns */
async function commitTogether(
  first: Waiting,
  waiting: Waiting[],
  held: { connection: Sqlite.Database; transaction: Knex.Transaction },
): Promise<void> {
  const { connection } = held
  prepared(connection, 'begin immediate').run()
  const done: { entry: Waiting; result: unknown }[] = []
  try {
    let entry: Waiting | undefined = first
    for (let works = 1; entry !== undefined; works += 1) {
      const result = await runAlone(entry, held)
      if (result !== null) done.push({ entry, ...result })
      if (works === worksPerCommit) break
      // What has arrived meanwhile is heard once the loop turns.
      if (waiting.length === 0) await new Promise(resolve => setImmediate(resolve))
      entry = waiting.shift()
    }
    prepared(connection, 'commit').run()
  } catch (error) {
    if (connection.inTransaction) prepared(connection, 'rollback').run()
    for (const { entry } of done) entry.reject(error)
    return
  }
  for (const { entry, result } of done) entry.resolve(result)
}

/**
 * @returns null when it failed, was told so and left nothing behind
 * @throws what made SQLite roll back the whole transaction: a full disk
 */
async function runAlone(
  { work, reject }: Waiting,
  { connection, transaction }: { connection: Sqlite.Database; transaction: Knex.Transaction },
): Promise<{ result: unknown } | null> {
  prepared(connection, 'savepoint work').run()
  try {
    const result = await work(transaction)
    prepared(connection, 'release work').run()
    return { result }
  } catch (error) {
    reject(error)
    if (!connection.inTransaction) throw error
    prepared(connection, 'rollback to work').run()
    prepared(connection, 'release work').run()
    return null
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
