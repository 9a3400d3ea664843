/**
 * Load sharing by weight: the same phone always comes to the same operator, so that its messages keep their order,
 * and when an operator leaves only its own phones move. Weighted rendezvous hashing. Pure.
 *
 * @see Thaler, Ravishankar: A Name-Based Mapping Scheme for Rendezvous (1996); Schindelhauer, Schomaker: Weighted
 *   Distributed Hash Tables (2005), logarithmic method
 */

export interface Sharer {
  operatorId: number
  weight: number
}

/** The operators for a phone, the one whose turn it is first. */
export function sharedOrder(sharers: readonly Sharer[], recipient: string): number[] {
  const phone = hashOf(recipient)
  return sharers
    .map(({ operatorId, weight }) => ({ operatorId, score: weight / -Math.log(unitOf(phone, operatorId)) }))
    .sort((a, b) => b.score - a.score || a.operatorId - b.operatorId)
    .map(({ operatorId }) => operatorId)
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}

/** Between 0 and 1, neither of them: the finaliser of MurmurHash3 spreads neighbouring numbers. */
function unitOf(phone: number, operatorId: number): number {
  let hash = phone ^ Math.imul(operatorId, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash = (hash ^ (hash >>> 16)) >>> 0
  return (hash + 0.5) / 0x1_0000_0000
}
