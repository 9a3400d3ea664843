/** A PostgreSQL database that claims no encoding (SQL_ASCII): what an old program sent is stored as it came. */
import type { ExecutionContext } from 'ava'
import pg from 'pg'
import { createDatabase, type PostgresDatabase } from '../../support/postgres.ts'

export async function createAsciiDatabase(t: ExecutionContext): Promise<PostgresDatabase> {
  const beside = await createDatabase(t)
  const database = `${beside.database}_ascii`
  const client = new pg.Client({ connectionString: beside.url })
  await client.connect()
  await client.query(
    `CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
  )
  t.teardown(async () => {
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await client.end()
  })
  const url = new URL(beside.url)
  url.pathname = `/${database}`
  return { ...beside, database, url: url.href }
}

/** `legacyTable` and `dosTable` of a fixture. */
export const bytesTables = {
  legacyTable: [
    'CREATE TABLE legacy (id INT, name VARCHAR(40))',
    "INSERT INTO legacy VALUES (1, E'A\\xefcha N\\x92Guessan \\x9c \\x80'), (2, 'Zoé')",
  ],
  dosTable: [
    'CREATE TABLE dos (id INT, name VARCHAR(40))',
    "INSERT INTO dos VALUES (1, E'Zo\\x82 \\x80\\x87 \\x81'), (2, 'Aïcha')",
  ],
}
