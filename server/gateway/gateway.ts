/** The gateway: routes, operators, the outbox and what watches over it. Started and stopped by main.ts. */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkStatus } from '../../connectors/operator.ts'
import { RappelError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import { type Accept, createAccept } from './accept.ts'
import type { Alarms } from './alarms.ts'
import { createOperatorRuntime, type OperatorRuntime, type OperatorSettings } from './operator-runtime.ts'
import { createSettler } from './outbox/settler.ts'
import { createRouter, type Route, type Router } from './router.ts'
import { supervise } from './supervise.ts'

/** A bind down longer than this loses its traffic to the next operator that has a route. */
const fallbackAfterMs = 300_000
/** What is learnt while draining is written within this, or left to recovery: a full disk must not hold up a stop. */
const settleOnStopMs = 10_000

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
  /**
   * Starts an operator, or restarts it with new settings; settings that are refused leave it as it was.
   *
   * @throws RappelError `invalid-request`, `stopping`; ZodError
   */
  startOperator(settings: OperatorSettings): Promise<void>
  stopOperator(operatorId: number): Promise<void>
  operators(): OperatorState[]
  /** The operator that a message to this number would be given now; null when no route leads there. */
  operatorFor(recipient: string): number | null
  /** Drains every bind, stores every outcome; nothing is accepted any more. */
  stop(drainMs?: number): Promise<void>
}

export interface GatewayDependencies {
  store: Store
  clock: Clock
  log: Logger
  /** The gateway sees to it that they are stored in the end, those raised elsewhere included. */
  alarms: Alarms
}

export function createGateway({ store, clock, log, alarms }: GatewayDependencies): Gateway {
  const runtimes = new Map<number, OperatorRuntime>()
  const restarting = new Set<number>()
  /** Since when an operator that messages wait for is not even started. */
  const stoppedAtMs = new Map<number, number>()
  const startedAtMs = clock.nowMs()
  let router: Router = createRouter([])
  let isStopping = false
  /** Starts and stops follow each other: two at once would leave a link that nobody knows. */
  let lastChange: Promise<unknown> = Promise.resolve()
  const settler = createSettler({
    store,
    alarms,
    clock,
    log,
    onSettled() {
      for (const runtime of runtimes.values()) runtime.pump.proceed()
    },
  })

  function downSinceMs(operatorId: number): number | null {
    const runtime = runtimes.get(operatorId)
    return runtime === undefined ? (stoppedAtMs.get(operatorId) ?? startedAtMs) : runtime.downSinceMs()
  }

  function isUsable(operatorId: number): boolean {
    const runtime = runtimes.get(operatorId)
    if (runtime === undefined) return restarting.has(operatorId)
    const sinceMs = runtime.downSinceMs()
    return sinceMs === null || clock.nowMs() - sinceMs < fallbackAfterMs
  }

  const isBound = (operatorId: number): boolean => runtimes.get(operatorId)?.downSinceMs() === null

  /** The first usable one; with none usable the first of all, whose queue then waits for it. */
  function operatorFor(recipient: string): number | null {
    const ranked = router.operatorsFor(recipient)
    return ranked.find(isUsable) ?? ranked[0] ?? null
  }

  /** After a refusal for want of a route only down the ranking, so that no message goes round for ever. */
  function alternativeFor(recipient: string, operatorId: number): number | null {
    const ranked = router.operatorsFor(recipient)
    return ranked.slice(ranked.indexOf(operatorId) + 1).find(id => id !== operatorId && isUsable(id)) ?? null
  }

  const supervision = supervise({
    store,
    clock,
    log,
    alarms,
    runtimes,
    longDown(operatorId) {
      const sinceMs = restarting.has(operatorId) ? null : downSinceMs(operatorId)
      return sinceMs !== null && clock.nowMs() - sinceMs >= fallbackAfterMs
    },
    boundFor: (recipient, operatorId) =>
      router.operatorsFor(recipient).find(id => id !== operatorId && isBound(id)) ?? null,
  })

  async function stopOperator(operatorId: number, drainMs?: number): Promise<void> {
    const runtime = runtimes.get(operatorId)
    if (runtime === undefined) return
    await runtime.stop(drainMs)
    runtimes.delete(operatorId)
    stoppedAtMs.set(operatorId, clock.nowMs())
    alarms.clear('queue-aged', runtime.settings.name)
    await settler.idle(settleOnStopMs)
  }

  function inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = lastChange.then(change)
    lastChange = result.catch(() => undefined)
    return result
  }

  return {
    accept: createAccept({
      store,
      clock,
      operatorFor,
      isStopping: () => isStopping,
      onQueued(operatorIds) {
        for (const operatorId of operatorIds) runtimes.get(operatorId)?.pump.wake()
      },
    }),
    setRoutes(routes) {
      router = createRouter(routes)
    },
    startOperator: settings =>
      inTurn(async () => {
        if (isStopping) throw new RappelError('stopping')
        const { operatorId } = settings
        const dependencies = { store, settler, alarms, clock, log, alternativeFor }
        const runtime = createOperatorRuntime(settings, dependencies)
        restarting.add(operatorId)
        try {
          await stopOperator(operatorId)
        } finally {
          restarting.delete(operatorId)
        }
        runtimes.set(operatorId, runtime)
        runtime.start()
      }),
    stopOperator: operatorId => inTurn(() => stopOperator(operatorId)),
    operatorFor,
    operators: () =>
      [...runtimes.values()].map(runtime => ({
        ...runtime.status(),
        operatorId: runtime.settings.operatorId,
        name: runtime.settings.name,
        ahead: runtime.pump.ahead,
      })),
    stop(drainMs) {
      isStopping = true
      return inTurn(async () => {
        await supervision.stop()
        await Promise.all([...runtimes.keys()].map(operatorId => stopOperator(operatorId, drainMs)))
        const lost = await settler.stop(settleOnStopMs)
        if (lost > 0) log.error({ event: 'settle.abandoned', outcomes: lost })
        await alarms.idle()
      })
    },
  }
}
