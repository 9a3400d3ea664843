/** The connection of a writer, kept between updates: each is a transaction of its own on it. */
import type { CheckedStatement } from './row-reading.ts'
import type { WriterKind } from './row-writing.ts'

export interface ConnectionKind<Connection> {
  /** @throws SourceError when the database cannot be reached or refuses the login */
  open(signal: AbortSignal): Promise<Connection>
  /** The transaction, as `WriterKind.run`; a connection on which it failed is not used again. */
  change(connection: Connection, statement: CheckedStatement, commitsUpTo: number): Promise<number>
  /**
   * The update is given up: ends what the server does, whatever the step. `change` then rejects, or never settles: a
   * driver may forget the calls of a connection that it destroys, as mysql2 does.
   */
  stop(connection: Connection): void
  /** Lets go of a connection on which nothing runs any more; may be called on one that was stopped. */
  free(connection: Connection): void
  /** Tells of one that was lost between two updates; absent, the next update finds out. */
  isOpen?(connection: Connection): boolean
}

export function keepConnection<Connection>(
  kind: ConnectionKind<Connection>,
): Required<Pick<WriterKind, 'run' | 'close'>> {
  let kept: Connection | undefined
  let isClosed = false
  const take = (): Connection | undefined => {
    const taken = kept
    kept = undefined
    return taken === undefined || kind.isOpen?.(taken) === false ? undefined : taken
  }
  return {
    async run(statement, commitsUpTo, signal) {
      const connection = take() ?? (await kind.open(signal))
      if (signal.aborted) {
        kind.free(connection)
        throw signal.reason
      }
      const stop = (): void => kind.stop(connection)
      signal.addEventListener('abort', stop, { once: true })
      try {
        const rows = await kind.change(connection, statement, commitsUpTo)
        // Kept only when nobody stopped it, closed the writer meanwhile, or kept another of an update beside it.
        if (signal.aborted || isClosed || kept !== undefined) kind.free(connection)
        else kept = connection
        return rows
      } catch (error) {
        kind.free(connection)
        throw error
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    async close() {
      isClosed = true
      const connection = take()
      if (connection !== undefined) kind.free(connection)
    },
  }
}
