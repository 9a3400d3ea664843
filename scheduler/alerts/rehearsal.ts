/** What dry runs would have written, so that the next one of a forecast sees it: ledger, memories, caps. */
import type { LedgerKey, SchedulerStore } from '../store.ts'

export interface Rehearsal {
  /** Ledger keys, as `keyOf` writes them. */
  ledger: Set<string>
  memories: Map<string, string>
  /** `recipient|cap key`; one set for all alerts of a forecast, as people are. */
  caps: Set<string>
}

export function newRehearsal(caps: Set<string> = new Set()): Rehearsal {
  return { ledger: new Set(), memories: new Map(), caps }
}

export function keyOf({ entityKey, occurrenceKey }: LedgerKey): string {
  return JSON.stringify([entityKey, occurrenceKey])
}

/** The store as it would read had the rehearsal been written. */
export function rehearsedStore(
  store: Pick<SchedulerStore, 'recall' | 'standings'>,
  { memories, caps }: Rehearsal,
): Pick<SchedulerStore, 'recall' | 'standings'> {
  return {
    async recall(alertId, entityKeys) {
      const remembered = await store.recall(alertId, entityKeys)
      for (const entityKey of entityKeys) {
        const memory = memories.get(entityKey)
        if (memory !== undefined) remembered.set(entityKey, memory)
      }
      return remembered
    },
    async standings(recipients, service, capKey) {
      const standings = await store.standings(recipients, service, capKey)
      if (capKey === null) return standings
      return standings.map((standing, index) => ({
        ...standing,
        isCapped: standing.isCapped || caps.has(`${recipients[index]}|${capKey}`),
      }))
    },
  }
}
