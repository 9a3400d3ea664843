/** When a write-back that failed is tried again. Pure. */

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** After the first, second … failure; the last for all that follow. */
const delaysMs = [30_000, 2 * minuteMs, 10 * minuteMs, hourMs, 3 * hourMs, 6 * hourMs]
/** A long weekend without the customer's server; what fails longer needs a person. */
const retriedForMs = 72 * hourMs

/** @returns null when it is given up */
export function nextTryAtMs(attempts: number, queuedAtMs: number, nowMs: number): number | null {
  const atMs = nowMs + (delaysMs[attempts] ?? delaysMs.at(-1)!)
  return atMs - queuedAtMs > retriedForMs ? null : atMs
}

/** How long a source rests that could not be reached: its messages need not all find that out one by one. */
export function restMs(failures: number): number {
  return Math.min(delaysMs[failures - 1] ?? hourMs, hourMs)
}
