/** MySQL and MariaDB: one connection per read, a prepared statement in a read-only transaction, streamed. */
import mysql, { type Connection, type FieldPacket } from 'mysql2'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Source, SourceError, SourceQuery, SourceRow } from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import { rowConverter, textAsBytes } from './mysql-values.ts'
import { batchRows, type CheckedStatement, orAborted, readRows, type RowBatches } from './row-reading.ts'
import {
  connectTimedOut,
  errorCode,
  errorWords,
  networkError,
  placeName,
  type ServerPlace,
  serverError,
  testServer,
} from './server-place.ts'
import { port, type ReadingSettings, readingSettings, serverSettings, tlsOptions } from './settings.ts'

export const mysqlConfigSchema = z.strictObject({ ...serverSettings, port: port(3306), ...readingSettings })
export type MysqlConfig = z.output<typeof mysqlConfigSchema>

/** The driver needs its own TLS, string and number rules; none of them may depend on the server's defaults. */
const driverOptions = {
  multipleStatements: false,
  dateStrings: true,
  supportBigNumbers: true,
  bigNumberStrings: false,
  decimalNumbers: false,
  charset: 'utf8mb4',
  enableKeepAlive: true,
  /** Never a file of this machine, whatever the server asks for. */
  flags: ['-LOCAL_FILES'],
}

const tablesQuery = `SELECT TABLE_SCHEMA AS "schema", TABLE_NAME AS "table", COLUMN_NAME AS "column",
    COLUMN_TYPE AS "type"
  FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
  ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`

const writePrivileges = /\b(?:ALL PRIVILEGES|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|TRIGGER|EXECUTE|FILE|SUPER)\b/

/** Error numbers that mean "who are you": access denied, unknown database, blocked host, unsupported login. */
const loginErrors = new Set([
  'ER_ACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_BAD_DB_ERROR',
  'ER_HOST_NOT_PRIVILEGED',
  'ER_HOST_IS_BLOCKED',
  'ER_NOT_SUPPORTED_AUTH_MODE',
  'ER_ACCOUNT_HAS_BEEN_LOCKED',
  'ER_MUST_CHANGE_PASSWORD_LOGIN',
  'AUTH_SWITCH_PLUGIN_ERROR',
])

const timeoutErrors = new Set(['ER_QUERY_TIMEOUT', 'ER_STATEMENT_TIMEOUT', 'ER_QUERY_INTERRUPTED'])
/** MariaDB 1969 has no name in the driver. */
const mariadbStatementTimeout = 1969
const endedErrors = /^(?:PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|ER_CON_COUNT_ERROR|ER_CONNECTION_KILLED|EPIPE)$/
const mariadbConnectionKilled = 1927

export function openMysql(config: MysqlConfig, { clock }: { clock: Clock }): Source {
  const place: ServerPlace = { product: 'MySQL', ...config }
  const readWith = (settings: ReadingSettings, query: SourceQuery, signal?: AbortSignal): AsyncGenerator<SourceRow> =>
    readRows({
      query,
      dialect: 'mysql',
      settings,
      clock,
      signal,
      place: placeName(place),
      open: (statement, stop) => openStream(config, clock, statement, stop),
      explain: error => explain(error, place),
    })
  const login = async (signal: AbortSignal | undefined) => {
    const connection = await connectTo(config, clock, signal)
    return {
      findWriteRights: () => findWriteRights(connection),
      select: () => send(connection, 'SELECT 1'),
      close: async () => connection.destroy(),
    }
  }
  const tables = { sql: tablesQuery.replaceAll('"', '`') }
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testServer({ place, clock, signal, login: () => login(signal) }),
    describe: signal => groupTables(readWith({ ...config, maxRows: mostColumns }, tables, signal)),
    close: async () => undefined,
  }
}

async function openStream(
  config: MysqlConfig,
  clock: Clock,
  { statement, values }: CheckedStatement,
  signal: AbortSignal,
): Promise<RowBatches> {
  const connection = await connectTo(config, clock, signal)
  const onAbort = (): void => {
    void killOnServer(config, clock, connection)
  }
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort)
    connection.destroy()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (const command of sessionCommands(config, await versionOf(connection))) await send(connection, command)
    const readsBytes = config.encoding !== 'utf8'
    const typeCast = readsBytes ? { typeCast: textAsBytes } : {}
    const rows = streamRows(connection, { sql: statement, values, rowsAsArray: true, ...typeCast })
    const fields = await rows.fields
    const convert = rowConverter(fields, config.encoding)
    return {
      columns: fields.map(field => field.name),
      next: async () => (await rows.next()).map(convert),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface StreamOptions {
  sql: string
  values: unknown[]
  rowsAsArray: true
}

/** Rows pushed by the driver, gathered into batches; the socket is paused while a full batch waits. */
function streamRows(
  connection: Connection,
  options: StreamOptions,
): { fields: Promise<FieldPacket[]>; next(): Promise<unknown[][]> } {
  const gathered: unknown[][] = []
  let state: { kind: 'open' } | { kind: 'ended' } | { kind: 'failed'; error: unknown } = { kind: 'open' }
  let wake: (() => void) | undefined
  const query = connection.execute(options)
  const fields = new Promise<FieldPacket[]>((resolve, reject) => {
    query.on('fields', found => resolve((found ?? []) as unknown as FieldPacket[]))
    query.on('error', error => {
      state = { kind: 'failed', error }
      reject(error)
      wake?.()
    })
    query.on('end', () => {
      if (state.kind === 'open') state = { kind: 'ended' }
      resolve([])
      wake?.()
    })
  })
  fields.catch(() => undefined)
  query.on('result', row => {
    gathered.push(row as unknown as unknown[])
    if (gathered.length < batchRows) return
    connection.pause()
    wake?.()
  })
  return {
    fields,
    async next() {
      while (gathered.length < batchRows && state.kind === 'open') {
        // Resuming may hand over rows at once, so whoever wakes us must be known before.
        const more = new Promise<void>(resolve => {
          wake = resolve
        })
        connection.resume()
        await more
      }
      if (gathered.length === 0 && state.kind === 'failed') throw state.error
      return gathered.splice(0, batchRows)
    },
  }
}

/** The settings that fix how the server reads our statement (see sql-tokens.ts) and how long it may take. */
function sessionCommands(config: MysqlConfig, version: string): string[] {
  const isMariadb = /mariadb/i.test(version)
  const limit = isMariadb
    ? `SET SESSION max_statement_time = ${config.timeoutMs / 1_000}`
    : `SET SESSION max_execution_time = ${config.timeoutMs}`
  return [
    "SET SESSION sql_mode = ''",
    // Before 5.7.8 MySQL has no such limit; ours still ends the read and kills the query.
    ...(isMariadb || isAtLeast(version, [5, 7, 8]) ? [limit] : []),
    ...(config.timeZone === undefined ? [] : [`SET SESSION time_zone = '${config.timeZone}'`]),
    ...(config.encoding === 'utf8' ? [] : ['SET SESSION character_set_results = NULL']),
    ...(isAtLeast(version, [5, 6, 5]) ? ['START TRANSACTION READ ONLY'] : ['START TRANSACTION']),
  ]
}

function isAtLeast(version: string, wanted: readonly [number, number, number]): boolean {
  const parts = version.split(/[.-]/).map(part => Number.parseInt(part, 10) || 0)
  const difference = wanted.findIndex((part, index) => parts[index] !== part)
  return difference === -1 || (parts[difference] ?? 0) > (wanted[difference] ?? 0)
}

async function versionOf(connection: Connection): Promise<string> {
  const rows = await send(connection, 'SELECT VERSION() AS version')
  return String(rows[0]?.version ?? '')
}

/** A command of our own, small result. */
async function send(connection: Connection, sql: string): Promise<Record<string, unknown>[]> {
  return await new Promise((resolve, reject) => {
    connection.query(sql, (error, rows) => {
      if (error) reject(error)
      else resolve(Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [])
    })
  })
}

/** @throws SourceError when the server cannot be reached or refuses the login */
async function connectTo(config: MysqlConfig, clock: Clock, signal?: AbortSignal): Promise<Connection> {
  const { host, port: portNumber, database, user, password, connectTimeoutMs: connectTimeout } = config
  const place: ServerPlace = { product: 'MySQL', ...config }
  const ssl = tlsOptions(config.tls)
  const connection = mysql.createConnection({
    ...driverOptions,
    host,
    port: portNumber,
    database,
    user,
    password,
    connectTimeout,
    ...(ssl === undefined ? {} : { ssl: { ...ssl, verifyIdentity: ssl.rejectUnauthorized } }),
  })
  const late = new AbortController()
  const cancelLimit = clock.after(connectTimeout, () => late.abort(connectTimedOut(place)))
  const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  const connected = new Promise<void>((resolve, reject) => {
    connection.connect(error => (error ? reject(error) : resolve()))
  })
  // An error between two queries has nobody waiting for it; the next query reports it.
  connection.on('error', () => undefined)
  try {
    await orAborted(connected, stop)
    return connection
  } catch (error) {
    connection.destroy()
    stop.throwIfAborted()
    throw explain(error, place)
  } finally {
    cancelLimit()
  }
}

/** Stops the statement on the server: a cut alone would leave it working until it next writes to us. */
async function killOnServer(config: MysqlConfig, clock: Clock, connection: Connection): Promise<void> {
  const { threadId } = connection
  connection.destroy()
  if (threadId === null || threadId === undefined) return
  try {
    const killer = await connectTo(config, clock)
    await send(killer, `KILL ${Number(threadId)}`).finally(() => killer.destroy())
  } catch {
    // The server is out of reach or already done with it; its own time limit ends what is left.
  }
}

async function findWriteRights(connection: Connection): Promise<string> {
  const grants = (await send(connection, 'SHOW GRANTS')).map(row => String(Object.values(row)[0]))
  const found = grants.filter(grant => writePrivileges.test(grant.split(' ON ')[0] ?? ''))
  if (found.length === 0) return ''
  const shown = found.map(grant => grant.replace(/ IDENTIFIED .*$/, '')).join('; ')
  return `The account can do more than SELECT; use one that only has SELECT. ${shown}`
}

/** @see MySQL error reference, "Server Error Message Reference" */
function explain(error: unknown, place: ServerPlace): SourceError {
  const code = errorCode(error)
  const words = errorWords(error)
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0
  if (loginErrors.has(code)) {
    const advice = 'Check user, password and database name, and the hosts this account may come from.'
    return serverError(place, 'source-login-refused', { words, advice, cause: error })
  }
  if (timeoutErrors.has(code) || number === mariadbStatementTimeout) {
    return serverError(place, 'source-timeout', { words, advice: 'Narrow the query or raise the limit.', cause: error })
  }
  if (endedErrors.test(code) || number === mariadbConnectionKilled) {
    const advice = 'The server ended the connection: see its log, and try again when it is up.'
    return serverError(place, 'source-unreachable', { words, advice, cause: error })
  }
  const isServerError = code.startsWith('ER_')
  const network = isServerError ? undefined : networkError(place, error)
  if (network !== undefined) return network
  const isDenied = code === 'ER_TABLEACCESS_DENIED_ERROR' || code === 'ER_COLUMNACCESS_DENIED_ERROR'
  const advice = isDenied ? 'Grant SELECT to the account.' : 'Correct the query.'
  return serverError(place, 'source-query-failed', { words, advice, cause: error })
}
