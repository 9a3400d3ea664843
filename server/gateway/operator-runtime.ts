/** One operator while the product runs: its link, its pump, and the alarm when the bind stays down. */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkStatus, OperatorLink, TraceSink } from '../../connectors/operator.ts'
import { type OperatorProtocol, operatorKinds } from '../../connectors/operators/kinds.ts'
import { RappelError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { Alarms } from './alarms.ts'
import { createBindAlarm } from './bind-alarm.ts'
import type { Contracts } from './contracts/contracts.ts'
import { createUnsureAnswers } from './inbound/unsure-answers.ts'
import type { Monitor } from './monitor.ts'
import { createLinkWatch } from './operator-figures.ts'
import { createPump, type Pump } from './outbox/pump.ts'
import type { Settler } from './outbox/settler.ts'
import type { RoutableMessage } from './routing/routing.ts'
import type { Throughput } from './throughput.ts'

export interface OperatorSettings {
  operatorId: number
  name: string
  protocol: OperatorProtocol
  /** As the protocol's schema takes it, password included. */
  config: unknown
  sender: string
}

export interface OperatorRuntime {
  readonly settings: OperatorSettings
  /** Parts of any one second by the contract; 0 is unlimited. */
  readonly partsPerSecond: number
  readonly pump: Pump
  status(): LinkStatus
  /** `drained`: nothing is in flight any more. */
  readonly mode: 'sending' | 'draining' | 'drained'
  /**
   * Submits nothing more and stays bound, for answers, receipts and incoming messages, until it is stopped or started
   * again. What was claimed and has not left goes back to the queue.
   */
  drain(): Promise<void>
  trace(sink: TraceSink | null): void
  /** Epoch ms since when no message can leave; null while bound. */
  downSinceMs(): number | null
  /** Called about once a second. */
  tick(): void
  /** Submits no more, awaits outstanding answers up to `drainMs`, unbinds; every outcome is with the settler then. */
  stop(drainMs?: number): Promise<void>
}

export interface RuntimeDependencies {
  store: Store
  settler: Settler
  alarms: Alarms
  monitor: Monitor
  throughput: Throughput
  clock: Clock
  log: Logger
  contracts: Pick<Contracts, 'termsOf' | 'retryPolicyOf'>
  /** The next operator for a message that this one has no route for. */
  alternativeFor(message: RoutableMessage, operatorId: number): number | null
}

/**
 * Checks the settings and makes the operator; it connects at `start`.
 *
 * @throws RappelError `invalid-request` for an unknown protocol or a throughput that its group contradicts; ZodError
 *   for a config that is not of its schema
 */
export function createOperatorRuntime(
  settings: OperatorSettings,
  dependencies: RuntimeDependencies,
): OperatorRuntime & { start(): void } {
  const { settler, alarms, monitor, throughput, contracts, clock, log, store, alternativeFor } = dependencies
  const { operatorId, name } = settings
  const kind = Object.hasOwn(operatorKinds, settings.protocol) ? operatorKinds[settings.protocol] : undefined
  if (kind === undefined) {
    const expected = Object.keys(operatorKinds)
    throw new RappelError('invalid-request', { path: 'protocol', received: settings.protocol, expected })
  }
  const config = kind.configSchema.parse(settings.config)
  const traits = kind.traits(config)
  let downSinceMs: number | null = clock.nowMs()
  const bindAlarm = createBindAlarm(name, { alarms, startedAtMs: clock.nowMs() })
  let drainingSinceMs: number | null = null
  let isDrained = false
  const figures = monitor.figuresOf(operatorId)
  const watch = createLinkWatch()
  const unsure = createUnsureAnswers(clock.nowMs())

  const membership = throughput.join(operatorId, traits)
  const link: OperatorLink = kind.createLink(config, {
    clock,
    random: Math.random,
    rate: membership.limit,
    log: (event, fields) => log.info({ event, operatorId, ...fields }),
    handlers: {
      onOutcomes(outcomes) {
        figures.addOutcomes(outcomes)
        pump.onOutcomes(outcomes)
      },
      onReceipts(receipts) {
        figures.addReceipts(receipts)
        settler.addReceipts(operatorId, receipts, acknowledge)
      },
      onIncoming(parts) {
        figures.addIncoming(parts.length)
        const tokens = parts.map(({ receiptToken }) => receiptToken)
        const doubt = unsure.received(tokens, link.status(), clock.nowMs())
        settler.addIncoming(operatorId, parts, acknowledge, doubt)
      },
      onCapacity: () => pump.proceed(),
      onState,
    },
  })
  const pump = createPump(
    {
      operatorId,
      sender: settings.sender,
      traits,
      contract: {
        termsOf: message => contracts.termsOf(message, { operatorId, ownSender: settings.sender }),
        retryPolicy: () => contracts.retryPolicyOf(operatorId),
      },
      chance: Math.random,
      alternativeFor: message => alternativeFor(message, operatorId),
    },
    { link, store, settler, clock, log },
  )

  function acknowledge(tokens: readonly number[], isStored: boolean): void {
    link.acknowledge(tokens, isStored)
    unsure.answered(tokens, isStored, clock.nowMs())
  }

  function tellChanges(status: LinkStatus): void {
    unsure.look(status, clock.nowMs())
    for (const { event, bind, detail } of watch(status, clock.nowMs())) {
      if (event !== 'bind-up' && event !== 'bind-down') figures.addState(event)
      monitor.tell(operatorId, event, { bind, detail })
    }
  }

  function onState(status: LinkStatus): void {
    tellChanges(status)
    if (status.state === 'bound') {
      // Pauses are told as well: only the way up is news.
      if (downSinceMs === null) return
      downSinceMs = null
      clearAlarms()
      pump.open()
      return
    }
    downSinceMs ??= clock.nowMs()
    pump.release()
    if (status.state === 'refused') alarms.raise('bind-refused', name, status.reason)
  }

  function lookDrained(): void {
    if (drainingSinceMs === null || isDrained || link.status().inFlight > 0) return
    isDrained = true
    monitor.tell(operatorId, 'drained')
  }

  function clearAlarms(): void {
    bindAlarm.clear()
    alarms.clear('bind-refused', name)
  }

  return {
    settings,
    partsPerSecond: traits.partsPerSecond,
    pump,
    start: () => link.start(),
    status: () => link.status(),
    get mode() {
      if (drainingSinceMs === null) return 'sending'
      return isDrained ? 'drained' : 'draining'
    },
    async drain() {
      if (drainingSinceMs !== null) return
      drainingSinceMs = clock.nowMs()
      monitor.tell(operatorId, 'draining')
      await pump.stop()
      lookDrained()
    },
    trace: sink => link.trace(sink),
    downSinceMs: () => drainingSinceMs ?? downSinceMs,
    tick() {
      pump.wake()
      tellChanges(link.status())
      lookDrained()
      bindAlarm.look(link.status(), clock.nowMs())
    },
    async stop(drainMs) {
      await pump.stop()
      await link.stop(drainMs)
      pump.release()
      membership.leave()
      clearAlarms()
    },
  }
}
