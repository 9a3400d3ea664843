/** PostgreSQL: one connection per read, a cursor in a read-only transaction. */
import type pg from 'pg'
import type { Clock } from '../clock.ts'
import type { Source, SourceQuery, SourceRow, SourceValue } from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import {
  cancelOnServer,
  connectClient,
  destroyClient,
  endClient,
  explain,
  type PostgresConfig,
} from './postgres-connection.ts'
import { type CursorRows, cursorRows } from './postgres-cursor.ts'
import { asBytes, type PostgresField, textDecoder } from './postgres-values.ts'
import { type CheckedStatement, type RowBatches, readRows } from './row-reading.ts'
import { placeName, type ServerPlace, serverError, testServer } from './server-place.ts'
import type { ReadingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'

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

const readRightsQuery = `SELECT count(*) AS tables, count(*) FILTER (WHERE has_schema_privilege(n.oid, 'USAGE')
      AND has_any_column_privilege(c.oid, 'SELECT')) AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`

export function openPostgres(config: PostgresConfig, { clock }: SourceContext): Source {
  const place: ServerPlace = { product: 'PostgreSQL', ...config }
  const readWith = (
    settings: ReadingSettings,
    query: SourceQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<SourceRow> =>
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
      select: () => requireReadRights(client, place),
      close: () => endClient(client),
    }
  }
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testServer({ place, clock, signal, tls: config.tls, login: () => login(signal) }),
    describe: signal =>
      groupTables(readWith({ ...config, maxRows: mostColumns }, { sql: tablesQuery }, signal)),
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
  let rows: CursorRows | undefined
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort)
    if (signal.aborted) return
    if (rows?.isSending() === true) destroyClient(client)
    else await endClient(client)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  // The login may have won against a cancel of the same instant.
  if (signal.aborted) onAbort()
  try {
    for (const command of sessionCommands(config)) await client.query(command)
    const readsBytes = config.encoding !== 'utf8'
    const asked = readsBytes ? await fieldsOf(client, statement, values) : []
    const text = readsBytes ? asBytes(statement, asked) : statement
    const opened = cursorRows(client, text, values)
    rows = opened
    let first: SourceValue[][] | undefined = await opened.next()
    const fields = readsBytes ? asked : opened.fields()
    const decode = textDecoder(fields, config.encoding)
    return {
      columns: fields.map(field => field.name),
      async next() {
        const taken = first ?? (await opened.next())
        first = undefined
        return readsBytes ? taken.map(decode) : taken
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
  const result = await client.query({
    text: `SELECT * FROM (${statement}\n) AS asked LIMIT 0`,
    values,
    rowMode: 'array',
  })
  return result.fields
}

/** A login alone reads nothing: PostgreSQL lets accounts in that were granted no table. */
async function requireReadRights(client: pg.Client, place: ServerPlace): Promise<void> {
  const { rows } = await client.query<{ tables: number; readable: number }>(readRightsQuery)
  const { tables, readable } = rows[0] ?? { tables: 0, readable: 0 }
  if (tables === 0 || readable > 0) return
  const words = `the account may read none of the ${tables} tables`
  const advice = 'Grant USAGE on the schema and SELECT on its tables to the account.'
  throw serverError(place, 'source-query-failed', { words, advice })
}

async function findWriteRights(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ isSuperuser: boolean; tables: number }>(writeRightsQuery)
  const found = rows[0]
  if (found?.isSuperuser === true) return 'The account is a superuser; use one that only has SELECT.'
  const tables = found?.tables ?? 0
  return tables > 0 ? `The account can write ${tables} tables; use one that only has SELECT.` : ''
}
