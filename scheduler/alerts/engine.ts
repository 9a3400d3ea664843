/** The engine of the alerts, as main.ts composes it and the API and the command line call it. */
import type { Clock } from '../../connectors/clock.ts'
import type { Source } from '../../connectors/source.ts'
import type { AlertRecord, NewMessage, SchedulerStore } from '../store.ts'
import type { SendingTerms } from './policy/terms.ts'
import type { DryRunReport, Forecast, RunAnswer, RunReport } from './report.ts'

export interface AlertEngine {
  /**
   * Runs one alert now. Rows → ledger and messages; never overlaps another run of the same alert.
   *
   * @throws what the store throws before the run is claimed; afterwards every failure is an outcome
   */
  run(
    alertId: number,
    request: { cause: 'schedule' | 'catch-up' | 'manual'; plannedAtMs: number },
  ): Promise<RunAnswer>
  /**
   * The same on the real rows, writing nothing. `definition` may differ from the stored one (not saved yet).
   *
   * @throws SourceError when the source cannot be opened; AlertNotRunnable for the alert's own faults
   */
  dryRun(
    alert: Pick<AlertRecord, 'id' | 'name' | 'definition' | 'coveredUntil' | 'hasBaseline'> &
      Partial<Pick<AlertRecord, 'watermark'>>,
    options?: { sampleSize?: number; now?: Date },
  ): Promise<DryRunReport>
  /** What will leave on each of the next `days` days. */
  forecast(days: number): Promise<Forecast>
  /** Runs what is due, oldest first; called by the heartbeat. Resolves when those runs are over. */
  runDue(): Promise<RunReport[]>
  /** Sets the next run of an alert that was activated, changed or imported. */
  plan(alertId: number): Promise<void>
  /** Breaks off runs under way, which end as `interrupted`, and waits for them; starts none. */
  stop(): Promise<void>
}

export interface EngineDependencies {
  store: SchedulerStore
  clock: Clock
  /** Opens the source of an alert; the engine closes it. @throws SourceError */
  openSource(sourceId: number): Promise<Source>
  /** Best operator for a message and its price per part, thousandths; for dry runs and forecasts. */
  routeOf(message: NewMessage): { operatorId: number | null; pricePerPartMilli: number }
  /** What the operator's contract has for a message; absent: nothing is limited. Asked in runs and dry runs alike. */
  termsOf?(message: NewMessage): SendingTerms
  /** A failed run is an alarm; a good one clears it. */
  onRunFinished(alert: AlertRecord, report: RunReport): void
  log(event: string, fields: Readonly<Record<string, unknown>>): void
}
