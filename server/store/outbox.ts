/** Claiming: the state `sending` is committed before any byte leaves. */
import type { Knex } from 'knex'
import type { PartEncoding } from '../../connectors/operator.ts'
import type { Category, Priority, UnknownPolicy } from '../../scheduler/store.ts'
import {
  categoryCodes,
  encodingCodes,
  priorityCodes,
  stateCodes,
  stateLiteral,
  unknownPolicyCodes,
} from './codes.ts'
import { count, type StateEntered } from './counters.ts'
import { bulkBinding, dialectOf } from './dialect.ts'
import { recordEvents } from './events.ts'
import { blockStopped, hasStops } from './stopped-claims.ts'
import { inTransaction } from './transaction.ts'

/** A message taken for submission. */
export interface ClaimedMessage {
  messageId: number
  recipient: string
  sender: string | null
  text: string
  encoding: PartEncoding
  partCount: number
  /** Concatenation reference, 0..255; 0 for a single part. */
  reference: number
  /** Part numbers that an earlier attempt got accepted. */
  acceptedParts: number[]
  isFlash: boolean
  category: Category
  /** Whom the outbox is fair between: a run, or below zero an API client. */
  job: number
  priority: Priority
  attempts: number
  /** Of the first refusal that was tried again; null when there was none. */
  retryingSinceMs: number | null
  createdAtMs: number
  expiresAtMs: number
  unknownPolicy: UnknownPolicy
}

export interface ClaimRequest {
  operatorId: number
  /** Messages at most. */
  limit: number
  nowMs: number
  /** Changes from claim to claim; every fifth puts bulk or normal first, so that a claim of one starves nobody. */
  turn: number
}

interface ClaimedRow {
  id: number
  recipient: string
  sender: string | null
  text: string
  encoding: number
  part_count: number
  reference: number
  is_flash: number
  category: number
  attempts: number
  created_at: number
  due_at: number
  expires_at: number
  unknown_policy: number
  alert_id: number | null
  service: string | null
  has_stops: boolean | number
  job: number
  priority: number
  retrying_since: number | null
}

const jobsPerClaim = 50
const expressWaitsEvery = 5
/** Claims in one call of which nothing may leave; the next tick goes on. */
const closingRounds = 5

/**
 * Takes what is due for one operator: express before normal before bulk, of which each gets a share, and within
 * one priority an equal part of every job (run or client). What expired while waiting, or whose phone wrote STOP
 * meanwhile, is closed on the way. Within one job and priority the messages to one phone leave in their order: while one is tried again, later ones wait.
 */
export async function claim(knex: Knex, request: ClaimRequest): Promise<ClaimedMessage[]> {
  // None claimed means none due to the caller: what was closed alone must not look like it.
  for (let round = 1; ; round += 1) {
    const { found, messages } = await claimOnce(knex, request)
    if (messages.length > 0 || found === 0 || round === closingRounds) return messages
  }
}

async function claimOnce(
  knex: Knex,
  request: ClaimRequest,
): Promise<{ found: number; messages: ClaimedMessage[] }> {
  return inTransaction(knex, async transaction => {
    const rows: ClaimedRow[] = []
    const exhausted = new Set<Priority>()
    const hasRetries = await hasRetriesWaiting(transaction, request)
    for (const { priority, share } of shares(request.limit, request.turn)) {
      const room = Math.min(share, request.limit - rows.length)
      if (room <= 0 || exhausted.has(priority)) continue
      const jobs = rotated(await dueJobs(transaction, request, priority), request.turn)
      const taken = await claimPriority(transaction, request, { priority, jobs, room, hasRetries })
      // Nothing more is due: the second pass need not ask again. It must where there were more jobs than a pass has, and
      // where a retry may have been taken, so that what it held back is in the same claim, and known to wait for it.
      if (taken.length < room && jobs.length < jobsPerClaim && !hasRetries) exhausted.add(priority)
      rows.push(...taken)
    }
    const expired = rows.filter(row => row.expires_at <= request.nowMs)
    if (expired.length > 0) await expire(transaction, request, expired)
    const valid = rows.filter(row => row.expires_at > request.nowMs)
    const stopped = await blockStopped(transaction, valid, request.nowMs)
    const live = stopped.size === 0 ? valid : valid.filter(row => !stopped.has(row.id))
    const accepted = await acceptedParts(transaction, live)
    return { found: rows.length, messages: live.map(row => claimed(row, accepted.get(row.id) ?? [])) }
  })
}

/** Passes over the priorities: first shares of 80 % of what is left, then whatever room remains. */
export function shares(limit: number, turn: number): { priority: Priority; share: number }[] {
  const order = orderOf(turn)
  const passes: { priority: Priority; share: number }[] = []
  let left = limit
  for (const priority of order.slice(0, 2)) {
    const share = Math.ceil(left * 0.8)
    passes.push({ priority, share })
    left -= share
  }
  passes.push({ priority: order[2]!, share: limit })
  return [...passes, ...order.slice(0, 2).map(priority => ({ priority, share: limit }))]
}

function orderOf(turn: number): readonly Priority[] {
  if (turn % expressWaitsEvery !== expressWaitsEvery - 1) return ['express', 'normal', 'bulk']
  return Math.floor(turn / expressWaitsEvery) % 2 === 0
    ? ['bulk', 'normal', 'express']
    : ['normal', 'bulk', 'express']
}

interface PriorityClaim {
  priority: Priority
  /** With due messages, in the order of their turn. */
  jobs: readonly number[]
  room: number
  hasRetries: boolean
}

async function claimPriority(
  transaction: Knex.Transaction,
  request: ClaimRequest,
  { priority, jobs, room, hasRetries }: PriorityClaim,
): Promise<ClaimedRow[]> {
  const rows: ClaimedRow[] = []
  // Two rounds: an equal share for each job, then the room that short jobs left.
  for (const quota of [Math.ceil(room / Math.max(jobs.length, 1)), room]) {
    for (const job of jobs) {
      const limit = Math.min(quota, room - rows.length)
      if (limit <= 0) return rows
      rows.push(...(await claimJob(transaction, request, { priority, job, limit, hasRetries })))
    }
    if (jobs.length < 2) break
  }
  return rows
}

/**
 * Jobs with due messages: two index steps per job that waits, however long the queue. A job whose messages are all
 * for later must not take the place of one that is due.
 */
async function dueJobs(
  transaction: Knex.Transaction,
  { operatorId, nowMs }: ClaimRequest,
  priority: Priority,
): Promise<number[]> {
  const queue = `from messages where state = ${stateLiteral('queued')} and operator_id = ? and priority = ?`
  const code = priorityCodes.codeOf(priority)
  const rows = await dialectOf(transaction).query<{ job: number }>(
    transaction,
    `with recursive jobs(job) as (
       select min(job) ${queue}
       union all
       select (select min(job) ${queue} and job > jobs.job) from jobs where jobs.job is not null
     ) select job from jobs where job is not null
       and exists (select 1 ${queue} and job = jobs.job and due_at <= ?)`,
    [operatorId, code, operatorId, code, operatorId, code, nowMs],
  )
  return rows.map(row => row.job)
}

/** Starts elsewhere at every turn, so that with more jobs than room each comes first in its time. */
function rotated(jobs: readonly number[], turn: number): number[] {
  // Multiples of the golden ratio fall evenly, whatever turns this priority gets.
  const start = Math.floor(((turn * 0.618_033_988_749_895) % 1) * jobs.length)
  return [...jobs.slice(start), ...jobs.slice(0, start)].slice(0, jobsPerClaim)
}

interface JobClaim {
  priority: Priority
  job: number
  limit: number
  hasRetries: boolean
}

/**
 * What waits behind an earlier message to the same phone that is being tried again: of the same job and priority, as
 * the queue keeps no order between others. One step in the index of retries per message looked at, and none while
 * nothing is being tried again.
 */
const heldBack = `
       and not exists (select 1 from messages r where r.state = ${stateLiteral('queued')} and r.retrying_since is not null
         and r.operator_id = messages.operator_id and r.recipient = messages.recipient and r.id < messages.id
         and r.job = messages.job and r.priority = messages.priority)`

async function hasRetriesWaiting(
  transaction: Knex.Transaction,
  { operatorId }: ClaimRequest,
): Promise<boolean> {
  const rows = await dialectOf(transaction).query(
    transaction,
    `select 1 as one from messages
     where state = ${stateLiteral('queued')} and retrying_since is not null and operator_id = ? limit 1`,
    [operatorId],
  )
  return rows.length > 0
}

async function claimJob(
  transaction: Knex.Transaction,
  { operatorId, nowMs }: ClaimRequest,
  { priority, job, limit, hasRetries }: JobClaim,
): Promise<ClaimedRow[]> {
  const rows = await dialectOf(transaction).query<ClaimedRow>(
    transaction,
    `update messages set state = ${stateLiteral('sending')}, sending_at = ?, attempts = attempts + 1
     where id in (
       select id from messages where state = ${stateLiteral('queued')} and operator_id = ? and priority = ? and job = ?
       and due_at <= ?${hasRetries ? heldBack : ''} order by due_at, id limit ?${dialectOf(transaction).skipLocked})
     returning id, recipient, sender, text, encoding, part_count, reference, is_flash, category, attempts, created_at, due_at, expires_at,
       unknown_policy, alert_id, service, job, priority, retrying_since, ${hasStops} as has_stops`,
    [nowMs, operatorId, priorityCodes.codeOf(priority), job, nowMs, limit],
  )
  return rows.sort((a, b) => a.due_at - b.due_at || a.id - b.id)
}

async function expire(
  transaction: Knex.Transaction,
  { operatorId, nowMs }: ClaimRequest,
  rows: readonly ClaimedRow[],
): Promise<void> {
  await dialectOf(transaction).query(
    transaction,
    `update messages set state = ?, final_at = ?, reason = 'validity-over'
     from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })} where messages.id = v.id`,
    [stateCodes.codeOf('expired'), nowMs, bulkBinding(rows.map(row => [row.id]))],
  )
  const entered: StateEntered[] = rows.map(row => ({
    messageId: row.id,
    state: 'expired',
    operatorId,
    alertId: row.alert_id,
    parts: row.part_count,
  }))
  await count(transaction, nowMs, entered)
}

async function acceptedParts(
  transaction: Knex.Transaction,
  rows: readonly ClaimedRow[],
): Promise<Map<number, number[]>> {
  // The number of attempts tells nothing here: a link that went down gives its attempt back.
  const long = rows.filter(row => row.part_count > 1)
  const accepted = new Map<number, number[]>()
  if (long.length === 0) return accepted
  // cross join: SQLite keeps its order, and so looks up the parts of each message by key.
  const parts = await dialectOf(transaction).query<{ id: number; message_id: number }>(
    transaction,
    `select p.id, v.id as message_id from ${dialectOf(transaction).bulkRows('v', { id: 'bigint' })}
       cross join message_parts p where p.id > v.id * 256 and p.id < v.id * 256 + 256`,
    [bulkBinding(long.map(row => [row.id]))],
  )
  for (const { id, message_id: messageId } of parts.sort((a, b) => a.id - b.id)) {
    const numbers = accepted.get(messageId) ?? []
    numbers.push(id % 256)
    accepted.set(messageId, numbers)
  }
  return accepted
}

function claimed(row: ClaimedRow, accepted: number[]): ClaimedMessage {
  return {
    messageId: row.id,
    recipient: row.recipient,
    sender: row.sender,
    text: row.text,
    encoding: encodingCodes.wordOf(row.encoding),
    partCount: row.part_count,
    reference: row.reference,
    acceptedParts: accepted,
    isFlash: row.is_flash === 1,
    category: categoryCodes.wordOf(row.category),
    job: row.job,
    priority: priorityCodes.wordOf(row.priority),
    attempts: row.attempts,
    retryingSinceMs: row.retrying_since,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    unknownPolicy: unknownPolicyCodes.wordOf(row.unknown_policy),
  }
}

/** A queued message, as far as its way depends on it. */
export interface WaitingMessage {
  messageId: number
  recipient: string
  sender: string | null
  category: Category
  dueAtMs: number
}

/**
 * Messages queued for an operator, in the order of their ids: what could go another way. Not those of which a part
 * was accepted already: the phone joins parts of one operator only.
 *
 * @param afterId last one of the page before; 0 for the first
 */
export async function waiting(
  knex: Knex,
  { operatorId, afterId, limit }: { operatorId: number; afterId: number; limit: number },
): Promise<WaitingMessage[]> {
  const rows = await knex('messages')
    .whereRaw(`state = ${stateLiteral('queued')} and operator_id = ? and id > ?`, [operatorId, afterId])
    .whereRaw(
      `(part_count = 1 or not exists
        (select 1 from message_parts p where p.id > messages.id * 256 and p.id < messages.id * 256 + 256))`,
    )
    .orderBy('id')
    .select('id', 'recipient', 'sender', 'category', 'due_at')
    .limit(limit)
  return rows.map(row => ({
    messageId: row.id,
    recipient: row.recipient,
    sender: row.sender,
    category: categoryCodes.wordOf(row.category),
    dueAtMs: row.due_at,
  }))
}

/** Gives queued messages to other operators. Returns how many moved; those that left meanwhile did not. */
export async function reroute(
  knex: Knex,
  {
    moves,
    nowMs,
    reason,
  }: { moves: readonly { messageId: number; operatorId: number }[]; nowMs: number; reason: string },
): Promise<number> {
  return inTransaction(knex, async transaction => {
    const moved = await dialectOf(transaction).query<{ id: number }>(
      transaction,
      `update messages set operator_id = v.operator_id
         from ${dialectOf(transaction).bulkRows('v', { id: 'bigint', operator_id: 'bigint' })}
         where messages.id = v.id and messages.state = ${stateLiteral('queued')} returning messages.id`,
      [bulkBinding(moves.map(({ messageId, operatorId }) => [messageId, operatorId]))],
    )
    await recordEvents(
      transaction,
      moved.map(({ id }) => ({ messageId: id, atMs: nowMs, event: 'reroute', detail: reason })),
    )
    return moved.length
  })
}
