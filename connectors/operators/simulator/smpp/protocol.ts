/** SMPP 3.4 as a simulated operator speaks it. @see section 2.2 (bind states), 3.2 (header), 4.1 (bind) */
import { encodeEmpty, encodeMessageResp, encodeShortMessage, writeTlv } from '../../smpp/codec.ts'
import { createFramer, type Frame } from '../../smpp/framing.ts'
import { PduWriter } from '../../smpp/pdu-writer.ts'
import { command, isResponse, status, tag } from '../../smpp/tables.ts'
import type { Conversation, Dialogue, Protocol, SimulatorCore } from '../core.ts'
import type { Delivery, DeliveryVerdict } from '../deliveries.ts'
import type { Asked, BindClaim, BindMode, MessageId } from '../dialogue-words.ts'
import type { MalformedSort, SmppSort } from '../malformed-sorts.ts'
import { composeDelivery } from './deliver-sm.ts'
import { wrongBytes } from './malformed.ts'
import { messageIdStyles } from './message-ids.ts'
import { readSubmit } from './submit-sm.ts'

export const smppProtocol: Protocol = {
  throttled: status.throttled,
  bindRefusals: {
    failed: status.bindFailed,
    unreadable: status.invalidCommandLength,
    'unknown-account': status.invalidSystemId,
    'wrong-password': status.invalidPassword,
    'mode-not-allowed': status.bindFailed,
    'bound-already': status.alreadyBound,
  },
  usualErrs: {
    delivered: '000',
    enroute: '000',
    undelivered: '001',
    expired: '001',
    deleted: '001',
    rejected: '001',
    unknown: '001',
    accepted: '001',
  },
  maxDeliveries: Number.POSITIVE_INFINITY,
  converse: session => new SmppDialogue(session),
  identify: nextId,
  foreignId: nextId,
}

function nextId(core: SimulatorCore): MessageId {
  return messageIdStyles[core.settings.messageIds](core.nextNumber())
}

type Pdu = Extract<Frame, { kind: 'pdu' }>

const answerBit = 0x80000000

const bindCommands: ReadonlyMap<number, BindMode> = new Map([
  [command.bindTransceiver, 'trx'],
  [command.bindTransmitter, 'tx'],
  [command.bindReceiver, 'rx'],
])

/** Answers to what a client may ask and this operator has no use for: the function failed. */
const failedRequests: ReadonlyMap<number, number> = new Map([
  [command.querySm, 0x67],
  [command.cancelSm, 0x11],
  [command.replaceSm, 0x13],
])

const interfaceVersion34 = 0x34

class SmppDialogue implements Dialogue {
  readonly #session: Conversation
  readonly #framer = createFramer()
  readonly #writer = new PduWriter()
  #sequence = 0

  constructor(session: Conversation) {
    this.#session = session
  }

  get length(): number {
    return this.#writer.length
  }

  take(): Uint8Array {
    return this.#writer.take()
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk)
  }

  takeNext(): boolean {
    const frame = this.#framer.next()
    if (frame.kind === 'incomplete') return false
    if (frame.kind === 'malformed') {
      this.#session.core.counts.malformedPdus += 1
      encodeEmpty(this.#writer, command.genericNack, frame.sequence, status.invalidCommandLength)
      this.#session.cut()
      return false
    }
    this.#handle(frame)
    return true
  }

  accept({ operation, sequence }: Asked, { inAnswer }: MessageId): void {
    const commandId = operation + answerBit
    encodeMessageResp(this.#writer, { commandId, sequence, status: status.ok, messageId: inAnswer })
  }

  refuse({ operation, sequence }: Asked, code: number): void {
    encodeMessageResp(this.#writer, { commandId: operation + answerBit, sequence, status: code })
  }

  writeWrong(sort: MalformedSort, { operation, sequence }: Asked, { inAnswer }: MessageId): void {
    const { random } = this.#session.core
    const answer = { commandId: operation + answerBit, sequence, messageId: inAnswer, random }
    // A plan with a sort of another protocol is refused where it is read.
    const octets = wrongBytes[sort as SmppSort](answer)
    this.#writer.reserve(octets.length)
    this.#writer.bytes(octets)
  }

  deliver(delivery: Delivery): number {
    const { commandId, message } = composeDelivery(delivery)
    const sequence = this.#nextSequence()
    encodeShortMessage(this.#writer, { commandId, sequence }, message)
    return sequence
  }

  enquire(): void {
    encodeEmpty(this.#writer, command.enquireLink, this.#nextSequence())
  }

  askToLeave(): void {
    encodeEmpty(this.#writer, command.unbind, this.#nextSequence())
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence >= 0x7fffffff ? 1 : this.#sequence + 1
    return this.#sequence
  }

  #handle(pdu: Pdu): void {
    const session = this.#session
    const { faults } = session.core
    switch (pdu.commandId) {
      case command.submitSm:
      case command.dataSm:
        this.#submit(pdu)
        return
      case command.deliverSmResp:
      case command.dataSmResp:
        session.delivered(pdu.sequence, verdictOf(pdu.status))
        return
      case command.enquireLink:
        if (faults.ofSession(['ignore-enquire-link'], session.systemId) !== null) return
        encodeEmpty(this.#writer, command.enquireLinkResp, pdu.sequence)
        return
      case command.unbind:
        if (faults.ofSession(['ignore-unbind'], session.systemId) !== null) return
        encodeEmpty(this.#writer, command.unbindResp, pdu.sequence)
        session.leave()
        return
      case command.unbindResp:
        session.cut()
        return
      default:
        this.#handleOther(pdu)
    }
  }

  #submit({ commandId, sequence, body }: Pdu): void {
    const asked = { operation: commandId, sequence }
    if (this.#session.canSubmit) this.#session.submit(asked, readSubmit(body, commandId))
    else this.refuse(asked, status.invalidBindStatus)
  }

  #handleOther(pdu: Pdu): void {
    const { commandId, sequence } = pdu
    const mode = bindCommands.get(commandId)
    const failure = failedRequests.get(commandId)
    if (mode !== undefined) {
      this.#session.bind(readClaim(pdu.body, mode), refusal => this.#answerBind(pdu, refusal ?? status.ok))
    } else if (failure !== undefined) {
      encodeEmpty(this.#writer, commandId + answerBit, sequence, failure)
    } else if (!isResponse(commandId)) {
      this.#session.core.counts.unknownCommands += 1
      encodeEmpty(this.#writer, command.genericNack, sequence, status.invalidCommandId)
    }
  }

  /** A refusal has no body, as from most operators. */
  #answerBind({ commandId, sequence }: Pdu, code: number): void {
    const { name } = this.#session.core.settings
    this.#writer.begin({ commandId: commandId + answerBit, sequence, status: code }, name.length + 1)
    if (code === status.ok) {
      this.#writer.cString(name)
      writeTlv(this.#writer, tag.scInterfaceVersion, Uint8Array.of(interfaceVersion34))
    }
    this.#writer.end()
  }
}

/** ESME_RX_R_APPN; with the permanent error, the answers after which an operator gives up. */
const rejectedByApplication = 0x66

function verdictOf(code: number): DeliveryVerdict {
  if (code === status.ok) return 'acknowledged'
  return code === status.permanentAppError || code === rejectedByApplication ? 'rejected' : 'later'
}

/** system_id and password, the first two C-octet strings of the body. */
function readClaim(body: Buffer, mode: BindMode): BindClaim | null {
  const systemIdEnd = body.indexOf(0)
  const passwordEnd = systemIdEnd < 0 ? -1 : body.indexOf(0, systemIdEnd + 1)
  if (passwordEnd < 0) return null
  return {
    systemId: body.toString('latin1', 0, systemIdEnd),
    password: body.toString('latin1', systemIdEnd + 1, passwordEnd),
    mode,
  }
}
