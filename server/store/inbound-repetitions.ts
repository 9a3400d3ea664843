/**
 * Whether a short message is one that the operator delivers a second time. Phones repeat themselves too (STOP, START,
 * STOP), and the network tells no number of a message: to drop a wish is worse than to do a thing twice.
 */
import type { Knex } from 'knex'
import { matchRule } from '../gateway/inbound/match.ts'
import { dialectOf } from './dialect.ts'
import { listInboundRules } from './inbound-rules.ts'
import { readStoredText } from './incoming.ts'

/** What a repetition is known by. */
export interface ShortPart {
  id: number
  sender: string
  recipient: string
  encoding: string
  text: string
  received_at: number
  sent_at: number | null
  digest: string | null
  unanswered_since: number | null
  lost_at: number | null
}

/** A part that is no repetition itself. */
export interface EarlierPart extends Pick<ShortPart, 'id' | 'sender' | 'received_at' | 'sent_at' | 'digest'> {
  incoming_id: number
}

/**
 * An operator repeats what it has no answer to when its response timer ends (60 s at most, SMPP 3.4 section 7.2) or
 * when the link comes back; a person who answers the same again minutes later means it.
 */
export const repetitionMs = 90_000
/** Equal texts with the operator's time: the same time is the same message, however late it is repeated. */
const sameTimeMs = 24 * 3_600_000
/** Equal parts that are looked at. */
const mostEqual = 5

/**
 * The part that this one repeats: the phone's latest, when its answer may not have reached the operator, or any that
 * bears the operator's own time of this one and is older than what the phone wrote since. STOP and START are
 * repetitions in the second case alone, where to do them again would undo a later wish.
 *
 * @param inBatch parts of this transaction that are no repetitions, newest first
 */
export async function repeatedBy(
  transaction: Knex.Transaction,
  part: ShortPart,
  inBatch: readonly EarlierPart[],
): Promise<EarlierPart | null> {
  if (part.digest === null) return null
  const equal = [
    ...inBatch.filter(({ digest }) => digest === part.digest),
    ...(await earlier(transaction, 'digest', part.digest, part.id, mostEqual)),
  ].filter(one => isPossible(part, one))
  if (equal.length === 0) return null
  const latest =
    inBatch.find(({ sender }) => sender === part.sender) ??
    (await earlier(transaction, 'sender', part.sender, part.id, 1))[0]
  const overtaken = equal.find(one => isTimedAlike(part, one) && one.id !== latest?.id)
  if (overtaken !== undefined && (latest?.sent_at ?? 0) > part.sent_at!) return overtaken
  const repeated = equal.find(one => one.id === latest?.id)
  if (repeated === undefined || (await isWish(transaction, part))) return null
  return repeated
}

function isTimedAlike(part: ShortPart, one: EarlierPart): boolean {
  return part.sent_at !== null && part.sent_at === one.sent_at
}

function isPossible(part: ShortPart, one: EarlierPart): boolean {
  const apartMs = part.received_at - one.received_at
  if (part.sent_at !== null && one.sent_at !== null) return isTimedAlike(part, one) && apartMs < sameTimeMs
  if (apartMs >= repetitionMs) return false
  const { unanswered_since: unansweredSince, lost_at: lostAt } = part
  return (
    (unansweredSince !== null && one.received_at >= unansweredSince) ||
    (lostAt !== null && one.received_at <= lostAt)
  )
}

/** Newest first, none of them a repetition. */
function earlier(
  transaction: Knex.Transaction,
  column: 'digest' | 'sender',
  value: string,
  beforeId: number,
  limit: number,
): Promise<EarlierPart[]> {
  return dialectOf(transaction).query<EarlierPart>(
    transaction,
    `select id, sender, received_at, sent_at, digest, incoming_id from incoming_parts
       where ${column} = ? and is_duplicate = 0 and id < ? and incoming_id is not null order by id desc limit ${limit}`,
    [value, beforeId],
  )
}

/** Whether a rule stops or starts by this text. */
async function isWish(transaction: Knex.Transaction, part: ShortPart): Promise<boolean> {
  if (part.encoding === 'binary') return false
  const match = matchRule(await listInboundRules(transaction), {
    shortCode: part.recipient,
    text: readStoredText(part).text,
    hasBeginning: true,
    isComplete: true,
  })
  return match?.rule.actions.some(({ kind }) => kind === 'stop' || kind === 'start') ?? false
}
