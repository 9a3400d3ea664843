/** A clock that a test moves by hand; timers fire in order, and awaiting `advance` lets what they started run. */
import type { Cancel, Clock } from '../../connectors/clock.ts'

interface Timer {
  atMs: number
  order: number
  run: () => void
}

export interface FakeClock extends Clock {
  /** Moves time forward by `byMs`, firing every timer that falls due on the way. */
  advance(byMs: number): Promise<void>
  /** Sets the time without firing timers: a clock jump. */
  jumpTo(instant: Date): void
  /** Timers not yet fired nor cancelled. */
  pending(): number
}

export function fakeClock(start: string | Date = '2027-01-04T09:00:00Z'): FakeClock {
  let nowMs = new Date(start).getTime()
  /** Moves with `advance` and stands still in a jump. */
  let elapsedMs = 0
  let order = 0
  const timers = new Set<Timer>()

  const after = (delayMs: number, run: () => void): Cancel => {
    order += 1
    const timer: Timer = { atMs: nowMs + Math.max(delayMs, 0), order, run }
    timers.add(timer)
    return () => timers.delete(timer)
  }

  const clock: FakeClock = {
    now: () => new Date(nowMs),
    nowMs: () => nowMs,
    monotonicMs: () => elapsedMs,
    after,
    every(periodMs, run) {
      let cancel: Cancel
      const again = (): void => {
        cancel = after(periodMs, again)
        run()
      }
      cancel = after(periodMs, again)
      return () => cancel()
    },
    sleep(delayMs, signal) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const cancel = after(delayMs, resolve)
        signal?.addEventListener(
          'abort',
          () => {
            cancel()
            reject(signal.reason)
          },
          { once: true },
        )
      })
    },
    async advance(byMs) {
      const untilMs = nowMs + byMs
      const startMs = nowMs
      const startElapsedMs = elapsedMs
      for (;;) {
        await settled()
        const next = [...timers].sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
        if (next === undefined || next.atMs > untilMs) break
        timers.delete(next)
        nowMs = Math.max(nowMs, next.atMs)
        elapsedMs = startElapsedMs + Math.max(nowMs - startMs, 0)
        next.run()
      }
      nowMs = untilMs
      elapsedMs = startElapsedMs + byMs
      await settled()
    },
    jumpTo(instant) {
      nowMs = instant.getTime()
    },
    pending: () => timers.size,
  }
  return clock
}

/** Lets queued promise callbacks and one round of I/O run. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
