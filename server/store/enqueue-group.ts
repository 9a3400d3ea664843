/** Many requests, one commit: what group commit writes, idempotent requests included. */
import type { Knex } from 'knex'
import type { EnqueueResult } from '../../scheduler/store.ts'
import { bulkBinding, dialectOf } from './dialect.ts'
import { enqueueIn } from './enqueue.ts'
import { rememberIn } from './memories.ts'
import type { RoutedItem } from './routed.ts'
import { inTransaction } from './transaction.ts'

export interface GroupRequest {
  items: readonly RoutedItem[]
  memories?: { alertId: number; entries: readonly { entityKey: string; memory: string }[] }
  idempotency?: { clientId: number; key: string; requestHash: string }
}

export type GroupAnswer =
  | { kind: 'accepted'; results: EnqueueResult[] }
  | { kind: 'replayed'; results: EnqueueResult[] }
  | { kind: 'mismatch' }

interface Known {
  requestHash: string
  answer: GroupAnswer | null
}

/** @returns one answer per request, in order; all of them are durable */
export async function enqueueGroup(
  knex: Knex,
  { requests, nowMs }: { requests: readonly GroupRequest[]; nowMs: number },
): Promise<GroupAnswer[]> {
  return inTransaction(knex, async transaction => {
    const known = await knownKeys(transaction, requests)
    const fresh = requests.filter(request => {
      if (request.idempotency === undefined) return true
      const key = keyOf(request.idempotency)
      if (known.has(key)) return false
      // A second one in the same commit finds this entry and is answered by it below.
      known.set(key, { requestHash: request.idempotency.requestHash, answer: null })
      return true
    })
    for (const { memories } of fresh) {
      if (memories !== undefined) await rememberIn(transaction, memories.alertId, memories.entries)
    }
    const results = await enqueueIn(transaction, { items: fresh.flatMap(request => request.items), nowMs })
    const answers = new Map<GroupRequest, GroupAnswer>()
    let position = 0
    for (const request of fresh) {
      const own = results.slice(position, position + request.items.length)
      position += request.items.length
      answers.set(request, { kind: 'accepted', results: own })
      if (request.idempotency !== undefined) {
        known.get(keyOf(request.idempotency))!.answer = { kind: 'replayed', results: own }
      }
    }
    await storeKeys(transaction, fresh, answers, nowMs)
    return requests.map(request => answers.get(request) ?? repeated(request, known))
  })
}

function repeated({ idempotency }: GroupRequest, known: ReadonlyMap<string, Known>): GroupAnswer {
  const entry = known.get(keyOf(idempotency!))!
  return entry.requestHash === idempotency!.requestHash && entry.answer !== null
    ? entry.answer
    : { kind: 'mismatch' }
}

function keyOf({ clientId, key }: { clientId: number; key: string }): string {
  return `${clientId}|${key}`
}

async function knownKeys(
  transaction: Knex.Transaction,
  requests: readonly GroupRequest[],
): Promise<Map<string, Known>> {
  const wanted = requests.flatMap(({ idempotency }) =>
    idempotency === undefined ? [] : [[idempotency.clientId, idempotency.key] as const],
  )
  if (wanted.length === 0) return new Map()
  const rows = await dialectOf(transaction).query<{
    client_id: number
    key: string
    request_hash: string
    answer: string
  }>(
    transaction,
    `select k.client_id, k.key, k.request_hash, k.answer
       from ${dialectOf(transaction).bulkRows('v', { client_id: 'bigint', idempotency_key: 'text' })}
       join idempotency_keys k on k.client_id = v.client_id and k.key = v.idempotency_key`,
    [bulkBinding(wanted)],
  )
  return new Map(
    rows.map(row => [
      keyOf({ clientId: row.client_id, key: row.key }),
      {
        requestHash: row.request_hash,
        answer: { kind: 'replayed', results: JSON.parse(row.answer) as EnqueueResult[] },
      },
    ]),
  )
}

async function storeKeys(
  transaction: Knex.Transaction,
  fresh: readonly GroupRequest[],
  answers: ReadonlyMap<GroupRequest, GroupAnswer>,
  nowMs: number,
): Promise<void> {
  const rows = fresh.flatMap(request => {
    const answer = answers.get(request)
    return request.idempotency === undefined || answer?.kind !== 'accepted'
      ? []
      : [
          [
            request.idempotency.clientId,
            request.idempotency.key,
            request.idempotency.requestHash,
            JSON.stringify(answer.results),
            nowMs,
          ],
        ]
  })
  if (rows.length === 0) return
  await dialectOf(transaction).insertRows(transaction, {
    table: 'idempotency_keys',
    columns: { client_id: 'bigint', key: 'text', request_hash: 'text', answer: 'text', created_at: 'bigint' },
    rows,
  })
}
