/** Ledger, caps, messages, memories and counters of one batch, in one transaction. */
import type { Knex } from 'knex'
import type { EnqueueResult, NewMessage } from '../../scheduler/store.ts'
import { categoryCodes, encodingCodes, priorityCodes, stateCodes, unknownPolicyCodes } from './codes.ts'
import { completeHeld } from './complete-held.ts'
import { count, type StateEntered } from './counters.ts'
import { type BulkColumns, type BulkValue, bulkBinding, dialectOf } from './dialect.ts'
import { type MessageEvent, recordEvents } from './events.ts'
import { rememberIn } from './memories.ts'
import { jobOf, type RoutedItem, settleState } from './routed.ts'
import { inTransaction } from './transaction.ts'

export interface EnqueueRequest {
  items: readonly RoutedItem[]
  nowMs: number
  memories?: { alertId: number; entries: readonly { entityKey: string; memory: string }[] }
}

/**
 * Writes a batch. A ledger key met before writes nothing, unless its message waits for a missing value that is
 * there now.
 *
 * @returns one result per item, in order
 */
export async function enqueue(
  knex: Knex,
  { items, nowMs, memories }: EnqueueRequest,
): Promise<EnqueueResult[]> {
  return inTransaction(knex, transaction =>
    enqueueIn(transaction, { items, nowMs, ...(memories && { memories }) }),
  )
}

/** The same inside a transaction that the caller holds (idempotent requests). */
export async function enqueueIn(
  transaction: Knex.Transaction,
  { items, nowMs, memories }: EnqueueRequest,
): Promise<EnqueueResult[]> {
  if (memories !== undefined) await rememberIn(transaction, memories.alertId, memories.entries)
  const results: EnqueueResult[] = items.map(() => ({ kind: 'duplicate' }))
  if (items.length === 0) return results
  const firstId = await takeIds(transaction, items.length)
  const ids = items.map((_, index) => firstId + index)
  const isNew = await writeLedger(transaction, items, ids, nowMs)
  const isCapped = await takeCaps(transaction, items, ids, isNew)

  const nextReference = await references(transaction, items)
  const rows: BulkValue[][] = []
  const entered: StateEntered[] = []
  const holds: MessageEvent[] = []
  items.forEach((item, index) => {
    if (!isNew[index]) return
    const message = settleState(item.message, isCapped[index] === true)
    const messageId = ids[index]!
    rows.push(messageRow(messageId, { ...item, message }, nextReference(message), nowMs))
    entered.push({
      messageId,
      state: message.state,
      operatorId: message.operatorId,
      alertId: message.alertId,
      parts: message.parts,
    })
    // The end of a run is no news; every other hold stays in the time line after it is lifted.
    if (message.state === 'held' && message.reason !== 'run-open') {
      holds.push({ messageId, atMs: nowMs, event: 'held', detail: message.reason })
    }
    results[index] = { kind: 'enqueued', messageId, state: message.state, reason: message.reason }
  })
  await dialectOf(transaction).insertRows(transaction, { table: 'messages', columns: messageColumns, rows })
  await recordEvents(transaction, holds)
  await completeHeld(transaction, { items, nowMs, nextReference }, results, entered)
  await count(transaction, nowMs, entered)
  return results
}

async function takeIds(transaction: Knex.Transaction, howMany: number): Promise<number> {
  const rows = await dialectOf(transaction).query<{ value: number }>(
    transaction,
    "update sequences set value = value + ? where name = 'messages' returning value",
    [howMany],
  )
  return rows[0]!.value - howMany + 1
}

async function writeLedger(
  transaction: Knex.Transaction,
  items: readonly RoutedItem[],
  ids: readonly number[],
  nowMs: number,
): Promise<boolean[]> {
  const isNew = items.map(() => true)
  const withLedger = items.flatMap(({ ledger }, index) => (ledger === null ? [] : [{ ledger, index }]))
  if (withLedger.length === 0) return isNew
  const written = await dialectOf(transaction).insertRows(transaction, {
    table: 'ledger',
    columns: {
      entity_key: 'text',
      alert_id: 'bigint',
      occurrence_key: 'text',
      message_id: 'bigint',
      created_at: 'bigint',
    },
    rows: withLedger.map(({ ledger, index }) => [
      ledger.entityKey,
      items[index]!.message.alertId ?? 0,
      ledger.occurrenceKey,
      ids[index]!,
      nowMs,
    ]),
    onConflict: 'on conflict do nothing',
    keyColumns: ['entity_key', 'alert_id', 'occurrence_key'],
  })
  withLedger.forEach(({ index }, position) => {
    isNew[index] = written[position] === true
  })
  return isNew
}

async function takeCaps(
  transaction: Knex.Transaction,
  items: readonly RoutedItem[],
  ids: readonly number[],
  isNew: readonly boolean[],
): Promise<boolean[]> {
  const isCapped = items.map(() => false)
  const wanted = items.flatMap(({ message }, index) =>
    message.capKey === null || message.state === 'blocked' || !isNew[index]
      ? []
      : [{ index, recipient: message.recipient, capKey: message.capKey }],
  )
  if (wanted.length === 0) return isCapped
  const taken = await dialectOf(transaction).insertRows(transaction, {
    table: 'person_caps',
    columns: { recipient: 'text', cap_key: 'text', message_id: 'bigint' },
    rows: wanted.map(({ recipient, capKey, index }) => [recipient, capKey, ids[index]!]),
    onConflict: 'on conflict do nothing',
    keyColumns: ['recipient', 'cap_key'],
  })
  wanted.forEach(({ index }, position) => {
    isCapped[index] = taken[position] !== true
  })
  return isCapped
}

/**
 * Concatenation references: a counter per phone, so that two long messages to one person never share a number and
 * a retry of some parts keeps the number of the others.
 */
async function references(
  transaction: Knex.Transaction,
  items: readonly RoutedItem[],
): Promise<(message: NewMessage) => number> {
  const recipients = [
    ...new Set(items.flatMap(({ message }) => (message.parts > 1 ? [message.recipient] : []))),
  ]
  const last = new Map<string, number>()
  if (recipients.length > 0) {
    const rows = await dialectOf(transaction).query<{ recipient: string; reference: number | null }>(
      transaction,
      `select v.recipient, (select m.reference from messages m where m.recipient = v.recipient and m.part_count > 1
           order by m.id desc limit 1) as reference
         from ${dialectOf(transaction).bulkRows('v', { recipient: 'text' })}`,
      [bulkBinding(recipients.map(recipient => [recipient]))],
    )
    for (const row of rows) last.set(row.recipient, row.reference ?? 0)
  }
  return message => {
    if (message.parts === 1) return 0
    const next = ((last.get(message.recipient) ?? 0) + 1) % 256
    last.set(message.recipient, next)
    return next
  }
}

const messageColumns = {
  id: 'bigint',
  job: 'bigint',
  alert_id: 'bigint',
  run_id: 'bigint',
  client_id: 'bigint',
  client_reference: 'text',
  entity_key: 'text',
  recipient: 'text',
  sender: 'text',
  text: 'text',
  encoding: 'bigint',
  part_count: 'bigint',
  reference: 'bigint',
  is_flash: 'bigint',
  category: 'bigint',
  priority: 'bigint',
  unknown_policy: 'bigint',
  state: 'bigint',
  reason: 'text',
  operator_id: 'bigint',
  attempts: 'bigint',
  due_at: 'bigint',
  expires_at: 'bigint',
  created_at: 'bigint',
  final_at: 'bigint',
  service: 'text',
} as const satisfies BulkColumns

function messageRow(
  id: number,
  { message, ledger }: RoutedItem,
  reference: number,
  nowMs: number,
): BulkValue[] {
  return [
    id,
    jobOf(message),
    message.alertId,
    message.runId,
    message.clientId,
    message.clientReference,
    ledger?.entityKey ?? null,
    message.recipient,
    message.sender,
    message.text,
    encodingCodes.codeOf(message.encoding),
    message.parts,
    reference,
    message.isFlash ? 1 : 0,
    categoryCodes.codeOf(message.category),
    priorityCodes.codeOf(message.priority),
    unknownPolicyCodes.codeOf(message.unknownPolicy),
    stateCodes.codeOf(message.state),
    message.reason === '' ? null : message.reason,
    message.operatorId,
    0,
    message.dueAtMs,
    message.expiresAtMs,
    nowMs,
    message.state === 'blocked' ? nowMs : null,
    message.service ?? null,
  ]
}
