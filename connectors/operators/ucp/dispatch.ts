/** What each frame from the SMSC does to a session: one function per operation, in one visible table. */
import type { DeliveryReceipt, IncomingPart, RefusalClass, SubmitOutcome } from '../../operator.ts'
import type { RateLane } from '../rate-limit.ts'
import type { Deliveries } from './deliveries.ts'
import type { Frame, MalformedFrame } from './frame.ts'
import type { KeepAlive } from './keep-alive.ts'
import { operation } from './operations.ts'
import type { Operation, PendingOperations } from './pending-operations.ts'
import { isAnswerOf } from './remote-ids.ts'
import { buildAck, buildNack, type Result, readResult } from './results.ts'
import type { SessionEnding, SessionSetup, SubmitEnd } from './session-setup.ts'
import { ec, errorClass, errorName } from './tables.ts'

/** What one socket read brought, reported in one call of each kind. */
export interface ReadBatch {
  ends: SubmitEnd[]
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
  frames: number
}

/** What the handlers need of a session. */
export interface Dialogue {
  readonly state: 'connecting' | 'binding' | 'bound' | 'closed'
  readonly setup: SessionSetup
  readonly pending: PendingOperations
  readonly deliveries: Deliveries
  readonly lane: RateLane
  readonly keepAlive: KeepAlive
  /** Queues a frame; it leaves with all others of this read. */
  write(frameText: string): void
  /** Called when the login is accepted. */
  bound(): void
}

type OperationHandler = (session: Dialogue, frame: Frame, batch: ReadBatch) => void

const operationHandlers = new Map<number, OperationHandler>([
  [operation.callInput, onDelivery],
  [operation.alert, onAlert],
  [operation.deliver, onDelivery],
  [operation.notify, onDelivery],
])

const operationOfKind: Readonly<Record<Operation['kind'], number>> = {
  submit: operation.submit,
  'keep-alive': operation.alert,
  login: operation.session,
}

/** Handles one frame; answers are queued, results go into the batch. @returns how the session ends, or null */
export function dispatch(session: Dialogue, frame: Frame, batch: ReadBatch): SessionEnding | null {
  if (frame.type === 'R') return onResult(session, frame, batch)
  const handler = operationHandlers.get(frame.ot) ?? onUnknown
  handler(session, frame, batch)
  return null
}

/** Answers an operation that cannot be read; a result that cannot be read leaves its submit of unknown outcome. */
export function onMalformed(
  session: Dialogue,
  { reason, fault, header }: MalformedFrame,
  batch: ReadBatch,
): void {
  session.setup.log('frame.malformed', { reason, operation: header?.ot ?? null })
  if (header === null) return
  if (header.type === 'O') {
    session.write(buildNack(header.ot, header.trn, fault === 'checksum' ? ec.checksum : ec.syntax))
    return
  }
  spoil(session, header, batch)
}

/** What an error code means on this connection. */
export function classOf(session: Pick<Dialogue, 'setup'>, code: number): RefusalClass {
  return session.setup.config.ecClasses[String(code).padStart(2, '0')] ?? errorClass(code)
}

function onDelivery(session: Dialogue, frame: Frame, batch: ReadBatch): void {
  if (session.state !== 'bound') {
    session.write(buildNack(frame.ot, frame.trn, ec.notAllowed))
    return
  }
  const reason = session.deliveries.read(frame, batch)
  if (reason === null) return
  session.setup.log('frame.malformed', { reason, operation: frame.ot })
  session.write(buildNack(frame.ot, frame.trn, ec.syntax))
}

/** The SMSC asks whether we live; the number is of messages that we hold for it. */
function onAlert(session: Dialogue, frame: Frame): void {
  session.write(buildAck(frame.ot, frame.trn, '0000'))
}

function onUnknown(session: Dialogue, frame: Frame): void {
  session.setup.log('frame.unexpected', { operation: frame.ot, trn: frame.trn })
  session.write(buildNack(frame.ot, frame.trn, ec.notSupported))
}

function onResult(session: Dialogue, frame: Frame, batch: ReadBatch): SessionEnding | null {
  const pending = session.pending.get(frame.trn)
  if (pending === undefined || operationOfKind[pending.operation.kind] !== frame.ot) {
    session.setup.log('frame.unexpected', { operation: frame.ot, trn: frame.trn, result: true })
    return null
  }
  const result = readResult(frame)
  if (result.kind === 'malformed') {
    session.setup.log('frame.malformed', { reason: result.reason, operation: frame.ot })
    spoil(session, frame, batch)
    return null
  }
  const isLate = pending.forgetElapsedMs !== null
  session.pending.settle(frame.trn)
  switch (pending.operation.kind) {
    case 'login':
      return onLoginResult(session, result)
    case 'keep-alive':
      onKeepAliveResult(session, result)
      return null
    case 'submit':
      return onSubmitResult(session, { submit: pending.operation, result, isLate }, batch)
  }
}

type Verdict = Exclude<Result, { kind: 'malformed' }>

function onLoginResult(session: Dialogue, result: Verdict): SessionEnding | null {
  if (session.state !== 'binding') return null
  if (result.kind === 'nack') return { kind: 'refused', reason: `login refused: ${errorName(result.ec)}` }
  session.bound()
  return null
}

function onKeepAliveResult(session: Dialogue, result: Verdict): void {
  if (result.kind === 'ack') return
  session.setup.log('keep-alive.refused', { error: errorName(result.ec) })
  if (result.ec === ec.notSupported || result.ec === ec.notAllowed) session.keepAlive.disable()
}

interface SubmitResult {
  submit: Extract<Operation, { kind: 'submit' }>
  result: Verdict
  isLate: boolean
}

function onSubmitResult(session: Dialogue, given: SubmitResult, batch: ReadBatch): SessionEnding | null {
  const { submit, result, isLate } = given
  const { partId, recipient, sentAtMs, ticket } = submit
  session.lane.answered(ticket)
  const outcome = outcomeOf(session, given)
  const refusal = outcome.kind === 'refused' ? outcome.refusal : null
  batch.ends.push({ outcome, recipient, isLate })
  if (isLate) session.setup.log('submit.late-answer', { partId })
  else {
    const status = result.kind === 'nack' ? result.ec : 0
    session.setup.events.onAnswer({ status, isThrottle: refusal === 'throttle', sentAtMs })
  }
  if (refusal !== 'link' || result.kind !== 'nack') return null
  return { kind: 'refused', reason: `submit refused: ${errorName(result.ec)}` }
}

function outcomeOf(session: Dialogue, { submit, result }: SubmitResult): SubmitOutcome {
  const { partId, recipient } = submit
  if (result.kind === 'nack') {
    const refusal = classOf(session, result.ec)
    return { kind: 'refused', partId, status: result.ec, statusName: errorName(result.ec), refusal }
  }
  if (!isAnswerOf(recipient, result.sm)) {
    session.setup.log('submit.foreign-answer', { partId })
    return { kind: 'unknown', partId, reason: 'malformed-answer' }
  }
  return { kind: 'accepted', partId, remoteId: session.setup.remoteIds.accepted(recipient, result.sm) }
}

/** The result came and cannot be read: the part may be taken or not. */
function spoil(session: Dialogue, { trn, ot }: { trn: number; ot: number }, batch: ReadBatch): void {
  const pending = session.pending.get(trn)
  if (pending === undefined || pending.forgetElapsedMs !== null) return
  const { operation: spoilt } = pending
  if (spoilt.kind !== 'submit' || ot !== operation.submit) return
  session.pending.setAside(trn)
  const { partId, recipient } = spoilt
  const outcome = { kind: 'unknown', partId, reason: 'malformed-answer' } as const
  batch.ends.push({ outcome, recipient, isLate: false })
}
