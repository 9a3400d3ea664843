/** Delivery receipts: matched to their part, or kept until the part is known. */
import type { Knex } from 'knex'
import type { DeliveryReceipt } from '../../connectors/operator.ts'
import { type MessageState, stateOfParts } from '../gateway/message-state.ts'
import { stateCodes, stateLiteral } from './codes.ts'
import type { StateEntered } from './counters.ts'
import { bulkBinding, dialectOf } from './dialect.ts'
import type { MessageEvent } from './events.ts'
import { move, partIdOf } from './moves.ts'

/** A receipt with the operator that gave it and the time it came. */
export type ReceiptItem = Omit<DeliveryReceipt, 'receiptToken'> & {
  operatorId: number
  atMs: number
  /** Its detail says that the operator does not know the phone. */
  isUnknownSubscriber?: boolean
}

export interface SettleResult {
  /** Receipts that found their part. */
  matched: number
  /** Receipts kept until their part is known. */
  kept: number
  /** Messages of which a part was told now to be undelivered for want of a subscriber; nearly always none. */
  unknownSubscribers: number[]
}

interface Candidate {
  position: number
  part_id: number
  part_state: number
  part_detail: string | null
  part_final_at: number | null
  recipient: string
  part_count: number
}

/** Numbers are compared by their last digits: some operators answer in national format. */
const comparedDigits = 8
/** A receipt may name a message that was never answered when its submit time is this near. */
const submitToleranceMs = 120_000
/**
 * A receipt repeats octets in the alphabet of its SMSC, or writes `?` for what it cannot say: `prime \x05chue`. Only what
 * comes before the first such character can be compared, and is enough when it is so long.
 */
const sameInEveryAlphabet = /^[A-Za-z0-9 !"%&'()*+,\-./:;<=>]*/
const enoughCharacters = 8
/** Receipts kept unmatched: above this the oldest go first, so that a peer that invents ids cannot fill the disk. */
const unmatchedLimit = 100_000

const stateOfReceipt: Record<DeliveryReceipt['state'], MessageState | null> = {
  delivered: 'delivered',
  undelivered: 'undelivered',
  rejected: 'undelivered',
  expired: 'expired',
  // UNKNOWN is final on most platforms; a later DELIVRD still wins.
  unknown: 'undelivered',
  intermediate: null,
}

/** Receipts that came before their part was known, now that it is. They leave the table. */
export async function takeUnmatched(
  transaction: Knex.Transaction,
  remoteKeys: readonly string[],
): Promise<ReceiptItem[]> {
  if (remoteKeys.length === 0) return []
  const any = await dialectOf(transaction).query(
    transaction,
    'select 1 as one from unmatched_receipts limit 1',
    [],
  )
  if (any.length === 0) return []
  const rows = await dialectOf(transaction).query<{ id: number; receipt: string }>(
    transaction,
    `select u.id, u.receipt from ${dialectOf(transaction).bulkRows('v', { remote_key: 'text' })}
       join unmatched_receipts u on u.remote_key = v.remote_key order by u.id`,
    [bulkBinding(remoteKeys.map(key => [key]))],
  )
  if (rows.length === 0) return []
  const receipts = rows.map(row => JSON.parse(row.receipt) as ReceiptItem)
  await dropUnmatched(transaction, receipts)
  return receipts
}

/** A receipt stands once under each spelling of its id: all of them go. */
export async function dropUnmatched(
  transaction: Knex.Transaction,
  receipts: readonly ReceiptItem[],
): Promise<void> {
  if (receipts.length === 0) return
  const spellings = receipts.flatMap(receipt =>
    receipt.remoteIdKeys.map(key => [key, receipt.operatorId] as const),
  )
  await dialectOf(transaction).query(
    transaction,
    `delete from unmatched_receipts where id in (
       select u.id from ${dialectOf(transaction).bulkRows('v', { remote_key: 'text', operator_id: 'bigint' })}
       join unmatched_receipts u on u.remote_key = v.remote_key and u.operator_id = v.operator_id)`,
    [bulkBinding(spellings)],
  )
}

export async function settleReceipts(
  transaction: Knex.Transaction,
  receipts: readonly ReceiptItem[],
  nowMs: number,
  entered: StateEntered[],
  events: MessageEvent[],
): Promise<SettleResult> {
  const unknownSubscribers: number[] = []
  if (receipts.length === 0) return { matched: 0, kept: 0, unknownSubscribers }
  const found = await findParts(transaction, receipts)
  const unmatched: ReceiptItem[] = []
  const single = new Map<number, FinalMove>()
  const long = new Map<number, FinalMove>()
  const parts = new Map<number, { state: MessageState; detail: string; atMs: number }>()
  receipts.forEach((receipt, position) => {
    const candidate = found.get(position)
    if (candidate === undefined) {
      unmatched.push(receipt)
      return
    }
    const messageId = Math.floor(candidate.part_id / 256)
    const state = stateOfReceipt[receipt.state]
    if (state === null) {
      events.push({ messageId, atMs: receipt.atMs, event: 'receipt-intermediate', detail: receipt.detail })
      return
    }
    const known = parts.get(candidate.part_id) ?? knownOf(candidate)
    // Told twice, or a failure after the delivery: the first final word stands, only delivery may still correct it.
    if (known.state !== 'sent') {
      if (state !== 'delivered' || known.state === 'delivered') return
      events.push({ messageId, atMs: known.atMs, event: known.state, detail: known.detail })
    }
    if (receipt.isUnknownSubscriber && state === 'undelivered') unknownSubscribers.push(messageId)
    parts.set(candidate.part_id, { state, detail: receipt.detail, atMs: receipt.atMs })
    const target = candidate.part_count === 1 ? single : long
    target.set(messageId, { state, detail: receipt.detail, atMs: receipt.atMs })
  })
  await updateParts(transaction, parts)
  await moveFinal(transaction, single, entered)
  await moveFinal(transaction, await statesOfLong(transaction, long), entered)
  const resolved = await resolveUnknown(transaction, unmatched, entered, events)
  const kept = unmatched.filter(receipt => !resolved.has(receipt))
  await keepUnmatched(transaction, kept, nowMs)
  return { matched: receipts.length - kept.length, kept: kept.length, unknownSubscribers }
}

function knownOf({ part_state: state, part_detail: detail, part_final_at: atMs }: Candidate): FinalMove {
  return { state: stateCodes.wordOf(state), detail: detail ?? '', atMs: atMs ?? 0 }
}

interface FinalMove {
  state: MessageState
  detail: string
  atMs: number
}

/** For each receipt (by position) the part it speaks of: same operator, same id in any spelling, same phone. */
async function findParts(
  transaction: Knex.Transaction,
  receipts: readonly ReceiptItem[],
): Promise<Map<number, Candidate>> {
  const keys = receipts.flatMap((receipt, position) =>
    receipt.remoteIdKeys.map(key => [position, key, receipt.operatorId] as const),
  )
  const rows = await dialectOf(transaction).query<Candidate>(
    transaction,
    `select v.position, p.id as part_id, p.state as part_state, p.detail as part_detail, p.final_at as part_final_at,
         m.recipient,
         coalesce(m.submitted_parts, m.part_count) as part_count
       from ${dialectOf(transaction).bulkRows('v', { position: 'bigint', remote_key: 'text', operator_id: 'bigint' })}
       join message_parts p on p.remote_key = v.remote_key and p.operator_id = v.operator_id
       join messages m on m.id = p.id / 256`,
    [bulkBinding(keys)],
  )
  const found = new Map<number, Candidate>()
  for (const row of rows) {
    const known = found.get(row.position)
    if (
      samePhone(row.recipient, receipts[row.position]!.recipient) &&
      (known === undefined || row.part_id > known.part_id)
    ) {
      found.set(row.position, row)
    }
  }
  return found
}

function samePhone(ours: string, theirs: string): boolean {
  return theirs === '' || ours === theirs || ours.slice(-comparedDigits) === theirs.slice(-comparedDigits)
}

async function updateParts(
  transaction: Knex.Transaction,
  parts: ReadonlyMap<number, { state: MessageState; detail: string; atMs: number }>,
): Promise<void> {
  if (parts.size === 0) return
  await dialectOf(transaction).query(
    transaction,
    `update message_parts set state = v.state, detail = v.detail, final_at = v.at
     from ${dialectOf(transaction).bulkRows('v', { id: 'bigint', state: 'bigint', detail: 'text', at: 'bigint' })}
     where message_parts.id = v.id`,
    [
      bulkBinding(
        [...parts].map(([id, part]) => [id, stateCodes.codeOf(part.state), part.detail, part.atMs]),
      ),
    ],
  )
}

async function moveFinal(
  transaction: Knex.Transaction,
  moves: ReadonlyMap<number, FinalMove>,
  entered: StateEntered[],
): Promise<void> {
  for (const to of ['delivered', 'undelivered', 'expired'] as const) {
    const rows = [...moves].filter(([, final]) => final.state === to)
    await move(transaction, to, {
      columns: { id: 'bigint', at: 'bigint', reason: 'text' },
      rows: rows.map(([messageId, final]) => [
        messageId,
        final.atMs,
        to === 'delivered' ? null : final.detail,
      ]),
      set: 'final_at = v.at, reason = v.reason',
      entered,
    })
  }
}

/** Long messages whose parts, taken together, are now decided. */
async function statesOfLong(
  transaction: Knex.Transaction,
  touched: ReadonlyMap<number, FinalMove>,
): Promise<Map<number, FinalMove>> {
  const decided = new Map<number, FinalMove>()
  for (const [messageId, final] of touched) {
    const rows = await transaction('message_parts')
      .whereBetween('id', [partIdOf(messageId, 1), partIdOf(messageId, 255)])
      .select('state')
    const [message] = await transaction('messages')
      .where({ id: messageId })
      .select('part_count', 'submitted_parts')
    const states = rows.map(row => stateCodes.wordOf(row.state))
    while (states.length < (message.submitted_parts ?? message.part_count)) states.push('sent')
    const state = stateOfParts(states)
    if (state !== 'sent') decided.set(messageId, { ...final, state })
  }
  return decided
}

/**
 * A message that left but was never answered has no operator id; a receipt to the same phone, of about the same
 * moment or beginning with the same words, is its answer when exactly one such message waits.
 */
export async function resolveUnknown(
  transaction: Knex.Transaction,
  receipts: readonly ReceiptItem[],
  entered: StateEntered[],
  events: MessageEvent[],
): Promise<Set<ReceiptItem>> {
  const resolved = new Set<ReceiptItem>()
  const speaking = receipts.filter(
    receipt => receipt.recipient !== '' && stateOfReceipt[receipt.state] !== null,
  )
  if (speaking.length === 0) return resolved
  const waiting = await dialectOf(transaction).query<{
    id: number
    recipient: string
    text: string
    sending_at: number
    operator_id: number
  }>(
    transaction,
    `select m.id, m.recipient, m.text, m.sending_at, m.operator_id
       from ${dialectOf(transaction).bulkRows('v', { recipient: 'text' })}
       join messages m on m.recipient = v.recipient and m.state = ${stateLiteral('unknown')} and m.part_count = 1`,
    [bulkBinding([...new Set(speaking.map(receipt => receipt.recipient))].map(recipient => [recipient]))],
  )
  for (const receipt of speaking) {
    const candidates = waiting.filter(
      message =>
        message.operator_id === receipt.operatorId &&
        message.recipient === receipt.recipient &&
        speaksOf(receipt, message),
    )
    const [only] = candidates
    if (only === undefined || candidates.length > 1) continue
    waiting.splice(waiting.indexOf(only), 1)
    resolved.add(receipt)
    await moveFinal(
      transaction,
      new Map([
        [only.id, { state: stateOfReceipt[receipt.state]!, detail: receipt.detail, atMs: receipt.atMs }],
      ]),
      entered,
    )
    events.push({
      messageId: only.id,
      atMs: receipt.atMs,
      event: 'resolved-by-receipt',
      detail: receipt.detail,
    })
  }
  return resolved
}

function speaksOf(receipt: ReceiptItem, message: { text: string; sending_at: number }): boolean {
  const comparable = sameInEveryAlphabet.exec(receipt.textPrefix)?.[0] ?? ''
  if (!message.text.startsWith(comparable)) return false
  const isWhole = comparable === receipt.textPrefix
  if (comparable !== '' && (isWhole || comparable.length >= enoughCharacters)) return true
  return (
    receipt.submittedAtMs !== null &&
    Math.abs(receipt.submittedAtMs - Number(message.sending_at)) <= submitToleranceMs
  )
}

async function keepUnmatched(
  transaction: Knex.Transaction,
  receipts: readonly ReceiptItem[],
  nowMs: number,
): Promise<void> {
  if (receipts.length === 0) return
  await dialectOf(transaction).insertRows(transaction, {
    table: 'unmatched_receipts',
    columns: { operator_id: 'bigint', remote_key: 'text', receipt: 'text', received_at: 'bigint' },
    rows: receipts.flatMap(receipt =>
      receipt.remoteIdKeys.map(key => [receipt.operatorId, key, JSON.stringify(receipt), nowMs]),
    ),
  })
  await dialectOf(transaction).query(
    transaction,
    'delete from unmatched_receipts where id <= (select max(id) from unmatched_receipts) - ?',
    [unmatchedLimit],
  )
}
