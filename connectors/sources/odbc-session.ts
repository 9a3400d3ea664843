/** What the child does with one ODBC connection. */
import type { SourceValue } from '../source.ts'
import { mostColumns } from './describing.ts'
import type { DriverRows, DriverSession } from './driver-child.ts'
import type { DriverOrder } from './driver-process.ts'
import type { OdbcColumn, OdbcConnection, OdbcCursor, OdbcDriver, OdbcResult } from './odbc-driver.ts'
import { odbcFailure } from './odbc-errors.ts'
import { writeValues } from './odbc-literals.ts'
import { describingStatement, type Rewriting, rewriteStatement } from './odbc-rewriting.ts'
import { odbcConverter } from './odbc-values.ts'
import type { ReadingSettings } from './settings.ts'
import type { SqlDialect } from './sql-tokens.ts'

/** The kind's part of an order. */
export interface OdbcOrder {
  /** `login` reads nothing; `tables` lists tables and columns whatever the SQL of the server. */
  purpose: 'login' | 'tables' | 'statement'
  connectionString: string
  password: string
  connectTimeoutMs: number
  timeoutMs: number
  dialect: SqlDialect
  session: readonly string[]
  fetchSize: number
  parameters: 'bound' | 'written'
  hasTransaction: boolean
  encoding: ReadingSettings['encoding']
}

/** @throws Error with the SQLSTATE as `code` */
export async function openOdbcSession(
  driver: OdbcDriver,
  order: DriverOrder<OdbcOrder>,
): Promise<DriverSession> {
  const { connection: settings } = order
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    return await work.catch(error => {
      throw odbcFailure(error, settings.password)
    })
  }
  const connection = await explained(
    driver.connect({
      connectionString: settings.connectionString,
      loginTimeout: Math.ceil(settings.connectTimeoutMs / 1_000),
      fetchArray: true,
    }),
  )
  return {
    async read() {
      if (settings.purpose === 'login') return { columns: [], next: async () => [] }
      if (settings.purpose === 'tables') return await explained(listColumns(connection))
      for (const command of settings.session) await explained(connection.query(command))
      if (settings.hasTransaction) await explained(connection.beginTransaction())
      const rows = await explained(openRows(connection, order))
      return { columns: rows.columns, next: most => explained(rows.next(most)) }
    },
    update: () => explained(update(connection, order)),
    async stop() {
      await connection.cancel()
      await connection.close()
    },
  }
}

async function openRows(connection: OdbcConnection, order: DriverOrder<OdbcOrder>): Promise<DriverRows> {
  const { fetchSize, encoding, dialect } = order.connection
  const description = describingStatement(order.statement, { dialect, encoding })
  let open = await openCursor(connection, order, description ?? order.statement)
  const declared = open.columns
  let rewriting: Rewriting | undefined
  const wanted = rewriteStatement(order.statement, declared, { dialect, encoding })
  if (wanted === undefined && description !== undefined) {
    await open.cursor.close()
    open = await openCursor(connection, order, order.statement)
  }
  if (wanted !== undefined) {
    await open.cursor.close()
    try {
      open = await openCursor(connection, order, wanted.statement)
      rewriting = wanted
    } catch {
      // A server that has no such subquery: values that cannot be exact are told one by one.
      if (order.connection.hasTransaction) await connection.rollback()
      if (order.connection.hasTransaction) await connection.beginTransaction()
      open = await openCursor(connection, order, order.statement)
    }
  }
  const converters = declared.map((column, index) =>
    odbcConverter(column, encoding, rewriting?.columns[index]),
  )
  const { cursor } = open
  let first: OdbcResult | undefined = open.first
  let isAtEnd = false
  const fetch = async (): Promise<OdbcResult> => {
    const rows = first ?? (await cursor.fetch())
    first = undefined
    // For drivers of single rows `noData` is true from the first one on; an empty fetch is the end for all.
    isAtEnd = rows.length === 0 || (fetchSize > 1 && cursor.noData)
    return rows
  }
  return {
    columns: declared.map(({ name }) => name),
    async next(most) {
      const batch: SourceValue[][] = []
      while (!isAtEnd && batch.length + fetchSize <= Math.max(most, fetchSize)) {
        for (const row of await fetch()) batch.push(row.map((value, index) => converters[index]!(value)))
      }
      return batch
    },
  }
}

interface OpenCursor {
  cursor: OdbcCursor
  /** The columns are only known with the first rows. */
  columns: OdbcColumn[]
  first: OdbcResult
}

async function openCursor(
  connection: OdbcConnection,
  { values, connection: settings }: DriverOrder<OdbcOrder>,
  statement: string,
): Promise<OpenCursor> {
  const { fetchSize, timeoutMs, parameters, dialect } = settings
  const options = { cursor: true, fetchSize, timeout: Math.ceil(timeoutMs / 1_000) } as const
  const { text, bound } = writeValues(statement, values, { dialect, parameters })
  const cursor =
    bound.length === 0 ? await connection.query(text, options) : await connection.query(text, bound, options)
  const first = await cursor.fetch()
  return { cursor, first, columns: first.columns ?? [] }
}

async function update(
  connection: OdbcConnection,
  { statement, values, commitsUpTo = -1, connection: settings }: DriverOrder<OdbcOrder>,
): Promise<number> {
  const { parameters, dialect, session } = settings
  for (const command of session) await connection.query(command)
  await connection.beginTransaction()
  const { text, bound } = writeValues(statement, values, { dialect, parameters })
  const { count = 0 } =
    bound.length === 0 ? await connection.query(text) : await connection.query(text, bound)
  if (count <= commitsUpTo) await connection.commit()
  else await connection.rollback()
  return count
}

/** Places of a catalog's columns. @see ODBC programmer's reference, SQLTables and SQLColumns */
const catalog = { schema: 1, table: 2, tableType: 3, column: 3, typeName: 5, size: 6, digits: 8 } as const
const ownSchemas = /^(?:pg_\w+|information_schema|sys\w*|SYS\w*)$/
const ownTables = /^(?:MSys|sqlite_)/

async function listColumns(connection: OdbcConnection): Promise<DriverRows> {
  const tables = (await connection.tables(null, null, null, null)).filter(row => {
    const schema = String(row[catalog.schema] ?? '')
    const isOwn = ownSchemas.test(schema) || ownTables.test(String(row[catalog.table]))
    return !isOwn && /^(?:BASE )?TABLE$|^VIEW$/i.test(String(row[catalog.tableType] ?? ''))
  })
  const rows: SourceValue[][] = []
  for (const table of tables) {
    const schema = (table[catalog.schema] ?? null) as string | null
    const name = String(table[catalog.table])
    for (const column of await connection.columns(null, schema === '' ? null : schema, name, null)) {
      // The name is a pattern to some drivers: A_B also finds AXB.
      if (String(column[catalog.table]) !== name || rows.length >= mostColumns) continue
      rows.push([schema === '' ? null : schema, name, String(column[catalog.column]), typeText(column)])
    }
  }
  return { columns: ['schema', 'table', 'column', 'type'], next: async () => rows.splice(0, 500) }
}

function typeText(column: readonly unknown[]): string {
  const name = String(column[catalog.typeName])
  const size = Number(column[catalog.size])
  if (name.includes('(') || !(size > 0)) return name
  if (/char|binary|raw/i.test(name)) return `${name}(${size})`
  return /decimal|numeric|number/i.test(name)
    ? `${name}(${size},${Number(column[catalog.digits] ?? 0)})`
    : name
}
