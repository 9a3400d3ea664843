/** Ledger, caps, messages, memories and counters of one batch, in one transaction. */
import type { Knex } from 'knex'
import type { EnqueueItem, EnqueueResult, NewMessage } from '../../scheduler/store.ts'
import {
  categoryCodes,
  encodingCodes,
  priorityCodes,
  stateCodes,
  stateLiteral,
  unknownPolicyCodes,
} from './codes.ts'
import { count, type StateEntered } from './counters.ts'
import { type BulkColumns, type BulkValue, bulkBinding, dialectOf, rawRows } from './dialect.ts'
import { recordEvents } from './events.ts'
import { rememberIn } from './memories.ts'

/** A message whose way is known: null when no route leads to its number (it is then blocked). */
export type RoutedMessage = NewMessage & { operatorId: number | null }
export interface RoutedItem extends EnqueueItem {
  message: RoutedMessage
}

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
  return knex.transaction(transaction =>
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
  items.forEach((item, index) => {
    if (!isNew[index]) return
    const message = settleState(item.message, isCapped[index] === true)
    const messageId = ids[index]!
    rows.push(messageRow(messageId, { ...item, message }, nextReference(message), nowMs))
    entered.push({
      state: message.state,
      operatorId: message.operatorId,
      alertId: message.alertId,
      parts: message.parts,
    })
    results[index] = { kind: 'enqueued', messageId, state: message.state, reason: message.reason }
  })
  await dialectOf(transaction).insertRows(transaction, { table: 'messages', columns: messageColumns, rows })
  await completeHeld(transaction, items, results, nowMs, entered)
  await count(transaction, nowMs, entered)
  return results
}

/** A block without a route and above the cap is decided here, where it cannot race. */
function settleState(message: RoutedMessage, isCapped: boolean): RoutedMessage {
  if (message.state === 'blocked') return message
  if (isCapped) return { ...message, state: 'blocked', reason: 'frequency-cap' }
  if (message.operatorId === null) return { ...message, state: 'blocked', reason: 'no-route' }
  return message
}

async function takeIds(transaction: Knex.Transaction, howMany: number): Promise<number> {
  const answer = await transaction.raw(
    "update sequences set value = value + ? where name = 'messages' returning value",
    [howMany],
  )
  return rawRows<{ value: number }>(answer)[0]!.value - howMany + 1
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
    const rows = rawRows<{ recipient: string; reference: number | null }>(
      await transaction.raw(
        `select v.recipient, (select m.reference from messages m where m.recipient = v.recipient and m.part_count > 1
           order by m.id desc limit 1) as reference
         from ${dialectOf(transaction).bulkRows('v', { recipient: 'text' })}`,
        [bulkBinding(recipients.map(recipient => [recipient]))],
      ),
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

/** Messages that waited for a value the source now has: same ledger key, whole text. */
async function completeHeld(
  transaction: Knex.Transaction,
  items: readonly RoutedItem[],
  results: EnqueueResult[],
  nowMs: number,
  entered: StateEntered[],
): Promise<void> {
  const held = `state = ${stateLiteral('held')} and reason = 'missing-value'`
  const again = items.flatMap(({ message, ledger }, index) =>
    results[index]!.kind === 'duplicate' && ledger !== null && message.state !== 'held'
      ? [{ message, ledger, index }]
      : [],
  )
  if (again.length === 0) return
  const alertIds = [...new Set(again.map(({ message }) => message.alertId ?? 0))]
  const anyHeld = rawRows(
    await transaction.raw(
      `select 1 as one from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })}
       join messages on alert_id = v.id and ${held} limit 1`,
      [bulkBinding(alertIds.map(id => [id]))],
    ),
  )
  if (anyHeld.length === 0) return
  const waiting = rawRows<{ position: number; message_id: number }>(
    await transaction.raw(
      `select v.position, l.message_id from ${dialectOf(transaction).bulkRows('v', {
        position: 'bigint',
        entity_key: 'text',
        alert_id: 'bigint',
        occurrence_key: 'text',
      })} join ledger l on l.entity_key = v.entity_key and l.alert_id = v.alert_id and l.occurrence_key = v.occurrence_key
      join messages m on m.id = l.message_id where m.${held.replace(' and ', ' and m.')}`,
      [
        bulkBinding(
          again.map(({ message, ledger, index }) => [
            index,
            ledger.entityKey,
            message.alertId ?? 0,
            ledger.occurrenceKey,
          ]),
        ),
      ],
    ),
  )
  for (const { position, message_id: messageId } of waiting) {
    const { message } = items[position]!
    const state = message.operatorId === null ? 'blocked' : message.state
    await transaction('messages')
      .where({ id: messageId })
      .update({
        state: stateCodes.codeOf(state),
        reason: message.operatorId === null ? 'no-route' : message.reason || null,
        recipient: message.recipient,
        text: message.text,
        encoding: encodingCodes.codeOf(message.encoding),
        part_count: message.parts,
        operator_id: message.operatorId,
        due_at: message.dueAtMs,
        expires_at: message.expiresAtMs,
        job: jobOf(message),
        run_id: message.runId,
      })
    await recordEvents(transaction, [
      { messageId, atMs: nowMs, event: 'completed', detail: 'missing value found' },
    ])
    entered.push({ state, operatorId: message.operatorId, alertId: message.alertId, parts: message.parts })
    results[position] = { kind: 'completed', messageId }
  }
}

/** Whom the outbox is fair between: runs by their number, API clients by theirs below zero. */
function jobOf(message: NewMessage): number {
  return message.runId ?? -(message.clientId ?? 0)
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
  ]
}
