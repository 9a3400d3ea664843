/**
 * The child process of one read over tables: a private SQLite takes the tables that a SELECT names, then answers it.
 * Started by load.ts only.
 *
 * SQLite says itself which table it misses, so nothing here guesses at the SELECT: tables are asked for one by one
 * until it can be prepared, and only then filled. A wrong column is thus told before anything is loaded.
 */
import Database from 'better-sqlite3'
import type { SourceValue } from '../../source.ts'
import { type SizedBatch, takeBatch } from '../batch-size.ts'
import { serveOrders } from '../reading-child.ts'
import type { FailedAnswer } from '../reading-process.ts'
import { boundValue, resultValue } from './private-values.ts'

export type PrivateOrder =
  | { kind: 'ask'; statement: string; values: Record<string, string | number | null> }
  | { kind: 'table'; name: string; columns: string[]; isText: readonly boolean[] }
  | { kind: 'load'; table: string; rows: SourceValue[][] }
  | { kind: 'next'; batchRows: number }

export type PrivateAnswer =
  | { kind: 'missing'; table: string }
  | { kind: 'ready'; columns: string[] }
  | { kind: 'loaded' }
  | ({ kind: 'rows' } & SizedBatch)
  | FailedAnswer

/** Pages held in memory, in KiB; what is more goes to a temporary file that SQLite deletes, also when it is killed. */
const cacheKib = 65_536
/** SQLite's own limit. */
const mostColumns = 2_000
/** 4 GiB of 4 KiB pages: a full disk would take the product's own store with it. */
const mostPages = 1_048_576

const database = new Database('')
database.defaultSafeIntegers(true)
for (const pragma of [`cache_size = -${cacheKib}`, `max_page_count = ${mostPages}`, 'journal_mode = OFF']) {
  database.pragma(pragma)
}
database.exec('BEGIN')

let asked: Extract<PrivateOrder, { kind: 'ask' }> | undefined
let rows: Iterator<unknown[]> | undefined
let names: string[] = []
/** Empty tables of unknown columns, with those the SELECT turned out to name. */
const openEnded = new Map<string, Set<string>>()
const inserts = new Map<string, { width: number; insert: Database.Statement }>()

serveOrders(obey)

function obey(order: PrivateOrder): PrivateAnswer {
  switch (order.kind) {
    case 'ask':
      asked = order
      return prepare()
    case 'table':
      addTable(order)
      return prepare()
    case 'load':
      return load(order)
    case 'next':
      return nextRows(order.batchRows)
  }
}

function prepare(): PrivateAnswer {
  for (;;) {
    try {
      const statement = database.prepare(asked!.statement)
      if (!statement.reader || !statement.readonly) throw new Error('the statement does not only read')
      names = statement.columns().map(column => column.name)
      return { kind: 'ready', columns: names }
    } catch (error) {
      const words = error instanceof Error ? error.message : ''
      const table = /^no such table: (.+)$/s.exec(words)?.[1]
      if (table !== undefined) return { kind: 'missing', table }
      const column = /^no such column: (.+)$/s.exec(words)?.[1]
      if (column === undefined || !addToOpenEnded(column)) throw error
    }
  }
}

/**
 * Gives an empty table of unknown columns the one that the SELECT names.
 *
 * @param spelt `c.Telephone` or `Telephone`; which table an alias means is not known, so each gets it in turn
 */
function addToOpenEnded(spelt: string): boolean {
  for (const column of [spelt.slice(spelt.lastIndexOf('.') + 1), spelt]) {
    for (const [table, columns] of openEnded) {
      if (columns.has(column.toLowerCase()) || columns.size === mostColumns) continue
      columns.add(column.toLowerCase())
      database.exec(`ALTER TABLE ${quoted(table)} ADD COLUMN ${quoted(column)}`)
      return true
    }
  }
  return false
}

function addTable({ name, columns, isText }: Extract<PrivateOrder, { kind: 'table' }>): void {
  if (columns.length === 0) {
    openEnded.set(name, new Set(['_']))
    database.exec(`CREATE TABLE ${quoted(name)} ("_")`)
    return
  }
  // Without a type a value stays what it is; INTEGER would make 123 of '00123'.
  const definitions = columns.map((column, index) => quoted(column) + (isText[index] === true ? ' TEXT' : ''))
  database.exec(`CREATE TABLE ${quoted(name)} (${definitions.join(', ')})`)
  const insert = database.prepare(`INSERT INTO ${quoted(name)} VALUES (${columns.map(() => '?').join(', ')})`)
  inserts.set(name, { width: columns.length, insert })
}

function load({ table, rows }: Extract<PrivateOrder, { kind: 'load' }>): PrivateAnswer {
  const { width, insert } = inserts.get(table)!
  for (const row of rows) {
    for (let index = 0; index < width; index += 1) row[index] = boundValue(row[index])
    row.length = width
    insert.run(row)
  }
  return { kind: 'loaded' }
}

function nextRows(batchRows: number): PrivateAnswer {
  rows ??= database.prepare<unknown[], unknown[]>(asked!.statement).raw(true).iterate(asked!.values)
  const iterator = rows
  const take = (): SourceValue[] | undefined => {
    const row = iterator.next()
    return row.done === true ? undefined : row.value.map(resultValue)
  }
  return { kind: 'rows', ...takeBatch(batchRows, take, names) }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
