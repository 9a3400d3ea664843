/** The way back into PostgreSQL: one connection, kept between updates, a transaction for each. */
import type pg from 'pg'
import type { Clock } from '../clock.ts'
import type { SourceUpdate, SourceWriter } from '../source.ts'
import {
  cancelOnServer,
  connectClient,
  endClient,
  explain,
  type PostgresConfig,
} from './postgres-connection.ts'
import type { CheckedStatement } from './row-reading.ts'
import { writeRows } from './row-writing.ts'
import { placeName, type ServerPlace } from './server-place.ts'

export function openPostgresWriter(config: PostgresConfig, { clock }: { clock: Clock }): SourceWriter {
  const place: ServerPlace = { product: 'PostgreSQL', ...config }
  let kept: pg.Client | undefined

  async function run(
    { statement, values }: CheckedStatement,
    commitsUpTo: number,
    signal: AbortSignal,
  ): Promise<number> {
    const client = kept ?? (await connectClient(config, clock, signal))
    // Kept again only when the transaction has ended well.
    kept = undefined
    const onAbort = (): void => void cancelOnServer(config, clock, client)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      for (const command of sessionCommands(config)) await client.query(command)
      const { rowCount } = await client.query(statement, values)
      const rows = rowCount ?? 0
      await client.query(rows <= commitsUpTo ? 'COMMIT' : 'ROLLBACK')
      kept = client
      return rows
    } catch (error) {
      await endClient(client)
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  const write = (update: SourceUpdate, isRehearsal: boolean, signal?: AbortSignal): Promise<number> =>
    writeRows({
      update,
      isRehearsal,
      dialect: 'postgres',
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
      const client = kept
      kept = undefined
      if (client !== undefined) await endClient(client)
    },
  }
}

/** What fixes how the server reads the statement (see sql-tokens.ts) and how long it may wait for a lock. */
function sessionCommands({ timeoutMs, timeZone }: PostgresConfig): string[] {
  return [
    'BEGIN',
    'SET LOCAL standard_conforming_strings = on',
    "SET LOCAL DateStyle = 'ISO, YMD'",
    `SET LOCAL statement_timeout = ${timeoutMs}`,
    ...(timeZone === undefined ? [] : [`SET LOCAL TIME ZONE '${timeZone}'`]),
  ]
}
