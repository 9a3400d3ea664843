/** How many parts left in the last second, for the live view: counted in slices, so that nothing is kept per part. */
import type { Clock } from '../clock.ts'

const sliceMs = 50
const slicesPerSecond = 20

export interface Departures {
  add(count: number): void
  inLastSecond(): number
}

export function createDepartures(clock: Pick<Clock, 'monotonicMs'>): Departures {
  const counts = new Uint32Array(slicesPerSecond)
  let latest = Math.floor(clock.monotonicMs() / sliceMs)

  function advance(): void {
    const slice = Math.floor(clock.monotonicMs() / sliceMs)
    for (let passed = Math.max(latest, slice - slicesPerSecond) + 1; passed <= slice; passed++) {
      counts[passed % slicesPerSecond] = 0
    }
    latest = slice
  }

  return {
    add(count) {
      advance()
      counts[latest % slicesPerSecond]! += count
    },
    inLastSecond() {
      advance()
      let sum = 0
      for (const count of counts) sum += count
      return sum
    },
  }
}
