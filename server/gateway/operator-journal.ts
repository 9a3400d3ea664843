/** Events of operators on their way into the store: in order, in batches, never waited for. */
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { OperatorEvent } from '../store/operator-events.ts'

export interface OperatorJournal {
  /** Writes a log line, and the event as soon as the store can. */
  add(event: OperatorEvent): void
  /** Resolves when nothing is being stored. */
  idle(): Promise<void>
}

/** Events that wait for a store which is away; the log has those beyond. */
const mostWaiting = 1_000

export function createOperatorJournal(store: Pick<Store, 'operatorEvents'>, log: Logger): OperatorJournal {
  let waiting: OperatorEvent[] = []
  let writing: Promise<void> | null = null

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await store.operatorEvents.record(batch)
      } catch (error) {
        log.error({ event: 'operator-events.not-stored', error: String(error), events: batch.length })
        // Kept for the next event: a store that comes back takes both.
        waiting = [...batch, ...waiting].slice(-mostWaiting)
        return
      }
    }
  }

  return {
    add(added) {
      const { operatorId, event, bind, detail } = added
      const level = event === 'down' || event === 'refused' || event === 'bind-down' ? 'warn' : 'info'
      log[level]({ event: `operator.${event}`, operatorId, ...(bind !== '' && { bind }), detail })
      waiting.push(added)
      if (waiting.length > mostWaiting) waiting.shift()
      writing ??= write().finally(() => {
        writing = null
      })
    },
    async idle() {
      while (writing !== null) await writing
    },
  }
}
