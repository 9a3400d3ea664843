/** MySQL and MariaDB: one connection per read, a prepared statement in a read-only transaction, streamed. */
import type { Connection } from 'mysql2'
import type { Clock } from '../clock.ts'
import type { Source, SourceQuery, SourceRow } from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import { connectTo, cut, explain, killOnServer, type MysqlConfig, send } from './mysql-connection.ts'
import { streamRows } from './mysql-rows.ts'
import type { RowList } from './row-lists.ts'
import { type CheckedStatement, type RowBatches, readRows } from './row-reading.ts'
import { placeName, type ServerPlace, serverError, testServer } from './server-place.ts'
import type { ReadingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'

const tablesQuery = `SELECT TABLE_SCHEMA AS "schema", TABLE_NAME AS "table", COLUMN_NAME AS "column",
    COLUMN_TYPE AS "type"
  FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
  ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`

const writePrivileges =
  /\b(?:ALL PRIVILEGES|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|TRIGGER|EXECUTE|FILE|SUPER)\b/

export function openMysql(config: MysqlConfig, { clock }: SourceContext): Source {
  const place: ServerPlace = { product: 'MySQL', ...config }
  const readWith = (
    settings: ReadingSettings,
    query: SourceQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<SourceRow> =>
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
      select: () => requireReadRights(connection, place),
      close: async () => cut(connection),
    }
  }
  const tables = { sql: tablesQuery.replaceAll('"', '`') }
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testServer({ place, clock, signal, tls: config.tls, login: () => login(signal) }),
    describe: signal => groupTables(readWith({ ...config, maxRows: mostColumns }, tables, signal)),
    close: async () => undefined,
  }
}

async function openStream(
  config: MysqlConfig,
  clock: Clock,
  { statement, values }: CheckedStatement,
  signal: AbortSignal,
): Promise<RowBatches<RowList>> {
  const connection = await connectTo(config, clock, signal)
  const onAbort = (): void => {
    void killOnServer(config, clock, connection)
  }
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort)
    cut(connection)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  // The login may have won against a cancel of the same instant.
  if (signal.aborted) onAbort()
  try {
    for (const command of sessionCommands(config, await versionOf(connection)))
      await send(connection, command)
    const { encoding } = config
    const rows = streamRows(connection, { sql: statement, values, encoding })
    return { columns: await rows.columns, next: rows.next, close }
  } catch (error) {
    await close()
    throw error
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
    // The server's own is a minute, after which it would end the read of a reader that pauses.
    `SET SESSION net_write_timeout = ${Math.ceil(config.timeoutMs / 1_000) + 1}`,
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

/** A login alone reads nothing. Grants that come by a role are not spelt out here: the first query will tell. */
async function requireReadRights(connection: Connection, place: ServerPlace): Promise<void> {
  const grants = await grantsOf(connection)
  const mayRead = grants.some(grant => /\b(?:ALL PRIVILEGES|SELECT)\b|^GRANT (?!.* ON )/.test(grant))
  if (mayRead) return
  const words = 'the account was granted SELECT on nothing'
  throw serverError(place, 'source-query-failed', { words, advice: 'Grant SELECT to the account.' })
}

async function grantsOf(connection: Connection): Promise<string[]> {
  return (await send(connection, 'SHOW GRANTS')).map(row => String(Object.values(row)[0]))
}

async function findWriteRights(connection: Connection): Promise<string> {
  const found = (await grantsOf(connection)).filter(grant =>
    writePrivileges.test(grant.split(' ON ')[0] ?? ''),
  )
  if (found.length === 0) return ''
  const shown = found.map(grant => grant.replace(/ IDENTIFIED .*$/, '')).join('; ')
  return `The account can do more than SELECT; use one that only has SELECT. ${shown}`
}
