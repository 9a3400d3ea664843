/**
 * How many submits may be out: the window of a bind, the pauses that throttle answers ask for, and the probe, one
 * submit sent alone to a peer that has just come back or has left one unanswered. Pure: the time is a parameter,
 * milliseconds of `Clock.monotonicMs`.
 *
 * The pause belongs to the account and is shared by its binds; window and probe belong to one bind.
 *
 * @see facts: SMSCs refuse a client that fills its window at once after a reconnect or a pause
 */

export interface Answer {
  /** In the protocol's own numbers, for the log. */
  status: number
  /** The answer asks us to slow down. */
  isThrottle: boolean
  /** When the submit that is answered here had left. */
  sentAtMs: number
}

export interface Pause {
  /** An answer that asks to slow down. @returns false when it belongs to a burst that has been paused for already */
  ask(sentAtMs: number, nowMs: number): boolean
  isOver(nowMs: number): boolean
  /** Of the pause under way; 0 when nothing is paused. */
  leftMs(nowMs: number): number
  /** How many pauses there have been. */
  readonly count: number
}

export interface Flow {
  /** The peer is back after a loss: send one part, await its answer, then open the window. */
  reopened(): void
  /** An answer came. */
  answered(answer: Answer, nowMs: number): void
  /** A submit was not answered in time: the peer may be deaf, and each further one would be of unknown outcome too. */
  unanswered(): void
  /** Submits that may leave now, with so many awaiting their answer. */
  allowance(inFlight: number, nowMs: number): number
}

const firstPauseMs = 1000
const longestPauseMs = 60_000
/** So long after a pause without another throttle answer, the next pause is short again. */
const calmMs = 30_000

export function createPause(): Pause {
  let lengthMs = 0
  let untilMs = Number.NEGATIVE_INFINITY
  let count = 0
  return {
    ask(sentAtMs, nowMs) {
      // Nothing leaves during a pause: what was sent before its end belongs to the burst that brought it about.
      if (sentAtMs < untilMs) return false
      const isCalm = lengthMs === 0 || nowMs - untilMs >= calmMs
      lengthMs = isCalm ? firstPauseMs : Math.min(lengthMs * 2, longestPauseMs)
      untilMs = nowMs + lengthMs
      count += 1
      return true
    },
    isOver: nowMs => nowMs >= untilMs,
    leftMs: nowMs => Math.max(untilMs - nowMs, 0),
    get count() {
      return count
    },
  }
}

/** @param pause shared by the binds of one account */
export function createFlow(window: number, pause: Pause): Flow {
  let isProbing = false
  /** The last pause after which an answer showed that the peer takes submits again. */
  let provenPauses = pause.count

  const mustProbe = (): boolean => isProbing || provenPauses !== pause.count

  return {
    reopened() {
      isProbing = true
    },
    unanswered() {
      isProbing = true
    },
    answered({ isThrottle, sentAtMs }, nowMs) {
      if (isThrottle) {
        pause.ask(sentAtMs, nowMs)
        return
      }
      if (!pause.isOver(sentAtMs)) return
      isProbing = false
      provenPauses = pause.count
    },
    allowance(inFlight, nowMs) {
      if (!pause.isOver(nowMs)) return 0
      return Math.max((mustProbe() ? 1 : window) - inFlight, 0)
    },
  }
}
