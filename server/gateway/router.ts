/** Which operators may carry a message to a number, best first. Pure: routes in, ranking out. */

export interface Route {
  /** First digits of the international number; empty for every number. */
  prefix: string
  /** 1 is tried first. */
  rank: number
  operatorId: number
}

export interface Router {
  /** Operators for the number: the longest matching prefix first, ranks within it; never one twice. */
  operatorsFor(recipient: string): readonly number[]
}

/** Distinct leading digits remembered; beyond that the answer is worked out again. */
const rememberedLimit = 10_000

export function createRouter(routes: readonly Route[]): Router {
  const longest = Math.max(0, ...routes.map(route => route.prefix.length))
  const ordered = [...routes].sort((a, b) => b.prefix.length - a.prefix.length || a.rank - b.rank)
  const remembered = new Map<string, readonly number[]>()
  return {
    operatorsFor(recipient) {
      const head = recipient.slice(0, longest)
      let operators = remembered.get(head)
      if (operators === undefined) {
        operators = [
          ...new Set(ordered.filter(route => head.startsWith(route.prefix)).map(route => route.operatorId)),
        ]
        if (remembered.size >= rememberedLimit) remembered.clear()
        remembered.set(head, operators)
      }
      return operators
    },
  }
}
