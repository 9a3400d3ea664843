/** EMI-UCP as a simulated operator speaks it: operations 60, 31 and 51 in, 52, 53 and 31 out. */
import { type Frame, type MalformedFrame, parseFrame } from '../../ucp/frame.ts'
import { createFrameReader, onWire } from '../../ucp/framing.ts'
import { octetsOfHex } from '../../ucp/hex.ts'
import { buildOperation, operation, readOperation } from '../../ucp/operations.ts'
import { buildAck, buildNack, readResult } from '../../ucp/results.ts'
import { ec, errorClass } from '../../ucp/tables.ts'
import type { Conversation, Dialogue, Protocol, SimulatorCore } from '../core.ts'
import type { Delivery, DeliveryVerdict } from '../deliveries.ts'
import type { Asked, BindClaim, MessageId } from '../dialogue-words.ts'
import type { MalformedSort, UcpSort } from '../malformed-sorts.ts'
import type { SubmittedPart } from '../submitted-part.ts'
import { composeDelivery } from './deliver.ts'
import { wrongBytes } from './malformed.ts'
import { sctsOf } from './scts.ts'
import { readSubmit } from './submit.ts'

/** TRN of operation 31; deliveries have the others. */
const enquiryTrn = 99

/** Ten years before: no message of ours. */
const foreignMs = 3_650 * 86_400_000

export const ucpProtocol: Protocol = {
  throttled: ec.notAllowed,
  bindRefusals: {
    failed: ec.authentication,
    unreadable: ec.syntax,
    'unknown-account': ec.authentication,
    'wrong-password': ec.authentication,
    'mode-not-allowed': ec.notAllowed,
    'bound-already': ec.notAllowed,
  },
  /** Rsn: delivery fail, absent subscriber, operation barred, network time-out. */
  usualErrs: {
    delivered: '000',
    accepted: '000',
    enroute: '107',
    undelivered: '108',
    expired: '107',
    deleted: '118',
    rejected: '104',
    unknown: '010',
  },
  maxDeliveries: enquiryTrn,
  converse: session => new UcpDialogue(session),
  identify: (core, part, nowMs) => idOf(core, part, nowMs),
  foreignId: (core, part, nowMs) => idOf(core, part, nowMs - foreignMs),
}

function idOf({ settings }: SimulatorCore, { address }: SubmittedPart, atMs: number): MessageId {
  const scts = sctsOf(atMs, settings.receipts.zoneMinutes)
  return { inAnswer: `${address}:${scts}`, inReceipt: scts }
}

/** PC over TCP/IP. */
const tcpPid = '0539'
/** What operation 31 can say to be waiting. */
const mostWaiting = 9_999

class UcpDialogue implements Dialogue {
  readonly #session: Conversation
  readonly #reader = createFrameReader()
  #out = ''
  #trn = 0

  constructor(session: Conversation) {
    this.#session = session
  }

  get length(): number {
    return this.#out.length
  }

  take(): Uint8Array {
    const octets = Buffer.from(this.#out, 'latin1')
    this.#out = ''
    return octets
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk)
  }

  takeNext(): boolean {
    const item = this.#reader.next()
    if (item.kind === 'incomplete') return false
    const { counts } = this.#session.core
    if (item.kind !== 'text') {
      counts.malformedPdus += 1
      if (item.kind === 'too-long') this.#session.cut()
      return item.kind === 'cut-off'
    }
    const frame = parseFrame(item.text)
    if (frame.kind === 'malformed') this.#takeMalformed(frame)
    else if (frame.type === 'R') this.#takeResult(frame)
    else this.#takeOperation(frame)
    return true
  }

  accept({ operation: ot, sequence }: Asked, { inAnswer }: MessageId): void {
    this.#write(buildAck(ot, sequence, inAnswer))
  }

  refuse({ operation: ot, sequence }: Asked, code: number): void {
    this.#write(buildNack(ot, sequence, code))
  }

  writeWrong(sort: MalformedSort, asked: Asked, id: MessageId): void {
    // A plan with a sort of another protocol is refused where it is read.
    this.#out += wrongBytes[sort as UcpSort]({ ...asked, id, random: this.#session.core.random })
  }

  deliver(delivery: Delivery, taken: { has(sequence: number): boolean }): number {
    do this.#trn = (this.#trn + 1) % enquiryTrn
    while (taken.has(this.#trn))
    const { zoneMinutes } = this.#session.core.settings.receipts
    this.#write(composeDelivery(delivery, this.#trn, { account: this.#session.systemId, zoneMinutes }))
    return this.#trn
  }

  enquire(): void {
    const { systemId } = this.#session
    this.#write(buildOperation(operation.alert, enquiryTrn, { AdC: systemId, PID: tcpPid }))
  }

  /** UCP knows no goodbye. */
  askToLeave(): void {
    this.#session.cut()
  }

  #write(frameText: string): void {
    this.#out += onWire(frameText)
  }

  #takeMalformed({ header, fault }: MalformedFrame): void {
    this.#session.core.counts.malformedPdus += 1
    if (header?.type !== 'O') return
    this.#write(buildNack(header.ot, header.trn, fault === 'checksum' ? ec.checksum : ec.syntax))
  }

  #takeResult(frame: Frame): void {
    if (frame.ot === operation.deliver || frame.ot === operation.notify) {
      this.#session.delivered(frame.trn, verdictOf(frame))
    }
  }

  #takeOperation(frame: Frame): void {
    const { ot, trn } = frame
    const asked = { operation: ot, sequence: trn }
    switch (ot) {
      case operation.session:
        this.#session.bind(readClaim(frame), refusal => this.#answerLogin(asked, refusal))
        return
      case operation.alert:
        this.#answerAlert(asked)
        return
      case operation.submit:
        if (this.#session.canSubmit) this.#session.submit(asked, readSubmit(frame))
        else this.refuse(asked, ec.notAllowed)
        return
      default:
        this.#session.core.counts.unknownCommands += 1
        this.refuse(asked, ec.notSupported)
    }
  }

  #answerLogin({ operation: ot, sequence }: Asked, refusal: number | null): void {
    const answer =
      refusal === null
        ? buildAck(ot, sequence, 'BIND AUTHENTICATED')
        : buildNack(ot, sequence, refusal, refusal === ec.authentication ? 'AUTHENTICATION FAILURE' : '')
    this.#write(answer)
  }

  /** How many messages wait here, as four digits. */
  #answerAlert(asked: Asked): void {
    const { core, systemId, canSubmit } = this.#session
    if (!canSubmit) {
      this.refuse(asked, ec.notAllowed)
      return
    }
    if (core.faults.ofSession(['ignore-enquire-link'], systemId) !== null) return
    const waiting = core.desks.get(systemId)?.deliveries.waiting ?? 0
    const told = String(Math.min(waiting, mostWaiting)).padStart(4, '0')
    this.#write(buildAck(asked.operation, asked.sequence, told))
  }
}

/** Refusals that may pass are tried again; a client that cannot read or take a delivery never will. */
function verdictOf(frame: Frame): DeliveryVerdict {
  const result = readResult(frame)
  if (result.kind === 'ack') return 'acknowledged'
  if (result.kind === 'malformed') return 'later'
  const refusal = errorClass(result.ec)
  return refusal === 'temporary' || refusal === 'throttle' ? 'later' : 'rejected'
}

/** STYP: open a session; the others change passwords and lists. */
const openSession = '1'

function readClaim(frame: Frame): BindClaim | null {
  const reading = readOperation(operation.session, frame)
  if (reading.kind === 'malformed' || reading.fields.STYP !== openSession) return null
  const password = octetsOfHex(reading.fields.PWD)
  if (password === null) return null
  return { systemId: reading.fields.OAdC, password: password.toString('latin1'), mode: 'trx' }
}
