/** PostgreSQL: one connection per read, a cursor in a read-only transaction. */
import pg from 'pg'
import Cursor from 'pg-cursor'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Source, SourceError, SourceQuery, SourceRow, SourceValue } from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import { asBytes, plainTypes, type PostgresField, textDecoder } from './postgres-values.ts'
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

export const postgresConfigSchema = z.strictObject({ ...serverSettings, port: port(5432), ...readingSettings })
export type PostgresConfig = z.output<typeof postgresConfigSchema>

const tablesQuery = `SELECT n.nspname AS "schema", c.relname AS "table", a.attname AS "column",
    format_type(a.atttypid, a.atttypmod) AS "type"
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
  ORDER BY n.nspname, c.relname, a.attnum`

const writeRightsQuery = `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
    (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS tables`

export function openPostgres(config: PostgresConfig, { clock }: { clock: Clock }): Source {
  const place: ServerPlace = { product: 'PostgreSQL', ...config }
  const readWith = (settings: ReadingSettings, query: SourceQuery, signal?: AbortSignal): AsyncGenerator<SourceRow> =>
    readRows({
      query,
      dialect: 'postgres',
      settings,
      clock,
      signal,
      place: placeName(place),
      open: (statement, stop) => openCursor(config, clock, statement, stop),
      explain: error => explain(error, place),
    })
  const login = async (signal: AbortSignal | undefined) => {
    const client = await connectClient(config, clock, signal)
    return {
      findWriteRights: () => findWriteRights(client),
      select: () => client.query('SELECT 1'),
      close: () => endClient(client),
    }
  }
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testServer({ place, clock, signal, login: () => login(signal) }),
    describe: signal => groupTables(readWith({ ...config, maxRows: mostColumns }, { sql: tablesQuery }, signal)),
    close: async () => undefined,
  }
}

async function openCursor(
  config: PostgresConfig,
  clock: Clock,
  { statement, values }: CheckedStatement,
  signal: AbortSignal,
): Promise<RowBatches> {
  const client = await connectClient(config, clock, signal)
  const onAbort = (): void => {
    void cancelOnServer(config, clock, client)
  }
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort)
    if (!signal.aborted) await endClient(client)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (const command of sessionCommands(config)) await client.query(command)
    const readsBytes = config.encoding !== 'utf8'
    const asked = readsBytes ? await fieldsOf(client, statement, values) : []
    const text = readsBytes ? asBytes(statement, asked) : statement
    const cursor = client.query(new Cursor<SourceValue[]>(text, values, { rowMode: 'array', types: plainTypes }))
    let first: SourceValue[][] | undefined
    const fetch = async (): Promise<{ rows: SourceValue[][]; fields: PostgresField[] }> =>
      await new Promise((resolve, reject) => {
        cursor.read(batchRows, (error, rows, result) => {
          if (error) reject(error)
          else resolve({ rows, fields: result?.fields ?? [] })
        })
      })
    const opened = await fetch()
    first = opened.rows
    const fields = readsBytes ? asked : opened.fields
    const decode = textDecoder(fields, config.encoding)
    return {
      columns: fields.map(field => field.name),
      async next() {
        const rows = first ?? (await fetch()).rows
        first = undefined
        return readsBytes ? rows.map(decode) : rows
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The settings that fix how the server reads our statement and writes its values. */
function sessionCommands(config: PostgresConfig): string[] {
  return [
    'BEGIN TRANSACTION READ ONLY',
    'SET LOCAL standard_conforming_strings = on',
    "SET LOCAL DateStyle = 'ISO, YMD'",
    'SET LOCAL bytea_output = hex',
    `SET LOCAL statement_timeout = ${config.timeoutMs}`,
    ...(config.timeZone === undefined ? [] : [`SET LOCAL TIME ZONE '${config.timeZone}'`]),
    ...(config.encoding === 'utf8' ? [] : ["SET LOCAL client_encoding = 'SQL_ASCII'"]),
  ]
}

async function fieldsOf(client: pg.Client, statement: string, values: unknown[]): Promise<PostgresField[]> {
  const result = await client.query({ text: `SELECT * FROM (${statement}\n) AS asked LIMIT 0`, values, rowMode: 'array' })
  return result.fields
}

/** @throws SourceError when the server cannot be reached or refuses the login */
async function connectClient(config: PostgresConfig, clock: Clock, signal?: AbortSignal): Promise<pg.Client> {
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
    destroy(client)
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
async function cancelOnServer(config: PostgresConfig, clock: Clock, client: pg.Client): Promise<void> {
  const processId = 'processID' in client ? Number(client.processID) : 0
  destroy(client)
  try {
    const canceller = await connectClient(config, clock)
    await canceller.query('SELECT pg_terminate_backend($1)', [processId]).finally(() => endClient(canceller))
  } catch {
    // The server is out of reach or already done with it; statement_timeout ends what is left.
  }
}

/** A goodbye, without waiting for a server that does not answer it. */
async function endClient(client: pg.Client): Promise<void> {
  client.end().catch(() => undefined)
}

function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

async function findWriteRights(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ isSuperuser: boolean; tables: number }>(writeRightsQuery)
  const found = rows[0]
  if (found?.isSuperuser === true) return 'The account is a superuser; use one that only has SELECT.'
  const tables = found?.tables ?? 0
  return tables > 0 ? `The account can write ${tables} tables; use one that only has SELECT.` : ''
}

/** @see PostgreSQL appendix A, error codes */
function explain(error: unknown, place: ServerPlace): SourceError {
  const code = errorCode(error)
  const words = errorWords(error)
  if (/^28/.test(code) || code === '3D000') {
    const advice = 'Check user, password and database name, and pg_hba.conf on the server.'
    return serverError(place, 'source-login-refused', { words, advice, cause: error })
  }
  if (code === '57014') {
    return serverError(place, 'source-timeout', { words, advice: 'Narrow the query or raise the limit.', cause: error })
  }
  if (/^(?:57P|08|53)/.test(code) || /connection terminated|connection ended/i.test(words)) {
    const advice = 'The server ended the connection: see its log, and try again when it is up.'
    return serverError(place, 'source-unreachable', { words, advice, cause: error })
  }
  const isServerError = /^[0-9A-Z]{5}$/.test(code)
  const network = isServerError ? undefined : networkError(place, error)
  if (network !== undefined) return network
  const advice = code === '42501' ? 'Grant SELECT to the account.' : 'Correct the query.'
  return serverError(place, 'source-query-failed', { words, advice, cause: error })
}
