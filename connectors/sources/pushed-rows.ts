/** Rows that a driver pushes, gathered into batches; the driver is paused while a full batch waits. */
import { batchBytes, mostRowBytes, rowBytes, rowTooLarge } from './batch-size.ts'
import { batchRows } from './row-reading.ts'

interface PushedRows<Row> {
  push(row: Row): void
  end(): void
  fail(error: unknown): void
  /** The next rows; an empty list is the end. @throws what `fail` was given, once all rows before were taken */
  next(): Promise<Row[]>
}

/** @param pause what the driver may still hand over afterwards is what it holds of the socket's last chunk */
export function gatherRows<Row extends readonly unknown[]>({
  pause,
  resume,
}: {
  pause(): void
  resume(): void
}): PushedRows<Row> {
  const gathered: Row[] = []
  const sizes: number[] = []
  let bytes = 0
  const arrival = createArrival(resume)
  const isFull = (): boolean => gathered.length >= batchRows || bytes >= batchBytes
  return {
    push(row) {
      if (arrival.failure !== undefined) return
      try {
        const size = rowBytes(row)
        bytes += size
        sizes.push(size)
      } catch (error) {
        pause()
        return arrival.fail(error)
      }
      gathered.push(row)
      if (!isFull()) return
      pause()
      arrival.look()
    },
    end: arrival.end,
    fail: arrival.fail,
    async next() {
      await arrival.until(isFull)
      if (gathered.length === 0) arrival.throwFailure()
      let count = 0
      for (let taken = 0; count < Math.min(gathered.length, batchRows) && taken < batchBytes; count += 1) {
        taken += sizes[count]!
      }
      for (const size of sizes.splice(0, count)) bytes -= size
      return gathered.splice(0, count)
    },
  }
}

/** The wait for what a driver pushes. */
interface Arrival {
  /** What the result failed with, which ends it; undefined while it has not. */
  readonly failure: { error: unknown } | undefined
  end(): void
  fail(error: unknown): void
  /** Something has come: whoever waits may look again. */
  look(): void
  /** Lets the driver go on until enough is there or nothing more comes. */
  until(isEnough: () => boolean): Promise<void>
  /** @throws what the result failed with, if it did */
  throwFailure(): void
}

/** @param resume lets the driver hand over more */
export function createArrival(resume: () => void): Arrival {
  let isOpen = true
  let failure: Arrival['failure']
  let wake: (() => void) | undefined
  return {
    get failure() {
      return failure
    },
    end() {
      isOpen = false
      wake?.()
    },
    fail(error) {
      if (isOpen) failure = { error }
      isOpen = false
      wake?.()
    },
    look: () => wake?.(),
    async until(isEnough) {
      while (!isEnough() && isOpen) {
        // Resuming may hand over rows at once, so whoever wakes us must be known before.
        const more = new Promise<void>(resolve => {
          wake = resolve
        })
        resume()
        await more
      }
    },
    throwFailure() {
      if (failure !== undefined) throw failure.error
    },
  }
}

/** What a driver reads of a socket at a time. */
const chunkBytes = 65_536

/**
 * Tells when one row comes to more than may be held, before it is whole: drivers put a row together before they hand
 * it over, whatever its size.
 *
 * @param tooLarge ends the connection; called once
 */
export function watchRowSize(tooLarge: (error: Error) => void): {
  arrived(bytes: number): void
  row(): void
} {
  let sinceRow = 0
  let isOver = false
  return {
    arrived(bytes) {
      sinceRow += bytes
      if (isOver || sinceRow <= mostRowBytes + chunkBytes) return
      isOver = true
      tooLarge(rowTooLarge(mostRowBytes))
    },
    row() {
      sinceRow = 0
    },
  }
}
