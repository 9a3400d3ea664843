/** The only place that knows which database stands behind the store. Everything else is one SQL for both. */
import type Sqlite from 'better-sqlite3'
import type { Knex } from 'knex'
import { prepared } from './sqlite-statements.ts'

/** Type of a column handed over in bulk. Times are bigint (epoch ms). */
export type BulkType = 'bigint' | 'text'
export type BulkColumns = Readonly<Record<string, BulkType>>
export type BulkValue = string | number | null

export interface Dialect {
  name: 'sqlite' | 'postgres'
  /** Ends a CREATE TABLE whose primary key is the way it is read: no second tree beside it. */
  clusteredSuffix: string
  /** Ends a sub-select that picks rows to claim, so that several nodes never wait for each other. */
  skipLocked: string
  /**
   * A FROM item made of one binding, which `bulkBinding` builds: many rows in one statement.
   *
   * @param alias name of the item; its columns are the keys of `columns`
   */
  bulkRows(alias: string, columns: BulkColumns): string
  /**
   * Until the transaction ends, other nodes wait with what they settle for these operators. Without it an answer and
   * its receipt, settled at the same moment by two nodes, would each look for the other before it is committed, and
   * the receipt would be kept for ever.
   */
  lockSettling(transaction: Knex.Transaction, operatorIds: readonly number[]): Promise<void>
  /** Until the transaction ends, other nodes wait with incoming messages: two would each begin the same long one. */
  lockInbound(transaction: Knex.Transaction): Promise<void>
  /**
   * One statement of the hot path, prepared once per connection: knex builds and prepares anew each time.
   *
   * @returns its rows; none when it returns nothing
   */
  query<Row>(transaction: Knex.Transaction, sql: string, bindings: readonly BulkValue[]): Promise<Row[]>
  /**
   * Inserts many rows.
   *
   * @param onConflict empty, or an `on conflict …` clause
   * @returns per row, whether it was written (always true without `do nothing`)
   */
  insertRows(transaction: Knex.Transaction, insert: BulkInsert): Promise<boolean[]>
}

export interface BulkInsert {
  table: string
  columns: BulkColumns
  rows: readonly (readonly BulkValue[])[]
  onConflict?: string
  /** Columns that tell rows apart; needed with `do nothing`. */
  keyColumns?: readonly string[]
}

/** The binding of a `bulkRows` item. */
export function bulkBinding(rows: readonly (readonly BulkValue[])[]): string {
  const json = JSON.stringify(rows)
  return unstorableEscape.test(json) ? JSON.stringify(rows.map(row => row.map(storable))) : json
}

/** NUL and lone surrogates as JSON spells them. */
const unstorableEscape = /\\u(?:0000|d[89a-f])/i

/**
 * What both databases keep as it is: PostgreSQL refuses NUL, and a lone surrogate comes back as another character,
 * so that a key would no longer be found. One hostile receipt must not make its whole batch fail.
 */
export function storable(value: BulkValue): BulkValue {
  if (typeof value !== 'string' || isStorable(value)) return value
  return value.replaceAll('\0', '\ufffd').toWellFormed()
}

function isStorable(value: BulkValue): boolean {
  return typeof value !== 'string' || (!value.includes('\0') && value.isWellFormed())
}

const sqlite: Dialect = {
  name: 'sqlite',
  clusteredSuffix: ' without rowid',
  skipLocked: '',
  bulkRows(alias, columns) {
    const list = Object.keys(columns).map((column, index) => `value->>${index} as ${column}`)
    return `(select ${list.join(', ')} from json_each(?)) as ${alias}`
  },
  // One writer at a time is what SQLite is.
  lockSettling: () => Promise.resolve(),
  lockInbound: () => Promise.resolve(),
  async query<Row>(transaction: Knex.Transaction, sql: string, bindings: readonly BulkValue[]) {
    const statement = prepared(await transaction.client.acquireConnection(), sql)
    // As knex tells of its own statements: the query log and the test of plans see these too.
    transaction.client.emit('query', { sql, bindings })
    if (statement.reader) return statement.all(bindings) as Row[]
    statement.run(bindings)
    return []
  },
  async insertRows(transaction, { table, columns, rows, onConflict = '' }) {
    // A loop over one prepared statement: 10 µs per message row, against 25 through json_each or long VALUES lists.
    const connection: Sqlite.Database = await transaction.client.acquireConnection()
    const names = Object.keys(columns)
    const statement = prepared(
      connection,
      `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')}) ${onConflict}`,
    )
    return rows.map(row => statement.run(row.every(isStorable) ? row : row.map(storable)).changes > 0)
  },
}

/** First half of the key of our advisory locks, which are one space for the whole database: `RAPS` in ASCII. */
const settlingLock = 0x52415053
/** `RAPI`. */
const inboundLock = 0x52415049

const postgres: Dialect = {
  name: 'postgres',
  clusteredSuffix: '',
  skipLocked: ' for update skip locked',
  bulkRows(alias, columns) {
    const list = Object.entries(columns).map(
      ([column, type], index) => `(row->>${index})::${type} as ${column}`,
    )
    return `(select ${list.join(', ')} from jsonb_array_elements(?::jsonb) as row) as ${alias}`
  },
  async lockSettling(transaction, operatorIds) {
    // Ascending, so that two batches of several operators never wait for each other in a ring.
    const ids = [...new Set(operatorIds)].sort((a, b) => a - b)
    for (const id of ids) await transaction.raw('select pg_advisory_xact_lock(?, ?)', [settlingLock, id])
  },
  async lockInbound(transaction) {
    await transaction.raw('select pg_advisory_xact_lock(?, 0)', [inboundLock])
  },
  async query<Row>(transaction: Knex.Transaction, sql: string, bindings: readonly BulkValue[]) {
    const answer = await transaction.raw(sql, [...bindings])
    return answer.rows as Row[]
  },
  async insertRows(transaction, { table, columns, rows: given, onConflict = '', keyColumns }) {
    if (given.length === 0) return []
    const rows = given.map(row => row.map(storable))
    const names = Object.keys(columns)
    const arrays = names.map((_, index) => rows.map(row => row[index] ?? null))
    const types = Object.values(columns).map(type => `?::${type}[]`)
    const returning = keyColumns === undefined ? '' : ` returning ${keyColumns.join(', ')}`
    const answer = await transaction.raw(
      `insert into ${table} (${names.join(', ')}) select * from unnest(${types.join(', ')}) ${onConflict}${returning}`,
      arrays as unknown as Knex.RawBinding[],
    )
    if (keyColumns === undefined) return rows.map(() => true)
    const written = new Set(
      (answer.rows as Record<string, BulkValue>[]).map(row =>
        JSON.stringify(keyColumns.map(column => row[column])),
      ),
    )
    const positions = keyColumns.map(column => names.indexOf(column))
    // delete: of two equal rows in one batch only the first was written.
    return rows.map(row => written.delete(JSON.stringify(positions.map(position => row[position]))))
  },
}

/** The dialect of an open database. */
export function dialectOf(knex: Knex): Dialect {
  return knex.client.config.client === 'pg' ? postgres : sqlite
}

/** Rows of a raw answer: the two drivers wrap them differently. */
export function rawRows<Row>(answer: unknown): Row[] {
  return Array.isArray(answer) ? (answer as Row[]) : (answer as { rows: Row[] }).rows
}

/** True when a row broke a unique index: another one of the name exists. */
export function isUniqueViolation(error: unknown): boolean {
  const code = (error as { code?: unknown })?.code
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === '23505'
}

/** What pg and knex's pool say without a code when the server went away in mid-query; knex writes the SQL before it. */
const lostConnection =
  /(^| - )(Connection (terminated|ended)( unexpectedly| due to connection timeout)?|Client has encountered a connection error and is not queryable|Knex: Timeout acquiring a connection.*)$/

/** True when the database cannot write for want of room or of a connection: a state that may pass, not a bug. */
export function isStoreUnavailable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (lostConnection.test(String(message))) return true
  if (typeof code !== 'string') return false
  return (
    /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|BUSY)/.test(code) ||
    // SQLite itself rolls back on a full disk; knex then rolls back again and reports that failure alone.
    (code === 'SQLITE_ERROR' && /no transaction is active/.test((error as Error).message)) ||
    // 40001 and 40P01: two nodes were in each other's way, and this one gave in; asked again, it passes.
    /^(53|57P|08|40001|40P01)/.test(code) ||
    [
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOSPC',
      'ETIMEDOUT',
      'EPIPE',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EHOSTUNREACH',
    ].includes(code)
  )
}
