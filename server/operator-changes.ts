/** Which operators the gateway must take over again: those whose row differs from what it was last given. */
import type { Application } from './application.ts'

/**
 * Remembers the operators as the gateway has them.
 *
 * @returns a function that reloads what was added, changed, started, stopped or deleted since the last call
 */
export async function followOperators(
  application: Pick<Application, 'store' | 'reloadOperator'>,
): Promise<() => Promise<void>> {
  let known = await versions(application)
  return async () => {
    const now = await versions(application)
    const before = known
    known = now
    const changed = [...now].filter(([operatorId, version]) => before.get(operatorId) !== version)
    const gone = [...before.keys()].filter(operatorId => !now.has(operatorId))
    for (const operatorId of [...changed.map(([id]) => id), ...gone]) {
      try {
        await application.reloadOperator(operatorId)
      } catch (error) {
        // Not taken over: the next call must try again.
        known.delete(operatorId)
        throw error
      }
    }
  }
}

/** By operator, all that the gateway works with. */
async function versions({ store }: Pick<Application, 'store'>): Promise<Map<number, string>> {
  const operators = await store.operators.list()
  return new Map(operators.map(operator => [operator.operatorId, JSON.stringify(operator)]))
}
