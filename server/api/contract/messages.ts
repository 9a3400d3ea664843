/** Messages: sent by a caller, looked up, cancelled, released. */
import { z } from 'zod'
import { errorDetail } from './error.ts'
import { givenInstant, id, instant, nextBefore, pageLimit, queryId, sender } from './values.ts'

/** The words of the gateway's message-state.ts; a test keeps them equal. */
export const messageStates = [
  'held',
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'expired',
  'refused',
  'unknown',
  'blocked',
  'cancelled',
] as const
export const messageState = z.enum(messageStates)

export const category = z.enum(['transactional', 'reminder', 'marketing'])
const priority = z.enum(['bulk', 'normal', 'express'])
const partEncoding = z.enum(['gsm7', 'ucs2'])

/** Ten parts of 153 septets: more than an SMS should ever be. */
const longestText = 1_600
/** One page of a bulk sender; the group commit writes it in one transaction. */
const mostMessages = 1_000
/** A value of a template: longer than any text that may leave is a mistake. */
const templateValue = z.union([z.string().max(longestText), z.number(), z.boolean(), z.null()])

/** Values by the names that the template uses. */
export const templateValues = z
  .record(z.string().min(1).max(128), templateValue)
  .refine(values => Object.keys(values).length <= 200, 'at most 200 values')

export const messageRequest = z
  .strictObject({
    /** One mobile number, international or as written in the configured country. */
    to: z.string().min(1).max(40),
    text: z.string().min(1).max(longestText).optional(),
    templateId: id.optional(),
    values: templateValues.optional(),
    /** Short code, number or name; absent takes the operator's own. */
    sender: sender.optional(),
    /** Decides sending hours, stop list and frequency cap. A transactional message leaves at any hour. */
    category: category.optional(),
    priority: priority.optional(),
    /** Brand or service in whose name it is written: the stop list goes by it. */
    service: z.string().min(1).max(40).optional(),
    /** Hours during which it keeps trying to leave and to be delivered; 48 when absent. */
    validityHours: z.int().min(1).max(168).optional(),
    /** Not before this time, at most a year ahead. */
    sendAt: givenInstant.optional(),
    encoding: z.enum(['smart', 'simple', 'ucs2', 'reject']).optional(),
    /** The text is refused when it costs more; 10 when absent. */
    maxParts: z.int().min(1).max(10).optional(),
    /** Shown at once and not stored by the phone. */
    flash: z.boolean().optional(),
    /** The caller's own reference, given back and searchable. */
    reference: z.string().min(1).max(64).optional(),
    /** What to do when it left but was never answered; absent takes the operator's policy. */
    unknownPolicy: z.enum(['resend', 'hold']).optional(),
  })
  .meta({ id: 'MessageRequest' })

export type MessageRequest = z.output<typeof messageRequest>

export const acceptedMessage = z
  .strictObject({
    messageId: id,
    /** `queued`; `held` or `blocked` with a reason. */
    state: messageState,
    reason: z.string(),
    /** E.164 digits without `+`. */
    recipient: z.string(),
    parts: z.int(),
    encoding: partEncoding,
    dueAt: instant,
    expiresAt: instant,
  })
  .meta({ id: 'AcceptedMessage' })

export type AcceptedMessage = z.output<typeof acceptedMessage>

/** Items are checked one by one, so that one bad item does not lose the others. */
export const batchRequest = z.strictObject({ messages: z.array(z.unknown()).min(1).max(mostMessages) })
/** What an item must look like, for the reader of the documentation. */
export const documentedBatchRequest = z.strictObject({
  messages: z.array(messageRequest).min(1).max(mostMessages),
})

const batchResult = z.discriminatedUnion('outcome', [
  z.strictObject({
    index: z.int(),
    outcome: z.literal('accepted'),
    messageId: id,
    state: messageState,
    reason: z.string(),
    parts: z.int(),
    encoding: partEncoding,
  }),
  z.strictObject({ index: z.int(), outcome: z.literal('refused'), error: errorDetail }),
])
export type BatchResult = z.output<typeof batchResult>
export const batchAnswer = z.strictObject({
  accepted: z.int(),
  refused: z.int(),
  /** One per message, in order. */
  results: z.array(batchResult),
})

export const message = z
  .strictObject({
    messageId: id,
    alertId: id.nullable(),
    runId: id.nullable(),
    apiKeyId: id.nullable(),
    reference: z.string().nullable(),
    entityKey: z.string().nullable(),
    recipient: z.string(),
    sender: z.string().nullable(),
    text: z.string(),
    encoding: partEncoding,
    parts: z.int(),
    category,
    priority,
    state: messageState,
    reason: z.string(),
    operatorId: id.nullable(),
    attempts: z.int(),
    dueAt: instant,
    expiresAt: instant,
    createdAt: instant,
    sendingAt: instant.nullable(),
    sentAt: instant.nullable(),
    finalAt: instant.nullable(),
  })
  .meta({ id: 'Message' })

export type Message = z.output<typeof message>

export const messageWithParts = z.strictObject({
  ...message.shape,
  /** Parts that an operator has taken. */
  submittedParts: z.array(
    z.strictObject({
      partNumber: z.int(),
      operatorId: id,
      /** The operator's message id, as compared. */
      remoteId: z.string(),
      state: messageState,
      detail: z.string(),
      finalAt: instant.nullable(),
    }),
  ),
})

export const messageTimeline = z.strictObject({
  messageId: id,
  entries: z.array(z.strictObject({ at: instant, event: z.string(), detail: z.string() })),
})

export const messageSearch = z.strictObject({
  /** A whole international number, or its last digits, at least four. */
  recipient: z
    .string()
    .max(20)
    .regex(/^\+?\d{4,15}$/, '4 to 15 digits')
    .optional(),
  state: messageState.optional(),
  alertId: queryId.optional(),
  runId: queryId.optional(),
  apiKeyId: queryId.optional(),
  operatorId: queryId.optional(),
  reference: z.string().min(1).max(64).optional(),
  entityKey: z.string().min(1).max(200).optional(),
  createdFrom: givenInstant.optional(),
  createdTo: givenInstant.optional(),
  before: queryId.optional(),
  limit: pageLimit,
})

export const messagePage = z.strictObject({ messages: z.array(message), nextBefore })

export const messageIds = z.strictObject({ messageIds: z.array(id).min(1).max(mostMessages) })
export const cancelAnswer = z.strictObject({
  cancelled: z.array(id),
  /** Gone too far, or unknown. */
  unchanged: z.array(id),
})
export const releaseAnswer = z.strictObject({ released: z.array(id), unchanged: z.array(id) })
