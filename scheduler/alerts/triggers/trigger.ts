/**
 * The contract of a trigger: a pure function from one row, the time and what was remembered about the row's
 * entity to the occurrences that are due. One file per kind; kinds.ts is the visible map.
 */
import type { SourceRow } from '../../../connectors/source.ts'
import type { LocalDate } from '../../calendar/local-date.ts'
import type { FeastResolver } from '../../calendar/observed.ts'

/** What a run knows, the same for all its rows. */
export interface TriggerContext {
  now: Date
  /** IANA zone of the alert. */
  zone: string
  /** The local day of `now` in `zone`. */
  today: LocalDate
  /** Last local day that a finished run covered; null on the first run. */
  coveredUntil: LocalDate | null
  /** Days before today that may be made up for; 0 looks at today only. */
  maxCatchUpDays: number
  /**
   * Last day whose reminders must leave now because no day between allows sending
   * (sending-hours.ts `aheadUntil`); absent means today.
   */
  aheadUntil?: LocalDate
  feasts: FeastResolver
  /** The first look of the alert at its rows: new-row and changed-row write to nobody. */
  isBaseline: boolean
}

export interface TriggerRow {
  values: SourceRow
}

export interface TriggerOccurrence {
  /** Which of the entity's occasions this is; the ledger lets each through once. At most 200 characters. */
  occurrenceKey: string
  /** Values that the template may use beside the row's own. */
  extraValues: Record<string, string | number>
  /** For the choice of a template: days from the due date (negative before) or the rank of a dunning letter. */
  offsetDays?: number
  dueDate?: LocalDate
  /** Local time `HH:MM` at which it is planned; absent means as soon as the sending hours allow. */
  plannedTime?: string
  /** The feast's date is not confirmed: the message waits for an administrator. */
  isFeastEstimated?: boolean
}

/** Codes of rows that cannot be used, listed in the run. */
export type TriggerRejectionCode = 'column-missing' | 'date-missing' | 'date-invalid' | 'reminder-too-late'

export interface TriggerRejection {
  code: TriggerRejectionCode
  column: string
  /** What stood there, cut to 60 characters, or which occasion was lost. */
  detail: string
}

export interface TriggerVerdict {
  occurrences: TriggerOccurrence[]
  /** Present: remember this about the entity, at most 500 characters. Absent: leave the memory as it is. */
  memory?: string
  rejected?: TriggerRejection
}

/** One kind of trigger; its zod schema stands beside it in the same file. */
export interface TriggerKind<Definition> {
  /** Whether `memory` is read: the runner loads and stores it only then. */
  usesMemory: boolean
  /** Whether the first run only remembers. */
  hasBaseline: boolean
  /**
   * Judges one row.
   *
   * @param memory what this trigger remembered about this entity, null when nothing
   * @returns never throws for what a row may hold
   */
  judge(
    definition: Definition,
    row: TriggerRow,
    context: TriggerContext,
    memory: string | null,
  ): TriggerVerdict
}

/** Column names are bounded as databases bound them: 128 is the longest, SQL Server's. */
export const longestColumnName = 128

export const nothingDue: TriggerVerdict = { occurrences: [] }
