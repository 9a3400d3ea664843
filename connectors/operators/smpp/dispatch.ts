/** What each PDU from the SMSC does to a session: one function per command, in one visible table. */
import type { DeliveryReceipt, IncomingPart, SubmitOutcome } from '../../operator.ts'
import type { RateLane } from '../rate-limit.ts'
import { readAnswerExtras } from './answer-tlvs.ts'
import { decodeMessageId, encodeEmpty, encodeMessageResp } from './codec.ts'
import type { Deliveries, PduFrame } from './deliveries.ts'
import type { PduWriter } from './pdu-writer.ts'
import type { PendingSubmits, Settled } from './pending-submits.ts'
import type { SessionEnding, SessionSetup } from './session-setup.ts'
import { command, isResponse, status, statusName } from './tables.ts'

/** What one socket read brought, reported in one call of each kind. */
export interface ReadBatch {
  outcomes: SubmitOutcome[]
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
  pdus: number
}

/** What the handlers need of a session. */
export interface Dialogue {
  readonly state: 'connecting' | 'binding' | 'bound' | 'unbinding' | 'closed'
  readonly setup: SessionSetup
  readonly writer: PduWriter
  readonly submits: PendingSubmits
  readonly deliveries: Deliveries
  readonly lane: RateLane
  /** PDUs in a row that could not be read or are of no known command. */
  unreadableInRow: number
  /** Called when the bind is accepted. */
  bound(): void
}

type Handler = (session: Dialogue, frame: PduFrame, batch: ReadBatch) => SessionEnding | null

/** congestion_state of a peer that can take no more for the moment. @see SMPP v5.0 section 4.8.4.18 */
const congested = 100

/** As for UCP: a hundred in a row are no accident. */
const unreadableLimit = 100

const ignore: Handler = () => null

const handlers = new Map<number, Handler>([
  [command.submitSmResp, onSubmitSmResp],
  [command.deliverSm, onDelivery],
  [command.dataSm, onDelivery],
  [command.enquireLink, onEnquireLink],
  [command.enquireLinkResp, ignore],
  [command.unbind, onUnbind],
  [command.unbindResp, onUnbindResp],
  [command.genericNack, onGenericNack],
  [command.bindReceiverResp, onBindResp],
  [command.bindTransmitterResp, onBindResp],
  [command.bindTransceiverResp, onBindResp],
  [command.alertNotification, ignore],
  [command.outbind, ignore],
])

/** Handles one PDU; answers go into the session's writer, results into the batch. @returns how the session ends, or null */
export function dispatch(session: Dialogue, frame: PduFrame, batch: ReadBatch): SessionEnding | null {
  return (handlers.get(frame.commandId) ?? onUnknown)(session, frame, batch)
}

function onSubmitSmResp(session: Dialogue, frame: PduFrame, batch: ReadBatch): SessionEnding | null {
  const remoteId = frame.status === 0 ? decodeMessageId(frame.body) : ''
  const settled = session.submits.settle(frame.sequence, { status: frame.status, remoteId })
  if (settled.kind === 'settled' && frame.body.length > remoteId.length + 1)
    heedExtras(session, frame, settled)
  settle(session, settled, batch)
  if (frame.status !== status.invalidBindStatus) return null
  return { kind: 'lost', reason: 'the SMSC says that we are not bound' }
}

/** A congested SMSC asks to slow down while it still accepts: heeded, it need not refuse. */
function heedExtras(
  session: Dialogue,
  { status: value, body }: PduFrame,
  { answer }: Extract<Settled, { kind: 'settled' }>,
): void {
  const { congestionState, statusText } = readAnswerExtras(body)
  if (congestionState === congested) answer.isThrottle = true
  if (value !== 0 && statusText !== undefined) {
    session.setup.log('submit.refused', { status: statusName(value), operatorSays: statusText })
  }
}

function settle(session: Dialogue, settled: Settled, batch: ReadBatch): void {
  if (settled.kind === 'stray') return
  session.unreadableInRow = 0
  session.lane.answered(settled.ticket)
  batch.outcomes.push(settled.outcome)
  if (settled.isLate) session.setup.log('submit.late-answer', { partId: settled.outcome.partId })
  else session.setup.events.onAnswer(settled.answer)
}

function onDelivery(session: Dialogue, frame: PduFrame, batch: ReadBatch): SessionEnding | null {
  if (session.state === 'binding' || session.state === 'connecting') {
    const commandId = frame.commandId === command.dataSm ? command.dataSmResp : command.deliverSmResp
    encodeMessageResp(session.writer, {
      commandId,
      sequence: frame.sequence,
      status: status.invalidBindStatus,
    })
    return null
  }
  const reason = session.deliveries.read(frame, batch, session.writer)
  if (reason === null) {
    session.unreadableInRow = 0
    return null
  }
  session.setup.log('pdu.malformed', { reason, action: 'generic_nack' })
  return afterUnreadable(session)
}

/** A peer that only sends nonsense would fill the log at thousands of lines a second. */
function afterUnreadable(session: Dialogue): SessionEnding | null {
  session.unreadableInRow += 1
  if (session.unreadableInRow < unreadableLimit) return null
  return { kind: 'lost', reason: `${unreadableLimit} unreadable PDUs in a row` }
}

function onEnquireLink(session: Dialogue, frame: PduFrame): SessionEnding | null {
  encodeEmpty(session.writer, command.enquireLinkResp, frame.sequence)
  return null
}

function onUnbind(session: Dialogue, frame: PduFrame): SessionEnding | null {
  encodeEmpty(session.writer, command.unbindResp, frame.sequence)
  return session.state === 'unbinding' ? { kind: 'unbound' } : { kind: 'lost', reason: 'the SMSC unbound us' }
}

function onUnbindResp(session: Dialogue): SessionEnding | null {
  return session.state === 'unbinding' ? { kind: 'unbound' } : null
}

/** A nack answers the request of that number, whatever it was; 0 is for a PDU that had none to read. */
function onGenericNack(session: Dialogue, frame: PduFrame, batch: ReadBatch): SessionEnding | null {
  if (session.state === 'binding') return refusal(frame.status)
  session.setup.log('pdu.nacked', { status: statusName(frame.status), sequence: frame.sequence })
  if (frame.status === 0) return onUnknown(session, frame, batch)
  settle(session, session.submits.settle(frame.sequence, { status: frame.status, remoteId: '' }), batch)
  return null
}

function onBindResp(session: Dialogue, frame: PduFrame): SessionEnding | null {
  if (session.state !== 'binding') return null
  if (frame.status !== 0) return refusal(frame.status)
  session.bound()
  return null
}

function refusal(value: number): SessionEnding {
  return { kind: 'refused', status: value, reason: `bind refused: ${statusName(value)}` }
}

function onUnknown(session: Dialogue, frame: PduFrame, batch: ReadBatch): SessionEnding | null {
  const { commandId, sequence } = frame
  session.setup.log('pdu.unexpected', { commandId: `0x${commandId.toString(16).padStart(8, '0')}`, sequence })
  if (!isResponse(commandId)) {
    encodeEmpty(session.writer, command.genericNack, sequence, status.invalidCommandId)
    return afterUnreadable(session)
  }
  // Two ends that nack each other's responses would never stop.
  const spoilt = session.submits.spoil(sequence)
  if (spoilt !== null) batch.outcomes.push(spoilt)
  return null
}
