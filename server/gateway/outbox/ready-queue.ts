/** Parts claimed and not submitted, in order of submission. Taking from the front costs nothing per part. */
import type { PartInHand } from './in-hand.ts'

export interface ReadyQueue {
  readonly length: number
  push(entry: PartInHand): void
  /** The next one to leave; undefined when empty. */
  shift(): PartInHand | undefined
  /** Parts that were taken and did not leave: each to the place it had. */
  putBack(entries: readonly PartInHand[]): void
  /** Empties the queue. */
  takeAll(): PartInHand[]
}

/** Taken entries are cut off the front in slices of this many: a memmove per slice instead of one per part. */
const compactAfter = 1_024

export function createReadyQueue(): ReadyQueue {
  let entries: (PartInHand | undefined)[] = []
  let head = 0
  const rest = (): PartInHand[] => entries.slice(head) as PartInHand[]
  return {
    get length() {
      return entries.length - head
    },
    push(entry) {
      entries.push(entry)
    },
    shift() {
      if (head === entries.length) return undefined
      const entry = entries[head]
      // Otherwise a sent text would live until the slice is cut off.
      entries[head] = undefined
      head += 1
      if (head === entries.length) {
        entries = []
        head = 0
      } else if (head >= compactAfter) {
        entries = entries.slice(head)
        head = 0
      }
      return entry
    },
    putBack(returned) {
      // Part numbers grow in order of submission; both lists are nearly sorted, which this sort takes in one pass.
      entries = [...returned, ...rest()].sort((a, b) => a.part.partId - b.part.partId)
      head = 0
    },
    takeAll() {
      const all = rest()
      entries = []
      head = 0
      return all
    },
  }
}
