/** What a run, a dry run and a forecast tell. The same code path makes all three; only the first writes. */
import type { BlockReason, Category, HoldReason, RunCounts, RunIssue, RunOutcome } from '../store.ts'

/** A finished run, as the history keeps it. */
export interface RunReport {
  kind: 'finished'
  runId: number
  outcome: RunOutcome
  detail: string
  counts: RunCounts
}

export type RunAnswer =
  | RunReport
  | { kind: 'already-running' }
  /** The planned run has come to an end since it was seen due: another node made it. */
  | { kind: 'already-made' }
  | { kind: 'no-such-alert' }

/** One message as it would leave. */
export interface PlannedMessage {
  rowNumber: number
  entityKey: string
  occurrenceKey: string
  recipient: string
  /** What the phone would show; null when no operator carries it. */
  sender: string | null
  /** The alert names another sender, which the operator's contract does not have. */
  isSenderReplaced: boolean
  text: string
  encoding: 'gsm7' | 'ucs2'
  parts: number
  category: Category
  state: 'queued' | 'held' | 'blocked'
  reason: HoldReason | BlockReason | ''
  dueAtMs: number
  /** Operator that would carry it; null when no route leads to the number. */
  operatorId: number | null
}

export interface DryRunReport {
  kind: 'dry-run'
  /** `done`, `row-cap-reached` or `source-failed`; never written to the history. */
  outcome: RunOutcome
  detail: string
  counts: RunCounts
  /** Messages, parts and cost by operator; cost in thousandths of the operator's currency. */
  operators: { operatorId: number | null; messages: number; parts: number; costMilli: number }[]
  /** The first messages, up to the sample size asked for. */
  sample: PlannedMessage[]
  /** The first issues, up to the same size; `counts.rejected` has them all. */
  issues: RunIssue[]
  /** How many messages cost 1, 2, 3 … parts. */
  partsHistogram: Record<number, number>
  longest: PlannedMessage | null
  /** Where the run cap would hold the run for approval. */
  isOverCap: boolean
}

export interface ForecastDay {
  /** Local day of the alert's zone, `YYYY-MM-DD`. */
  day: string
  alertId: number
  alertName: string
  category: Category
  operatorId: number | null
  messages: number
  parts: number
}

export interface Forecast {
  days: ForecastDay[]
  /** Alerts whose rows cannot be foreseen (new or changed rows) or whose source did not answer. */
  unforeseen: { alertId: number; alertName: string; reason: string }[]
}
