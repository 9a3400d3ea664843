/**
 * The contracted throughput: never more than `partsPerSecond` parts in any one second, as the receiver counts them.
 *
 * Two rules hold together. The log: a part may leave only when the part `partsPerSecond` places before it left a
 * second and a margin ago, so that no window of one second can hold too many, wherever it begins. The pace: parts
 * leave evenly, with a small allowance that makes up for a late timer, so that no burst reaches the network.
 * The margin covers what the network may bring closer together; it costs 1.5 % of the contract.
 */

export interface RateLimit {
  /** Parts that may leave at `nowMs`. */
  available(nowMs: number): number
  /** Records that `count` parts leave at `nowMs`; `count` must not be above `available`. */
  take(count: number, nowMs: number): void
  /** When `available` is above zero again; `nowMs` when it is already. */
  nextAtMs(nowMs: number): number
}

/** One second and the jitter it must survive. */
const windowMs = 1015
/** A timer or a busy loop may be this late without the throughput suffering. */
const allowanceMs = 50

/** @param partsPerSecond the contract, 1..2000; 0 is unlimited */
export function createRateLimit(partsPerSecond: number): RateLimit {
  return partsPerSecond === 0 ? unlimited : limited(partsPerSecond)
}

const unlimited: RateLimit = {
  available: () => Number.MAX_SAFE_INTEGER,
  take: () => undefined,
  nextAtMs: nowMs => nowMs,
}

function limited(partsPerSecond: number): RateLimit {
  /** When each of the last `partsPerSecond` parts left; `oldest` is the next place to be overwritten. */
  const leftAtMs = new Float64Array(partsPerSecond).fill(Number.NEGATIVE_INFINITY)
  let oldest = 0
  /**
   * When the pace would let the next part leave, were there no allowance: in units of which a millisecond has
   * `partsPerSecond` and a part takes `windowMs`. Whole numbers, because fractions of an epoch time round, and a
   * moment that is told too early wakes the sender for nothing and then never again.
   */
  let pace = 0
  const allowance = allowanceMs * partsPerSecond
  /** The first instant seen: later ones are counted from here, to stay far below 2 ** 53 units. */
  let baseMs: number | null = null
  let latestMs = 0
  /** Added to a clock that went backwards, so that its jump delays nothing. */
  let skewMs = 0

  /** Milliseconds since the first instant, never less than before. */
  const steady = (nowMs: number): number => {
    baseMs ??= nowMs
    if (nowMs - baseMs + skewMs < latestMs) skewMs = latestMs - (nowMs - baseMs)
    latestMs = nowMs - baseMs + skewMs
    return latestMs
  }

  return {
    available(nowMs) {
      const now = steady(nowMs)
      const units = now * partsPerSecond
      const byPace = Math.floor((units + allowance - Math.max(pace, units)) / windowMs) + 1
      const limit = Math.min(Math.max(byPace, 0), partsPerSecond)
      let count = 0
      while (count < limit && now - leftAtMs[(oldest + count) % partsPerSecond]! >= windowMs) count += 1
      return count
    },
    take(count, nowMs) {
      const now = steady(nowMs)
      for (let taken = 0; taken < count; taken++) {
        leftAtMs[oldest] = now
        oldest = oldest + 1 === partsPerSecond ? 0 : oldest + 1
      }
      pace = Math.max(pace, now * partsPerSecond) + count * windowMs
    },
    nextAtMs(nowMs) {
      const now = steady(nowMs)
      const byPace = Math.ceil((pace - allowance) / partsPerSecond)
      return nowMs + Math.max(byPace - now, leftAtMs[oldest]! + windowMs - now, 0)
    },
  }
}
