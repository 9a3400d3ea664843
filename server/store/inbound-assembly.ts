/** Puts the parts that were received together to whole messages. Each call is one transaction; a crash repeats it. */
import type { Knex } from 'knex'
import { bulkBinding, dialectOf, storable } from './dialect.ts'
import { countInbound, type InboundCount } from './inbound-counters.ts'
import { composeText, type PartSet, placePart } from './inbound-parts.ts'
import { type EarlierPart, repeatedBy } from './inbound-repetitions.ts'
import { readStoredText } from './incoming.ts'

export interface AssemblyRequest {
  nowMs: number
  /** Parts looked at in this call. */
  limit: number
}

/**
 * A set waits this long for its parts. Networks deliver the parts of one message within seconds, or after the phone
 * was switched on again; Kannel waits as long.
 */
export const reassemblyTimeoutMs = 30 * 60_000
/** A part this much later than its set still completes the text that is shown. */
const latePartMs = 24 * 3_600_000
/** Sets of one key that are looked at: phones count references, so that two open ones are rare. */
const mostSets = 8

interface PartRow {
  id: number
  operator_id: number
  sender: string
  recipient: string
  encoding: string
  text: string
  reference: number | null
  part_number: number
  part_count: number
  received_at: number
  sent_at: number | null
  digest: string | null
  unanswered_since: number | null
  lost_at: number | null
}

interface WorkSet extends PartSet {
  incomingId: number
  operatorId: number
  partCount: number
  digests: Map<number, string | null>
  texts: Map<number, string>
}

/** @returns how many parts were looked at, and how many messages are whole now */
export function assemble(
  knex: Knex,
  { nowMs, limit }: AssemblyRequest,
): Promise<{ parts: number; whole: number }> {
  return knex.transaction(async transaction => {
    await dialectOf(transaction).lockInbound(transaction)
    const parts: PartRow[] = await transaction('incoming_parts')
      .whereRaw('incoming_id is null')
      .orderBy('id')
      .limit(limit)
    const counts: InboundCount[] = []
    const placed: { partId: number; incomingId: number; isDuplicate: boolean }[] = []
    const before: EarlierPart[] = []
    const sets = new Map<string, WorkSet[]>()
    for (const part of parts) {
      counts.push({ operatorId: part.operator_id, event: 'part' })
      const placement =
        part.reference === null
          ? await placeShort(transaction, part, before)
          : await placeLong(transaction, part, sets)
      placed.push({ partId: part.id, ...placement })
      if (!placement.isDuplicate) before.unshift({ ...part, incoming_id: placement.incomingId })
      if (placement.isDuplicate) counts.push({ operatorId: part.operator_id, event: 'duplicate' })
      if (part.reference === null && !placement.isDuplicate) {
        counts.push({ operatorId: part.operator_id, event: 'whole' })
      }
    }
    await assign(transaction, placed)
    counts.push(...(await writeSets(transaction, [...sets.values()].flat())))
    await countInbound(transaction, nowMs, counts)
    return { parts: parts.length, whole: counts.filter(({ event }) => event === 'whole').length }
  })
}

/** Gives up sets whose parts did not come in time: what is there is a message, its gaps marked. @returns how many */
export function closeOverdue(knex: Knex, { nowMs, limit }: AssemblyRequest): Promise<number> {
  return knex.transaction(async transaction => {
    await dialectOf(transaction).lockInbound(transaction)
    const rows: SetRow[] = await transaction('incoming')
      .whereRaw("state = 'assembling' and received_at <= ?", [nowMs - reassemblyTimeoutMs])
      .orderBy('received_at')
      .limit(limit)
    const counts: InboundCount[] = []
    for (const row of rows) {
      const set = await workSetOf(transaction, row)
      const { text, missing } = composeText(set.texts, set.partCount)
      await transaction('incoming')
        .where({ id: row.id })
        .update({ text: storable(text), missing_parts: JSON.stringify(missing), state: 'received' })
      counts.push({ operatorId: row.operator_id, event: 'incomplete' })
    }
    await countInbound(transaction, nowMs, counts)
    return rows.length
  })
}

interface Placed {
  incomingId: number
  isDuplicate: boolean
}

async function placeShort(
  transaction: Knex.Transaction,
  part: PartRow,
  before: readonly EarlierPart[],
): Promise<Placed> {
  const repeated = await repeatedBy(transaction, part, before)
  if (repeated !== null) return { incomingId: repeated.incoming_id, isDuplicate: true }
  const incomingId = await begin(transaction, part, {
    state: 'received',
    text: readStoredText(part).text,
  })
  return { incomingId, isDuplicate: false }
}

async function placeLong(
  transaction: Knex.Transaction,
  part: PartRow,
  sets: Map<string, WorkSet[]>,
): Promise<Placed> {
  const key = JSON.stringify([part.operator_id, part.sender, part.recipient, part.reference, part.part_count])
  const known = sets.get(key) ?? (await setsLike(transaction, part))
  sets.set(key, known)
  const placement = placePart(
    {
      partNumber: part.part_number,
      digest: part.digest,
      receivedAtMs: part.received_at,
    },
    known,
    { timeoutMs: reassemblyTimeoutMs, lateMs: latePartMs },
  )
  if (placement.kind === 'duplicate') return { incomingId: placement.of.incomingId, isDuplicate: true }
  const set = placement.kind === 'begins' ? await beginSet(transaction, part) : placement.set
  if (placement.kind === 'begins') known.push(set)
  set.digests.set(part.part_number, part.digest)
  set.texts.set(part.part_number, readStoredText(part).text)
  // A full set takes no more; it may still recognise repetitions within this batch.
  if (set.digests.size === set.partCount) set.isOpen = false
  return { incomingId: set.incomingId, isDuplicate: false }
}

async function beginSet(transaction: Knex.Transaction, part: PartRow): Promise<WorkSet> {
  const incomingId = await begin(transaction, part, { state: 'assembling', text: null })
  return {
    incomingId,
    operatorId: part.operator_id,
    partCount: part.part_count,
    isOpen: true,
    receivedAtMs: part.received_at,
    digests: new Map(),
    texts: new Map(),
  }
}

async function begin(
  transaction: Knex.Transaction,
  part: PartRow,
  { state, text }: { state: string; text: string | null },
): Promise<number> {
  const [row]: { id: number }[] = await transaction('incoming')
    .insert({
      operator_id: part.operator_id,
      sender: part.sender,
      phone: part.sender,
      short_code: part.recipient,
      encoding: readStoredText(part).encoding,
      // A cut character was kept in hexadecimal, and whatever else stands there comes back with it.
      text: storable(text),
      reference: part.reference,
      part_count: part.reference === null ? 1 : part.part_count,
      state,
      received_at: part.received_at,
    })
    .returning('id')
  return row!.id
}

interface SetRow {
  id: number
  operator_id: number
  part_count: number
  state: string
  received_at: number
}

async function setsLike(transaction: Knex.Transaction, part: PartRow): Promise<WorkSet[]> {
  const rows = await dialectOf(transaction).query<SetRow>(
    transaction,
    `select id, operator_id, part_count, state, received_at from incoming
       where sender = ? and short_code = ? and reference = ? and reference is not null and operator_id = ?
         and part_count = ? and received_at >= ?
       order by id desc limit ${mostSets}`,
    [
      part.sender,
      part.recipient,
      part.reference,
      part.operator_id,
      part.part_count,
      part.received_at - latePartMs,
    ],
  )
  const sets: WorkSet[] = []
  for (const row of rows.reverse()) sets.push(await workSetOf(transaction, row))
  return sets
}

async function workSetOf(transaction: Knex.Transaction, row: SetRow): Promise<WorkSet> {
  const parts: PartRow[] = await transaction('incoming_parts')
    .whereRaw('incoming_id = ? and incoming_id is not null and is_duplicate = 0', [row.id])
    .orderBy('id')
  return {
    incomingId: row.id,
    operatorId: row.operator_id,
    partCount: row.part_count,
    isOpen: row.state === 'assembling',
    receivedAtMs: row.received_at,
    digests: new Map(parts.map(part => [part.part_number, part.digest])),
    texts: new Map(parts.map(part => [part.part_number, readStoredText(part).text])),
  }
}

/** Every set that was touched: a full one is a message, a late part completes the text of one given up. */
async function writeSets(transaction: Knex.Transaction, sets: readonly WorkSet[]): Promise<InboundCount[]> {
  const counts: InboundCount[] = []
  for (const { incomingId, operatorId, partCount, texts } of sets) {
    const { text, missing } = composeText(texts, partCount)
    if (missing.length === 0) {
      const became = await transaction('incoming')
        .whereRaw("id = ? and state = 'assembling'", [incomingId])
        .update({ text: storable(text), state: 'received' })
      if (became > 0) counts.push({ operatorId, event: 'whole' })
    }
    await transaction('incoming')
      .whereRaw('id = ? and missing_parts is not null', [incomingId])
      .update({ text: storable(text), missing_parts: missing.length === 0 ? null : JSON.stringify(missing) })
  }
  return counts
}

async function assign(
  transaction: Knex.Transaction,
  placed: readonly { partId: number; incomingId: number; isDuplicate: boolean }[],
): Promise<void> {
  if (placed.length === 0) return
  const dialect = dialectOf(transaction)
  const columns = { id: 'bigint', incoming_id: 'bigint', is_duplicate: 'bigint' } as const
  await dialect.query(
    transaction,
    `update incoming_parts set incoming_id = v.incoming_id, is_duplicate = v.is_duplicate
       from ${dialect.bulkRows('v', columns)} where incoming_parts.id = v.id`,
    [
      bulkBinding(
        placed.map(({ partId, incomingId, isDuplicate }) => [partId, incomingId, isDuplicate ? 1 : 0]),
      ),
    ],
  )
}
