/**
 * SQL Server: one connection per read, rows streamed by the driver and paused when the reader falls behind.
 *
 * SQL Server has no read-only transaction. In its place each read runs in a transaction that is never committed:
 * what a function of the customer wrote, against all rules, is undone when the connection closes. What remains is the
 * guard and the account; `readOnlyIntent` adds a copy that refuses writes where the customer has one.
 */
import { lookup } from 'node:dns/promises'
import type { Request } from 'tedious'
import type { Clock } from '../clock.ts'
import type { Source, SourceQuery, SourceRow, SourceTestStep, SourceValue } from '../source.ts'
import { RowTooLarge } from './batch-size.ts'
import { groupTables, mostColumns } from './describing.ts'
import { readRightsQuery, tablesQuery, writeRightsQuery } from './mssql-catalogue.ts'
import type { MssqlConfig } from './mssql-config.ts'
import { connectTo, findPort, placeOf, requestOf, send, stopOnServer } from './mssql-connection.ts'
import type { ExactConnection } from './mssql-driver.ts'
import { explain } from './mssql-errors.ts'
import { tlsTest } from './mssql-tls.ts'
import type { TdsColumn } from './mssql-values.ts'
import { gatherRows } from './pushed-rows.ts'
import { type CheckedStatement, type RowBatches, readRows } from './row-reading.ts'
import { placeName, type ServerPlace, serverError, testServer } from './server-place.ts'
import type { ReadingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'

export function openMssql(config: MssqlConfig, { clock }: SourceContext): Source {
  const place = placeOf(config)
  const readWith = (
    settings: ReadingSettings,
    query: SourceQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<SourceRow> =>
    readRows({
      query,
      dialect: 'mssql',
      settings,
      clock,
      signal,
      place: placeName(place),
      open: (statement, stop) => openStream(config, clock, statement, stop),
      explain: error => explain(error, place),
    })
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testSteps(config, clock, signal),
    describe: signal =>
      groupTables(readWith({ ...config, maxRows: mostColumns }, { sql: tablesQuery }, signal)),
    close: async () => undefined,
  }
}

async function openStream(
  config: MssqlConfig,
  clock: Clock,
  { statement, values }: CheckedStatement,
  signal: AbortSignal,
): Promise<RowBatches> {
  const connection = await connectTo(config, clock, signal)
  let request: Request | undefined
  const onAbort = (): void => stopOnServer(connection, request)
  signal.addEventListener('abort', onAbort, { once: true })
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort)
    if (!signal.aborted) stopOnServer(connection, request)
  }
  /** The driver's words about a connection that we ended ourselves would only hide why. */
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      if (error instanceof RowTooLarge) throw error
      // The driver tells of it as of a lost connection.
      if (connection.failure instanceof RowTooLarge) throw connection.failure
      throw explain(error, placeOf(config), connection)
    }
  }
  try {
    // The login may have won against a cancel of the same instant.
    signal.throwIfAborted()
    await told(send(connection, sessionCommands(config)))
    const rows = streamRows(connection, statement, values)
    request = rows.request
    if (signal.aborted) onAbort()
    const columns = await told(rows.columns)
    return { columns: columns.map(column => column.colName), next: () => told(rows.next()), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The settings that bound what a read does to the others on the server. */
function sessionCommands(config: MssqlConfig): string {
  return [
    // Waiting for a writer's locks ends with our own limit.
    `SET LOCK_TIMEOUT ${config.timeoutMs}`,
    // In a deadlock the customer's own work goes on and our read is repeated.
    'SET DEADLOCK_PRIORITY LOW',
    'BEGIN TRANSACTION',
  ].join(';\n')
}

/** Rows pushed by the driver, gathered into batches; the socket is paused while a full batch waits. */
function streamRows(
  connection: ExactConnection,
  statement: string,
  values: CheckedStatement['values'],
): { request: Request; columns: Promise<TdsColumn[]>; next(): Promise<SourceValue[][]> } {
  const opened = Promise.withResolvers<TdsColumn[]>()
  const rows = gatherRows<SourceValue[]>({ pause: () => request.pause(), resume: () => request.resume() })
  let isWhole = false
  const request = requestOf(statement, values, error => {
    const failure = error ?? (isWhole ? undefined : new Error('the answer of the server has no end'))
    if (failure !== undefined) {
      rows.fail(failure)
      opened.reject(failure)
    } else {
      rows.end()
      opened.resolve([])
    }
  })
  opened.promise.catch(() => undefined)
  request.on('columnMetadata', columns => opened.resolve(columns as unknown as TdsColumn[]))
  request.on('doneProc', () => {
    isWhole = true
  })
  request.on('row', rows.push)
  connection.execSql(request)
  return { request, columns: opened.promise, next: rows.next }
}

async function testSteps(
  config: MssqlConfig,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<SourceTestStep[]> {
  let port: number
  try {
    if (config.instanceName !== undefined) await lookup(config.host)
    port = await findPort(config, clock, signal)
  } catch (error) {
    // An unknown host is the first step's to tell; the place then has the Browser's port, which is not a TCP port.
    const detail = explain(error, placeOf(config)).message
    return [{ step: 'connect', outcome: 'failed', detail }]
  }
  const place = placeOf(config, port)
  let connection: ExactConnection | undefined
  const login = async () => {
    const opened = await connectTo(config, clock, signal)
    connection = opened
    return {
      findWriteRights: () => findWriteRights(opened),
      select: () => requireReadRights(opened, place),
      close: async () => opened.close(),
    }
  }
  return await testServer({ place, clock, signal, tls: tlsTest(config, () => connection), login })
}

/** A login alone reads nothing. */
async function requireReadRights(connection: ExactConnection, place: ServerPlace): Promise<void> {
  const [row] = await send(connection, readRightsQuery)
  if (Number(row?.[0]) > 0) return
  const words = 'the account was granted SELECT on nothing'
  throw serverError(place, 'source-query-failed', { words, advice: 'Grant SELECT to the account.' })
}

async function findWriteRights(connection: ExactConnection): Promise<string> {
  const [isAdministrator, isOwner, tables] = (await send(connection, writeRightsQuery))[0] ?? []
  if (isAdministrator === 1) return 'The account is a sysadmin; use one that only has SELECT.'
  if (isOwner === 1) return 'The account owns the database; use one that only has SELECT.'
  return Number(tables) > 0 ? `The account can write ${tables} tables; use one that only has SELECT.` : ''
}
