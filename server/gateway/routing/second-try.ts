/**
 * A phone that its operator does not know may be on another network: its message is tried once on the next operator,
 * and when that one delivers, the number is remembered. Never a duplicate: the first operator has said for good that
 * it did not deliver.
 */
import type { Clock } from '../../../connectors/clock.ts'
import type { Logger } from '../../log.ts'
import type { Store } from '../../store/operations.ts'
import type { Routing } from './routing.ts'

export interface SecondTries {
  /** Messages that an operator has no subscriber for; looked at in the background. Never throws. */
  consider(messageIds: readonly number[]): void
  /** Remembers what second tries have taught. Called from time to time. */
  conclude(): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export interface SecondTryDependencies {
  store: Pick<Store, 'secondTries'>
  routing: Routing
  clock: Clock
  log: Logger
  /** Messages were queued for these operators. */
  onQueued(operatorIds: ReadonlySet<number>): void
}

export function createSecondTries(dependencies: SecondTryDependencies): SecondTries {
  const { store, routing, clock, log, onQueued } = dependencies
  let lastLook: Promise<void> = Promise.resolve()

  async function look(messageIds: readonly number[]): Promise<void> {
    const nowMs = clock.nowMs()
    const candidates = await store.secondTries.candidates(messageIds, nowMs)
    const { categories } = routing.policy.secondTry
    const tries = candidates.flatMap(candidate => {
      if (!categories.includes(candidate.category)) return []
      const fromOperatorId = candidate.operatorId
      const operatorId = routing.otherFor({ ...candidate, dueAtMs: nowMs }, fromOperatorId)
      return operatorId === null ? [] : [{ messageId: candidate.messageId, fromOperatorId, operatorId }]
    })
    if (tries.length === 0) return
    const queued = await store.secondTries.begin(tries, nowMs)
    log.info({ event: 'second-try.queued', messages: queued })
    onQueued(new Set(tries.map(({ operatorId }) => operatorId)))
  }

  return {
    consider(messageIds) {
      if (!routing.policy.secondTry.isOn) return
      // What fails here leaves the message undelivered, as the operator said: nothing is lost.
      lastLook = lastLook
        .then(() => look(messageIds))
        .catch(error => log.error({ event: 'second-try.failed', error: String(error) }))
    },
    async conclude() {
      const learnt = await store.secondTries.conclude(clock.nowMs())
      for (const override of learnt) routing.overrides.put(override)
      if (learnt.length > 0) log.info({ event: 'second-try.learnt', numbers: learnt.length })
    },
    idle: () => lastLook,
  }
}
