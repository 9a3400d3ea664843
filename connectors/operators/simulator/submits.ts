/**
 * What becomes of one submitted part: contract, then fault plan, then acceptance. Acceptance is recorded before the
 * answer is written, as an operator that answers has the message.
 */
import type { AccountDesk, SimulatorCore } from './core.ts'
import type { Delivery, DeliveryReceiver } from './deliveries.ts'
import type { Asked, MessageId } from './dialogue-words.ts'
import type { PartFault } from './faults.ts'
import type { MalformedSort } from './malformed-sorts.ts'
import { planReceipts } from './receipts.ts'
import { type SubmitReading, type SubmittedPart, textOf } from './submitted-part.ts'

/** The session's side of a submit: what can be done to its socket. */
export interface SubmitSession extends DeliveryReceiver {
  readonly systemId: string
  /** Submits whose answer is delayed. */
  unanswered: number
  /** Write an answer without flushing; harmless when the session is gone. */
  accept(asked: Asked, id: MessageId): void
  refuse(asked: Asked, code: number): void
  writeWrong(sort: MalformedSort, asked: Asked, id: MessageId): void
  /** Flushes what is written and closes the socket. */
  cut(): void
  stall(ms: number): void
  askToLeave(): void
}

export function takeSubmit(
  core: SimulatorCore,
  desk: AccountDesk,
  session: SubmitSession,
  { asked, reading }: { asked: Asked; reading: SubmitReading },
): void {
  const { counts, protocol } = core
  if (reading.kind === 'malformed') {
    counts.malformedPdus += 1
    counts.partsRefused += 1
    session.refuse(asked, reading.code)
    return
  }
  const nowMs = core.clock.nowMs()
  if (breaksContract(core, desk, session, nowMs)) {
    counts.partsThrottled += 1
    session.refuse(asked, protocol.throttled)
    return
  }
  const { part } = reading
  const fault = core.faults.hasPartRules
    ? core.faults.ofPart({
        systemId: session.systemId,
        recipient: part.recipient,
        text: () => textOf(part, core.settings.defaultAlphabet),
      })
    : null
  if (fault !== null && isRefused(core, session, asked, fault)) return

  const id = protocol.identify(core, part, nowMs)
  record(core, session.systemId, part, { id, nowMs })
  const early = planReceipts(core, desk, { part, id, nowMs })
  const accepted: Accepted = { core, session, asked, id, delayMs: 0 }
  if (early !== null) accepted.delayMs = writeEarly(desk, session, early, nowMs)
  if (fault === null) answer(accepted)
  else suffer(accepted, fault)
}

interface Accepted {
  core: SimulatorCore
  session: SubmitSession
  asked: Asked
  id: MessageId
  /** Answer not before: an early receipt on another socket must have the time to arrive. */
  delayMs: number
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
function isRefused(core: SimulatorCore, session: SubmitSession, asked: Asked, fault: PartFault): boolean {
  switch (fault.kind) {
    case 'throttle':
      core.counts.partsThrottled += 1
      session.refuse(asked, core.protocol.throttled)
      return true
    case 'refuse':
      core.counts.partsRefused += 1
      session.refuse(asked, fault.status)
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
  const received = {
    atMs: accepted.nowMs,
    systemId,
    messageId: accepted.id.inAnswer,
    sender: part.sender,
    senderTon: part.senderTon,
    senderNpi: part.senderNpi,
    recipient: part.recipient,
    text: textOf(part, settings.defaultAlphabet),
    reference: part.reference,
    partNumber: part.partNumber,
    partCount: part.partCount,
    esmClass: part.esmClass,
    dataCoding: part.dataCoding,
    registeredDelivery: part.registeredDelivery,
    validityPeriod: part.validityPeriod,
    userMessageReference: integerOf(part.userMessageReference),
  }
  witness.keep(received)
  journal?.add(received)
}

/** The number that TLV 0204 holds; null when it is absent or no number of the protocol. */
function integerOf(octets: Uint8Array | null): number | null {
  if (octets === null || octets.length === 0 || octets.length > 4) return null
  return octets.reduce((total, octet) => total * 256 + octet, 0)
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

function answer({ core, session, asked, id, delayMs }: Accepted): void {
  if (delayMs === 0) {
    session.accept(asked, id)
    return
  }
  session.unanswered += 1
  core.later.add(core.clock.nowMs() + delayMs, () => {
    session.unanswered -= 1
    session.accept(asked, id)
  })
}

/** Faults of a part that is accepted all the same. */
function suffer(accepted: Accepted, fault: PartFault): void {
  const { core, session, asked, id } = accepted
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
      session.writeWrong(fault.sort, asked, id)
      if (fault.thenAnswer) answer(accepted)
      else core.counts.answersLost += 1
      return
    case 'stall':
      answer(accepted)
      session.stall(fault.ms)
      return
    case 'unbind':
      answer(accepted)
      session.askToLeave()
      return
    default:
      answer(accepted)
  }
}
