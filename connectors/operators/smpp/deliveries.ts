/**
 * What the SMSC delivers to us, from deliver_sm or data_sm to a receipt or an incoming part, and the tokens under
 * which each is answered once it is stored.
 */
import type { DeliveryReceipt, IncomingPart } from '../../operator.ts'
import { decodeShortMessage, encodeEmpty, encodeMessageResp } from './codec.ts'
import type { SmppConfig } from './config.ts'
import type { Frame } from './framing.ts'
import { readIncoming } from './incoming.ts'
import type { PduWriter } from './pdu-writer.ts'
import { readReceipt } from './receipt.ts'
import { command, status } from './tables.ts'

/** Above every sequence number. */
const dataSmMark = 2 ** 32

export type PduFrame = Extract<Frame, { kind: 'pdu' }>

/** What one socket read brought. */
export interface Delivered {
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
}

export interface Deliveries {
  /** Messages read and not yet answered. */
  readonly size: number
  /** Reads one deliver_sm or data_sm into `delivered`. @returns the reason when it is malformed; it is answered then */
  read(frame: PduFrame, delivered: Delivered, writer: PduWriter): string | null
  /** Writes the answers of those tokens that are known here. */
  acknowledge(tokens: readonly number[], isStored: boolean, writer: PduWriter): void
}

/** Tokens are unique over all sessions of a link, so that one of a lost session can never answer for another. */
export interface TokenSource {
  next: number
}

export function createDeliveries(config: SmppConfig, tokens: TokenSource): Deliveries {
  /** Sequence by token; `dataSmMark` is added for data_sm, whose answer has another command. */
  const sequences = new Map<number, number>()

  return {
    get size() {
      return sequences.size
    },
    read(frame, delivered, writer) {
      const { commandId, sequence, body } = frame
      const decoded = decodeShortMessage(body, commandId)
      if (decoded.kind === 'malformed') {
        encodeEmpty(writer, command.genericNack, sequence, decoded.status)
        return decoded.reason
      }
      const receiptToken = tokens.next++
      sequences.set(receiptToken, commandId === command.dataSm ? sequence + dataSmMark : sequence)
      const reading = readReceipt(decoded.message, config)
      if (reading.kind === 'receipt') {
        const receipt = reading.receipt as DeliveryReceipt
        receipt.receiptToken = receiptToken
        delivered.receipts.push(receipt)
      } else {
        delivered.incoming.push({ receiptToken, ...readIncoming(decoded.message, config.defaultAlphabet) })
      }
      return null
    },
    acknowledge(receiptTokens, isStored, writer) {
      const statusValue = isStored ? status.ok : status.temporaryAppError
      for (const token of receiptTokens) {
        const marked = sequences.get(token)
        if (marked === undefined) continue
        sequences.delete(token)
        const commandId = marked >= dataSmMark ? command.dataSmResp : command.deliverSmResp
        encodeMessageResp(writer, { commandId, sequence: marked % dataSmMark, status: statusValue })
      }
    },
  }
}
