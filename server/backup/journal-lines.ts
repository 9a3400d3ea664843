/**
 * The lines of the sent journal: what a restored database cannot know. One line of JSON per committed batch, so that
 * a line torn by a power cut loses one batch and nothing after it.
 */
import { z } from 'zod'

/** A message that was accepted, with what is needed to recognise it after its row is gone. */
export interface JournalMessage {
  messageId: number
  /** E.164 digits without `+`. */
  recipient: string
  /** null for a message that no alert asked for. */
  alertId: number | null
  entityKey: string | null
  occurrenceKey: string | null
  clientReference: string | null
}

/** A part that the operator took. */
export interface JournalAcceptance {
  messageId: number
  partNumber: number
  submittedParts: number
  operatorId: number
  remoteKey: string
}

export type JournalLine =
  /** Stored: nothing has left yet. */
  | { kind: 'enqueued'; atMs: number; messages: JournalMessage[] }
  /** Taken for submission: may leave from now on. */
  | { kind: 'claimed'; atMs: number; messageIds: number[] }
  /** Answered by the operator; `returned` are back in the queue, `refused` will not leave. */
  | {
      kind: 'settled'
      atMs: number
      accepted: JournalAcceptance[]
      returned: number[]
      refused: { messageId: number; reason: string }[]
    }

/** Rows of one line: keeps a line within some 200 KiB, whatever the batch. */
const rowsPerLine = 1_000

const id = z.int().nonnegative()
const text = z.string().max(400)
/** Tuples, not objects: names repeated in every row would double the file. */
const lineSchema = z.union([
  z.strictObject({
    at: id,
    e: z.array(z.tuple([id, text, id.nullable(), text.nullable(), text.nullable(), text.nullable()])),
  }),
  z.strictObject({ at: id, c: z.array(id) }),
  z.strictObject({
    at: id,
    a: z.array(z.tuple([id, id, id, id, text])),
    b: z.array(id),
    r: z.array(z.tuple([id, text])),
  }),
])

export function enqueuedLines(atMs: number, messages: readonly JournalMessage[]): string {
  return slices(messages)
    .map(slice => {
      const rows = slice.map(
        ({ messageId, recipient, alertId, entityKey, occurrenceKey, clientReference }) =>
          `[${messageId},"${recipient}",${alertId ?? 'null'},${json(entityKey)},${json(occurrenceKey)},${json(clientReference)}]`,
      )
      return `{"at":${atMs},"e":[${rows.join()}]}\n`
    })
    .join('')
}

export function claimedLines(atMs: number, messageIds: readonly number[]): string {
  return slices(messageIds)
    .map(slice => `{"at":${atMs},"c":[${slice.join()}]}\n`)
    .join('')
}

export function settledLine({ atMs, accepted, returned, refused }: Omit<SettledLine, 'kind'>): string {
  const taken = accepted.map(
    ({ messageId, partNumber, submittedParts, operatorId, remoteKey }) =>
      `[${messageId},${partNumber},${submittedParts},${operatorId},${json(remoteKey)}]`,
  )
  const lost = refused.map(({ messageId, reason }) => `[${messageId},${json(reason)}]`)
  return `{"at":${atMs},"a":[${taken.join()}],"b":[${returned.join()}],"r":[${lost.join()}]}\n`
}

type SettledLine = Extract<JournalLine, { kind: 'settled' }>

/** null for a line that is torn or is none of ours. */
export function parseLine(line: string): JournalLine | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  const parsed = lineSchema.safeParse(value)
  if (!parsed.success) return null
  const { data } = parsed
  if ('c' in data) return { kind: 'claimed', atMs: data.at, messageIds: data.c }
  if ('e' in data) {
    return {
      kind: 'enqueued',
      atMs: data.at,
      messages: data.e.map(([messageId, recipient, alertId, entityKey, occurrenceKey, clientReference]) => ({
        messageId,
        recipient,
        alertId,
        entityKey,
        occurrenceKey,
        clientReference,
      })),
    }
  }
  return {
    kind: 'settled',
    atMs: data.at,
    accepted: data.a.map(([messageId, partNumber, submittedParts, operatorId, remoteKey]) => ({
      messageId,
      partNumber,
      submittedParts,
      operatorId,
      remoteKey,
    })),
    returned: data.b,
    refused: data.r.map(([messageId, reason]) => ({ messageId, reason })),
  }
}

function json(value: string | null): string {
  return value === null ? 'null' : JSON.stringify(value)
}

function slices<Row>(rows: readonly Row[]): (readonly Row[])[] {
  if (rows.length <= rowsPerLine) return rows.length === 0 ? [] : [rows]
  return Array.from({ length: Math.ceil(rows.length / rowsPerLine) }, (_, index) =>
    rows.slice(index * rowsPerLine, (index + 1) * rowsPerLine),
  )
}
