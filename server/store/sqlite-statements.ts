/** Statements of SQLite, prepared once per connection: preparing costs more than running. */
import type Sqlite from 'better-sqlite3'

const statements = new WeakMap<Sqlite.Database, Map<string, Sqlite.Statement>>()

/** The statement of this text, made at its first use. */
export function prepared(connection: Sqlite.Database, sql: string): Sqlite.Statement {
  let known = statements.get(connection)
  if (known === undefined) {
    known = new Map()
    statements.set(connection, known)
  }
  let statement = known.get(sql)
  if (statement === undefined) {
    statement = connection.prepare(sql)
    known.set(sql, statement)
  }
  return statement
}
