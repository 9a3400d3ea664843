/**
 * Group commit: what comes while one batch is being written forms the next, first come first served. No timers: the
 * batch grows with the load and is written as soon as the one before is committed.
 */
import { RappelError } from '../errors.ts'

export interface Batcher<Item, Result> {
  /**
   * Resolves with this item's result after the commit that holds it.
   *
   * @throws RappelError `too-many-requests` at once when too much waits already; what `write` throws
   */
  add(item: Item): Promise<Result>
  /** Items waiting or being written. */
  readonly size: number
  /** Resolves when nothing is waiting. */
  idle(): Promise<void>
}

export interface BatcherLimits<Item> {
  /** Most items of one transaction, so that none lasts too long. */
  maxItems: number
  /** Rows that an item writes; 1 when absent. */
  weightOf?(item: Item): number
  /** Most rows of one transaction; an item that weighs more gets one of its own. */
  maxWeight?: number
  /** Rows that may wait. Above, new items are refused: a database that stands still must not fill the memory. */
  maxWaiting?: number
}

interface Waiting<Item, Result> {
  item: Item
  weight: number
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/** @param write one transaction; one result per item, in order */
export function createBatcher<Item, Result>(
  write: (items: Item[]) => Promise<Result[]>,
  limits: BatcherLimits<Item>,
): Batcher<Item, Result> {
  const {
    maxItems,
    weightOf = () => 1,
    maxWeight = Number.POSITIVE_INFINITY,
    maxWaiting = Number.POSITIVE_INFINITY,
  } = limits
  let waiting: Waiting<Item, Result>[] = []
  let waitingWeight = 0
  let inFlight = 0
  let running: Promise<void> | null = null

  async function drain(): Promise<void> {
    // One turn later, so that all of this turn's requests share the first transaction.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = take()
      inFlight = batch.length
      await writeBatch(batch)
      inFlight = 0
    }
    running = null
  }

  function take(): Waiting<Item, Result>[] {
    let count = 0
    let weight = 0
    while (count < waiting.length && count < maxItems) {
      const next = waiting[count]!.weight
      if (count > 0 && weight + next > maxWeight) break
      weight += next
      count += 1
    }
    waitingWeight -= weight
    if (count < waiting.length) return waiting.splice(0, count)
    const all = waiting
    waiting = []
    return all
  }

  async function writeBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    let results: Result[]
    try {
      results = await write(batch.map(entry => entry.item))
    } catch (error) {
      if (batch.length > 1 && isOneItemsFault(error)) {
        for (const entry of batch) await writeBatch([entry])
      } else {
        for (const entry of batch) entry.reject(error)
      }
      return
    }
    batch.forEach((entry, index) => {
      entry.resolve(results[index]!)
    })
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        const weight = weightOf(item)
        if (waitingWeight > 0 && waitingWeight + weight > maxWaiting) {
          reject(
            new RappelError('too-many-requests', { reason: 'the store is busy', waiting: waitingWeight }),
          )
          return
        }
        waitingWeight += weight
        waiting.push({ item, weight, resolve, reject })
        running ??= drain()
      })
    },
    get size() {
      return waiting.length + inFlight
    },
    async idle() {
      while (running !== null) await running
    },
  }
}

/** A store that cannot write fails all alike; anything else may be the doing of one request among its neighbours. */
function isOneItemsFault(error: unknown): boolean {
  return !(error instanceof RappelError && error.code === 'store-unavailable')
}
