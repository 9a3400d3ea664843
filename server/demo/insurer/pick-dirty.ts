/** Chooses which rows are dirty: as many as dirt.ts says, never two kinds on one field of one row. */

import type { Random } from './random.ts'

export interface DirtPicker {
  /**
   * @param candidates rows that the kind fits
   * @throws RangeError when fewer than `count` of them are still clean
   */
  take(count: number, candidates: readonly number[]): number[]
}

/**
 * @param shownFirst rows of today's work: one of every kind is taken among them when it can be, so that whoever
 *   plays the demo meets each kind on the first day
 */
export function createDirtPicker(random: Random, shownFirst: ReadonlySet<number>): DirtPicker {
  const dirty = new Set<number>()

  return {
    take(count, candidates) {
      const clean = random.shuffle(candidates.filter(candidate => !dirty.has(candidate)))
      if (clean.length < count)
        throw new RangeError(`dirt: expected ${count} clean rows, found ${clean.length}`)
      const shown = clean.findIndex(candidate => shownFirst.has(candidate))
      if (shown > 0) clean.unshift(...clean.splice(shown, 1))
      const taken = clean.slice(0, count)
      for (const candidate of taken) dirty.add(candidate)
      return taken
    },
  }
}
