/** Write-back: the end of each message told to the customer's own system. The password goes in and never comes out. */
import { z } from 'zod'
import { id, instant, nextBefore, pageLimit, queryId } from './values.ts'

/** After which a message may be told of; `blocked` and `cancelled` messages never left. */
export const toldStates = ['delivered', 'undelivered', 'expired', 'refused', 'blocked', 'cancelled'] as const

/** Off unless it is set. Without `password` the one given before stays, for the same account. */
export const writeBackRequest = z
  .strictObject({
    /** An account of its own that may UPDATE; none for kinds without accounts (SQLite). */
    user: z.string().min(1).max(128).optional(),
    password: z.string().max(1_024).optional(),
    /**
     * One UPDATE with a WHERE. Parameters: the alert's key columns by name, :key, :key1 … :key6, :state, :messageId,
     * :sentAt, :finalAt, :error. It may be run twice for one message.
     */
    sql: z.string().min(1).max(20_000),
    states: z
      .array(z.enum(toldStates))
      .min(1)
      .refine(states => new Set(states).size === states.length, 'each state once')
      .default([...toldStates]),
  })
  .meta({ id: 'WriteBackRequest' })

export const writeBack = z
  .strictObject({
    sourceId: id,
    user: z.string().nullable(),
    hasPassword: z.boolean(),
    sql: z.string(),
    /**
     * A warning: names in `sql` that some alert of the source does not give, or that the first one must when there is
     * none yet. Messages without them fail.
     */
    missingParameters: z.array(z.string()),
    states: z.array(z.string()),
    updatedAt: instant,
    /** What became of its messages; those that are over are kept for 90 days. */
    counts: z.strictObject({
      waiting: z.int(),
      /** Of the waiting: tried in vain at least once. */
      retrying: z.int(),
      done: z.int(),
      /** Ran, and the WHERE found no row. */
      noRow: z.int(),
      /** Given up after three days. */
      failed: z.int(),
    }),
  })
  .meta({ id: 'WriteBack' })

/** Values for the statement's parameters; those of a delivered message stand in for what is not given. */
export const writeBackTestRequest = z.strictObject({
  params: z
    .record(z.string().regex(/^[A-Za-z_]\w{0,127}$/), z.union([z.string().max(1_000), z.number(), z.null()]))
    .optional(),
})

/** The update was run and rolled back. */
export const writeBackTest = z.strictObject({
  /** Rows that would have been changed. */
  rowsChanged: z.int(),
})

export const writtenStates = ['waiting', 'done', 'no-row', 'failed'] as const

export const writeBackQuery = z.strictObject({
  state: z.enum(writtenStates).optional(),
  sourceId: queryId.optional(),
  before: queryId.optional(),
  limit: pageLimit,
})

export const writeBackPage = z.strictObject({
  writeBacks: z.array(
    z.strictObject({
      messageId: id,
      sourceId: id,
      alertId: id.nullable(),
      entityKey: z.string(),
      messageState: z.string(),
      state: z.enum(writtenStates),
      attempts: z.int(),
      queuedAt: instant,
      /** Next try; null when it is over. */
      dueAt: instant.nullable(),
      finishedAt: instant.nullable(),
      rowsChanged: z.int().nullable(),
      error: z.string(),
    }),
  ),
  nextBefore,
})

/** Those named, or all that a source has failing or given up. */
export const writeBackRetryRequest = z.union([
  z.strictObject({ messageIds: z.array(id).min(1).max(500) }),
  z.strictObject({ sourceId: id }),
])

export const writeBackRetry = z.strictObject({ retried: z.int() })
