/** The way back into MySQL and MariaDB. */
import type { Connection, ResultSetHeader } from 'mysql2'
import type { SourceWriter } from '../source.ts'
import { keepConnection } from './kept-connection.ts'
import { connectTo, cut, explain, killOnServer, type MysqlConfig, send } from './mysql-connection.ts'
import type { CheckedStatement } from './row-reading.ts'
import { openWriter } from './row-writing.ts'
import { placeName, type ServerPlace } from './server-place.ts'
import type { SourceContext } from './source-context.ts'

export function openMysqlWriter(config: MysqlConfig, { clock }: SourceContext): SourceWriter {
  const place: ServerPlace = { product: 'MySQL', ...config }
  return openWriter({
    dialect: 'mysql',
    settings: config,
    clock,
    place: placeName(place),
    explain: error => explain(error, place),
    ...keepConnection<Connection>({
      open: signal => connectTo(config, clock, signal),
      change: (connection, statement, commitsUpTo) => change(connection, config, statement, commitsUpTo),
      stop: connection => void killOnServer(config, clock, connection),
      free: cut,
    }),
  })
}

async function change(
  connection: Connection,
  config: MysqlConfig,
  { statement, values }: CheckedStatement,
  commitsUpTo: number,
): Promise<number> {
  for (const command of sessionCommands(config)) await send(connection, command)
  const rows = await execute(connection, statement, values)
  await send(connection, rows <= commitsUpTo ? 'COMMIT' : 'ROLLBACK')
  return rows
}

/**
 * What fixes how the server reads the statement (see sql-tokens.ts) and how long it waits for a lock. Strict, unlike
 * a read: a value that does not fit must not be cut in silence.
 */
function sessionCommands({ timeoutMs, timeZone }: MysqlConfig): string[] {
  return [
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES'",
    `SET SESSION innodb_lock_wait_timeout = ${Math.max(1, Math.floor(timeoutMs / 1_000))}`,
    ...(timeZone === undefined ? [] : [`SET SESSION time_zone = '${timeZone}'`]),
    'START TRANSACTION',
  ]
}

/** @returns rows that the WHERE found: the driver asks for these, so that a row that says so already counts too */
function execute(
  connection: Connection,
  sql: string,
  values: readonly (string | number | null)[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    connection.execute<ResultSetHeader>(sql, [...values], (error, result) => {
      if (error) reject(error)
      else resolve(result.affectedRows)
    })
  })
}
