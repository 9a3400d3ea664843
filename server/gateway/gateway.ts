/** The gateway: routes, operators, the outbox and what watches over it. Started and stopped by main.ts. */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkStatus } from '../../connectors/operator.ts'
import { openTerms, type SendingTerms } from '../../scheduler/alerts/policy/terms.ts'
import type { EnqueueResult, NewMessage, UnknownPolicy } from '../../scheduler/store.ts'
import { RappelError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { RouteTable } from '../store/routes.ts'
import { type Accept, createAccept } from './accept.ts'
import type { Alarms } from './alarms.ts'
import { type BorrowedAccounts, createBorrowedAccounts } from './borrowed-accounts.ts'
import { type ContractBook, type ContractFacts, createContracts } from './contracts/contracts.ts'
import { createInboundWorker, type InboundSettings, type InboundWorker } from './inbound/worker.ts'
import { createMonitor } from './monitor.ts'
import type { OperatorTotals } from './operator-figures.ts'
import { createOperatorRuntime, type OperatorRuntime, type OperatorSettings } from './operator-runtime.ts'
import { createSettler } from './outbox/settler.ts'
import type { MessageFacts, MessageKind } from './routing/conditions.ts'
import type { Network } from './routing/networks.ts'
import type { NumberOverrides } from './routing/overrides.ts'
import { createRouting, type RoutableMessage, type Standing, type Way } from './routing/routing.ts'
import { createSecondTries } from './routing/second-try.ts'
import { supervise } from './supervise.ts'
import { createThroughput } from './throughput.ts'
import type { Traces } from './traces.ts'

/** What is learnt while draining is written within this, or left to recovery: a full disk must not hold up a stop. */
const settleOnStopMs = 10_000

export interface OperatorState extends LinkStatus {
  operatorId: number
  name: string
  /** Parts claimed and not yet submitted. */
  ahead: number
  /** Parts of any one second by the contract; 0 is unlimited. */
  partsPerSecond: number
  mode: OperatorRuntime['mode']
  /** Since this process started, restarts of the operator included. */
  totals: OperatorTotals
}

export interface Gateway {
  accept: Accept
  /** Takes over new rules at once; messages queued already keep their operator. */
  setRoutes(table: RouteTable, networks: readonly Network[]): void
  /** Numbers with a way of their own; whoever changes the store changes them here. */
  readonly overrides: NumberOverrides
  setOverrides(fresh: NumberOverrides): void
  /**
   * Starts an operator, or restarts it with new settings; settings that are refused leave it as it was.
   *
   * @throws RappelError `invalid-request`, `stopping`; ZodError
   */
  startOperator(settings: OperatorSettings): Promise<void>
  stopOperator(operatorId: number): Promise<void>
  /**
   * Submits nothing more to the operator; it stays bound until it is stopped or started again. Not remembered: after a
   * restart of the product it submits again.
   *
   * @throws RappelError `conflict` when it is not started
   */
  drainOperator(operatorId: number): Promise<void>
  /** The operator is deleted: what was kept about it goes. */
  forgetOperator(operatorId: number): Promise<void>
  /** null where no directory for them was given. */
  readonly traces: Traces | null
  /** Accounts of stopped operators, for a diagnosis. */
  readonly accounts: Pick<BorrowedAccounts, 'borrow'>
  /**
   * Queues a message for this operator, whatever the rules say: a test of its way.
   *
   * @throws RappelError `store-unavailable`, `stopping`
   */
  sendThrough(
    operatorId: number,
    message: NewMessage & { unknownPolicy: UnknownPolicy },
  ): Promise<EnqueueResult>
  operators(): OperatorState[]
  /** The operator that a message would be given now; null when no rule leads anywhere. */
  operatorFor(message: RoutableMessage): number | null
  /** What the contract of the operator that would carry it has for a message; the pump asks the same. */
  termsOf(message: RoutableMessage & ContractFacts): SendingTerms
  /** Every operator that may carry messages of this kind, with what its contract has for them. */
  carriersOf(kind: MessageKind): Carrier[]
  /** Takes over contracts at once: what is queued already is held to them when it leaves. */
  setContracts(book: ContractBook): void
  /** Which way a message would go, and why. */
  wayOf(facts: MessageFacts): Way
  /** Drains every bind, stores every outcome; nothing is accepted any more. */
  stop(drainMs?: number): Promise<void>
}

export interface Carrier {
  operatorId: number
  /** @param text empty while it is not known */
  termsOf(text: string): SendingTerms
}

export interface GatewayDependencies {
  store: Store
  clock: Clock
  log: Logger
  /** The gateway sees to it that they are stored in the end, those raised elsewhere included. */
  alarms: Alarms
  /** Absent: incoming messages are stored and nobody looks at them (commands beside a running server). */
  inbound?: InboundSettings
  /** Where protocol traces are written; absent: none can be made. */
  traceDirectory?: string
}

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { store, clock, log, alarms } = dependencies
  const runtimes = new Map<number, OperatorRuntime>()
  const restarting = new Set<number>()
  const throughput = createThroughput(clock)
  const accounts = createBorrowedAccounts()
  const monitor = createMonitor({
    store,
    clock,
    log,
    alarms,
    traceDirectory: dependencies.traceDirectory,
    onTraceChange: operatorId => runtimes.get(operatorId)?.trace(monitor.traces?.sinkOf(operatorId) ?? null),
  })
  /** Since when an operator that messages wait for is not even started. */
  const stoppedAtMs = new Map<number, number>()
  const startedAtMs = clock.nowMs()
  const routing = createRouting({ clock, standingOf })
  const contracts = createContracts()
  let isStopping = false
  /** Starts and stops follow each other: two at once would leave a link that nobody knows. */
  let lastChange: Promise<unknown> = Promise.resolve()
  const settler = createSettler({
    store,
    alarms,
    clock,
    log,
    isUnknownSubscriber: routing.isUnknownSubscriber,
    onUnknownSubscribers: messageIds => secondTries.consider(messageIds),
    onSettled() {
      for (const runtime of runtimes.values()) runtime.pump.proceed()
    },
    onIncoming: () => inbound?.wake(),
  })
  const secondTries = createSecondTries({ store, routing, clock, log, onQueued: wake })

  function standingOf(operatorId: number): Standing {
    const runtime = runtimes.get(operatorId)
    if (runtime === undefined) {
      if (restarting.has(operatorId)) return { state: 'restarting' }
      return { state: 'stopped', sinceMs: stoppedAtMs.get(operatorId) ?? startedAtMs }
    }
    const sinceMs = runtime.downSinceMs()
    return sinceMs === null ? { state: 'bound' } : { state: 'down', sinceMs }
  }

  const ownSenderOf = (operatorId: number): string | null => runtimes.get(operatorId)?.settings.sender ?? null

  function wake(operatorIds: ReadonlySet<number>): void {
    for (const operatorId of operatorIds) runtimes.get(operatorId)?.pump.wake()
  }

  const inbound: InboundWorker | null =
    dependencies.inbound === undefined
      ? null
      : createInboundWorker({
          store,
          clock,
          log,
          alarms,
          settings: dependencies.inbound,
          isStarted: operatorId => runtimes.has(operatorId),
          operatorFor: routing.firstFor,
          ownNumbers: () => [...runtimes.values()].map(({ settings }) => settings.sender),
          onQueued: wake,
        })

  const supervision = supervise({
    store,
    clock,
    log,
    alarms,
    runtimes,
    longDown: routing.isLongDown,
    boundFor: routing.boundFor,
    concludeSecondTries: secondTries.conclude,
  })

  async function stopOperator(operatorId: number, drainMs?: number): Promise<void> {
    const runtime = runtimes.get(operatorId)
    if (runtime === undefined) return
    await runtime.stop(drainMs)
    runtimes.delete(operatorId)
    stoppedAtMs.set(operatorId, clock.nowMs())
    monitor.tell(operatorId, 'stopped', { detail: isStopping ? 'the product stops' : '' })
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
      operatorFor: routing.firstFor,
      unknownPolicyOf: contracts.unknownPolicyOf,
      isStopping: () => isStopping,
      onQueued: wake,
    }),
    setRoutes: routing.set,
    get overrides() {
      return routing.overrides
    },
    setOverrides: routing.setOverrides,
    startOperator: settings =>
      inTurn(async () => {
        if (isStopping) throw new RappelError('stopping')
        const { operatorId } = settings
        const dependencies = {
          store,
          settler,
          alarms,
          monitor,
          throughput,
          contracts,
          clock,
          log,
          alternativeFor: routing.nextFor,
        }
        const runtime = createOperatorRuntime(settings, dependencies)
        restarting.add(operatorId)
        try {
          await accounts.takeBack(operatorId)
          await stopOperator(operatorId)
        } finally {
          restarting.delete(operatorId)
        }
        runtimes.set(operatorId, runtime)
        runtime.trace(monitor.traces?.sinkOf(operatorId) ?? null)
        monitor.tell(operatorId, 'started')
        runtime.start()
      }),
    stopOperator: operatorId => inTurn(() => stopOperator(operatorId)),
    drainOperator: operatorId =>
      inTurn(async () => {
        const runtime = runtimes.get(operatorId)
        if (runtime === undefined) throw new RappelError('conflict', { operatorId, reason: 'not-started' })
        await runtime.drain()
      }),
    forgetOperator: monitor.forget,
    traces: monitor.traces,
    accounts,
    async sendThrough(operatorId, message) {
      if (isStopping) throw new RappelError('stopping')
      const items = [
        { ledger: null, message: { ...message, operatorId, unknownPolicy: message.unknownPolicy ?? 'hold' } },
      ]
      const [answer] = await store.enqueue.enqueueGroup({ requests: [{ items }], nowMs: clock.nowMs() })
      wake(new Set([operatorId]))
      if (answer?.kind !== 'accepted') throw new Error(`a test message was answered ${answer?.kind}`)
      return answer.results[0]!
    },
    operatorFor: routing.firstFor,
    wayOf: routing.wayOf,
    setContracts: contracts.set,
    termsOf(message) {
      const operatorId = routing.firstFor(message)
      if (operatorId === null) return openTerms(message.sender)
      return contracts.termsOf(message, { operatorId, ownSender: ownSenderOf(operatorId) })
    },
    carriersOf: kind =>
      routing.carriersOf(kind).map(operatorId => ({
        operatorId,
        termsOf: text =>
          contracts.termsIn({ ...kind, text }, { operatorId, ownSender: ownSenderOf(operatorId) }),
      })),
    operators: () =>
      [...runtimes.values()].map(runtime => ({
        ...runtime.status(),
        operatorId: runtime.settings.operatorId,
        name: runtime.settings.name,
        ahead: runtime.pump.ahead,
        partsPerSecond: runtime.partsPerSecond,
        mode: runtime.mode,
        totals: monitor.figuresOf(runtime.settings.operatorId).totals,
      })),
    stop(drainMs) {
      isStopping = true
      return inTurn(async () => {
        await supervision.stop()
        await inbound?.stop()
        await accounts.takeBackAll()
        await Promise.all([...runtimes.keys()].map(operatorId => stopOperator(operatorId, drainMs)))
        const lost = await settler.stop(settleOnStopMs)
        await secondTries.idle()
        if (lost > 0) log.error({ event: 'settle.abandoned', outcomes: lost })
        await monitor.stop()
        await alarms.idle()
      })
    },
  }
}
