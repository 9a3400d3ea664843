/** What a client is told, as deliver_sm or data_sm. @see SMPP 3.4 sections 4.6.1 and 4.7.1 */
import { type ShortMessage, shortMessage } from '../../smpp/short-message.ts'
import { command, tag } from '../../smpp/tables.ts'
import type { Delivery } from '../deliveries.ts'
import { concatenationHeader } from '../incoming.ts'
import type { IncomingPiece } from '../incoming-piece.ts'
import type { ReceiptFacts } from '../receipt-facts.ts'
import { type ReceiptFormat, spellReceipt } from './receipt-formats.ts'

export interface Deliver {
  commandId: number
  message: ShortMessage
}

export function composeDelivery(delivery: Delivery): Deliver {
  return delivery.kind === 'receipt'
    ? composeReceipt(delivery.facts, delivery.format as ReceiptFormat)
    : { commandId: command.deliverSm, message: composeIncoming(delivery.piece) }
}

/** sm_length ends at 254: a UUID spelled in UCS-2 does not fit. */
const maxShortMessage = 254

/** A receipt goes the other way: from the phone to whoever wrote to it. */
function composeReceipt(facts: ReceiptFacts, format: ReceiptFormat): Deliver {
  const spelling = spellReceipt(facts, format)
  const body = Buffer.from(spelling.body, 'latin1')
  const inPayload = spelling.inPayload || body.length > maxShortMessage
  const tlvs = inPayload ? [...spelling.tlvs, { tag: tag.messagePayload, value: body }] : spelling.tlvs
  const message = shortMessage({
    source: facts.recipient,
    sourceTon: facts.recipientTon,
    sourceNpi: facts.recipientNpi,
    destination: facts.sender,
    destinationTon: facts.senderTon,
    destinationNpi: facts.senderNpi,
    esmClass: spelling.esmClass,
    dataCoding: spelling.dataCoding,
    tlvs:
      facts.userMessageReference === null
        ? tlvs
        : [...tlvs, { tag: tag.userMessageReference, value: facts.userMessageReference }],
  })
  if (!inPayload) message.shortMessage = body
  return { commandId: spelling.asDataSm ? command.dataSm : command.deliverSm, message }
}

const dataCodings = { gsm7: 0, latin1: 3, ucs2: 8 } as const
const userDataHeaderBit = 0x40

function composeIncoming(piece: IncomingPiece): ShortMessage {
  const header = concatenationHeader(piece)
  return shortMessage({
    source: piece.from,
    sourceTon: 1,
    sourceNpi: 1,
    destination: piece.to,
    destinationTon: 3,
    dataCoding: dataCodings[piece.encoding],
    esmClass: header === null ? 0 : userDataHeaderBit,
    shortMessage: header === null ? piece.octets : Buffer.concat([header, piece.octets]),
  })
}
