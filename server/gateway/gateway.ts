/** The gateway: routes, operators, the outbox and what watches over it. Started and stopped by main.ts. */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkStatus } from '../../connectors/operator.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import { type Accept, createAccept } from './accept.ts'
import { createAlarms } from './alarms.ts'
import { type OperatorRuntime, type OperatorSettings, startOperator } from './operator-runtime.ts'
import { createSettler } from './outbox/settler.ts'
import { createRouter, type Route, type Router } from './router.ts'
import { supervise } from './supervise.ts'

/** A bind down longer than this loses its traffic to the next operator that has a route. */
const fallbackAfterMs = 300_000

export interface OperatorState extends LinkStatus {
  operatorId: number
  name: string
  /** Parts claimed and not yet submitted. */
  ahead: number
}

export interface Gateway {
  accept: Accept
  /** Takes over new routes at once; messages queued already keep their operator. */
  setRoutes(routes: readonly Route[]): void
  /** Starts an operator, or restarts it with new settings. */
  startOperator(settings: OperatorSettings): Promise<void>
  stopOperator(operatorId: number): Promise<void>
  operators(): OperatorState[]
  /** The operator that a message to this number would be given now; null when no route leads there. */
  operatorFor(recipient: string): number | null
  /** Drains every bind, stores every outcome. */
  stop(drainMs?: number): Promise<void>
}

export interface GatewayDependencies {
  store: Store
  clock: Clock
  log: Logger
}

export function createGateway({ store, clock, log }: GatewayDependencies): Gateway {
  const runtimes = new Map<number, OperatorRuntime>()
  let router: Router = createRouter([])
  const alarms = createAlarms(store, clock, log)
  const settler = createSettler({
    store,
    clock,
    log,
    onSettled() {
      for (const runtime of runtimes.values()) runtime.pump.proceed()
    },
  })
  const isUsable = (operatorId: number): boolean => {
    const runtime = runtimes.get(operatorId)
    if (runtime === undefined) return false
    const downSinceMs = runtime.downSinceMs()
    return downSinceMs === null || clock.nowMs() - downSinceMs < fallbackAfterMs
  }
  const alternativeFor = (recipient: string, notOperatorId: number): number | null =>
    router.operatorsFor(recipient).find(id => id !== notOperatorId && isUsable(id)) ?? null
  /** The first usable one; with none usable the first of all, whose queue then waits for it. */
  const operatorFor = (recipient: string): number | null => {
    const ranked = router.operatorsFor(recipient)
    return ranked.find(isUsable) ?? ranked[0] ?? null
  }
  const accept = createAccept({
    store,
    clock,
    operatorFor,
    onQueued(operatorIds) {
      for (const operatorId of operatorIds) runtimes.get(operatorId)?.pump.wake()
    },
  })
  const supervision = supervise({ store, clock, log, alarms, runtimes, alternativeFor, fallbackAfterMs })

  async function stopOperator(operatorId: number, drainMs?: number): Promise<void> {
    const runtime = runtimes.get(operatorId)
    if (runtime === undefined) return
    await runtime.stop(drainMs)
    runtimes.delete(operatorId)
    await settler.idle()
  }

  return {
    accept,
    setRoutes(routes) {
      router = createRouter(routes)
    },
    async startOperator(settings) {
      await stopOperator(settings.operatorId)
      runtimes.set(
        settings.operatorId,
        startOperator(settings, { store, settler, alarms, clock, log, alternativeFor }),
      )
    },
    stopOperator,
    operatorFor,
    operators: () =>
      [...runtimes.values()].map(runtime => ({
        ...runtime.status(),
        operatorId: runtime.settings.operatorId,
        name: runtime.settings.name,
        ahead: runtime.pump.ahead,
      })),
    async stop(drainMs) {
      await supervision.stop()
      await Promise.all([...runtimes.keys()].map(operatorId => stopOperator(operatorId, drainMs)))
      await settler.idle()
    },
  }
}
