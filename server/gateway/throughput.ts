/**
 * Who may send how fast: one rate limit per short code. An operator has its own, or shares that of its
 * `throughputGroup` when several binds carry one short code. Limits outlive restarts of an operator, so that one
 * second around a restart does not hold twice the contract.
 */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkTraits } from '../../connectors/operators/kinds.ts'
import { createRateLimit, type RateLimit, settledAfterMs } from '../../connectors/operators/rate-limit.ts'
import { RappelError } from '../errors.ts'

export interface Throughput {
  /**
   * The limit that the operator keeps until it leaves. A restart joins anew before the old run leaves: each run has a
   * membership of its own.
   *
   * @throws RappelError `invalid-request` when a running operator of the group has another rate
   */
  join(operatorId: number, traits: Pick<LinkTraits, 'partsPerSecond' | 'throughputGroup'>): Membership
}

export interface Membership {
  limit: RateLimit
  leave(): void
}

interface Contract {
  partsPerSecond: number
  limit: RateLimit
  /** Runs of operators, each with the operator it is of. */
  members: Set<{ operatorId: number }>
}

export function createThroughput(clock: Pick<Clock, 'monotonicMs'>): Throughput {
  const contracts = new Map<string, Contract>()

  return {
    join(operatorId, { partsPerSecond, throughputGroup }) {
      const key = throughputGroup === null ? `operator ${operatorId}` : `group ${throughputGroup}`
      const known = contracts.get(key)
      if (known?.partsPerSecond === partsPerSecond) return enter(known, operatorId)
      const others = [...(known?.members ?? [])].filter(member => member.operatorId !== operatorId)
      if (known !== undefined && others.length > 0) {
        throw new RappelError('invalid-request', {
          path: 'config.partsPerSecond',
          received: partsPerSecond,
          expected: `${known.partsPerSecond}, as the running operators of ${throughputGroup} have; stop them first`,
        })
      }
      // What the operator sent under another limit, of its own or of a group, counts for a while yet.
      const isMoving = [...contracts.values()].some(({ members }) =>
        [...members].some(member => member.operatorId === operatorId),
      )
      const startInMs = known === undefined && !isMoving ? 0 : settledAfterMs
      const limit = createRateLimit(partsPerSecond, clock, startInMs)
      const contract = { partsPerSecond, limit, members: new Set<{ operatorId: number }>() }
      contracts.set(key, contract)
      return enter(contract, operatorId)
    },
  }
}

function enter({ limit, members }: Contract, operatorId: number): Membership {
  const member = { operatorId }
  members.add(member)
  return { limit, leave: () => members.delete(member) }
}
