/**
 * The contracted throughput: never more than `partsPerSecond` parts in any one second, as the receiver counts them.
 *
 * A sender knows when a part left, the contract counts when it arrived, and a network or a busy machine brings parts
 * nearer to each other than they left. No fixed margin covers that and still uses the contract. So the margin is
 * learnt from the answers: a part that was answered had arrived, and all before it on the same connection had too.
 * Its delay is at most what the answer took longer than about the quickest answer of that connection. A part may leave
 * when the part `partsPerSecond` places before it had arrived, by that bound, one second ago.
 *
 * Beside it stands the pace: parts leave evenly, with a small allowance that makes up for a late timer, so that no
 * burst reaches the network. Several connections, and several links of one short code, share one limit.
 */
import type { Clock } from '../clock.ts'

export interface RateLimit {
  /** Parts that may leave now. */
  available(): number
  /** Milliseconds after which to look again: a part may leave then, if its predecessor is answered by then. */
  nextInMs(): number
  /** One connection's account: answers tell about the parts of their own connection only. */
  lane(): RateLane
}

export interface RateLane {
  /**
   * Records that `count` parts leave now, at most `available()`.
   *
   * @returns the ticket of the first; those after it follow by one
   */
  take(count: number): number
  /** The receiver answered the part: it has arrived, and so have those before it. */
  answered(ticket: number): void
}

const windowMs = 1000
/** Two machines do not measure a second alike; 20 ppm would do. */
const marginMs = 1
/**
 * Longest delay that an answer is believed to tell: beyond, the part was lost or the operator thinks about its answer,
 * and the contract must not stand still for it.
 */
const longestDelayMs = 1000
/** A timer or a busy loop may be this late without the throughput suffering. */
const allowanceMs = 50
/** The quickest answer is the quickest of this long to twice as long: a route may change. */
const memoryMs = 30_000
/** After so long, nothing that left under a limit counts any more. */
export const settledAfterMs = windowMs + longestDelayMs + marginMs
/** The quickest answer seen may itself have been this much late. */
const slackMs = 8
/** Answers before the quickest of them says anything; until then the whole round trip counts as delay. */
const fewAnswers = 20
/** Fractions of a millisecond round; this is far below any timer. */
const roundingMs = 1e-6
const leastWaitMs = 0.1

/**
 * @param partsPerSecond the contract, 1..2000; 0 is unlimited
 * @param startInMs nothing leaves before
 */
export function createRateLimit(
  partsPerSecond: number,
  clock: Pick<Clock, 'monotonicMs'>,
  startInMs = 0,
): RateLimit {
  return partsPerSecond === 0 ? unlimited : limited(partsPerSecond, clock, startInMs)
}

const unlimited: RateLimit = {
  available: () => Number.MAX_SAFE_INTEGER,
  nextInMs: () => 0,
  lane: () => ({ take: () => 0, answered: () => undefined }),
}

/** Quickest answer of one connection. */
interface LaneState {
  quickestMs: number
  answers: number
  /** Of the span under way, and when that began. */
  recentMs: number
  sinceMs: number
}

function limited(partsPerSecond: number, clock: Pick<Clock, 'monotonicMs'>, startInMs: number): RateLimit {
  const intervalMs = windowMs / partsPerSecond
  /** The last `partsPerSecond` parts by ticket modulo their number. */
  const leftAtMs = new Float64Array(partsPerSecond).fill(Number.NEGATIVE_INFINITY)
  /** Earliest answer that tells of their arrival. */
  const answeredAtMs = new Float64Array(partsPerSecond).fill(Number.POSITIVE_INFINITY)
  const lanes = new Array<LaneState | undefined>(partsPerSecond).fill(undefined)
  const startMs = clock.monotonicMs() + startInMs
  /** Ticket of the next part. */
  let next = 0
  /** When the pace would let the next part leave, were there no allowance. */
  let paceMs = startMs + allowanceMs

  /** When the part that the ticket's place belonged to lets its successor leave. */
  function freeAtMs(ticket: number): number {
    const place = ticket % partsPerSecond
    const leftMs = leftAtMs[place]!
    if (leftMs === Number.NEGATIVE_INFINITY) return leftMs
    const usualAnswerMs = usualMs(lanes[place]!)
    const answeredMs = answeredAtMs[place]!
    if (answeredMs !== Number.POSITIVE_INFINITY) {
      const delayMs = Math.max(answeredMs - leftMs - usualAnswerMs, 0)
      return leftMs + Math.min(delayMs, longestDelayMs) + windowMs + marginMs
    }
    // A missing answer tells of a delay only once it is overdue: an operator a second away is not late.
    const isOverdue = usualAnswerMs + slackMs < windowMs
    return leftMs + (isOverdue ? longestDelayMs : 0) + windowMs + marginMs
  }

  const paceAllowsAtMs = (): number => paceMs - allowanceMs

  function available(): number {
    const nowMs = clock.monotonicMs()
    const behindMs = Math.min(nowMs - paceAllowsAtMs(), allowanceMs) + roundingMs
    const limit = Math.min(behindMs < 0 ? 0 : Math.floor(behindMs / intervalMs) + 1, partsPerSecond)
    let count = 0
    while (count < limit && nowMs + roundingMs >= freeAtMs(next + count)) count += 1
    return count
  }

  function lane(): RateLane {
    const state: LaneState = {
      quickestMs: Number.POSITIVE_INFINITY,
      answers: 0,
      recentMs: Number.POSITIVE_INFINITY,
      sinceMs: clock.monotonicMs(),
    }
    return {
      take(count) {
        const nowMs = clock.monotonicMs()
        const first = next
        for (; next < first + count; next++) {
          const place = next % partsPerSecond
          leftAtMs[place] = nowMs
          answeredAtMs[place] = Number.POSITIVE_INFINITY
          lanes[place] = state
        }
        paceMs = Math.max(paceMs, nowMs) + count * intervalMs
        return first
      },
      answered(ticket) {
        if (ticket < next - partsPerSecond || ticket >= next) return
        const nowMs = clock.monotonicMs()
        quicker(state, nowMs - leftAtMs[ticket % partsPerSecond]!, nowMs)
        for (let earlier = ticket; earlier >= 0 && earlier >= next - partsPerSecond; earlier--) {
          const place = earlier % partsPerSecond
          if (lanes[place] !== state) continue
          if (answeredAtMs[place]! <= nowMs) break
          answeredAtMs[place] = nowMs
        }
      },
    }
  }

  function nextInMs(): number {
    if (available() > 0) return 0
    const nowMs = clock.monotonicMs()
    const leftMs = leftAtMs[next % partsPerSecond]!
    const bestMs = Math.max(paceAllowsAtMs(), leftMs + windowMs + marginMs)
    const untilMs = bestMs > nowMs ? bestMs : freeAtMs(next)
    return Math.max(untilMs - nowMs, leastWaitMs)
  }

  return { available, nextInMs, lane }
}

/** What the way there and back takes at the least; parts are late by what their answer took longer. */
function usualMs({ quickestMs, answers }: LaneState): number {
  return answers < fewAnswers ? 0 : Math.max(quickestMs - slackMs, 0)
}

function quicker(state: LaneState, tookMs: number, nowMs: number): void {
  if (nowMs - state.sinceMs >= memoryMs) {
    state.quickestMs = state.recentMs
    state.recentMs = tookMs
    state.sinceMs = nowMs
  }
  state.answers += 1
  state.recentMs = Math.min(state.recentMs, tookMs)
  state.quickestMs = Math.min(state.quickestMs, tookMs)
}
