/**
 * How many messages wait for their receipt, by operator. The count walks days of messages in the thread that reads
 * for reports, so that a page that asks every second gets one count a minute.
 */
import type { AwaitingReceipt } from '../store/statistics.ts'
import type { ApiDependencies } from './dependencies.ts'

export interface AwaitingReceipts {
  /** The last count; the first one is waited for. */
  of(): Promise<AwaitingCount>
}

export interface AwaitingCount {
  byOperator: ReadonlyMap<number, Pick<AwaitingReceipt, 'messages' | 'unmatched'>>
  /** Epoch ms of the count. */
  countedAtMs: number
}

const freshMs = 60_000

export function createAwaitingReceipts({
  store,
  clock,
}: Pick<ApiDependencies, 'store' | 'clock'>): AwaitingReceipts {
  let last: AwaitingCount | null = null
  let counting: Promise<AwaitingCount> | null = null

  async function count(): Promise<AwaitingCount> {
    const countedAtMs = clock.nowMs()
    const rows = await store.statistics.awaitingReceipt()
    last = { byOperator: new Map(rows.map(row => [row.operatorId, row])), countedAtMs }
    return last
  }

  return {
    async of() {
      const isFresh = last !== null && Math.abs(clock.nowMs() - last.countedAtMs) < freshMs
      if (last !== null && isFresh) return last
      counting ??= count().finally(() => {
        counting = null
      })
      if (last === null) return counting
      // The one who asks is answered now, the next one hears the new count. A failure is told to whoever waits for it.
      counting.catch(() => undefined)
      return last
    },
  }
}
