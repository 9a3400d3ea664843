/** Alerts and what they will do. The definition's own schema stands with the scheduler, which reads it. */
import { z } from 'zod'
import { id, instant, name } from './values.ts'

/** @param definition the scheduler's schema of an alert's definition */
export const alertRequestOf = <Definition extends z.ZodType>(definition: Definition) =>
  z.strictObject({ name, definition })

/** An alert that need not be saved; `alertId` lends what the saved one has covered and written already. */
export const alertDraftOf = <Definition extends z.ZodType>(definition: Definition) =>
  z.strictObject({
    name: name.optional(),
    definition,
    alertId: id.optional(),
    sampleSize: z.int().min(0).max(100).optional(),
  })

const alert = z
  .strictObject({
    alertId: id,
    name,
    isActive: z.boolean(),
    definition: z.record(z.string(), z.unknown()),
    nextRunAt: instant.nullable(),
    /** Last local day that a finished run covered. */
    coveredUntil: z.string().nullable(),
    /** True once a run has looked at the rows. */
    hasBaseline: z.boolean(),
    /** How far an incremental alert has read; null before its first run and for all others. */
    watermark: z.string().nullable(),
  })
  .meta({ id: 'Alert' })

/** What a contract refuses of the alert's messages, by one operator that may carry them. */
const contractWarning = z
  .strictObject({
    reason: z.enum(['tranche-category', 'stop-mention-missing', 'sender-not-in-contract', 'no-sending-time']),
    operatorId: id,
    /** The template at fault; null when it is not the text. */
    templateId: id.nullable(),
    /** Names of the tranches that say so. */
    tranches: z.array(z.string()),
    /** false: a value of the row may still bring what the fixed words of the template lack. */
    isCertain: z.boolean(),
    detail: z.string(),
    /** What to do about it. */
    change: z.string(),
  })
  .meta({ id: 'ContractWarning' })

/** One alert; what would be blocked of it is told before it runs. */
export const alertWithWarnings = alert
  .extend({ warnings: z.array(contractWarning) })
  .meta({ id: 'AlertWithWarnings' })

/** null lets the next run begin where the definition says. Rows that were written to are not written to again. */
export const watermarkRequest = z.strictObject({ watermark: z.string().min(1).max(64).nullable() })

export const alertList = z.strictObject({ alerts: z.array(alert) })

export const dryRunRequest = z.strictObject({ sampleSize: z.int().min(0).max(100).optional() })

export const runCounts = z
  .strictObject({
    read: z.int(),
    matched: z.int(),
    enqueued: z.int(),
    held: z.int(),
    blocked: z.int(),
    duplicates: z.int(),
    rejected: z.int(),
    filtered: z.int(),
    baseline: z.int(),
    parts: z.int(),
  })
  .meta({ id: 'RunCounts' })

export const runIssue = z
  .strictObject({ rowNumber: z.int(), entityKey: z.string(), reason: z.string(), detail: z.string() })
  .meta({ id: 'RunIssue' })

const plannedMessage = z
  .strictObject({
    rowNumber: z.int(),
    entityKey: z.string(),
    occurrenceKey: z.string(),
    recipient: z.string(),
    /** What the phone would show; null when no operator carries it. */
    sender: z.string().nullable(),
    /** The alert names another sender, which the operator's contract does not have. */
    isSenderReplaced: z.boolean(),
    text: z.string(),
    encoding: z.enum(['gsm7', 'ucs2']),
    parts: z.int(),
    category: z.string(),
    state: z.enum(['queued', 'held', 'blocked']),
    reason: z.string(),
    dueAt: instant,
    operatorId: id.nullable(),
  })
  .meta({ id: 'PlannedMessage' })

export const dryRun = z.strictObject({
  outcome: z.string(),
  detail: z.string(),
  counts: runCounts,
  operators: z.array(
    z.strictObject({
      operatorId: id.nullable(),
      messages: z.int(),
      parts: z.int(),
      /** Thousandths of the operator's currency. */
      costMilli: z.number(),
    }),
  ),
  sample: z.array(plannedMessage),
  issues: z.array(runIssue),
  /** How many messages cost 1, 2, 3 … parts. */
  partsHistogram: z.record(z.string(), z.int()),
  longest: plannedMessage.nullable(),
  isOverCap: z.boolean(),
})

/** A run that outlasts the wait goes on; its end stands in the history. */
export const runAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('finished'),
    runId: id,
    outcome: z.string(),
    detail: z.string(),
    counts: runCounts,
  }),
  z.strictObject({ kind: z.literal('running') }),
])

export const forecast = z.strictObject({
  days: z.array(
    z.strictObject({
      /** Local day of the alert's zone, `YYYY-MM-DD`. */
      day: z.string(),
      alertId: id,
      alertName: z.string(),
      category: z.enum(['transactional', 'reminder', 'marketing']),
      operatorId: id.nullable(),
      messages: z.int(),
      parts: z.int(),
    }),
  ),
  unforeseen: z.array(z.strictObject({ alertId: id, alertName: z.string(), reason: z.string() })),
})
