/** Both ends of a connection under fuzz: a peer of a live link that comes back, and a client of a live simulator. */
import { connect } from 'node:net'
import type { LinkUnderTest } from '../connectors/operators/link-under-test.ts'
import type { ScriptedConnection } from '../connectors/operators/scripted-server.ts'
import type { FakeClock } from '../support/fake-clock.ts'

export interface HostilePeer<Connection> {
  /** The connection of now. */
  readonly connection: Connection
  /** Time passes until the link answers a probe, or has given the connection up and bound another. */
  recover(): Promise<void>
}

export interface HostilePeerSetup<Connection> extends LinkUnderTest {
  clock: FakeClock
  /** The next connection, its login accepted. */
  accept(): Promise<Connection>
  /** Asks the link whether it lives. @returns whether the answer is among what waits */
  probe(connection: Connection): () => boolean
}

/** Starts the link. */
export async function hostilePeer<Connection extends ScriptedConnection<unknown>>({
  link,
  told,
  clock,
  accept,
  probe,
}: HostilePeerSetup<Connection>): Promise<HostilePeer<Connection>> {
  const isBound = (): boolean => link.status().state === 'bound'
  const acceptNext = async (): Promise<Connection> => {
    const next = await accept()
    await told.until(isBound)
    return next
  }
  link.start()
  let connection = await acceptNext()
  return {
    get connection() {
      return connection
    },
    async recover() {
      const isAnswered = probe(connection)
      while (!(isAnswered() && isBound())) {
        if (!isBound()) {
          let hasNext = false
          const next = acceptNext().finally(() => {
            hasNext = true
          })
          while (!hasNext) await clock.advance(1_000)
          connection = await next
          break
        }
        // Half a PDU or frame swallows the probe until its time is over.
        await clock.advance(1_000)
      }
      connection.waiting.length = 0
      link.acknowledge(
        [...told.receipts.splice(0), ...told.incoming.splice(0)].map(({ receiptToken }) => receiptToken),
        true,
      )
      for (const list of [told.log, told.states, told.outcomes]) list.length = 0
    },
  }
}

/** Writes the pieces over a connection of its own. @returns true once that is closed, whoever closed it */
export function pour(port: number, pieces: readonly Buffer[]): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(true))
    socket.resume()
    for (const piece of pieces) socket.write(piece)
    socket.end()
  })
}
