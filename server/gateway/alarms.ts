/** Alarms: what a person must look at, raised once, kept open until the cause is gone. */
import type { Clock } from '../../connectors/clock.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'

export type AlarmKind =
  | 'bind-down'
  | 'bind-refused'
  | 'queue-aged'
  | 'run-failed'
  | 'approval-wanted'
  | 'unknown-held'
  | 'store-unavailable'
  /** An incoming message could not be answered as its rule says. */
  | 'inbound-failed'
  /** An outcome or a receipt that cannot be stored was given up: a bug to report. */
  | 'settle-failed'
  /** Ends of messages cannot be written into a customer's system. */
  | 'write-back-failed'
  /** A protocol trace was ended because its file cannot be written. */
  | 'trace-failed'

export interface Alarms {
  raise(kind: AlarmKind, subject: string, detail: string): void
  /** Costs nothing when it is known not to be open. */
  clear(kind: AlarmKind, subject: string): void
  /** Stores what could not be stored when it happened; called from time to time. */
  retry(): void
  /** Kinds of those open that the store has not taken yet, one entry each: a full disk hides none of them. */
  unstored(): AlarmKind[]
  /** Resolves when nothing is being stored. */
  idle(): Promise<void>
}

export function createAlarms(store: Pick<Store, 'alarms'>, clock: Clock, log: Logger): Alarms {
  /** What this process knows; an alarm that another one left open is met by the first `clear`. */
  const isOpen = new Map<string, boolean>()
  const unstored = new Map<string, () => Promise<unknown>>()
  /** One after the other, so that a raise and a clear never change places. */
  let last: Promise<void> = Promise.resolve()

  function keep(key: string, write: () => Promise<unknown>): void {
    unstored.set(key, write)
    last = last.then(async () => {
      if (unstored.get(key) !== write) return
      try {
        await write()
        if (unstored.get(key) === write) unstored.delete(key)
      } catch (error) {
        log.error({ event: 'alarm.not-stored', error: String(error) })
      }
    })
  }

  return {
    raise(kind, subject, detail) {
      const key = `${kind}|${subject}`
      if (isOpen.get(key) !== true) log.warn({ event: 'alarm.raised', kind, subject, detail })
      isOpen.set(key, true)
      const atMs = clock.nowMs()
      keep(key, () => store.alarms.raise({ kind, subject, detail }, atMs))
    },
    clear(kind, subject) {
      const key = `${kind}|${subject}`
      const known = isOpen.get(key)
      if (known === false) return
      if (known === true) log.info({ event: 'alarm.cleared', kind, subject })
      isOpen.set(key, false)
      const atMs = clock.nowMs()
      keep(key, () => store.alarms.clear({ kind, subject }, atMs))
    },
    retry() {
      for (const [key, write] of [...unstored]) keep(key, write)
    },
    unstored: () =>
      [...unstored.keys()]
        .filter(key => isOpen.get(key) === true)
        .map(key => key.slice(0, key.indexOf('|')) as AlarmKind),
    idle: () => last,
  }
}
