/** Messages from phones, what was done for each and why. */
import { z } from 'zod'
import { fetchedKind, shortCode } from './inbound.ts'
import { givenInstant, id, instant, nextBefore, pageLimit, queryId } from './values.ts'

/** The words of the store's inbound-handling.ts. */
const incomingState = z.enum(['assembling', 'received', 'handled', 'waiting', 'failed'])
const actionState = z.enum(['done', 'waiting', 'skipped', 'failed'])
const actionKind = z.enum(['reply', 'help', 'stop', 'start', 'list', ...fetchedKind.options])

export const incomingMessage = z
  .strictObject({
    incomingId: id,
    operatorId: id,
    /** As the operator wrote it. */
    sender: z.string(),
    /** E.164 digits without `+` when the sender is a phone. */
    phone: z.string(),
    shortCode: z.string(),
    encoding: z.enum(['gsm7', 'ucs2', 'binary']),
    /** null while parts are awaited; `[...]` where some never came; hexadecimal when binary. */
    text: z.string().nullable(),
    partCount: z.int(),
    missingParts: z.array(z.int()),
    state: incomingState,
    /** Why nothing was done, or what failed. */
    detail: z.string(),
    ruleId: id.nullable(),
    /** As the rule spells it. */
    keyword: z.string(),
    /** What a STOP or START was about. */
    service: z.string().nullable(),
    /** Who wrote to this phone last, within seven days, and by which message. */
    owner: z.strictObject({ apiKeyId: id.nullable(), alertId: id.nullable(), messageId: id }).nullable(),
    receivedAt: instant,
    handledAt: instant.nullable(),
  })
  .meta({ id: 'IncomingMessage' })

export const incomingAction = z
  .strictObject({
    actionId: id,
    kind: actionKind,
    target: z.string(),
    state: actionState,
    detail: z.string(),
    /** The reply. */
    messageId: id.nullable(),
    createdAt: instant,
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'IncomingAction' })

export const incomingWithParts = z.strictObject({
  ...incomingMessage.shape,
  parts: z.array(
    z.strictObject({
      partNumber: z.int(),
      text: z.string(),
      /** The operator delivered it again. */
      isDuplicate: z.boolean(),
      receivedAt: instant,
      /** By the operator's clock, where it tells. */
      sentAt: instant.nullable(),
    }),
  ),
  actions: z.array(incomingAction),
})

export const incomingSearch = z.strictObject({
  /** A whole number, or its last digits. */
  phone: z
    .string()
    .regex(/^\+?\d{4,20}$/, '4 to 20 digits')
    .optional(),
  shortCode: shortCode.optional(),
  state: incomingState.optional(),
  receivedFrom: givenInstant.optional(),
  before: queryId.optional(),
  limit: pageLimit,
})

export const incomingPage = z.strictObject({ messages: z.array(incomingMessage), nextBefore })

export const waitingPage = z.strictObject({
  actions: z.array(z.strictObject({ action: incomingAction, message: incomingMessage })),
  /** Id to give as `after` for the next page; null on the last one. */
  nextAfter: id.nullable(),
})
