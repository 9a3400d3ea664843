/**
 * The door for an SMSC that calls us when it has something to deliver: it connects, says outbind, and we bind as
 * receiver over the connection that it opened. Only the addresses of the configured host are let in, one call at a
 * time; whoever says anything but an outbind is sent away.
 *
 * @see SMPP v3.4 sections 2.2.1 (outbind) and 4.1.7 (its PDU)
 */
import { lookup } from 'node:dns/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../clock.ts'
import type { LinkLog } from '../link-life.ts'
import type { SmppConfig } from './config.ts'
import { createFramer } from './framing.ts'
import { decodeWithPackage, wholePdu } from './package-codec.ts'
import { command } from './tables.ts'

export interface OutbindDoor {
  /** Listens. A port that is taken or forbidden is told by `onFailed`. */
  open(): void
  close(): void
}

export interface OutbindSetup {
  config: SmppConfig & { outbind: NonNullable<SmppConfig['outbind']> }
  clock: Clock
  log: LinkLog
  /** The SMSC has called: the socket is open, its outbind read. False sends it away: we are bound already. */
  onCall(socket: Socket): boolean
  onFailed(reason: string): void
}

/** Callers that may be at the door at once; more are strangers. */
const maxCallers = 8

export function createOutbindDoor({ config, clock, log, onCall, onFailed }: OutbindSetup): OutbindDoor {
  const { listenPort, listenAddress, smscSystemId } = config.outbind
  const callers = new Set<Socket>()
  let server: Server | null = null

  async function admit(socket: Socket): Promise<void> {
    callers.add(socket)
    socket.once('close', () => callers.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    const refuse = (reason: string): void => {
      log('outbind.refused', { remoteAddress: socket.remoteAddress, reason })
      socket.destroy()
    }
    const cancel = clock.after(config.bindSeconds * 1000, () => refuse('no outbind in time'))
    socket.once('close', cancel)
    const known = await lookup(config.host, { all: true }).catch(() => [])
    if (!known.some(({ address }) => isSame(address, socket.remoteAddress))) {
      refuse(`not an address of ${config.host}`)
      return
    }
    const framer = createFramer()
    const read = (chunk: Buffer): void => {
      framer.push(chunk)
      const frame = framer.next()
      if (frame.kind === 'incomplete') return
      cancel()
      socket.off('data', read)
      socket.pause()
      const reason = frame.kind === 'pdu' ? complaintAbout(frame, smscSystemId) : frame.reason
      if (reason !== null) refuse(reason)
      else if (framer.next().kind !== 'incomplete' || framer.pendingOctets() > 0)
        refuse('more than an outbind')
      else {
        callers.delete(socket)
        socket.removeAllListeners()
        if (!onCall(socket)) socket.destroy()
      }
    }
    socket.on('data', read)
  }

  return {
    open() {
      if (server !== null) return
      server = createServer(socket => {
        if (callers.size >= maxCallers) socket.destroy()
        else void admit(socket)
      })
      server.on('error', error => {
        server = null
        onFailed(`cannot listen on ${listenAddress}:${listenPort}: ${error.message}`)
      })
      server.listen(listenPort, listenAddress)
    },
    close() {
      for (const socket of callers) socket.destroy()
      server?.close()
      server = null
    },
  }
}

/** Why the PDU is not the outbind that we expect; null when it is. */
function complaintAbout(
  frame: { commandId: number; status: number; sequence: number; body: Buffer },
  smscSystemId: string,
): string | null {
  if (frame.commandId !== command.outbind) return 'the first PDU is no outbind'
  const pdu = decodeWithPackage(wholePdu(frame))
  if (pdu.kind === 'malformed') return pdu.reason
  const isExpected = smscSystemId === '' || pdu.fields.system_id === smscSystemId
  return isExpected ? null : 'another system_id than configured'
}

/** An IPv4 caller of a socket that listens on IPv6 shows as ::ffff:10.0.0.1. */
function isSame(known: string, remote: string | undefined): boolean {
  return remote === known || remote === `::ffff:${known}`
}
