/**
 * Time as a parameter. Everything that waits or asks for the time is handed a Clock; this file holds the
 * real one and is the only caller of Date.now and of timers in the product.
 */

/** Stops a timer. Calling it twice is harmless. */
export type Cancel = () => void

export interface Clock {
  /** The present instant. */
  now(): Date
  /** The present instant in epoch milliseconds: for hot paths, where a Date per message would be waste. */
  nowMs(): number
  /**
   * Milliseconds, with fractions, since some fixed instant: never set forward or back. For rates, pauses and
   * deadlines; two readings may be subtracted, one alone means nothing.
   */
  monotonicMs(): number
  /** Calls `run` once, `delayMs` from now. */
  after(delayMs: number, run: () => void): Cancel
  /** Calls `run` every `periodMs`, first time one period from now. */
  every(periodMs: number, run: () => void): Cancel
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** Node clamps longer delays to 1 ms; a longer wait is split. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => new Date(),
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), longestTimerMs)
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : run()), stepMs)
    }
    wait(delayMs)
    return () => clearTimeout(timer)
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs)
    return () => clearInterval(timer)
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const onAbort = (): void => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = systemClock.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}

/**
 * A clock that tells another time and waits as `base` does: plays a day that is not today.
 *
 * @param offsetMs added to every instant; the clock ticks on from there
 */
export function shiftedClock(base: Clock, offsetMs: number): Clock {
  return {
    now: () => new Date(base.nowMs() + offsetMs),
    nowMs: () => base.nowMs() + offsetMs,
    monotonicMs: () => base.monotonicMs(),
    after: (delayMs, run) => base.after(delayMs, run),
    every: (periodMs, run) => base.every(periodMs, run),
    sleep: (delayMs, signal) => base.sleep(delayMs, signal),
  }
}
