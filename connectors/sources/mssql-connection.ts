/** A connection to SQL Server. */
import { Request, TYPES } from 'tedious'
import type { Clock } from '../clock.ts'
import type { SourceValue } from '../source.ts'
import { browserPort, findInstancePort } from './mssql-browser.ts'
import { driverConfiguration, type MssqlConfig, usualPort } from './mssql-config.ts'
import { ExactConnection } from './mssql-driver.ts'
import { explain, rememberNumbers } from './mssql-errors.ts'
import { orAborted } from './row-reading.ts'
import { connectTimedOut, type ServerPlace } from './server-place.ts'

/** @param port the one found for a named instance; absent before it was looked for */
export function placeOf(config: MssqlConfig, port?: number): ServerPlace {
  const { instanceName, domain, user } = config
  return {
    ...config,
    product: instanceName === undefined ? 'SQL Server' : `SQL Server ${instanceName} on`,
    port: port ?? config.port ?? (instanceName === undefined ? usualPort : browserPort),
    user: domain === undefined ? user : `${domain}\\${user}`,
  }
}

/** The TCP port of the server. @throws SourceError when the SQL Server Browser does not tell it */
export async function findPort(config: MssqlConfig, clock: Clock, signal?: AbortSignal): Promise<number> {
  const { host, instanceName } = config
  if (instanceName === undefined) return config.port ?? usualPort
  const late = new AbortController()
  const cancel = clock.after(config.connectTimeoutMs, () => late.abort(connectTimedOut(placeOf(config))))
  const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  try {
    return await findInstancePort({ host, instanceName, clock, signal: stop })
  } catch (error) {
    stop.throwIfAborted()
    throw explain(error, placeOf(config))
  } finally {
    cancel()
  }
}

/** @throws SourceError when the server cannot be reached or refuses the login */
export async function connectTo(
  config: MssqlConfig,
  clock: Clock,
  signal?: AbortSignal,
): Promise<ExactConnection> {
  const port = await findPort(config, clock, signal)
  const place = placeOf(config, port)
  const late = new AbortController()
  const cancelLimit = clock.after(config.connectTimeoutMs, () => late.abort(connectTimedOut(place)))
  const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  let connection: ExactConnection | undefined
  try {
    const opened = new ExactConnection(driverConfiguration(config, port), config.encoding)
    connection = opened
    rememberNumbers(opened)
    // An error between two statements has nobody waiting for it; the next statement reports it.
    opened.on('error', () => undefined)
    const connected = new Promise<void>((resolve, reject) => {
      opened.connect(error => (error === undefined || error === null ? resolve() : reject(error)))
    })
    await orAborted(connected, stop)
    return opened
  } catch (error) {
    // Errors of an attempt that we gave up have nobody to tell them to.
    connection?.close()
    stop.throwIfAborted()
    throw explain(error, place, connection, true)
  } finally {
    cancelLimit()
  }
}

/** A command of our own, small result. */
export async function send(connection: ExactConnection, sql: string): Promise<SourceValue[][]> {
  const rows: SourceValue[][] = []
  await new Promise<void>((resolve, reject) => {
    const request = new Request(sql, error => (error ? reject(error) : resolve()))
    request.on('row', (row: SourceValue[]) => rows.push(row))
    connection.execSqlBatch(request)
  })
  return rows
}

/** A statement with the values of `@p1`, `@p2`, … */
export function requestOf(
  statement: string,
  values: readonly (string | number | null)[],
  done: (error: unknown, rowCount: number | undefined) => void,
): Request {
  const request = new Request(statement, done)
  values.forEach((value, index) => {
    const name = `p${index + 1}`
    if (typeof value === 'number' && !Number.isInteger(value)) request.addParameter(name, TYPES.Float, value)
    else if (typeof value === 'number') {
      // Above 2^53 a number is no longer exact, and above 2^63 no bigint.
      const type = Number.isSafeInteger(value) ? TYPES.BigInt : TYPES.Float
      request.addParameter(name, type, value)
    } else request.addParameter(name, TYPES.NVarChar, value)
  })
  return request
}

/**
 * Stops the statement on the server by an attention, then closes. A cut alone would leave the server working until it
 * next writes to us.
 */
export function stopOnServer(connection: ExactConnection, request: Request | undefined): void {
  request?.once('requestCompleted', () => connection.close())
  if (!connection.cancel()) connection.close()
}
