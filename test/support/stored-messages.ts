/** Short ways to put messages into a store and through it, for tests about what the store does with them. */
import type { Knex } from 'knex'
import type { EnqueueResult } from '../../scheduler/store.ts'
import type { MessageState } from '../../server/gateway/message-state.ts'
import { stateCodes } from '../../server/store/codes.ts'
import { enqueue } from '../../server/store/enqueue.ts'
import { type ClaimedMessage, claim } from '../../server/store/outbox.ts'
import type { ReceiptItem } from '../../server/store/receipts.ts'
import type { RoutedItem, RoutedMessage } from '../../server/store/routed.ts'
import { type SettleItem, settle } from '../../server/store/settle.ts'
import type { FakeClock } from './fake-clock.ts'

export const operatorId = 1
const hourMs = 3_600_000
/** When the fake clock starts: what is due now stays due. */
const startMs = Date.UTC(2027, 0, 4, 9)

/** A queued reminder to +226 70 00 00 01, due at once, valid for two days. */
export function item(
  message: Partial<RoutedMessage> = {},
  ledger: RoutedItem['ledger'] | [entityKey: string, occurrenceKey: string] = null,
): RoutedItem {
  return {
    ledger: Array.isArray(ledger) ? { entityKey: ledger[0], occurrenceKey: ledger[1] } : ledger,
    message: {
      recipient: '22670000001',
      sender: null,
      text: 'Votre contrat arrive à échéance',
      encoding: 'gsm7',
      parts: 1,
      category: 'reminder',
      priority: 'normal',
      state: 'queued',
      reason: '',
      dueAtMs: startMs,
      expiresAtMs: startMs + 48 * hourMs,
      unknownPolicy: 'hold',
      isFlash: false,
      alertId: null,
      runId: null,
      clientId: null,
      clientReference: null,
      capKey: null,
      operatorId,
      ...message,
    },
  }
}

export async function put(knex: Knex, clock: FakeClock, ...items: RoutedItem[]): Promise<EnqueueResult[]> {
  return enqueue(knex, { items, nowMs: clock.nowMs() })
}

/** Enqueues one message and returns its id. */
export async function putOne(
  knex: Knex,
  clock: FakeClock,
  message: Partial<RoutedMessage> = {},
): Promise<number> {
  const [result] = await put(knex, clock, item(message))
  if (result?.kind !== 'enqueued') throw new Error(`not enqueued: ${JSON.stringify(result)}`)
  return result.messageId
}

export function take(
  knex: Knex,
  clock: FakeClock,
  request: { limit?: number; turn?: number; operatorId?: number } = {},
): Promise<ClaimedMessage[]> {
  return claim(knex, { operatorId, limit: 100, turn: 0, nowMs: clock.nowMs(), ...request })
}

export function answered(
  messageId: number,
  remoteKey: string,
  extra: Partial<Extract<SettleItem, { kind: 'accepted' }>> = {},
): SettleItem {
  return {
    kind: 'accepted',
    messageId,
    partNumber: 1,
    submittedParts: 0,
    operatorId,
    remoteKey,
    atMs: startMs + 1_000,
    ...extra,
  }
}

export function receipt(remoteKey: string, extra: Partial<ReceiptItem> = {}): ReceiptItem {
  return {
    remoteIdKeys: [remoteKey],
    recipient: '22670000001',
    state: 'delivered',
    detail: 'stat:DELIVRD err:000',
    textPrefix: '',
    submittedAtMs: null,
    operatorId,
    atMs: startMs + 5_000,
    ...extra,
  }
}

export async function settleAll(
  knex: Knex,
  clock: FakeClock,
  items: readonly SettleItem[],
  receipts: readonly ReceiptItem[] = [],
): Promise<{ matched: number; kept: number }> {
  return settle(knex, { items, receipts, nowMs: clock.nowMs() })
}

/** A message that the operator has accepted under `remoteKey`. */
export async function putSent(
  knex: Knex,
  clock: FakeClock,
  remoteKey: string,
  message: Partial<RoutedMessage> = {},
): Promise<number> {
  const messageId = await putOne(knex, clock, message)
  await take(knex, clock)
  const parts = Array.from({ length: message.parts ?? 1 }, (_, index) =>
    answered(messageId, index === 0 ? remoteKey : `${remoteKey}-${index + 1}`, {
      partNumber: index + 1,
      submittedParts: message.parts ?? 1,
    }),
  )
  await settleAll(knex, clock, parts)
  return messageId
}

export async function stateOf(knex: Knex, messageId: number): Promise<MessageState> {
  const [row] = await knex('messages').where({ id: messageId }).select('state')
  return stateCodes.wordOf(row.state)
}

/** How many messages ever entered each state, by the counters. */
export async function counted(knex: Knex): Promise<Partial<Record<MessageState, number>>> {
  const rows: { state: number; messages: number }[] = await knex('counters')
    .groupBy('state')
    .select('state')
    .sum({ messages: 'messages' })
  return Object.fromEntries(rows.map(row => [stateCodes.wordOf(Number(row.state)), Number(row.messages)]))
}
