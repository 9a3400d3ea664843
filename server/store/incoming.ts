/** Messages from phones, part by part, stored before the operator is answered. */
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { IncomingPart } from '../../connectors/operator.ts'
import { dialectOf } from './dialect.ts'

/** Which earlier parts the operator may be repeating, as it stood when a part was read. */
export interface Doubt {
  /** Nothing read since then was answered for certain; epoch ms. */
  unansweredSinceMs: number
  /** When a connection of the link was last lost, and with it perhaps answers; epoch ms. */
  lostAtMs: number
}

export interface ReceivedPart {
  operatorId: number
  part: Omit<IncomingPart, 'receiptToken'>
  /** When it was read, which may be long before it can be stored; absent: now. */
  readAtMs?: number
  /** Absent: every earlier part was answered. */
  doubt?: Doubt
}

export interface IncomingRecord extends Omit<IncomingPart, 'receiptToken'> {
  incomingId: number
  operatorId: number
  receivedAtMs: number
}

/** Longest address a protocol carries is 21 characters (SMPP); the rest is room for odd operators. */
const addressLimit = 40
/** Longest text of one PDU: message_payload of 64 KiB would be an attack, not a part. */
const textLimit = 4_000

/**
 * Half of a character outside the basic plane, which phones do cut between two parts: no database keeps it as text,
 * so that such a part is kept as hexadecimal UTF-16BE until the whole is put together.
 */
const cutEncoding = 'ucs2-cut'

export async function storeIncoming(
  knex: Knex,
  received: readonly ReceivedPart[],
  nowMs: number,
): Promise<void> {
  if (received.length === 0) return
  await knex.transaction(async transaction => {
    await dialectOf(transaction).insertRows(transaction, {
      table: 'incoming_parts',
      columns: {
        operator_id: 'bigint',
        sender: 'text',
        recipient: 'text',
        encoding: 'text',
        text: 'text',
        reference: 'bigint',
        part_number: 'bigint',
        part_count: 'bigint',
        received_at: 'bigint',
        sent_at: 'bigint',
        digest: 'text',
        unanswered_since: 'bigint',
        lost_at: 'bigint',
      },
      rows: received.map(({ operatorId, part, readAtMs, doubt }) => [
        operatorId,
        part.sender.slice(0, addressLimit),
        part.recipient.slice(0, addressLimit),
        ...storedText(part),
        part.reference,
        part.partNumber,
        part.partCount,
        readAtMs ?? nowMs,
        part.sentAtMs ?? null,
        digestOf(operatorId, part),
        doubt?.unansweredSinceMs ?? null,
        doubt?.lostAtMs ?? null,
      ]),
    })
  })
}

/** In the order they came. @param afterId last one of the page before; 0 for the first */
export async function listIncoming(
  knex: Knex,
  { afterId, limit }: { afterId: number; limit: number },
): Promise<IncomingRecord[]> {
  const rows = await knex('incoming_parts').where('id', '>', afterId).orderBy('id').limit(limit)
  return rows.map(row => ({
    incomingId: row.id,
    operatorId: row.operator_id,
    sender: row.sender,
    recipient: row.recipient,
    ...readStoredText(row),
    reference: row.reference,
    partNumber: row.part_number,
    partCount: row.part_count,
    receivedAtMs: row.received_at,
    sentAtMs: row.sent_at,
  }))
}

/** Encoding and text of a part as the phone wrote it; a cut character stands there as half a surrogate pair. */
export function readStoredText({ encoding, text }: { encoding: string; text: string }): {
  encoding: IncomingPart['encoding']
  text: string
} {
  if (encoding !== cutEncoding) return { encoding: encoding as IncomingPart['encoding'], text }
  return { encoding: 'ucs2', text: Buffer.from(text, 'hex').swap16().toString('utf16le') }
}

function storedText({ encoding, text }: ReceivedPart['part']): [encoding: string, text: string] {
  const kept = text.slice(0, textLimit)
  if (kept.isWellFormed()) return [encoding, kept]
  return [cutEncoding, Buffer.from(kept, 'utf16le').swap16().toString('hex')]
}

/** Equal for two deliveries of the same part; 96 bits, so that no two others ever meet. */
function digestOf(operatorId: number, part: ReceivedPart['part']): string {
  const { sender, recipient, encoding, text, reference, partNumber, partCount } = part
  const sameness = [operatorId, sender, recipient, encoding, text, reference, partNumber, partCount]
  return createHash('sha256').update(JSON.stringify(sameness)).digest('base64url').slice(0, 16)
}
