/**
 * What the SMSC delivers to us, from operations 52, 53 and 01 to incoming parts and receipts, and the tokens under
 * which each is answered once it is stored. What is not answered the SMSC sends again.
 */
import type { Clock } from '../../clock.ts'
import type { DeliveryReceipt, IncomingPart } from '../../operator.ts'
import type { UcpConfig } from './config.ts'
import type { Frame } from './frame.ts'
import { readIncoming } from './incoming.ts'
import type { LocalTime } from './local-time.ts'
import { readNotification } from './notification.ts'
import { operation, readOperation } from './operations.ts'
import type { RemoteIds } from './remote-ids.ts'
import { buildAck, buildNack } from './results.ts'
import { ec } from './tables.ts'

/** What one socket read brought. */
export interface Delivered {
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
}

export interface Deliveries {
  /** Operations read and not yet answered. */
  readonly size: number
  /** Reads one operation 01, 52 or 53 into `delivered`. @returns why it cannot be read: EC 02 is the answer then */
  read(frame: Frame, delivered: Delivered): string | null
  /** Frames that answer those tokens that are known here. */
  acknowledge(tokens: readonly number[], isStored: boolean): string[]
}

/** Tokens are unique over all sessions of a link, so that one of a lost session can never answer for another. */
export interface TokenSource {
  next: number
}

export interface DeliveriesSetup {
  config: UcpConfig
  clock: Pick<Clock, 'nowMs'>
  tokens: TokenSource
  localTime: LocalTime
  remoteIds: RemoteIds
}

interface Unanswered {
  ot: number
  trn: number
  /** `AdC:SCTS`, as the standard's sample has it. */
  sm: string
}

export function createDeliveries(setup: DeliveriesSetup): Deliveries {
  const { config, clock, tokens, localTime, remoteIds } = setup
  const unanswered = new Map<number, Unanswered>()

  const keep = ({ ot, trn }: Frame, AdC: string, SCTS: string): number => {
    const receiptToken = tokens.next++
    unanswered.set(receiptToken, { ot, trn, sm: `${AdC}:${SCTS}` })
    return receiptToken
  }

  const readCallInput = (frame: Frame, delivered: Delivered): string | null => {
    const reading = readOperation(operation.callInput, frame)
    if (reading.kind === 'malformed') return reading.reason
    const fields = { ...reading.fields, NB: '', DCs: '', OTOA: '', XSer: '' }
    const incoming = readIncoming(fields, config)
    if (incoming.kind === 'malformed') return incoming.reason
    const receiptToken = keep(frame, fields.AdC, localTime.seconds(clock.nowMs()))
    delivered.incoming.push({ receiptToken, ...incoming.part })
    return null
  }

  const readDeliver = (frame: Frame, delivered: Delivered): string | null => {
    const reading = readOperation(operation.deliver, frame)
    if (reading.kind === 'malformed') return reading.reason
    const { fields } = reading
    const incoming = readIncoming(fields, config)
    if (incoming.kind === 'malformed') return incoming.reason
    const sentAtMs = localTime.read(fields.SCTS, clock.nowMs())
    delivered.incoming.push({
      receiptToken: keep(frame, fields.AdC, fields.SCTS),
      ...incoming.part,
      sentAtMs,
    })
    return null
  }

  const readNotify = (frame: Frame, delivered: Delivered): string | null => {
    const reading = readOperation(operation.notify, frame)
    if (reading.kind === 'malformed') return reading.reason
    const { fields } = reading
    const context = { config, localTime, remoteIds, nowMs: clock.nowMs() }
    const receipt = readNotification(fields, context)
    delivered.receipts.push({ receiptToken: keep(frame, fields.AdC, fields.SCTS), ...receipt })
    return null
  }

  return {
    get size() {
      return unanswered.size
    },
    read(frame, delivered) {
      if (frame.ot === operation.notify) return readNotify(frame, delivered)
      return frame.ot === operation.deliver ? readDeliver(frame, delivered) : readCallInput(frame, delivered)
    },
    acknowledge(receiptTokens, isStored) {
      const frames: string[] = []
      for (const token of receiptTokens) {
        const found = unanswered.get(token)
        if (found === undefined) continue
        unanswered.delete(token)
        const { ot, trn, sm } = found
        frames.push(isStored ? buildAck(ot, trn, sm) : buildNack(ot, trn, ec.notAllowed))
      }
      return frames
    },
  }
}
