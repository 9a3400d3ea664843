/** What is kept about every operator while it runs and after: totals, events, traces. */
import type { Clock } from '../../connectors/clock.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { OperatorEvent, OperatorEventKind } from '../store/operator-events.ts'
import type { Alarms } from './alarms.ts'
import { createOperatorFigures, type OperatorFigures } from './operator-figures.ts'
import { createOperatorJournal } from './operator-journal.ts'
import { createTraces, type Traces } from './traces.ts'

export interface Monitor {
  /** Of an operator, through all its restarts. */
  figuresOf(operatorId: number): OperatorFigures
  tell(
    operatorId: number,
    event: OperatorEventKind,
    told?: Partial<Pick<OperatorEvent, 'bind' | 'detail'>>,
  ): void
  /** null where there is no place for files: a command beside a running server. */
  readonly traces: Traces | null
  /** The operator is deleted. */
  forget(operatorId: number): Promise<void>
  /** Ends traces; every event is stored, or the store has refused it. */
  stop(): Promise<void>
}

export interface MonitorDependencies {
  store: Pick<Store, 'operatorEvents'>
  clock: Clock
  log: Logger
  alarms: Alarms
  traceDirectory: string | undefined
  /** The operator's link must write its trace elsewhere, or nowhere. */
  onTraceChange(operatorId: number): void
}

export function createMonitor({
  store,
  clock,
  log,
  alarms,
  traceDirectory,
  onTraceChange,
}: MonitorDependencies): Monitor {
  const figures = new Map<number, OperatorFigures>()
  const journal = createOperatorJournal(store, log)

  const tell: Monitor['tell'] = (operatorId, event, { bind = '', detail = '' } = {}) =>
    journal.add({ operatorId, atMs: clock.nowMs(), event, bind, detail })

  const traces =
    traceDirectory === undefined
      ? null
      : createTraces({
          directory: traceDirectory,
          clock,
          log,
          alarms,
          onChange(operatorId, change, detail) {
            onTraceChange(operatorId)
            tell(operatorId, `trace-${change}`, { detail })
          },
        })

  return {
    figuresOf(operatorId) {
      const known = figures.get(operatorId)
      if (known !== undefined) return known
      const fresh = createOperatorFigures()
      figures.set(operatorId, fresh)
      return fresh
    },
    tell,
    traces,
    async forget(operatorId) {
      figures.delete(operatorId)
      await traces?.remove(operatorId)
    },
    async stop() {
      await traces?.stopAll()
      await journal.idle()
    },
  }
}
