/**
 * Chance that repeats: the demo's world must be the same on every machine for the same seed, so nothing here
 * may ask Math.random. Each purpose has its own stream: a change in one table does not shift the others.
 */

export interface Random {
  /** 0 included to 1 excluded. */
  next(): number
  /** A whole number between both bounds, included. */
  integer(min: number, max: number): number
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T
  isChance(probability: number): boolean
  /** A shuffled copy. */
  shuffle<T>(list: readonly T[]): T[]
}

/**
 * @param seed any number; the same seed and purpose give the same stream
 * @param purpose what the stream is for, for example `phones`
 * @see mulberry32 (Tommy Ettinger, public domain) over an FNV-1a hash of both arguments
 */
export function createRandom(seed: number, purpose: string): Random {
  let state = hash(`${seed}/${purpose}`)

  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))

  return {
    next,
    integer,
    pick: list => list[integer(0, list.length - 1)]!,
    isChance: probability => next() < probability,
    shuffle(list) {
      const shuffled = [...list]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = integer(0, last)
        const kept = shuffled[last]!
        shuffled[last] = shuffled[other]!
        shuffled[other] = kept
      }
      return shuffled
    },
  }
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}
