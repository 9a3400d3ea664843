/**
 * How many submits may be out: the window, the pauses that throttle answers ask for, and the probe, one submit
 * sent alone to a peer that has just come back or has left one unanswered. Pure: the time is a parameter.
 *
 * @see facts: SMSCs refuse a client that fills its window at once after a reconnect or a pause
 */
import { status } from './tables.ts'

export interface Answer {
  status: number
  isThrottle: boolean
  /** When the submit that is answered here had left. */
  sentAtMs: number
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
  /** Epoch ms; 0 when nothing is paused. */
  pausedUntilMs(nowMs: number): number
}

const firstPauseMs = 1000
const longestPauseMs = 60_000
/** So long after a pause without another throttle answer, the next pause is short again. */
const calmMs = 30_000

export function createFlow(window: number): Flow {
  let pauseMs = 0
  let untilMs = 0
  let isProbing = false

  /** Whether `atMs` lies in a pause or shortly before its end; a clock set back must not stretch one to hours. */
  const isPaused = (atMs: number): boolean => atMs < untilMs && untilMs - atMs <= longestPauseMs

  const pause = (nowMs: number): void => {
    const isCalm = pauseMs === 0 || nowMs - untilMs >= calmMs
    pauseMs = isCalm ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs)
    untilMs = nowMs + pauseMs
    isProbing = true
  }

  return {
    reopened() {
      isProbing = true
    },
    unanswered() {
      isProbing = true
    },
    answered({ status: value, isThrottle, sentAtMs }, nowMs) {
      // Nothing leaves during a pause: what was sent before its end belongs to the burst that brought it about.
      if (isPaused(sentAtMs)) return
      if (isThrottle || value === status.queueFull) pause(nowMs)
      else isProbing = false
    },
    allowance(inFlight, nowMs) {
      if (isPaused(nowMs)) return 0
      return Math.max((isProbing ? 1 : window) - inFlight, 0)
    },
    pausedUntilMs: nowMs => (isPaused(nowMs) ? untilMs : 0),
  }
}
