/**
 * Rates counted exactly: over every window of one second, wherever it starts, and not from one second of the
 * wall clock to the next (which lets twice the contract pass around the turn of the second).
 */

/** Whether one more part keeps within a contract of so many per second. */
export class SlidingSecond {
  readonly #times: Float64Array
  readonly #windowMs: number
  #oldest = 0

  /** @param windowMs the second, less what the contract tolerates for the network's jitter */
  constructor(maxPerSecond: number, windowMs = 1_000) {
    this.#times = new Float64Array(maxPerSecond).fill(Number.NEGATIVE_INFINITY)
    this.#windowMs = windowMs
  }

  /** True when the window that ends now is already full. */
  isFull(nowMs: number): boolean {
    return nowMs - this.#times[this.#oldest]! < this.#windowMs
  }

  /** Counts one part. Its place is that of the oldest one: the window never holds more than the contract. */
  add(nowMs: number): void {
    this.#times[this.#oldest] = nowMs
    this.#oldest = (this.#oldest + 1) % this.#times.length
  }
}

/** Seconds of history kept: an hour is longer than any proof runs. */
const historySeconds = 3_600

/** What arrived when: the busiest second seen, and the counts of each second of the clock. */
export class ArrivalRate {
  readonly #perMs = new Uint32Array(1_000)
  readonly #perSecond = new Map<number, number>()
  #lastMs = Number.NEGATIVE_INFINITY
  #inWindow = 0
  /** Most parts in any window of 1,000 ms. */
  peakInAnySecond = 0

  add(nowMs: number, count = 1): void {
    this.#advance(nowMs)
    this.#perMs[this.#lastMs % 1_000]! += count
    this.#inWindow += count
    if (this.#inWindow > this.peakInAnySecond) this.peakInAnySecond = this.#inWindow
    const second = Math.floor(this.#lastMs / 1_000)
    this.#perSecond.set(second, (this.#perSecond.get(second) ?? 0) + count)
  }

  /** Parts in the window of one second that ends now. */
  inLastSecond(nowMs: number): number {
    this.#advance(nowMs)
    return this.#inWindow
  }

  /** Parts by second of the clock, oldest first; `second` is epoch seconds. */
  perSecond(): { second: number; parts: number }[] {
    return [...this.#perSecond].map(([second, parts]) => ({ second, parts }))
  }

  /** A clock set back is taken as standing still: a window cannot be un-counted. */
  #advance(nowMs: number): void {
    if (nowMs <= this.#lastMs) return
    const passedMs = nowMs - this.#lastMs
    if (passedMs >= 1_000) {
      this.#perMs.fill(0)
      this.#inWindow = 0
    } else {
      for (let ms = this.#lastMs + 1; ms <= nowMs; ms += 1) {
        this.#inWindow -= this.#perMs[ms % 1_000]!
        this.#perMs[ms % 1_000] = 0
      }
    }
    if (Math.floor(nowMs / 1_000) !== Math.floor(this.#lastMs / 1_000)) this.#forgetOldSeconds()
    this.#lastMs = nowMs
  }

  #forgetOldSeconds(): void {
    if (this.#perSecond.size < historySeconds) return
    const oldest = this.#perSecond.keys().next()
    if (!oldest.done) this.#perSecond.delete(oldest.value)
  }
}
