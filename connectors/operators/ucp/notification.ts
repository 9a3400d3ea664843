/**
 * From operation 53 to a delivery receipt. The text of a notification is English for people and is never read: Dst,
 * Rsn and the times say everything.
 *
 * @see EMI-UCP 5.2 section 5.4 (delivery notification)
 */
import type { DeliveryReceipt, ReceiptState } from '../../operator.ts'
import type { UcpConfig } from './config.ts'
import type { LocalTime } from './local-time.ts'
import { readNumber } from './numbers.ts'
import type { OperationFields } from './operations.ts'
import type { RemoteIds } from './remote-ids.ts'
import { deliveryStates, duplicateReason, reasonOf } from './tables.ts'

/** What `detail` of the contract holds at most. */
const longestDetail = 64

export interface NotificationContext {
  config: Pick<UcpConfig, 'national'>
  localTime: LocalTime
  remoteIds: RemoteIds
  nowMs: number
}

/** Reads a notification; never fails: a field that cannot be read is left out. */
export function readNotification(
  fields: Pick<OperationFields<53>, 'OAdC' | 'SCTS' | 'Dst' | 'Rsn'>,
  { config, localTime, remoteIds, nowMs }: NotificationContext,
): Omit<DeliveryReceipt, 'receiptToken'> {
  const recipient = readNumber(fields.OAdC, config)
  const state = stateOf(fields)
  const hasId = /^\d{12}$/.test(fields.SCTS)
  return {
    remoteIdKeys: hasId ? [remoteIds.notified(recipient, fields.SCTS, state !== 'intermediate')] : [],
    recipient,
    state,
    detail: detailOf(fields),
    textPrefix: '',
    submittedAtMs: localTime.read(fields.SCTS, nowMs),
  }
}

function stateOf({ Dst, Rsn }: Pick<OperationFields<53>, 'Dst' | 'Rsn'>): ReceiptState {
  // The SMSC has the message from an earlier submit: nothing failed, and what becomes of it is told for that one.
  if (Number(Rsn) === duplicateReason) return 'intermediate'
  return Object.hasOwn(deliveryStates, Dst) ? deliveryStates[Dst]! : 'unknown'
}

function detailOf({ Dst, Rsn }: Pick<OperationFields<53>, 'Dst' | 'Rsn'>): string {
  const isPlain = Dst === '0' && Number(Rsn) === 0
  const meaning = isPlain || !/^\d{1,3}$/.test(Rsn) ? '' : reasonOf(Number(Rsn)).meaning
  return `Dst:${Dst} Rsn:${Rsn} ${meaning}`.trimEnd().slice(0, longestDetail)
}
