/**
 * Group commit: what comes while one batch is being written forms the next. No timers: the batch grows with the
 * load and is written as soon as the one before is committed.
 */

export interface Batcher<Item, Result> {
  /** Resolves with this item's result after the commit that holds it. */
  add(item: Item): Promise<Result>
  /** Items waiting or being written. */
  readonly size: number
  /** Resolves when nothing is waiting. */
  idle(): Promise<void>
}

interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * @param write one transaction; one result per item, in order. When it throws, each item's promise rejects with it
 * @param maxItems most items of one transaction, so that none lasts too long
 */
export function createBatcher<Item, Result>(
  write: (items: Item[]) => Promise<Result[]>,
  maxItems: number,
): Batcher<Item, Result> {
  let waiting: Waiting<Item, Result>[] = []
  let inFlight = 0
  let running: Promise<void> | null = null

  async function drain(): Promise<void> {
    // One turn later, so that all of this turn's requests share the first transaction.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxItems)
      waiting = waiting.slice(maxItems)
      inFlight = batch.length
      try {
        const results = await write(batch.map(entry => entry.item))
        batch.forEach((entry, index) => {
          entry.resolve(results[index]!)
        })
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
      inFlight = 0
    }
    running = null
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
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
