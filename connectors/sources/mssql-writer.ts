/** The way back into SQL Server: one connection, kept between updates, a transaction for each. */
import type { Clock } from '../clock.ts'
import type { SourceUpdate, SourceWriter } from '../source.ts'
import type { MssqlConfig } from './mssql-config.ts'
import { connectTo, placeOf, requestOf, send, stopOnServer } from './mssql-connection.ts'
import type { ExactConnection } from './mssql-driver.ts'
import { explain } from './mssql-errors.ts'
import type { CheckedStatement } from './row-reading.ts'
import { writeRows } from './row-writing.ts'
import { placeName } from './server-place.ts'

export function openMssqlWriter(config: MssqlConfig, { clock }: { clock: Clock }): SourceWriter {
  const place = placeOf(config)
  let kept: ExactConnection | undefined

  async function run(statement: CheckedStatement, commitsUpTo: number, signal: AbortSignal): Promise<number> {
    const connection = kept?.closed === false ? kept : await connectTo(config, clock, signal)
    // Kept again only when the transaction has ended well.
    kept = undefined
    try {
      await send(connection, `SET LOCK_TIMEOUT ${config.timeoutMs};\nBEGIN TRANSACTION`)
      const rows = await execute(connection, statement, signal)
      await send(connection, rows <= commitsUpTo ? 'COMMIT TRANSACTION' : 'ROLLBACK TRANSACTION')
      kept = connection
      return rows
    } catch (error) {
      connection.close()
      throw error
    }
  }

  const write = (update: SourceUpdate, isRehearsal: boolean, signal?: AbortSignal): Promise<number> =>
    writeRows({
      update,
      isRehearsal,
      dialect: 'mssql',
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
      kept?.close()
      kept = undefined
    },
  }
}

/**
 * @returns rows that the WHERE found. Asked of the server: the counts that come by themselves include those of the
 *   customer's triggers.
 */
async function execute(
  connection: ExactConnection,
  { statement, values }: CheckedStatement,
  signal: AbortSignal,
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
  const onAbort = (): void => stopOnServer(connection, request)
  signal.addEventListener('abort', onAbort, { once: true })
  connection.execSql(request)
  if (signal.aborted) onAbort()
  try {
    await done.promise
    return rows
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
