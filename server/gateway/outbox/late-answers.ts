/** Parts whose answer did not come in time, for as long as the link may still bring it. */
import { type PartInHand, unknownGraceMs } from './in-hand.ts'

export interface LateAnswers {
  expect(entry: PartInHand, nowMs: number): void
  /** Forgets the part and gives it back; undefined when nothing is known of it. */
  take(partId: number): LateAnswer | undefined
}

export interface LateAnswer {
  entry: PartInHand
  /** True while policy has surely not decided yet: a refusal may then still be followed. */
  isWaiting(nowMs: number): boolean
}

/** As many as the links remember, twice over; a text each, some 5 MB. */
const limit = 10_000
/** Taken off the grace, for the time that settling may take. */
const marginMs = 10_000

export function createLateAnswers(): LateAnswers {
  const awaited = new Map<number, { entry: PartInHand; sinceMs: number }>()
  return {
    expect(entry, nowMs) {
      awaited.set(entry.part.partId, { entry, sinceMs: nowMs })
      if (awaited.size <= limit) return
      const oldest = awaited.keys().next()
      if (!oldest.done) awaited.delete(oldest.value)
    },
    take(partId) {
      const found = awaited.get(partId)
      if (found === undefined) return undefined
      awaited.delete(partId)
      const { entry, sinceMs } = found
      return { entry, isWaiting: nowMs => nowMs - sinceMs < unknownGraceMs - marginMs }
    },
  }
}
