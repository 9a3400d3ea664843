/**
 * The child process that changes rows of a SQLite file: answers each order with the rows changed, ends with its parent.
 * Started by sqlite-writer.ts only; a process for the reasons of sqlite-reader.ts, and because a wait for a lock would
 * hold up the whole service.
 */
import Database from 'better-sqlite3'
import { serveOrders } from './reading-child.ts'
import type { FailedAnswer } from './reading-process.ts'

export interface UpdateOrder {
  path: string
  statement: string
  values: Record<string, string | number | null>
  /** Above it the change is rolled back. */
  commitsUpTo: number
  /** How long another program's lock is waited for. */
  lockWaitMs: number
}

export type UpdateAnswer = { kind: 'changed'; rows: number } | FailedAnswer

let database: Database.Database | undefined

serveOrders<UpdateOrder, UpdateAnswer>(order => ({ kind: 'changed', rows: change(order) }))

function change({ path, statement, values, commitsUpTo, lockWaitMs }: UpdateOrder): number {
  database ??= new Database(path, { fileMustExist: true, timeout: lockWaitMs })
  database.exec('begin immediate')
  try {
    const { changes } = database.prepare(statement).run(values)
    database.exec(changes <= commitsUpTo ? 'commit' : 'rollback')
    return changes
  } finally {
    if (database.inTransaction) database.exec('rollback')
  }
}
