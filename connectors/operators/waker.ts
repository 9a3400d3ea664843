/** The one timer of a link that tells when something may leave again: the earliest of the waits it is told. */
import type { Cancel, Clock } from '../clock.ts'

export interface Waker {
  /** Wakes after `delayMs` at the latest; a wake that comes earlier anyway is enough. */
  wakeIn(delayMs: number): void
  cancel(): void
}

/** Small waits are gathered: at 2,000 parts/s a timer per part would cost more than the parts. */
const shortestWaitMs = 5

/** @param wake called by the timer, never from within `wakeIn` */
export function createWaker(clock: Pick<Clock, 'monotonicMs' | 'after'>, wake: () => void): Waker {
  let cancelTimer: Cancel | null = null
  let wakeAtMs = 0
  return {
    wakeIn(delayMs) {
      const nowMs = clock.monotonicMs()
      const atMs = nowMs + Math.max(Math.ceil(delayMs), shortestWaitMs)
      if (cancelTimer !== null && wakeAtMs <= atMs) return
      cancelTimer?.()
      wakeAtMs = atMs
      cancelTimer = clock.after(atMs - nowMs, () => {
        cancelTimer = null
        wake()
      })
    },
    cancel() {
      cancelTimer?.()
      cancelTimer = null
    },
  }
}
