/** A connection to MySQL or MariaDB, and what its failures mean. */
import { isIP, type Socket } from 'node:net'
import mysql, { type Connection } from 'mysql2'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { SourceError } from '../source.ts'
import { errorCode, errorWords } from './error-words.ts'
import { orAborted } from './row-reading.ts'
import { connectTimedOut, networkError, type ServerPlace, serverError } from './server-place.ts'
import { port, readingSettings, serverSettings, tlsOptions } from './settings.ts'

export const mysqlConfigSchema = z
  .strictObject({ ...serverSettings, port: port(3306), ...readingSettings })
  .refine(({ host, tls }) => tls.mode !== 'verify' || isIP(host) === 0, {
    // mysql2 3.24 compares the certificate of a server given by address with `localhost`.
    message: 'a host name, the one in the certificate: the driver cannot verify an address',
    path: ['host'],
  })
export type MysqlConfig = z.output<typeof mysqlConfigSchema>

/** The driver needs its own TLS, string and number rules; none of them may depend on the server's defaults. */
const driverOptions = {
  multipleStatements: false,
  dateStrings: true,
  supportBigNumbers: true,
  bigNumberStrings: false,
  decimalNumbers: false,
  /** Parsed and written again, 1.10 would be 1.1 and a long number a text. */
  jsonStrings: true,
  charset: 'utf8mb4',
  enableKeepAlive: true,
  /** Never a file of this machine, whatever the server asks for. */
  flags: ['-LOCAL_FILES'],
}

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
const endedErrors = /^(?:PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED|EPIPE)$/
/** A limit of the server or of the account is reached: not the query's fault. */
const busyErrors =
  /^ER_(?:CON_COUNT_ERROR|TOO_MANY_USER_CONNECTIONS|USER_LIMIT_REACHED|MAX_PREPARED_STMT_COUNT_REACHED)$/
const mariadbConnectionKilled = 1927

/** A command of our own, small result. */
export async function send(connection: Connection, sql: string): Promise<Record<string, unknown>[]> {
  return await new Promise((resolve, reject) => {
    connection.query(sql, (error, rows) => {
      if (error) reject(error)
      else resolve(Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [])
    })
  })
}

/** @throws SourceError when the server cannot be reached or refuses the login */
export async function connectTo(
  config: MysqlConfig,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Connection> {
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
    cut(connection)
    stop.throwIfAborted()
    throw explain(error, place)
  } finally {
    cancelLimit()
  }
}

/**
 * Frees a connection at once. The driver only says good-bye: while rows wait that nobody reads, a server that is sending
 * does not hear it, and both sides keep the connection and its transaction.
 */
export function cut(connection: Connection): void {
  connection.destroy()
  const { stream } = connection as unknown as { stream: Socket }
  stream.destroy()
}

/** Stops the statement on the server: a cut alone would leave it working until it next writes to us. */
export async function killOnServer(config: MysqlConfig, clock: Clock, connection: Connection): Promise<void> {
  const { threadId } = connection
  cut(connection)
  if (threadId === null || threadId === undefined) return
  try {
    const killer = await connectTo(config, clock)
    await send(killer, `KILL ${Number(threadId)}`).finally(() => cut(killer))
  } catch {
    // The server is out of reach or already done with it; its own time limit ends what is left.
  }
}

/** @see MySQL error reference, "Server Error Message Reference" */
export function explain(error: unknown, place: ServerPlace): SourceError {
  const code = errorCode(error)
  const words = errorWords(error)
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0
  if (loginErrors.has(code)) {
    const advice = 'Check user, password and database name, and the hosts this account may come from.'
    return serverError(place, 'source-login-refused', { words, advice, cause: error })
  }
  if (timeoutErrors.has(code) || number === mariadbStatementTimeout) {
    return serverError(place, 'source-timeout', {
      words,
      advice: 'Narrow the query or raise the limit.',
      cause: error,
    })
  }
  if (endedErrors.test(code) || number === mariadbConnectionKilled) {
    const advice = 'The server ended the connection: see its log, and try again when it is up.'
    return serverError(place, 'source-unreachable', { words, advice, cause: error })
  }
  if (busyErrors.test(code)) {
    const advice = 'The server takes no more for now: try again later, or have its limit raised.'
    return serverError(place, 'source-unreachable', { words, advice, cause: error })
  }
  const isServerError = code.startsWith('ER_')
  const network = isServerError ? undefined : networkError(place, error)
  if (network !== undefined) return network
  const isDenied = code === 'ER_TABLEACCESS_DENIED_ERROR' || code === 'ER_COLUMNACCESS_DENIED_ERROR'
  const advice = isDenied ? 'Grant SELECT to the account.' : 'Correct the query.'
  return serverError(place, 'source-query-failed', { words, advice, cause: error })
}
