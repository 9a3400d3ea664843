/**
 * Which of several binds carries which part. The parts of one recipient keep to one bind as long as it has room, so
 * that they arrive in order; the rest goes where there is most room. Pure.
 */
import type { OutgoingPart } from '../../operator.ts'

/** A bind that may submit, and how many parts it takes now. */
export interface Outlet {
  room: number
}

/**
 * @returns shares out the first `count` parts, `count` being at most the sum of the rooms; each share keeps the order
 *   of the parts, and `room` is what is left
 */
export function createLoadSharing<One extends Outlet>(
  outlets: readonly One[],
): (parts: readonly OutgoingPart[], count: number) => Iterable<[One, readonly OutgoingPart[]]> {
  const [only] = outlets
  if (outlets.length === 1 && only !== undefined) {
    return (parts, count) =>
      count === 0 ? [] : [[only, count === parts.length ? parts : parts.slice(0, count)]]
  }
  return (parts, count) => {
    const shares = new Map<One, OutgoingPart[]>()
    for (let index = 0; index < count; index++) {
      const part = parts[index]!
      const usual = outlets[placeOf(part.recipient, outlets.length)]!
      const outlet = usual.room > 0 ? usual : roomiest(outlets)
      outlet.room -= 1
      const share = shares.get(outlet)
      if (share === undefined) shares.set(outlet, [part])
      else share.push(part)
    }
    return shares
  }
}

/** The last digits differ most; four of them spread evenly over any number of binds. */
function placeOf(recipient: string, count: number): number {
  let hash = 0
  for (let index = Math.max(recipient.length - 4, 0); index < recipient.length; index++) {
    hash = (hash * 31 + recipient.charCodeAt(index)) >>> 0
  }
  return hash % count
}

function roomiest<One extends Outlet>(outlets: readonly One[]): One {
  return outlets.reduce((best, outlet) => (outlet.room > best.room ? outlet : best))
}
