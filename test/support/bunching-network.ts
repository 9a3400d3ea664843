/** A network that now and then holds back what is sent and delivers it all at once: what makes rates overrun. */
import { connect, createServer, type Socket } from 'node:net'
import { systemClock } from '../../connectors/clock.ts'
import type { Teardown } from './temp-dir.ts'

export interface BunchingNetwork {
  host: string
  port: number
}

/** @param standstill every `everyMs` nothing passes, either way, for `forMs` */
export async function bunchingNetwork(
  t: Teardown,
  to: { host: string; port: number },
  { everyMs, forMs }: { everyMs: number; forMs: number },
): Promise<BunchingNetwork> {
  const sockets = new Set<Socket>()
  let held: (() => void)[] | null = null
  const pass = (from: Socket, towards: Socket): void => {
    from.setNoDelay(true)
    sockets.add(from)
    from.on('data', chunk => {
      const deliver = (): void => {
        if (!towards.destroyed) towards.write(chunk)
      }
      if (held === null) deliver()
      else held.push(deliver)
    })
    from.on('error', () => towards.destroy())
    from.on('close', () => {
      sockets.delete(from)
      towards.destroy()
    })
  }
  const server = createServer(client => {
    const upstream = connect(to)
    pass(client, upstream)
    pass(upstream, client)
  })
  const stopHolding = systemClock.every(everyMs, () => {
    held = []
    systemClock.after(forMs, () => {
      const deliveries = held ?? []
      held = null
      for (const deliver of deliveries) deliver()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    stopHolding()
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the network has no port')
  return { host: '127.0.0.1', port: address.port }
}
