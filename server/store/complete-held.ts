/** Messages that waited for what is known now (a missing value, the date of a feast): same ledger key, whole text. */
import type { Knex } from 'knex'
import type { EnqueueResult, NewMessage } from '../../scheduler/store.ts'
import { encodingCodes, stateCodes, stateLiteral } from './codes.ts'
import type { StateEntered } from './counters.ts'
import { bulkBinding, dialectOf } from './dialect.ts'
import { recordEvents } from './events.ts'
import { jobOf, type RoutedItem, settleState } from './routed.ts'

interface Waiting {
  position: number
  messageId: number
}

/** What a later run may lift; approval and the end of a run are somebody else's to decide. */
const liftedByRun = ['missing-value', 'feast-unconfirmed'] as const
export const completable = `state = ${stateLiteral('held')} and reason in (${liftedByRun.map(reason => `'${reason}'`).join(', ')})`

/**
 * Completes what `results` calls a duplicate although its message waits for the text that is here now.
 *
 * @param nextReference concatenation reference of a message that is about to be written
 */
export async function completeHeld(
  transaction: Knex.Transaction,
  { items, nowMs, nextReference }: CompleteRequest,
  results: EnqueueResult[],
  entered: StateEntered[],
): Promise<void> {
  const waiting = await findWaiting(transaction, items, results)
  if (waiting.length === 0) return
  const isCapped = await cappedMessages(transaction, items, waiting)
  for (const { position, messageId } of waiting) {
    const message = settleState(items[position]!.message, isCapped.has(messageId))
    const completed = await transaction('messages')
      .where({ id: messageId })
      .whereRaw(completable)
      .update({
        state: stateCodes.codeOf(message.state),
        reason: message.reason || null,
        recipient: message.recipient,
        text: message.text,
        encoding: encodingCodes.codeOf(message.encoding),
        part_count: message.parts,
        reference: nextReference(message),
        operator_id: message.operatorId,
        due_at: message.dueAtMs,
        expires_at: message.expiresAtMs,
        final_at: message.state === 'blocked' ? nowMs : null,
        job: jobOf(message),
        run_id: message.runId,
      })
    if (completed === 0) continue
    await recordEvents(transaction, [
      { messageId, atMs: nowMs, event: 'completed', detail: 'what was missing is known' },
    ])
    const { state, operatorId, alertId, parts } = message
    // Still held, for its run or an approver: it entered that state before.
    if (state !== 'held') entered.push({ messageId, state, operatorId, alertId, parts })
    results[position] = { kind: 'completed', messageId }
  }
}

export interface CompleteRequest {
  items: readonly RoutedItem[]
  nowMs: number
  nextReference: (message: NewMessage) => number
}

async function findWaiting(
  transaction: Knex.Transaction,
  items: readonly RoutedItem[],
  results: readonly EnqueueResult[],
): Promise<Waiting[]> {
  const again = items.flatMap(({ message, ledger }, index) =>
    results[index]!.kind === 'duplicate' &&
    ledger !== null &&
    !liftedByRun.some(reason => reason === message.reason)
      ? [[index, ledger.entityKey, message.alertId ?? 0, ledger.occurrenceKey] as const]
      : [],
  )
  if (again.length === 0) return []
  const alertIds = [...new Set(again.map(([, , alertId]) => alertId))]
  const anyHeld = await dialectOf(transaction).query(
    transaction,
    `select 1 as one from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })}
       join messages on alert_id = v.id and ${completable} limit 1`,
    [bulkBinding(alertIds.map(id => [id]))],
  )
  if (anyHeld.length === 0) return []
  const columns = {
    position: 'bigint',
    entity_key: 'text',
    alert_id: 'bigint',
    occurrence_key: 'text',
  } as const
  const rows = await dialectOf(transaction).query<{ position: number; message_id: number }>(
    transaction,
    `select v.position, l.message_id from ${dialectOf(transaction).bulkRows('v', columns)}
       join ledger l on l.entity_key = v.entity_key and l.alert_id = v.alert_id and l.occurrence_key = v.occurrence_key
       join messages m on m.id = l.message_id and m.${completable.replace(' and ', ' and m.')} order by v.position`,
    [bulkBinding(again)],
  )
  // The row may stand twice in one batch: the first completes, the second is a duplicate of it.
  const first = new Map<number, Waiting>()
  for (const { position, message_id: messageId } of rows) {
    if (!first.has(messageId)) first.set(messageId, { position, messageId })
  }
  return [...first.values()]
}

/** Messages whose person was written to meanwhile: the cap of the day they would leave counts. */
async function cappedMessages(
  transaction: Knex.Transaction,
  items: readonly RoutedItem[],
  waiting: readonly Waiting[],
): Promise<Set<number>> {
  const rows = waiting.flatMap(({ position, messageId }) => {
    const { recipient, capKey, state } = items[position]!.message
    return capKey === null || state === 'blocked' ? [] : [[recipient, capKey, messageId]]
  })
  if (rows.length === 0) return new Set()
  const columns = { recipient: 'text', cap_key: 'text', message_id: 'bigint' } as const
  await dialectOf(transaction).insertRows(transaction, {
    table: 'person_caps',
    columns,
    rows,
    onConflict: 'on conflict do nothing',
    keyColumns: ['recipient', 'cap_key'],
  })
  const taken = await dialectOf(transaction).query<{ message_id: number }>(
    transaction,
    `select v.message_id from ${dialectOf(transaction).bulkRows('v', columns)}
       join person_caps c on c.recipient = v.recipient and c.cap_key = v.cap_key where c.message_id <> v.message_id`,
    [bulkBinding(rows)],
  )
  return new Set(taken.map(row => row.message_id))
}
