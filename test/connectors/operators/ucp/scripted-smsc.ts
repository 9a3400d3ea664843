/** An SMSC of raw frames that does only what a test tells it to. */
import type { Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { type Frame, parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { createFrameReader, onWire } from '../../../../connectors/operators/ucp/framing.ts'
import {
  buildOperation,
  type OperationFields,
  readOperation,
} from '../../../../connectors/operators/ucp/operations.ts'
import { buildAck, buildNack } from '../../../../connectors/operators/ucp/results.ts'
import {
  type ScriptedConnection,
  type ScriptedServer,
  scriptedConnection,
  scriptedServer,
} from '../scripted-server.ts'

export interface Received extends Frame {
  /** As it came, without STX and ETX. */
  text: string
}

export interface SmscConnection extends ScriptedConnection<Received> {
  /** Takes the next frame of this type and operation. */
  next(type: 'O' | 'R', ot: number): Promise<Received>
  /** The fields of the next submit, with its frame. */
  nextSubmit(): Promise<{ frame: Received; fields: OperationFields<51> }>
  /** Sends frames in one write. */
  send(...frameTexts: string[]): void
  /** Answers the operation 60 that comes first. */
  acceptLogin(): Promise<Received>
}

export type ScriptedSmsc = ScriptedServer<SmscConnection>

export const scriptedSmsc = (t: ExecutionContext): Promise<ScriptedSmsc> => scriptedServer(t, wrap)

function wrap(socket: Socket): SmscConnection {
  const reader = createFrameReader()
  function* read(chunk: Buffer): Iterable<Received> {
    reader.push(chunk)
    for (let item = reader.next(); item.kind === 'text'; item = reader.next()) {
      const frame = parseFrame(item.text)
      if (frame.kind === 'malformed') throw new Error(`the link sent ${frame.reason}`)
      yield { ...frame, text: item.text }
    }
  }
  const connection: SmscConnection = Object.assign(
    scriptedConnection(socket, read, ({ type, ot }) => `${type}/${ot}`),
    {
      next: (type: 'O' | 'R', ot: number) => connection.take(`${type}/${ot}`),
      async nextSubmit() {
        const frame = await connection.next('O', 51)
        const reading = readOperation(51, frame)
        if (reading.kind === 'malformed') throw new Error(reading.reason)
        return { frame, fields: reading.fields }
      },
      send: (...frameTexts: string[]) => void socket.write(frameTexts.map(onWire).join(''), 'latin1'),
      async acceptLogin() {
        const login = await connection.next('O', 60)
        connection.send(buildAck(60, login.trn, 'BIND AUTHENTICATED'))
        return login
      },
    },
  )
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
