/** An SMSC of raw bytes that does only what a test tells it to. */
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
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
import {
  type ScriptedConnection,
  type ScriptedServer,
  scriptedConnection,
  scriptedServer,
} from '../scripted-server.ts'

export type Pdu = Extract<Frame, { kind: 'pdu' }>

export interface SmscConnection extends ScriptedConnection<Pdu> {
  /** Takes the next PDU of this command. */
  next(commandId: number): Promise<Pdu>
  /** Writes PDUs into one buffer and sends it in one write. */
  write(build: (writer: PduWriter) => void): void
  /** Answers the bind that comes first. */
  acceptBind(status?: number): Promise<Pdu>
}

export type ScriptedSmsc = ScriptedServer<SmscConnection>

export const scriptedSmsc = (t: ExecutionContext, tls?: TlsOptions): Promise<ScriptedSmsc> =>
  scriptedServer(t, wrap, tls)

const kindOf = (commandId: number): string => `0x${commandId.toString(16)}`

function wrap(socket: Socket): SmscConnection {
  const framer = createFramer()
  function* read(chunk: Buffer): Iterable<Pdu> {
    framer.push(chunk)
    for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) yield frame
  }
  const connection: SmscConnection = Object.assign(
    scriptedConnection(socket, read, ({ commandId }) => kindOf(commandId)),
    {
      next: (commandId: number) => connection.take(kindOf(commandId)),
      write(build: (writer: PduWriter) => void) {
        const writer = new PduWriter()
        build(writer)
        socket.write(writer.take())
      },
      async acceptBind(status = 0) {
        const kinds = [command.bindTransceiver, command.bindTransmitter, command.bindReceiver]
        const bind = await Promise.race(kinds.map(connection.next))
        const { commandId, sequence } = bind
        connection.write(writer =>
          encodeMessageResp(writer, {
            commandId: commandId + 0x80000000,
            sequence,
            status,
            messageId: 'peer',
          }),
        )
        return bind
      },
    },
  )
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
