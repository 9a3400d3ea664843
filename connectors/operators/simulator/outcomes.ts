/**
 * What becomes of an accepted part on its way to the phone: its final state, and how and when the receipt tells it.
 * Decided by the recipient alone (a suffix, or the recipient's seeded share), so that a test or a demo knows the end
 * before it starts.
 */
import { z } from 'zod'
import { delayRangeSchema } from './faults.ts'
import { receiptFormats } from './receipt-formats.ts'
import { shareOf } from './seeded.ts'

/** `stat:` word and message_state of each outcome. @see SMPP 3.4 section 5.2.28 */
export const outcomeStates = {
  delivered: { stat: 'DELIVRD', state: 2, isFinal: true },
  undelivered: { stat: 'UNDELIV', state: 5, isFinal: true },
  expired: { stat: 'EXPIRED', state: 3, isFinal: true },
  deleted: { stat: 'DELETED', state: 4, isFinal: true },
  rejected: { stat: 'REJECTD', state: 8, isFinal: true },
  unknown: { stat: 'UNKNOWN', state: 7, isFinal: true },
  accepted: { stat: 'ACCEPTD', state: 6, isFinal: false },
  enroute: { stat: 'ENROUTE', state: 1, isFinal: false },
} as const

export type Outcome = keyof typeof outcomeStates

export const outcomes = Object.keys(outcomeStates) as [Outcome, ...Outcome[]]

/**
 * `early`: written before the submit_sm_resp. `never`: not sent. `twice`: the same receipt again. `stray`: sent
 * together with one for an id that nobody was given.
 */
export const receiptTimings = ['normal', 'early', 'never', 'twice', 'stray'] as const

const outcomeRuleSchema = z.strictObject({
  recipientSuffix: z.string().optional(),
  /** Share of the recipients that reach this rule, 0..1. */
  share: z.number().min(0).max(1).optional(),
  outcome: z.enum(outcomes).default('delivered'),
  /** `err:` of the receipt; absent means 000 when delivered and 001 otherwise. */
  err: z.string().max(10).optional(),
  timing: z.enum(receiptTimings).default('normal'),
  /** Overrides the general format and delay. */
  format: z.enum(receiptFormats).optional(),
  delayMs: delayRangeSchema.optional(),
})

export const receiptOptionsSchema = z.strictObject({
  /** false: registered_delivery is ignored. */
  enabled: z.boolean().default(true),
  /** From the acceptance to the receipt. */
  delayMs: delayRangeSchema.prefault([50, 250]),
  format: z.enum(receiptFormats).default('canonical'),
  /** First rule that applies wins; none applies: delivered. */
  rules: z.array(outcomeRuleSchema).max(1_000).default([]),
  /** Also sends an ENROUTE receipt first when registered_delivery asks for intermediates (bit 4). */
  intermediate: z.boolean().default(false),
  /** Outstanding deliver_sm per session. */
  window: z.int().min(1).max(10_000).default(100),
  /** Wait before a receipt answered with an error, or left unanswered, is delivered again. */
  retryMs: z.int().min(10).max(3_600_000).default(1_000),
  /** Wait for a deliver_sm_resp; looked at once a second. */
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
