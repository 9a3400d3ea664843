/** The way back into PostgreSQL. */
import type pg from 'pg'
import type { SourceWriter } from '../source.ts'
import { keepConnection } from './kept-connection.ts'
import {
  cancelOnServer,
  connectClient,
  endClient,
  explain,
  type PostgresConfig,
} from './postgres-connection.ts'
import type { CheckedStatement } from './row-reading.ts'
import { openWriter } from './row-writing.ts'
import { placeName, type ServerPlace } from './server-place.ts'
import type { SourceContext } from './source-context.ts'

export function openPostgresWriter(config: PostgresConfig, { clock }: SourceContext): SourceWriter {
  const place: ServerPlace = { product: 'PostgreSQL', ...config }
  return openWriter({
    dialect: 'postgres',
    settings: config,
    clock,
    place: placeName(place),
    explain: error => explain(error, place),
    ...keepConnection<pg.Client>({
      open: signal => connectClient(config, clock, signal),
      change: (client, statement, commitsUpTo) => change(client, config, statement, commitsUpTo),
      stop: client => void cancelOnServer(config, clock, client),
      free: client => void endClient(client),
    }),
  })
}

async function change(
  client: pg.Client,
  config: PostgresConfig,
  { statement, values }: CheckedStatement,
  commitsUpTo: number,
): Promise<number> {
  for (const command of sessionCommands(config)) await client.query(command)
  const { rowCount } = await client.query(statement, values)
  const rows = rowCount ?? 0
  await client.query(rows <= commitsUpTo ? 'COMMIT' : 'ROLLBACK')
  return rows
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
