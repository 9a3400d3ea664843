/**
 * Chance that can be repeated: the same seed gives the same faults and the same receipts, so that a failing test
 * fails again and a demo ends with the same figures every day.
 */

/**
 * A stream of numbers in [0, 1).
 *
 * @param seed any integer; only its low 32 bits count
 * @see Tommy Ettinger's mulberry32, public domain: one multiplication per number and no state beyond 32 bits
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    return finish(state)
  }
}

/**
 * A number in [0, 1) that depends on the text alone and not on what was asked before: whatever the order in which
 * messages arrive, the same recipient gets the same receipt.
 */
export function shareOf(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  }
  return finish(hash)
}

/** Spreads 32 bits evenly: phone numbers differ by their last digits only, and FNV alone keeps them close. */
function finish(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
