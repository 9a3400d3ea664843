/**
 * Who may send how fast: one rate limit per short code. An operator has its own, or shares that of its
 * `throughputGroup` when several binds carry one short code. Limits outlive restarts of an operator, so that one
 * second around a restart does not hold twice the contract.
 */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkTraits } from '../../connectors/operators/kinds.ts'
import { createRateLimit, type RateLimit } from '../../connectors/operators/rate-limit.ts'
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

/** A limit that replaces another begins when the second that the old one has filled is over. */
const secondMs = 1_200

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
      const limit = createRateLimit(partsPerSecond, clock, known === undefined ? 0 : secondMs)
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
