/** A connection to PostgreSQL, and what its failures mean. */
import pg from 'pg'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { SourceError } from '../source.ts'
import { errorCode, errorWords } from './error-words.ts'
import { plainTypes } from './postgres-values.ts'
import { orAborted } from './row-reading.ts'
import { connectTimedOut, networkError, type ServerPlace, serverError } from './server-place.ts'
import { port, readingSettings, serverSettings, tlsOptions } from './settings.ts'

export const postgresConfigSchema = z.strictObject({
  ...serverSettings,
  port: port(5432),
  ...readingSettings,
})
export type PostgresConfig = z.output<typeof postgresConfigSchema>

/** @throws SourceError when the server cannot be reached or refuses the login */
export async function connectClient(
  config: PostgresConfig,
  clock: Clock,
  signal?: AbortSignal,
): Promise<pg.Client> {
  const { host, port: portNumber, database, user, password } = config
  const place: ServerPlace = { product: 'PostgreSQL', ...config }
  const ssl = tlsOptions(config.tls) ?? false
  const client = new pg.Client({
    host,
    port: portNumber,
    database,
    user,
    password,
    ssl,
    application_name: 'rappel',
    types: plainTypes,
    keepAlive: true,
  })
  // An error between two queries has nobody waiting for it; the next query reports it.
  client.on('error', () => undefined)
  const late = new AbortController()
  const cancelLimit = clock.after(config.connectTimeoutMs, () => late.abort(connectTimedOut(place)))
  const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  try {
    await orAborted(client.connect(), stop)
    return client
  } catch (error) {
    destroyClient(client)
    stop.throwIfAborted()
    throw explain(error, place)
  } finally {
    cancelLimit()
  }
}

/**
 * Stops the statement on the server and cuts our connection. A cut alone would leave the server working until it
 * next writes to us.
 */
export async function cancelOnServer(config: PostgresConfig, clock: Clock, client: pg.Client): Promise<void> {
  const processId = 'processID' in client ? Number(client.processID) : 0
  destroyClient(client)
  try {
    const canceller = await connectClient(config, clock)
    await canceller.query('SELECT pg_terminate_backend($1)', [processId]).finally(() => endClient(canceller))
  } catch {
    // The server is out of reach or already done with it; statement_timeout ends what is left.
  }
}

/** A goodbye, without waiting for a server that does not answer it. */
export async function endClient(client: pg.Client): Promise<void> {
  client.end().catch(() => undefined)
}

/** A cut without a goodbye. */
export function destroyClient(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** @see PostgreSQL appendix A, error codes */
export function explain(error: unknown, place: ServerPlace): SourceError {
  const code = errorCode(error)
  const words = errorWords(error)
  if (/^28/.test(code) || code === '3D000') {
    const advice = 'Check user, password and database name, and pg_hba.conf on the server.'
    return serverError(place, 'source-login-refused', { words, advice, cause: error })
  }
  if (code === '57014') {
    return serverError(place, 'source-timeout', {
      words,
      advice: 'Narrow the query or raise the limit.',
      cause: error,
    })
  }
  if (/^(?:57P|08|53)/.test(code) || /connection terminated|connection ended/i.test(words)) {
    const advice = 'The server ended the connection: see its log, and try again when it is up.'
    return serverError(place, 'source-unreachable', { words, advice, cause: error })
  }
  // Not told by the shape of the code: EPIPE has five letters as well.
  const network = error instanceof pg.DatabaseError ? undefined : networkError(place, error)
  if (network !== undefined) return network
  const advice = code === '42501' ? 'Grant SELECT to the account.' : 'Correct the query.'
  return serverError(place, 'source-query-failed', { words, advice, cause: error })
}
