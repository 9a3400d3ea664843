/**
 * The real time, which a test can put forward: sockets and the store run as they do, and what waits for minutes
 * falls due at once.
 */
import { type Cancel, type Clock, systemClock } from '../../connectors/clock.ts'
import type { Teardown } from '../support/temp-dir.ts'

export interface LeapingClock extends Clock {
  /** Puts the time forward; timers that are due by then fire, each once. */
  leap(byMs: number): void
}

interface Timer {
  atMs: number
  run: () => void
  cancel: Cancel
}

export function leapingClock(t: Teardown): LeapingClock {
  let aheadMs = 0
  const timers = new Set<Timer>()
  const nowMs = (): number => systemClock.nowMs() + aheadMs
  t.teardown(() => {
    for (const timer of timers) timer.cancel()
  })

  function arm(timer: Timer): void {
    timer.cancel = systemClock.after(timer.atMs - nowMs(), () => {
      timers.delete(timer)
      timer.run()
    })
  }

  function after(delayMs: number, run: () => void): Cancel {
    const timer: Timer = { atMs: nowMs() + delayMs, run, cancel: () => undefined }
    timers.add(timer)
    arm(timer)
    return () => {
      timer.cancel()
      timers.delete(timer)
    }
  }

  return {
    now: () => new Date(nowMs()),
    nowMs,
    monotonicMs: () => systemClock.monotonicMs(),
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
        const onAbort = (): void => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = after(delayMs, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
    leap(byMs) {
      aheadMs += byMs
      for (const timer of [...timers]) {
        timer.cancel()
        arm(timer)
      }
    },
  }
}
