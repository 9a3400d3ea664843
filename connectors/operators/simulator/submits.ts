/**
 * What becomes of one submit_sm: contract, then fault plan, then acceptance. Acceptance is recorded before the answer
 * is written, as an operator that answers has the message.
 */
import { tlvInteger } from '../smpp/short-message.ts'
import { status, tag } from '../smpp/tables.ts'
import type { AccountDesk, SimulatorCore } from './core.ts'
import type { Delivery, DeliveryReceiver } from './deliveries.ts'
import type { PartFault } from './faults.ts'
import { wrongBytes } from './malformed.ts'
import type { MessageId } from './message-ids.ts'
import { planReceipts } from './receipts.ts'
import { readSubmit, type SubmittedPart, textOf } from './submit-sm.ts'

/** The session's side of a submit: what can be done to its socket. */
export interface SubmitSession extends DeliveryReceiver {
  readonly systemId: string
  /** Submits whose answer is delayed. */
  unanswered: number
  /** Writes submit_sm_resp or data_sm_resp without flushing; harmless when the session is gone. */
  answer(commandId: number, sequence: number, answer: { status: number; messageId?: string }): void
  writeRaw(octets: Buffer): void
  /** Flushes what is written and closes the socket. */
  cut(): void
  stall(ms: number): void
  askUnbind(): void
}

export interface SubmitFrame {
  commandId: number
  sequence: number
  body: Buffer
}

const answerBit = 0x80000000

export function takeSubmit(
  core: SimulatorCore,
  desk: AccountDesk,
  session: SubmitSession,
  frame: SubmitFrame,
): void {
  const { counts } = core
  const reading = readSubmit(frame.body, frame.commandId)
  if (reading.kind === 'malformed') {
    counts.malformedPdus += 1
    counts.partsRefused += 1
    refuse(session, frame, reading.status)
    return
  }
  const nowMs = core.clock.nowMs()
  if (breaksContract(core, desk, session, nowMs)) {
    counts.partsThrottled += 1
    refuse(session, frame, status.throttled)
    return
  }
  const { part } = reading
  const fault = core.faults.hasPartRules
    ? core.faults.ofPart({
        systemId: session.systemId,
        recipient: part.message.destination,
        text: () => textOf(part, core.settings.defaultAlphabet),
      })
    : null
  if (fault !== null && isRefused(core, session, frame, fault)) return

  const id = core.nextMessageId()
  record(core, session.systemId, part, { id, nowMs })
  const early = planReceipts(core, desk, { part, id, nowMs })
  const accepted: Accepted = { core, session, frame, id, delayMs: 0 }
  if (early !== null) accepted.delayMs = writeEarly(desk, session, early, nowMs)
  if (fault === null) answer(accepted)
  else suffer(accepted, fault)
}

interface Accepted {
  core: SimulatorCore
  session: SubmitSession
  frame: SubmitFrame
  id: MessageId
  /** Answer not before: an early receipt on another socket must have the time to arrive. */
  delayMs: number
}

function refuse(session: SubmitSession, frame: SubmitFrame, refusal: number): void {
  session.answer(answerTo(frame), frame.sequence, { status: refusal })
}

function answerTo(frame: SubmitFrame): number {
  return frame.commandId + answerBit
}

function breaksContract(
  core: SimulatorCore,
  desk: AccountDesk,
  session: SubmitSession,
  nowMs: number,
): boolean {
  const { contract } = core.settings
  let isBroken = false
  if (contract.maxWindow !== undefined && session.unanswered >= contract.maxWindow) {
    core.counts.windowViolations += 1
    isBroken = true
  }
  if (desk.rate?.isFull(nowMs)) {
    core.counts.rateViolations += 1
    isBroken = true
  }
  if (isBroken && contract.enforce) return true
  desk.rate?.add(nowMs)
  return false
}

/** Faults that keep a part from being accepted. */
function isRefused(
  core: SimulatorCore,
  session: SubmitSession,
  frame: SubmitFrame,
  fault: PartFault,
): boolean {
  switch (fault.kind) {
    case 'throttle':
      core.counts.partsThrottled += 1
      refuse(session, frame, status.throttled)
      return true
    case 'refuse':
      core.counts.partsRefused += 1
      refuse(session, frame, fault.status)
      return true
    case 'swallow':
      core.counts.partsSwallowed += 1
      return true
    case 'cut':
      if (fault.at !== 'before-recording') return false
      core.counts.cuts += 1
      session.cut()
      return true
    default:
      return false
  }
}

function record(
  core: SimulatorCore,
  systemId: string,
  part: SubmittedPart,
  accepted: { id: MessageId; nowMs: number },
): void {
  const { witness, journal, settings } = core
  core.counts.partsAccepted += 1
  witness.count(accepted.nowMs)
  if (!witness.keepsParts && journal === null) return
  const { message } = part
  const received = {
    atMs: accepted.nowMs,
    systemId,
    messageId: accepted.id.inAnswer,
    sender: message.source,
    senderTon: message.sourceTon,
    senderNpi: message.sourceNpi,
    recipient: message.destination,
    text: textOf(part, settings.defaultAlphabet),
    reference: part.reference,
    partNumber: part.partNumber,
    partCount: part.partCount,
    esmClass: message.esmClass,
    dataCoding: message.dataCoding,
    registeredDelivery: message.registeredDelivery,
    validityPeriod: message.validityPeriod,
    userMessageReference: tlvInteger(message.tlvs, tag.userMessageReference) ?? null,
  }
  witness.keep(received)
  journal?.add(received)
}

/** Long enough for a receipt on another connection of the same machine to be read first. */
const earlyLeadMs = 20

/** @returns how long the answer must wait for the receipt to be early */
function writeEarly(desk: AccountDesk, session: SubmitSession, early: Delivery, nowMs: number): number {
  const receiver = desk.deliveries.writeFirst(early)
  if (receiver === null) {
    desk.deliveries.add(early, nowMs)
    return 0
  }
  if (receiver === session) return 0
  receiver.flush()
  return earlyLeadMs
}

function answer({ core, session, frame, id, delayMs }: Accepted): void {
  if (delayMs === 0) {
    session.answer(answerTo(frame), frame.sequence, { status: status.ok, messageId: id.inAnswer })
    return
  }
  session.unanswered += 1
  core.later.add(core.clock.nowMs() + delayMs, () => {
    session.unanswered -= 1
    session.answer(answerTo(frame), frame.sequence, { status: status.ok, messageId: id.inAnswer })
  })
}

/** Faults of a part that is accepted all the same. */
function suffer(accepted: Accepted, fault: PartFault): void {
  const { core, session, frame, id } = accepted
  switch (fault.kind) {
    case 'delay-answer':
      answer({ ...accepted, delayMs: Math.max(accepted.delayMs, core.faults.delayMs(fault.ms)) })
      return
    case 'lose-answer':
      core.counts.answersLost += 1
      return
    case 'repeat-answer':
      answer(accepted)
      answer(accepted)
      return
    case 'cut':
      core.counts.cuts += 1
      if (fault.at === 'after-answer') answer(accepted)
      else core.counts.answersLost += 1
      session.cut()
      return
    case 'malformed':
      session.writeRaw(
        wrongBytes[fault.sort]({
          commandId: answerTo(frame),
          sequence: frame.sequence,
          messageId: id.inAnswer,
          random: core.random,
        }),
      )
      if (fault.thenAnswer) answer(accepted)
      else core.counts.answersLost += 1
      return
    case 'stall':
      answer(accepted)
      session.stall(fault.ms)
      return
    case 'unbind':
      answer(accepted)
      session.askUnbind()
      return
    default:
      answer(accepted)
  }
}
