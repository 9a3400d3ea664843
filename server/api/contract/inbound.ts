/** Rules for incoming messages, lists that phones put themselves on, and what waits to be fetched. */
import { z } from 'zod'
import { senderPattern } from '../../../templates/text/sender.ts'
import { id, instant, name, pageLimit, queryId } from './values.ts'

/** As the operator writes it in what it delivers: a short code, a long number or a name. */
export const shortCode = z.string().regex(senderPattern, 'a short code, a number or a name')

const language = z.enum(['fr', 'en'])

/** A stored template, or a text of the rule's own. Values: phone, shortCode, text, keyword, rest, service. */
const replyText = z.union([
  z.strictObject({ templateId: id }),
  z.strictObject({ language, source: z.string().min(1).max(4_000) }),
])

/** A brand, `*` for all, or `last`: that of the last message written to the phone. */
const stoppedService = z.string().min(1).max(40)
/** An address, a name, or `owner`: whoever wrote to the phone last, within seven days. */
const target = z.string().trim().min(1).max(200)

const inboundAction = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('reply'), text: replyText }),
    z.strictObject({ kind: z.literal('help'), text: replyText }),
    z.strictObject({ kind: z.literal('stop'), service: stoppedService, text: replyText.optional() }),
    z.strictObject({ kind: z.literal('start'), service: stoppedService, text: replyText.optional() }),
    z.strictObject({ kind: z.literal('list'), listId: id, text: replyText.optional() }),
    z.strictObject({ kind: z.literal('mail'), target }),
    z.strictObject({ kind: z.literal('application'), target }),
    z.strictObject({ kind: z.literal('smpp-client'), target }),
  ])
  .meta({ id: 'InboundAction' })

/** Longer ones are sentences, which nobody types twice alike. */
const keyword = z.string().trim().min(1).max(40)

export const inboundRuleRequest = z
  .strictObject({
    name,
    isActive: z.boolean().optional(),
    /** Number that the phone writes to; absent or null: every number. */
    shortCode: shortCode.nullable().optional(),
    /** Compared without case, accents and punctuation; none: the default rule of the number. */
    keywords: z.array(keyword).max(50),
    /** `whole`: the keyword alone; `first-word`: the text begins with it. Absent: `whole` for stop and start. */
    match: z.enum(['whole', 'first-word']).optional(),
    /** At most one of them answers the phone. */
    actions: z.array(inboundAction).min(1).max(5),
  })
  .meta({ id: 'InboundRuleRequest' })

export type InboundRuleRequest = z.output<typeof inboundRuleRequest>

export const inboundRule = z
  .strictObject({
    ruleId: id,
    name,
    isActive: z.boolean(),
    shortCode: z.string().nullable(),
    keywords: z.array(z.string()),
    match: z.enum(['whole', 'first-word']),
    actions: z.array(inboundAction),
    /** null while it is as the product brought it. */
    updatedAt: instant.nullable(),
  })
  .meta({ id: 'InboundRule' })

export const inboundRuleList = z.strictObject({ rules: z.array(inboundRule) })

export const inboundTryRequest = z.strictObject({
  shortCode,
  /** As long as ten parts. */
  text: z.string().max(1_600),
  /** The phone that would write; absent: one that nobody knows. */
  phone: z.string().min(1).max(40).optional(),
})

export const inboundTryAnswer = z.strictObject({
  /** null when no rule would match. */
  rule: z.strictObject({ ruleId: id, name: z.string() }).nullable(),
  keyword: z.string(),
  /** What would be done, in order. */
  steps: z.array(
    z.strictObject({
      kind: z.string(),
      target: z.string(),
      /** `done`, `waiting`, `skipped` or `failed`. */
      state: z.string(),
      detail: z.string(),
    }),
  ),
  /** What the phone would be told; null when nothing. */
  reply: z
    .strictObject({
      text: z.string(),
      encoding: z.enum(['gsm7', 'ucs2']),
      parts: z.int(),
      sender: z.string().nullable(),
    })
    .nullable(),
})

export const fetchedKind = z.enum(['mail', 'application', 'smpp-client'])

export const waitingQuery = z.strictObject({
  kind: fetchedKind.optional(),
  /** Last one of the page before. */
  after: queryId.optional(),
  limit: pageLimit,
})

export const inboundList = z
  .strictObject({ listId: id, name, numbers: z.int(), createdAt: instant })
  .meta({ id: 'InboundList' })
export const inboundListRequest = z.strictObject({ name })
export const inboundLists = z.strictObject({ lists: z.array(inboundList) })

export const listedQuery = z.strictObject({
  /** Last number of the page before. */
  after: z
    .string()
    .regex(/^\d{1,20}$/, 'digits')
    .optional(),
  limit: pageLimit,
})
export const listedPage = z.strictObject({
  numbers: z.array(z.strictObject({ phone: z.string(), incomingId: id.nullable(), addedAt: instant })),
  nextAfter: z.string().nullable(),
})
export const listedKey = z.strictObject({ phone: z.string().min(1).max(40) })
