/**
 * When a lost connection is tried again: soon at first, then less and less often. Pure: the time is a parameter,
 * milliseconds of `Clock.monotonicMs`.
 *
 * @see facts: Kannel and Jasmin both wait 10 s always; a delay that grows finds a short cut sooner and spares an
 *   SMSC that is down
 */

export interface Reconnect {
  /** The connection is up and accepted. */
  up(nowMs: number): void
  /** The connection is lost, refused or was never made. @returns the wait before the next, ms */
  down(nowMs: number): number
  /** A wait of the caller's own choice, with the spread of all others. @returns ms */
  spread(seconds: number): number
  /** A person starts it anew: the next loss begins with the shortest delay. */
  reset(): void
}

const delaysSeconds = [1, 2, 5, 10, 20, 30, 60] as const
const longestSeconds = 60
/** Spread of the delays, so that a hundred clients cut together do not return together. */
const jitter = 0.25

/**
 * @param steadyMs a connection that held so long was well: the next loss starts with the shortest delay again
 * @param random 0 ≤ random < 1
 */
export function createReconnect(steadyMs: number, random: () => number): Reconnect {
  let failures = 0
  let upAtMs: number | null = null
  const spread = (seconds: number): number => Math.round(seconds * 1000 * (1 + jitter * random()))

  return {
    up(nowMs) {
      upAtMs = nowMs
    },
    down(nowMs) {
      if (upAtMs !== null && nowMs - upAtMs >= steadyMs) failures = 0
      upAtMs = null
      const seconds = delaysSeconds[failures] ?? longestSeconds
      failures += 1
      return spread(seconds)
    },
    spread,
    reset() {
      failures = 0
      upAtMs = null
    },
  }
}
