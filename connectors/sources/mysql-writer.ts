/** The way back into MySQL and MariaDB: one connection, kept between updates, a transaction for each. */
import type { Connection, ResultSetHeader } from 'mysql2'
import type { Clock } from '../clock.ts'
import type { SourceUpdate, SourceWriter } from '../source.ts'
import { connectTo, explain, killOnServer, type MysqlConfig, send } from './mysql-connection.ts'
import type { CheckedStatement } from './row-reading.ts'
import { writeRows } from './row-writing.ts'
import { placeName, type ServerPlace } from './server-place.ts'

export function openMysqlWriter(config: MysqlConfig, { clock }: { clock: Clock }): SourceWriter {
  const place: ServerPlace = { product: 'MySQL', ...config }
  let kept: Connection | undefined

  async function run(
    { statement, values }: CheckedStatement,
    commitsUpTo: number,
    signal: AbortSignal,
  ): Promise<number> {
    const connection = kept ?? (await connectTo(config, clock, signal))
    // Kept again only when the transaction has ended well.
    kept = undefined
    const onAbort = (): void => void killOnServer(config, clock, connection)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      for (const command of sessionCommands(config)) await send(connection, command)
      const rows = await execute(connection, statement, values)
      await send(connection, rows <= commitsUpTo ? 'COMMIT' : 'ROLLBACK')
      kept = connection
      return rows
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  const write = (update: SourceUpdate, isRehearsal: boolean, signal?: AbortSignal): Promise<number> =>
    writeRows({
      update,
      isRehearsal,
      dialect: 'mysql',
      settings: config,
      clock,
      signal,
      place: placeName(place),
      run,
      explain: error => explain(error, place),
    })
  return {
    update: (update, signal) => write(update, false, signal),
    rehearse: (update, signal) => write(update, true, signal),
    async close() {
      kept?.destroy()
      kept = undefined
    },
  }
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
