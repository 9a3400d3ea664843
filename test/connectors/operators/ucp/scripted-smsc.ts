/** An SMSC of raw frames that does only what a test tells it to. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { type Frame, parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { createFrameReader, onWire } from '../../../../connectors/operators/ucp/framing.ts'
import {
  buildOperation,
  type OperationFields,
  readOperation,
} from '../../../../connectors/operators/ucp/operations.ts'
import { buildAck, buildNack } from '../../../../connectors/operators/ucp/results.ts'

export interface Received extends Frame {
  /** As it came, without STX and ETX. */
  text: string
}

export interface SmscConnection {
  /** Frames received and not yet taken by `next`. */
  readonly waiting: Received[]
  readonly chunks: number
  /** Takes the next frame of this type and operation; others stay. Fails when the connection ends first. */
  next(type: 'O' | 'R', ot: number): Promise<Received>
  /** The fields of the next submit, with its frame. */
  nextSubmit(): Promise<{ frame: Received; fields: OperationFields<51> }>
  /** Sends frames in one write. */
  send(...frameTexts: string[]): void
  sendBytes(bytes: Uint8Array): void
  /** Answers the operation 60 that comes first. */
  acceptLogin(): Promise<Received>
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

export async function scriptedSmsc(t: ExecutionContext, host = '127.0.0.1', port = 0): Promise<ScriptedSmsc> {
  const sockets = new Set<Socket>()
  const arrived: SmscConnection[] = []
  const wanted: ((connection: SmscConnection) => void)[] = []
  let count = 0
  const server = createServer(socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    count += 1
    const connection = wrap(socket)
    const resolve = wanted.shift()
    if (resolve === undefined) arrived.push(connection)
    else resolve(connection)
  })
  await new Promise<void>(resolve => server.listen(port, host, resolve))
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
  const reader = createFrameReader()
  const waiting: Received[] = []
  const wanted: { key: string; resolve: (frame: Received) => void; reject: (error: Error) => void }[] = []
  let chunks = 0
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()))
  void ended.then(() => {
    for (const want of wanted) want.reject(new Error(`connection ended before ${want.key}`))
  })
  socket.on('data', chunk => {
    chunks += 1
    reader.push(chunk)
    for (let item = reader.next(); item.kind === 'text'; item = reader.next()) {
      const frame = parseFrame(item.text)
      if (frame.kind === 'malformed') throw new Error(`the link sent ${frame.reason}`)
      const received = { ...frame, text: item.text }
      const index = wanted.findIndex(want => want.key === `${frame.type}/${frame.ot}`)
      if (index < 0) waiting.push(received)
      else wanted.splice(index, 1)[0]?.resolve(received)
    }
  })
  const connection: SmscConnection = {
    waiting,
    get chunks() {
      return chunks
    },
    next(type, ot) {
      const index = waiting.findIndex(frame => frame.type === type && frame.ot === ot)
      const [frame] = index < 0 ? [] : waiting.splice(index, 1)
      if (frame !== undefined) return Promise.resolve(frame)
      return new Promise((resolve, reject) => wanted.push({ key: `${type}/${ot}`, resolve, reject }))
    },
    async nextSubmit() {
      const frame = await connection.next('O', 51)
      const reading = readOperation(51, frame)
      if (reading.kind === 'malformed') throw new Error(reading.reason)
      return { frame, fields: reading.fields }
    },
    send: (...frameTexts) => void socket.write(frameTexts.map(onWire).join(''), 'latin1'),
    sendBytes: bytes => void socket.write(bytes),
    async acceptLogin() {
      const login = await connection.next('O', 60)
      connection.send(buildAck(60, login.trn, 'BIND AUTHENTICATED'))
      return login
    },
    cut: () => socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    ended,
  }
  return connection
}

/** Accepts a submit as taken at `scts`. */
export function accept(peer: SmscConnection, submit: Received, scts: string): void {
  peer.send(buildAck(51, submit.trn, `${submit.fields[0]}:${scts}`))
}

export function refuse(peer: SmscConnection, submit: Received, ec: number): void {
  peer.send(buildNack(submit.ot, submit.trn, ec))
}

/** A notification, as the frame's text. */
export function notification(trn: number, fields: Partial<OperationFields<53>>): string {
  return buildOperation(53, trn, { AdC: '38001', MT: '3', ...fields })
}

/** An incoming message, as the frame's text. */
export function incoming(trn: number, fields: Partial<OperationFields<52>>): string {
  return buildOperation(52, trn, {
    AdC: '38001',
    OAdC: '0022670000001',
    SCTS: '150327101112',
    MT: '3',
    ...fields,
  })
}
