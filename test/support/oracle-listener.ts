/**
 * The outside of an Oracle listener: takes the connect packet of a real driver and answers it with one packet of Oracle
 * Net (TNS). No database stands behind it; what follows an accepted connection needs a real server.
 */
import { createServer, type Socket } from 'node:net'
import type { Teardown } from './temp-dir.ts'

/** Types of TNS packets. */
const packetType = { accept: 2, refuse: 4, redirect: 5 } as const

export interface OracleListener {
  port: number
  /** The connect data of each connection so far, as the driver sent it. */
  asked: string[]
}

/** Listens on a free port; `answer` is sent after the connect packet, none keeps silent. */
export async function startOracleListener(
  t: Teardown,
  answer: (port: number) => Buffer | 'hang-up' | undefined,
): Promise<OracleListener> {
  const asked: string[] = []
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', data => {
      // A long descriptor follows the connect packet in one of its own.
      const isKnown = text.includes('CONNECT_DATA')
      text += data.toString('latin1')
      if (isKnown || !text.includes('CONNECT_DATA')) return
      asked.push(text)
      const bytes = answer(port)
      if (bytes === 'hang-up') socket.destroy()
      else if (bytes !== undefined) socket.write(bytes)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  t.teardown(async () => {
    for (const socket of open) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return { port, asked }
}

/** What a listener says that knows no such service (12514) or SID (12505), or has no process free (12520). */
export function refusePacket(error: number): Buffer {
  const text = `(DESCRIPTION=(TMP=)(VSNNUM=186647552)(ERR=${error})(ERROR_STACK=(ERROR=(CODE=${error})(EMFI=4))))`
  const body = Buffer.alloc(4 + text.length)
  body.writeUInt8(34, 0)
  body.writeUInt16BE(text.length, 2)
  body.write(text, 4, 'ascii')
  return tnsPacket(packetType.refuse, body)
}

/** Sends the client to another port of this machine. */
export function redirectPacket(port: number): Buffer {
  const text = `(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=${port}))`
  const body = Buffer.alloc(2 + text.length)
  body.writeUInt16BE(text.length, 0)
  body.write(text, 2, 'ascii')
  return tnsPacket(packetType.redirect, body)
}

/** Accepts as a server of the given version of the protocol does: 314 is Oracle 11.2, 315 is 12.1. */
export function acceptPacket(version: number): Buffer {
  const body = Buffer.alloc(37)
  body.writeUInt16BE(version, 0)
  body.writeUInt16BE(8_192, 4)
  body.writeUInt16BE(32_767, 6)
  // No native network services: what follows is the login.
  body.writeUInt8(4, 14)
  body.writeUInt8(4, 15)
  body.writeUInt32BE(8_192, 24)
  body.writeUInt32BE(65_535, 28)
  return tnsPacket(packetType.accept, body)
}

function tnsPacket(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(8 + body.length, 0)
  header.writeUInt8(type, 4)
  return Buffer.concat([header, body])
}
