/** The sink of a real run: ledger, messages and memories of a batch in one transaction, issues beside them. */
import type { RunIssue, SchedulerStore } from '../store.ts'
import type { PassSink } from './pass.ts'

export interface StoreSinkOptions {
  store: Pick<SchedulerStore, 'enqueue' | 'recordIssues'>
  alertId: number
  runId: number
}

export function storeSink({ store, alertId, runId }: StoreSinkOptions): PassSink {
  return {
    async take(decided, entries) {
      if (decided.length === 0 && entries.length === 0) return []
      const results = await store.enqueue(
        decided.map(({ item }) => item),
        { alertId, entries },
      )
      return results.map((result, index) => {
        const { state, reason } = decided[index]!.item.message
        if (result.kind === 'enqueued') return { isNew: true, state: result.state, reason: result.reason }
        return { isNew: result.kind === 'completed', state, reason }
      })
    },
    issues: (issues: readonly RunIssue[]) => store.recordIssues(runId, issues),
  }
}
