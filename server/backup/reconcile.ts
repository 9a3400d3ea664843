/**
 * Brings a restored database up to what the journal knows: what left after the backup is marked as sent, or as an
 * unknown outcome, so that the next run writes to nobody twice. It uses the store's own verbs: counters and time
 * lines tell the truth afterwards.
 */
import type { Knex } from 'knex'
import { stateCodes } from '../store/codes.ts'
import { count, type StateEntered } from '../store/counters.ts'
import { bulkBinding, dialectOf, rawRows } from '../store/dialect.ts'
import { move } from '../store/moves.ts'
import { type SettleItem, settle } from '../store/settle.ts'
import type { JournalEntry } from './read-journal.ts'

/** A message that left, or may have left, after the backup was taken. */
export interface LeftMessage {
  messageId: number
  /** Of the last thing known of it. */
  atMs: number
  recipient: string
  alertId: number | null
  entityKey: string | null
  clientReference: string | null
  /** `possible`: it was on its way when the journal ends, and was not answered. */
  certainty: 'certain' | 'possible'
  /** false: its row is lost; only its place in the ledger could be written again. */
  isInBackup: boolean
}

export interface Reconciliation {
  left: LeftMessage[]
  /** Accepted after the backup and never sent: alerts make theirs again, API callers must send theirs again. */
  lost: { messageId: number; recipient: string; clientReference: string | null; isFromAlert: boolean }[]
}

export interface ReconcileOptions {
  entries: ReadonlyMap<number, JournalEntry>
  takenAtMs: number
  nowMs: number
  /** false only lists: what left will leave again. */
  isMarking: boolean
}

interface StoredMessage {
  id: number
  recipient: string
  state: number
  alert_id: number | null
  entity_key: string | null
  client_reference: string | null
}

/** Rows of one transaction. */
const chunkSize = 500
/** Lines are written just after the commit they tell of. */
const marginMs = 60_000
const openStates = (['held', 'queued', 'sending', 'unknown'] as const).map(stateCodes.codeOf)
const held = stateCodes.codeOf('held')
const sending = stateCodes.codeOf('sending')

export async function reconcile(knex: Knex, options: ReconcileOptions): Promise<Reconciliation> {
  const outcome: Reconciliation = { left: [], lost: [] }
  const all = [...options.entries.values()]
  for (let from = 0; from < all.length; from += chunkSize) {
    const entries = all.slice(from, from + chunkSize)
    const stored = await storedMessages(knex, entries)
    const present = entries.filter(entry => openStates.includes(stored.get(entry.messageId)?.state ?? -1))
    const absent = entries.filter(
      ({ messageId, message }) =>
        !stored.has(messageId) && message !== null && message.atMs >= options.takenAtMs - marginMs,
    )
    for (const entry of present.filter(hasLeft)) outcome.left.push(leftOf(entry, stored.get(entry.messageId)))
    for (const entry of absent) {
      if (hasLeft(entry)) outcome.left.push(leftOf(entry, undefined))
      else outcome.lost.push(lostOf(entry))
    }
    if (options.isMarking) {
      await markPresent(knex, present, stored, options.nowMs)
      await markAbsent(knex, absent.filter(hasLeft))
    }
  }
  // Numbers are never given twice: a late receipt or a caller's question must not meet somebody else's message.
  const lastId = all.reduce((last, { messageId }) => Math.max(last, messageId), 0)
  await knex('sequences').where({ name: 'messages' }).where('value', '<', lastId).update({ value: lastId })
  return outcome
}

/**
 * Without a journal nothing is known: what was due by now and waited in the backup may have left since, so policy
 * decides about it.
 *
 * @returns how many messages now have an unknown outcome
 */
export async function doubtWaiting(knex: Knex, nowMs: number): Promise<number> {
  const queued = stateCodes.codeOf('queued')
  let doubted = 0
  let lastId = 0
  for (;;) {
    const rows: { id: number }[] = await knex('messages')
      .whereRaw(`id > ? and (state = ${sending} or (state = ${queued} and due_at <= ?))`, [lastId, nowMs])
      .orderBy('id')
      .select('id')
      .limit(chunkSize)
    const last = rows.at(-1)
    if (last === undefined) return doubted
    lastId = last.id
    await settle(knex, {
      items: rows.map(({ id }) => unknownItem(id, nowMs, 'restored-without-journal')),
      receipts: [],
      nowMs,
    })
    doubted += rows.length
  }
}

function hasLeft({ accepted, mayHaveLeft }: JournalEntry): boolean {
  return accepted.length > 0 || mayHaveLeft
}

function leftOf(entry: JournalEntry, stored: StoredMessage | undefined): LeftMessage {
  const { messageId, message, accepted, lastAtMs } = entry
  return {
    messageId,
    atMs: lastAtMs,
    recipient: stored?.recipient ?? message?.recipient ?? '',
    alertId: stored?.alert_id ?? message?.alertId ?? null,
    entityKey: stored?.entity_key ?? message?.entityKey ?? null,
    clientReference: stored?.client_reference ?? message?.clientReference ?? null,
    certainty: accepted.length > 0 ? 'certain' : 'possible',
    isInBackup: stored !== undefined,
  }
}

function lostOf({ messageId, message }: JournalEntry): Reconciliation['lost'][number] {
  return {
    messageId,
    recipient: message!.recipient,
    clientReference: message!.clientReference,
    isFromAlert: message!.alertId !== null,
  }
}

async function storedMessages(
  knex: Knex,
  entries: readonly JournalEntry[],
): Promise<Map<number, StoredMessage>> {
  const rows = rawRows<StoredMessage>(
    await knex.raw(
      `select m.id, m.recipient, m.state, m.alert_id, m.entity_key, m.client_reference
       from ${dialectOf(knex).bulkRows('v', { id: 'bigint' })} join messages m on m.id = v.id`,
      [bulkBinding(entries.map(({ messageId }) => [messageId]))],
    ),
  )
  return new Map(rows.map(row => [row.id, row]))
}

/** Plays the outcomes that the backup has not seen. A move that is not allowed any more changes nothing. */
async function markPresent(
  knex: Knex,
  entries: readonly JournalEntry[],
  stored: ReadonlyMap<number, StoredMessage>,
  nowMs: number,
): Promise<void> {
  const wasHeld = entries.filter(
    entry => stored.get(entry.messageId)?.state === held && (hasLeft(entry) || entry.refusedReason !== null),
  )
  await release(knex, wasHeld, nowMs)
  const items = entries.flatMap((entry): SettleItem[] => {
    const { messageId, accepted, mayHaveLeft, refusedReason, lastAtMs } = entry
    const played: SettleItem[] = accepted.map(acceptance => ({
      kind: 'accepted',
      ...acceptance,
      atMs: lastAtMs,
    }))
    if (refusedReason !== null) {
      played.push({ kind: 'refused', messageId, atMs: nowMs, reason: refusedReason })
    } else if (mayHaveLeft) {
      // Where every part was accepted the message is sent by now, and this changes nothing.
      played.push(unknownItem(messageId, nowMs, 'restored'))
    } else if (stored.get(messageId)?.state === sending) {
      played.push({
        kind: 'retry',
        messageId,
        atMs: nowMs,
        dueAtMs: nowMs,
        reason: 'restored',
        countsAttempt: false,
      })
    }
    return played
  })
  if (items.length > 0) await settle(knex, { items, receipts: [], nowMs })
}

function unknownItem(messageId: number, nowMs: number, reason: string): SettleItem {
  return { kind: 'unknown', messageId, atMs: nowMs, graceUntilMs: nowMs, reason }
}

async function release(knex: Knex, entries: readonly JournalEntry[], nowMs: number): Promise<void> {
  if (entries.length === 0) return
  await knex.transaction(async transaction => {
    const entered: StateEntered[] = []
    await move(transaction, 'queued', {
      columns: { id: 'bigint' },
      rows: entries.map(({ messageId }) => [messageId]),
      set: 'reason = null',
      entered,
    })
    await count(transaction, nowMs, entered)
  })
}

/** The ledger alone: an alert that finds the same occasion again then writes nothing. */
async function markAbsent(knex: Knex, entries: readonly JournalEntry[]): Promise<void> {
  const rows = entries.flatMap(({ messageId, message }) => {
    const { entityKey, occurrenceKey, alertId, atMs } = message!
    return entityKey === null || occurrenceKey === null || alertId === null
      ? []
      : [[entityKey, alertId, occurrenceKey, messageId, atMs]]
  })
  if (rows.length === 0) return
  await knex.transaction(transaction =>
    dialectOf(transaction).insertRows(transaction, {
      table: 'ledger',
      columns: {
        entity_key: 'text',
        alert_id: 'bigint',
        occurrence_key: 'text',
        message_id: 'bigint',
        created_at: 'bigint',
      },
      rows,
      onConflict: 'on conflict do nothing',
      keyColumns: ['entity_key', 'alert_id', 'occurrence_key'],
    }),
  )
}
