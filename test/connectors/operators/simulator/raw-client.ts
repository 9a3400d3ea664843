/** An SMPP client that does only what a test tells it to: raw PDUs over a real socket. */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../../../connectors/clock.ts'
import type { SimulatorOptions } from '../../../../connectors/operators/simulator/options.ts'
import { type Simulator, startSimulator } from '../../../../connectors/operators/simulator/simulator.ts'
import {
  decodeMessageId,
  decodeShortMessage,
  encodeEmpty,
  encodeShortMessage,
} from '../../../../connectors/operators/smpp/codec.ts'
import { createFramer, type Frame } from '../../../../connectors/operators/smpp/framing.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { type ShortMessage, shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import type { Teardown } from '../../../support/temp-dir.ts'

export type Pdu = Extract<Frame, { kind: 'pdu' }>

/** A simulator that ends with the test. Receipts come at once unless the test says otherwise. */
export async function simulator(
  t: Teardown,
  options: SimulatorOptions = {},
  clock?: Clock,
): Promise<Simulator> {
  const started = await startSimulator({ ...options, receipts: { delayMs: 0, ...options.receipts } }, clock)
  t.teardown(() => started.stop())
  return started
}

export interface RawClient {
  readonly socket: Socket
  /** Octets as they are. */
  raw(octets: Buffer | string): void
  /** The next PDU not yet taken; rejects when the connection closes first or the octets are no PDU. */
  next(): Promise<Pdu>
  /** The next PDU with this command_id, others before it kept for later. */
  nextOf(commandId: number): Promise<Pdu>
  /** Sends one without body and says its sequence number. */
  empty(commandId: number): number
  bind(commandId?: number, systemId?: string, password?: string): Promise<Pdu>
  submit(fields?: Partial<ShortMessage>): number
  /** Submits, and gives the answer. */
  submitted(fields?: Partial<ShortMessage>): Promise<Pdu>
  /** Resolves when the simulator has closed the connection. */
  closed: Promise<void>
}

interface Waiter {
  commandId: number | null
  resolve: (pdu: Pdu) => void
  reject: (reason: Error) => void
}

export async function rawClient(t: Teardown, { port }: { port: number }): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
  })
  const framer = createFramer()
  const writer = new PduWriter()
  const waiting: Waiter[] = []
  const unread: Pdu[] = []
  let end: Error | null = null
  let sequence = 0

  const finish = (reason: Error): void => {
    end ??= reason
    for (const { reject } of waiting.splice(0)) reject(end)
  }
  const take = (pdu: Pdu): void => {
    const index = waiting.findIndex(({ commandId }) => commandId === null || commandId === pdu.commandId)
    if (index < 0) unread.push(pdu)
    else waiting.splice(index, 1)[0]!.resolve(pdu)
  }
  const wait = (commandId: number | null): Promise<Pdu> => {
    const index = unread.findIndex(pdu => commandId === null || commandId === pdu.commandId)
    if (index >= 0) return Promise.resolve(unread.splice(index, 1)[0]!)
    if (end !== null) return Promise.reject(end)
    return new Promise((resolve, reject) => waiting.push({ commandId, resolve, reject }))
  }
  const write = (): void => {
    socket.write(Buffer.from(writer.take()))
  }

  socket.on('error', () => {})
  socket.on('data', chunk => {
    framer.push(chunk)
    for (let frame = framer.next(); frame.kind !== 'incomplete'; frame = framer.next()) {
      if (frame.kind === 'malformed') return finish(new Error(`malformed: ${frame.reason}`))
      take(frame)
    }
  })
  const closed = new Promise<void>(resolve => {
    socket.on('close', () => {
      finish(new Error('closed'))
      resolve()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })

  const client: RawClient = {
    socket,
    closed,
    raw: octets => {
      socket.write(typeof octets === 'string' ? Buffer.from(octets, 'hex') : octets)
    },
    next: () => wait(null),
    nextOf: commandId => wait(commandId),
    empty(commandId) {
      sequence += 1
      encodeEmpty(writer, commandId, sequence)
      write()
      return sequence
    },
    bind(commandId = command.bindTransceiver, systemId = 'rappel', password = 'secret') {
      sequence += 1
      writer.begin({ commandId, status: 0, sequence }, 200)
      for (const text of [systemId, password, '']) writer.cString(text)
      for (const octet of [0x34, 0, 0, 0]) writer.uint8(octet)
      writer.end()
      write()
      return wait(commandId + 0x80000000)
    },
    submit(fields = {}) {
      sequence += 1
      const message = shortMessage({
        source: '38001',
        sourceTon: 3,
        destination: '22670000001',
        destinationTon: 1,
        destinationNpi: 1,
        registeredDelivery: 1,
        shortMessage: Buffer.from('Bonjour'),
        ...fields,
      })
      encodeShortMessage(writer, { commandId: command.submitSm, sequence }, message)
      write()
      return sequence
    },
    submitted(fields) {
      const submittedSequence = client.submit(fields)
      return client.nextOf(command.submitSmResp).then(answer => {
        if (answer.sequence !== submittedSequence) throw new Error(`answer to ${answer.sequence}`)
        return answer
      })
    },
  }
  return client
}

/** A client already bound as transceiver. */
export async function boundClient(t: Teardown, target: { port: number }): Promise<RawClient> {
  const client = await rawClient(t, target)
  const answer = await client.bind()
  if (answer.status !== 0) throw new Error(`bind refused: ${answer.status}`)
  return client
}

/** message_id of a submit_sm_resp. */
export function idOf(pdu: Pdu): string {
  return decodeMessageId(pdu.body)
}

/** The fields of a deliver_sm or data_sm. */
export function messageOf(pdu: Pdu): ShortMessage {
  const decoded = decodeShortMessage(pdu.body, pdu.commandId)
  if (decoded.kind === 'malformed') throw new Error(decoded.reason)
  return decoded.message
}

/** Text of short_message, Latin-1. */
export function textOf(pdu: Pdu): string {
  return Buffer.from(messageOf(pdu).shortMessage).toString('latin1')
}

/** Writes a deliver_sm_resp. */
export function acknowledge(client: RawClient, pdu: Pdu, status = 0): void {
  const answer = Buffer.alloc(17)
  answer.writeUInt32BE(17, 0)
  answer.writeUInt32BE(pdu.commandId + 0x80000000, 4)
  answer.writeUInt32BE(status, 8)
  answer.writeUInt32BE(pdu.sequence, 12)
  client.raw(answer)
}
