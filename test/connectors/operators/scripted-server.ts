/** A server that does only what a test tells it to: its connections in the order they came, what each received by kind. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { ExecutionContext } from 'ava'

export interface ScriptedServer<Connection> {
  port: number
  /** The next connection, in the order they came. */
  connection(): Promise<Connection>
  readonly connectionCount: number
}

/** @param wrap makes of each socket what the test speaks with */
export async function scriptedServer<Connection>(
  t: ExecutionContext,
  wrap: (socket: Socket) => Connection,
  tls?: TlsOptions,
): Promise<ScriptedServer<Connection>> {
  const sockets = new Set<Socket>()
  const arrived: Connection[] = []
  const wanted: ((connection: Connection) => void)[] = []
  let count = 0
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    count += 1
    const connection = wrap(socket)
    const resolve = wanted.shift()
    if (resolve === undefined) arrived.push(connection)
    else resolve(connection)
  }
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    connection: () => {
      const first = arrived.shift()
      if (first !== undefined) return Promise.resolve(first)
      return new Promise(resolve => wanted.push(resolve))
    },
    get connectionCount() {
      return count
    },
  }
}

export interface ScriptedConnection<Item> {
  /** Received and not yet taken. */
  readonly waiting: Item[]
  readonly chunks: number
  /** Takes the next item of this kind; others stay. Waits for it, and fails when the connection ends first. */
  take(kind: string): Promise<Item>
  sendBytes(bytes: Uint8Array): void
  cut(): void
  pause(): void
  resume(): void
  readonly ended: Promise<void>
}

/**
 * @param read the items that are whole with this chunk
 * @param kindOf what `take` asks for
 */
export function scriptedConnection<Item>(
  socket: Socket,
  read: (chunk: Buffer) => Iterable<Item>,
  kindOf: (item: Item) => string,
): ScriptedConnection<Item> {
  const waiting: Item[] = []
  const wanted: { kind: string; resolve: (item: Item) => void; reject: (error: Error) => void }[] = []
  let chunks = 0
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()))
  void ended.then(() => {
    for (const want of wanted) want.reject(new Error(`connection ended before ${want.kind}`))
  })
  socket.on('data', chunk => {
    chunks += 1
    for (const item of read(chunk)) {
      const index = wanted.findIndex(want => want.kind === kindOf(item))
      if (index < 0) waiting.push(item)
      else wanted.splice(index, 1)[0]?.resolve(item)
    }
  })
  return {
    waiting,
    get chunks() {
      return chunks
    },
    take(kind) {
      const index = waiting.findIndex(item => kindOf(item) === kind)
      const [item] = index < 0 ? [] : waiting.splice(index, 1)
      if (item !== undefined) return Promise.resolve(item)
      return new Promise((resolve, reject) => wanted.push({ kind, resolve, reject }))
    },
    sendBytes: bytes => void socket.write(bytes),
    cut: () => socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    ended,
  }
}
