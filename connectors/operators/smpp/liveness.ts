/**
 * Whether the peer is alive, as a machine that is given the time. TCP tells of a dead peer after a quarter of an
 * hour or never; an answer to enquire_link tells it in a minute. Time is the session's own heartbeat.
 */

export interface Liveness {
  /** A PDU came: whatever it was, the peer lives. */
  received(elapsedMs: number): void
  /** What to do now. `enquire` is said once per question. */
  check(elapsedMs: number): 'alive' | 'enquire' | 'dead'
}

/** Two questions without answer, as a single one may be lost in a moment of the SMSC's overload. */
const missesAllowed = 2

export function createLiveness(idleMs: number, answerMs: number, startElapsedMs: number): Liveness {
  let receivedAtMs = startElapsedMs
  let askedAtMs: number | null = null
  let misses = 0

  return {
    received(elapsedMs) {
      receivedAtMs = elapsedMs
      askedAtMs = null
      misses = 0
    },
    check(elapsedMs) {
      if (askedAtMs === null) {
        if (elapsedMs - receivedAtMs < idleMs) return 'alive'
        askedAtMs = elapsedMs
        return 'enquire'
      }
      if (elapsedMs - askedAtMs < answerMs) return 'alive'
      misses += 1
      if (misses >= missesAllowed) return 'dead'
      askedAtMs = elapsedMs
      return 'enquire'
    },
  }
}
