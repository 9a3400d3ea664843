/**
 * A SQL Server up to the wire, for tests: it speaks TDS 7.1 to 7.4 (and 8.0 with `isStrict`) on a free port, checks
 * the login and hands each statement to a function of the test. It knows no SQL.
 *
 * Any client may use it, FreeTDS among them (`TDS_Version=7.4;Encryption=off`): statements without parameters arrive as
 * batches, with parameters as sp_executesql; a client that prepares statements is not answered.
 *
 *     const server = await startTdsServer(t, { answer: ({ sql }) => ({ columns, rows }) })
 */
import { createServer, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { TdsOptions, TdsServer } from './answers.ts'
import { TdsSession } from './session.ts'

export async function startTdsServer(
  t: Pick<ExecutionContext, 'teardown'>,
  options: TdsOptions = {},
): Promise<TdsServer> {
  const sockets = new Set<Socket>()
  const listener = createServer(socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    new TdsSession(socket, server, options)
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const server: TdsServer = {
    host: '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
    user: options.user ?? 'lecteur',
    password: options.password ?? 'correct horse',
    database: options.databases?.[0] ?? 'assur',
    running: 0,
    stopped: 0,
    rowsSent: 0,
    logins: [],
    statements: [],
    async stop() {
      const closed = new Promise<void>(resolve => listener.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  t.teardown(() => server.stop())
  return server
}
