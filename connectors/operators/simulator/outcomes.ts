/**
 * What becomes of an accepted part on its way to the phone: its final state, and how and when the receipt tells it.
 * Decided by the recipient alone (a suffix, or the recipient's seeded share), so that a test or a demo knows the end
 * before it starts.
 */
import { z } from 'zod'
import { delayRangeSchema } from './faults.ts'
import { outcomes } from './outcome-states.ts'
import { shareOf } from './seeded.ts'
import { receiptFormats as smppFormats } from './smpp/receipt-formats.ts'
import { notificationFormats as ucpFormats } from './ucp/notification-formats.ts'

/** Spellings of a receipt in each protocol; `canonical` is in both. */
export const receiptFormats = { smpp: smppFormats, ucp: ucpFormats } as const

export type ReceiptFormat = (typeof receiptFormats)[keyof typeof receiptFormats][number]

const formatSchema = z.enum([...new Set<ReceiptFormat>([...smppFormats, ...ucpFormats])])

/**
 * `early`: written before the answer. `never`: not sent. `twice`: the same receipt again. `stray`: sent
 * together with one for an id that nobody was given.
 */
export const receiptTimings = ['normal', 'early', 'never', 'twice', 'stray'] as const

const outcomeRuleSchema = z.strictObject({
  recipientSuffix: z.string().optional(),
  /** Share of the recipients that reach this rule, 0..1. */
  share: z.number().min(0).max(1).optional(),
  outcome: z.enum(outcomes).default('delivered'),
  /** `err:` of the receipt, over UCP Rsn; absent means the usual one of the outcome. */
  err: z.string().max(10).optional(),
  timing: z.enum(receiptTimings).default('normal'),
  /** Overrides the general format and delay. */
  format: formatSchema.optional(),
  delayMs: delayRangeSchema.optional(),
})

export const receiptOptionsSchema = z.strictObject({
  /** false: what was asked for (registered_delivery, NRq) is ignored. */
  enabled: z.boolean().default(true),
  /** From the acceptance to the receipt. */
  delayMs: delayRangeSchema.prefault([50, 250]),
  format: formatSchema.default('canonical'),
  /** First rule that applies wins; none applies: delivered. */
  rules: z.array(outcomeRuleSchema).max(1_000).default([]),
  /** Also sends an ENROUTE receipt first when intermediates are asked for (bit 4 of registered_delivery, 4 in NT). */
  intermediate: z.boolean().default(false),
  /** Outstanding deliveries per session; UCP cannot number more than a hundred. */
  window: z.int().min(1).max(10_000).default(100),
  /** Wait before a receipt answered with an error, or left unanswered, is delivered again. */
  retryMs: z.int().min(10).max(3_600_000).default(1_000),
  /** Wait for the answer to a delivery; looked at once a second. */
  answerTimeoutMs: z.int().min(1_000).max(3_600_000).default(30_000),
  /** Minutes by which the operator's local time, which receipts carry without a zone, is ahead of UTC. */
  zoneMinutes: z.int().min(-720).max(840).default(0),
})

export type ReceiptSettings = z.output<typeof receiptOptionsSchema>
export type OutcomeRule = z.output<typeof outcomeRuleSchema>

const delivered: OutcomeRule = outcomeRuleSchema.parse({})

/** Independent draws for each rule: without it a second rule would take its share out of the first one's. */
const seedStep = 7_919

/** The rule that decides about this recipient (E.164 digits as submitted). */
export function outcomeFor(recipient: string, rules: readonly OutcomeRule[], seed: number): OutcomeRule {
  for (let index = 0; index < rules.length; index += 1) {
    const rule = rules[index]!
    if (rule.recipientSuffix !== undefined && !recipient.endsWith(rule.recipientSuffix)) continue
    if (rule.share !== undefined && shareOf(recipient, seed + index * seedStep) >= rule.share) continue
    return rule
  }
  return delivered
}
