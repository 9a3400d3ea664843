/** Alarms: what a person must look at, raised once, kept open until the cause is gone. */
import type { Clock } from '../../connectors/clock.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'

export type AlarmKind =
  | 'bind-down'
  | 'bind-refused'
  | 'queue-aged'
  | 'run-failed'
  | 'unknown-held'
  | 'store-unavailable'

export interface Alarms {
  raise(kind: AlarmKind, subject: string, detail: string): void
  clear(kind: AlarmKind, subject: string): void
}

export function createAlarms(store: Pick<Store, 'alarms'>, clock: Clock, log: Logger): Alarms {
  const failed = (error: unknown): void => log.error({ event: 'alarm.not-stored', error: String(error) })
  return {
    raise(kind, subject, detail) {
      log.warn({ event: 'alarm.raised', kind, subject, detail })
      store.alarms.raise({ kind, subject, detail }, clock.nowMs()).catch(failed)
    },
    clear(kind, subject) {
      store.alarms.clear({ kind, subject }, clock.nowMs()).catch(failed)
    },
  }
}
