/** PostgreSQL: one connection per read, a cursor in a read-only transaction. */
import type pg from 'pg'
import Cursor from 'pg-cursor'
import type { Clock } from '../clock.ts'
import type { Source, SourceQuery, SourceRow, SourceValue } from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import {
  cancelOnServer,
  connectClient,
  endClient,
  explain,
  type PostgresConfig,
} from './postgres-connection.ts'
import { asBytes, type PostgresField, plainTypes, textDecoder } from './postgres-values.ts'
import { batchRows, type CheckedStatement, type RowBatches, readRows } from './row-reading.ts'
import { placeName, type ServerPlace, testServer } from './server-place.ts'
import type { ReadingSettings } from './settings.ts'

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
      select: () => client.query('SELECT 1'),
      close: () => endClient(client),
    }
  }
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testServer({ place, clock, signal, login: () => login(signal) }),
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
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort)
    if (!signal.aborted) await endClient(client)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  // The login may have won against a cancel of the same instant.
  if (signal.aborted) onAbort()
  try {
    for (const command of sessionCommands(config)) await client.query(command)
    const readsBytes = config.encoding !== 'utf8'
    const asked = readsBytes ? await fieldsOf(client, statement, values) : []
    const text = readsBytes ? asBytes(statement, asked) : statement
    const cursor = client.query(
      new Cursor<SourceValue[]>(text, values, { rowMode: 'array', types: plainTypes }),
    )
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
  const result = await client.query({
    text: `SELECT * FROM (${statement}\n) AS asked LIMIT 0`,
    values,
    rowMode: 'array',
  })
  return result.fields
}

async function findWriteRights(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ isSuperuser: boolean; tables: number }>(writeRightsQuery)
  const found = rows[0]
  if (found?.isSuperuser === true) return 'The account is a superuser; use one that only has SELECT.'
  const tables = found?.tables ?? 0
  return tables > 0 ? `The account can write ${tables} tables; use one that only has SELECT.` : ''
}
