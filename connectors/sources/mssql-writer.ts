/** The way back into SQL Server. */
import type { SourceWriter } from '../source.ts'
import { keepConnection } from './kept-connection.ts'
import type { MssqlConfig } from './mssql-config.ts'
import { connectTo, placeOf, requestOf, send, stopOnServer } from './mssql-connection.ts'
import type { ExactConnection } from './mssql-driver.ts'
import { explain } from './mssql-errors.ts'
import type { CheckedStatement } from './row-reading.ts'
import { openWriter } from './row-writing.ts'
import { placeName } from './server-place.ts'
import type { SourceContext } from './source-context.ts'

export function openMssqlWriter(config: MssqlConfig, { clock }: SourceContext): SourceWriter {
  const place = placeOf(config)
  return openWriter({
    dialect: 'mssql',
    settings: config,
    clock,
    place: placeName(place),
    explain: error => explain(error, place),
    ...keepConnection<ExactConnection>({
      open: signal => connectTo(config, clock, signal),
      change: (connection, statement, commitsUpTo) => change(connection, config, statement, commitsUpTo),
      // Whichever request runs gets the attention; its end, an error, then closes the connection.
      stop: connection => stopOnServer(connection, undefined),
      free: connection => connection.close(),
      isOpen: connection => !connection.closed,
    }),
  })
}

async function change(
  connection: ExactConnection,
  { timeoutMs }: MssqlConfig,
  statement: CheckedStatement,
  commitsUpTo: number,
): Promise<number> {
  await send(connection, `SET LOCK_TIMEOUT ${timeoutMs};\nBEGIN TRANSACTION`)
  const rows = await execute(connection, statement)
  await send(connection, rows <= commitsUpTo ? 'COMMIT TRANSACTION' : 'ROLLBACK TRANSACTION')
  return rows
}

/**
 * @returns rows that the WHERE found. Asked of the server: the counts that come by themselves include those of the
 *   customer's triggers.
 */
async function execute(
  connection: ExactConnection,
  { statement, values }: CheckedStatement,
): Promise<number> {
  let rows = 0
  const done = Promise.withResolvers<void>()
  const request = requestOf(`${statement}\nSELECT @@ROWCOUNT AS [rows]`, values, error => {
    if (error) done.reject(error)
    else done.resolve()
  })
  request.on('row', ([found]: unknown[]) => {
    rows = Number(found)
  })
  connection.execSql(request)
  await done.promise
  return rows
}
