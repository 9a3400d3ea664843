/** What a client is told, as operations 52 and 53. @see EMI-UCP 5.2 sections 5.3 and 5.4 */
import { alphanumericOtoa, packName } from '../../ucp/alphanumeric.ts'
import { buildFrame } from '../../ucp/frame.ts'
import { hexOf } from '../../ucp/hex.ts'
import { buildOperation, type OperationFields, operation, operationFields } from '../../ucp/operations.ts'
import { messageType } from '../../ucp/tables.ts'
import { buildXser, type ExtraService, xserType } from '../../ucp/xser.ts'
import type { Delivery } from '../deliveries.ts'
import { concatenationHeader } from '../incoming.ts'
import type { IncomingPiece } from '../incoming-piece.ts'
import { type NotificationFormat, spellNotification } from './notification-formats.ts'
import { sctsOf } from './scts.ts'

/** The frame of a delivery. @param account that is told */
export function composeDelivery(
  delivery: Delivery,
  trn: number,
  { account, zoneMinutes }: { account: string; zoneMinutes: number },
): string {
  if (delivery.kind === 'incoming') {
    return buildOperation(operation.deliver, trn, incomingFields(delivery.piece, zoneMinutes))
  }
  const { fields, appended } = spellNotification(
    delivery.facts,
    delivery.format as NotificationFormat,
    account,
  )
  const inOrder = operationFields[operation.notify].map(name => fields[name] ?? '')
  return buildFrame({ trn, type: 'O', ot: operation.notify, fields: [...inOrder, ...appended] })
}

const ucs2 = 0x08
/** Shorter ones are short codes, which nobody dials with an international prefix. */
const shortestPhone = 7

function incomingFields(piece: IncomingPiece, zoneMinutes: number): Partial<OperationFields<52>> {
  const header = concatenationHeader(piece)
  const services: ExtraService[] = header === null ? [] : [{ type: xserType.userDataHeader, data: header }]
  const isTransparent = piece.encoding === 'ucs2'
  if (isTransparent) services.push({ type: xserType.dataCoding, data: Uint8Array.of(ucs2) })
  return {
    ...originOf(piece.from),
    AdC: piece.to,
    SCTS: sctsOf(piece.sentAtMs, zoneMinutes),
    MT: isTransparent ? messageType.transparent : messageType.alphanumeric,
    NB: isTransparent ? String(piece.octets.length * 8).padStart(4, '0') : '',
    Msg: hexOf(piece.octets),
    XSer: buildXser(services),
  }
}

function originOf(from: string): Partial<OperationFields<52>> {
  if (/^\d+$/.test(from)) return { OAdC: from.length < shortestPhone ? from : `00${from}` }
  const OAdC = packName(from)
  if (OAdC === null) throw new RangeError(`${from} is neither a number nor a name of 1 to 11 characters`)
  return { OAdC, OTOA: alphanumericOtoa }
}
