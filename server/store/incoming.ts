/** Messages from phones, part by part, stored before the operator is answered. */
import type { Knex } from 'knex'
import type { IncomingPart } from '../../connectors/operator.ts'
import { dialectOf } from './dialect.ts'

export interface ReceivedPart {
  operatorId: number
  part: Omit<IncomingPart, 'receiptToken'>
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
      },
      rows: received.map(({ operatorId, part }) => [
        operatorId,
        part.sender.slice(0, addressLimit),
        part.recipient.slice(0, addressLimit),
        part.encoding,
        part.text.slice(0, textLimit),
        part.reference,
        part.partNumber,
        part.partCount,
        nowMs,
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
    encoding: row.encoding,
    text: row.text,
    reference: row.reference,
    partNumber: row.part_number,
    partCount: row.part_count,
    receivedAtMs: row.received_at,
  }))
}
