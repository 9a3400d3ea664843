/** An SMSC of raw bytes that does only what a test tells it to. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { ExecutionContext } from 'ava'
import {
  encodeEmpty,
  encodeMessageResp,
  encodeShortMessage,
} from '../../../../connectors/operators/smpp/codec.ts'
import { createFramer, type Frame } from '../../../../connectors/operators/smpp/framing.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { type ShortMessage, shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'

export type Pdu = Extract<Frame, { kind: 'pdu' }>

export interface SmscConnection {
  /** PDUs received and not yet taken by `next`. */
  readonly waiting: Pdu[]
  readonly chunks: number
  /** Takes the next PDU of this command; others stay. Waits for it, and fails when the connection ends first. */
  next(commandId: number): Promise<Pdu>
  send(bytes: Uint8Array): void
  /** Writes PDUs into one buffer and sends it in one write. */
  write(build: (writer: PduWriter) => void): void
  /** Answers the bind that comes first. */
  acceptBind(status?: number): Promise<Pdu>
  cut(): void
  pause(): void
  resume(): void
  readonly ended: Promise<void>
}

export interface ScriptedSmsc {
  port: number
  /** The next connection, in the order they came. */
  connection(): Promise<SmscConnection>
  readonly connectionCount: number
}

export async function scriptedSmsc(t: ExecutionContext, tls?: TlsOptions): Promise<ScriptedSmsc> {
  const sockets = new Set<Socket>()
  const arrived: SmscConnection[] = []
  const wanted: ((connection: SmscConnection) => void)[] = []
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

function wrap(socket: Socket): SmscConnection {
  const framer = createFramer()
  const waiting: Pdu[] = []
  const wanted: { commandId: number; resolve: (pdu: Pdu) => void; reject: (error: Error) => void }[] = []
  let chunks = 0
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()))
  void ended.then(() => {
    for (const want of wanted)
      want.reject(new Error(`connection ended before 0x${want.commandId.toString(16)}`))
  })
  socket.on('data', chunk => {
    chunks += 1
    framer.push(chunk)
    for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) {
      const { commandId } = frame
      const index = wanted.findIndex(want => want.commandId === commandId)
      if (index < 0) waiting.push(frame)
      else wanted.splice(index, 1)[0]?.resolve(frame)
    }
  })
  const connection: SmscConnection = {
    waiting,
    get chunks() {
      return chunks
    },
    next(commandId) {
      const index = waiting.findIndex(pdu => pdu.commandId === commandId)
      const [pdu] = index < 0 ? [] : waiting.splice(index, 1)
      if (pdu !== undefined) return Promise.resolve(pdu)
      return new Promise((resolve, reject) => wanted.push({ commandId, resolve, reject }))
    },
    send: bytes => void socket.write(bytes),
    write(build) {
      const writer = new PduWriter()
      build(writer)
      socket.write(writer.take())
    },
    async acceptBind(status = 0) {
      const kinds = [command.bindTransceiver, command.bindTransmitter, command.bindReceiver]
      const bind = await Promise.race(kinds.map(kind => connection.next(kind)))
      const { commandId, sequence } = bind
      connection.write(writer =>
        encodeMessageResp(writer, { commandId: commandId + 0x80000000, sequence, status, messageId: 'peer' }),
      )
      return bind
    },
    cut: () => socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    ended,
  }
  return connection
}

/** Answers one submit_sm. */
export function answer(peer: SmscConnection, submit: Pdu, messageId: string, status = 0): void {
  const { sequence } = submit
  peer.write(writer =>
    encodeMessageResp(writer, { commandId: command.submitSmResp, sequence, status, messageId }),
  )
}

/** A deliver_sm (or data_sm) of these fields. */
export function deliver(
  peer: SmscConnection,
  sequence: number,
  fields: Partial<ShortMessage>,
  commandId: number = command.deliverSm,
): void {
  peer.write(writer => encodeShortMessage(writer, { commandId, sequence }, shortMessage(fields)))
}

/** A PDU without body. */
export function sendEmpty(peer: SmscConnection, commandId: number, sequence: number, status = 0): void {
  peer.write(writer => encodeEmpty(writer, commandId, sequence, status))
}
