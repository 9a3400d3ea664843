/**
 * The narrow interface that the scheduler needs of a store. server/store implements it; tests may too.
 * Batches everywhere: a run hands over some hundred rows at a time and each call is one transaction.
 */
import type { PartEncoding } from '../connectors/operator.ts'
import type { AlertDefinition } from './alerts/alert.ts'
import type { CalendarOverrides } from './calendar/overrides.ts'

export const categories = ['transactional', 'reminder', 'marketing'] as const
/** What kind of message it is: decides hours, caps, stop list and what happens after an unknown outcome. */
export type Category = (typeof categories)[number]

export const priorities = ['bulk', 'normal', 'express'] as const
export type Priority = (typeof priorities)[number]

/** What to do with a message that left but was never answered. */
export type UnknownPolicy = 'resend' | 'hold'

/** Why a message waits. `run-open` is lifted when its run ends below the cap. */
export type HoldReason = 'missing-value' | 'approval' | 'run-open' | 'feast-unconfirmed' | 'manual'
/** Why a message will never leave. */
export type BlockReason =
  | 'stop-list'
  | 'frequency-cap'
  | 'no-sending-time'
  | 'no-route'
  | 'text-refused'
  | 'expired'
  | ContractRefusal

/** What the contract with the operator, or the tranche of the short code, does not have. */
export type ContractRefusal = 'sender-not-in-contract' | 'tranche-category' | 'stop-mention-missing'

/** A message on its way into the store. Times are epoch milliseconds, UTC. */
export interface NewMessage {
  /** E.164 digits without `+`. */
  recipient: string
  /** Short code, number or name; null takes the operator's own. */
  sender: string | null
  text: string
  encoding: PartEncoding
  /** SMS it costs, 1..255. */
  parts: number
  category: Category
  priority: Priority
  state: 'queued' | 'held' | 'blocked'
  /** Empty when queued. */
  reason: HoldReason | BlockReason | ''
  dueAtMs: number
  expiresAtMs: number
  /** null takes the operator's policy for the category. */
  unknownPolicy: UnknownPolicy | null
  isFlash: boolean
  alertId: number | null
  runId: number | null
  /** The API key that sent it; null for alerts. */
  clientId: number | null
  /** The caller's own reference, at most 64 characters. */
  clientReference: string | null
  /** At most one message per key reaches a person: `brand|day`; null when no cap applies. */
  capKey: string | null
  /** Brand or service in whose name it is written: what a STOP of the phone ends. Absent: none in particular. */
  service?: string | null
}

/** One message per (alert, entity, occurrence), whatever happens. */
export interface LedgerKey {
  /** What the row is about, for example a policy number; at most 200 characters. */
  entityKey: string
  /** Which of its occasions, for example `2027-03-15:J-7`; at most 200 characters. */
  occurrenceKey: string
}

/** `waiting`: written, but its message is held for what a later run may know: a value, the date of a feast. */
export type KeyStanding = 'new' | 'written' | 'waiting'

export interface EnqueueItem {
  message: NewMessage
  /** null for a message that nobody's rule asked for (API). */
  ledger: LedgerKey | null
}

export type EnqueueResult =
  | { kind: 'enqueued'; messageId: number; state: 'queued' | 'held' | 'blocked'; reason: string }
  /** The ledger has it already: nothing was written. */
  | { kind: 'duplicate' }
  /** The ledger had it, held for something that is known now; the message goes on as this run decided. */
  | { kind: 'completed'; messageId: number }

/** What is known of a person before a message to them is decided. */
export interface Standing {
  isStopped: boolean
  /** True when the cap key given is taken already. */
  isCapped: boolean
}

export interface RunIssue {
  /** 0-based position of the row in the result. */
  rowNumber: number
  entityKey: string
  /** A code such as `no-phone`, `fixed-line`, `bad-date`, `missing-value`, `stop-list`. */
  reason: string
  detail: string
}

const runOutcomes = [
  'running',
  'done',
  'done-with-issues',
  'held-for-approval',
  'row-cap-reached',
  'source-failed',
  'failed',
  'interrupted',
  'skipped',
] as const
export type RunOutcome = (typeof runOutcomes)[number]

/** How many rows came to what. `read` = `matched` rows + not due + filtered + rejected, row by row. */
export interface RunCounts {
  read: number
  /** Occurrences found due: enqueued, held, blocked and duplicates together. */
  matched: number
  enqueued: number
  held: number
  blocked: number
  duplicates: number
  /** Rows that could not be used: no phone, bad date, missing value. */
  rejected: number
  /** Rows that the audience filter left out. */
  filtered: number
  /** Rows remembered without a message: the silent first look. */
  baseline: number
  parts: number
}

export interface AlertRecord {
  id: number
  name: string
  isActive: boolean
  definition: AlertDefinition
  nextRunAtMs: number | null
  /** Last local day that a finished run covered, `YYYY-MM-DD`; null before the first. */
  coveredUntil: string | null
  /** True once a run has looked at the rows: new-row alerts write to nobody before. */
  hasBaseline: boolean
  /** How far an incremental alert has read: a whole number or a time as its source writes it; null at first. */
  watermark: string | null
}

export interface RunStart {
  alertId: number
  /** The time this run stands for; differs from now when it catches up. */
  plannedAtMs: number
  nowMs: number
  cause: 'schedule' | 'catch-up' | 'manual'
}

export interface RunFinish {
  runId: number
  outcome: RunOutcome
  /** One sentence for the history; empty when all is well. */
  detail: string
  counts: RunCounts
  finishedAtMs: number
  /** New value of the alert's `coveredUntil`; null leaves it. */
  coveredUntil: string | null
  /** How far the run has read; absent leaves it. */
  watermark?: WatermarkMove
}

/** Made only when the alert still reads what the run read, and nobody has set its watermark meanwhile. */
export interface WatermarkMove {
  /** watermarkScope() of the definition that ran. */
  scope: string
  from: string | null
  to: string
}

export interface SchedulerStore {
  alert(alertId: number): Promise<AlertRecord | null>
  /** Active alerts whose next run is due. */
  dueAlerts(nowMs: number): Promise<AlertRecord[]>
  activeAlerts(): Promise<AlertRecord[]>
  setNextRun(alertId: number, nextRunAtMs: number | null): Promise<void>
  /** Claims the run by a conditional update; null when one of this alert is going already or this one was made. */
  beginRun(start: RunStart): Promise<number | null>
  /** Whether the run planned for this instant has come to an end already. */
  isRunMade(alertId: number, plannedAtMs: number): Promise<boolean>
  finishRun(finish: RunFinish): Promise<void>
  /** Closes runs that a crash left open, as `interrupted`. Returns their alerts. */
  interruptOpenRuns(nowMs: number): Promise<number[]>
  /** What the trigger remembered about each entity; absent when nothing. */
  recall(alertId: number, entityKeys: readonly string[]): Promise<Map<string, string>>
  remember(alertId: number, memories: readonly { entityKey: string; memory: string }[]): Promise<void>
  /** One per recipient, in order. `capKey` null when no cap applies. */
  standings(recipients: readonly string[], service: string, capKey: string | null): Promise<Standing[]>
  /** What the ledger says of each key, in order; for dry runs. */
  known(alertId: number, keys: readonly LedgerKey[]): Promise<KeyStanding[]>
  /** Ledger and messages in one transaction; memories too, so that a crash can not split them. */
  enqueue(
    items: readonly EnqueueItem[],
    memories?: { alertId: number; entries: readonly { entityKey: string; memory: string }[] },
  ): Promise<EnqueueResult[]>
  /** Messages of the alert held as `run-open`, those of a run that a crash cut short included. */
  runHoldSize(alertId: number): Promise<number>
  /** Queues (or, above a cap, holds for approval) what the run held back as `run-open`. Returns how many. */
  closeRunHold(hold: { alertId: number; outcome: 'release' | 'approval'; nowMs: number }): Promise<number>
  recordIssues(runId: number, issues: readonly RunIssue[]): Promise<void>
  /** The newest version of a template; null when there is none. */
  template(
    templateId: number,
  ): Promise<{ templateId: number; version: number; language: 'fr' | 'en'; source: string } | null>
  /** Dates of feasts and days off that an administrator has fixed. */
  calendarOverrides(): Promise<CalendarOverrides>
}
