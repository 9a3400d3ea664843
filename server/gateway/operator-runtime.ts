/** One operator while the product runs: its link, its pump, and the alarm when the bind stays down. */
import type { Clock } from '../../connectors/clock.ts'
import type { LinkStatus, OperatorLink } from '../../connectors/operator.ts'
import { type OperatorProtocol, operatorKinds } from '../../connectors/operators/kinds.ts'
import { RappelError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { Alarms } from './alarms.ts'
import { createPump, type Pump } from './outbox/pump.ts'
import type { Settler } from './outbox/settler.ts'

/** A short cut heals itself; longer than this somebody must know. */
const downAlarmAfterMs = 60_000

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
  readonly pump: Pump
  status(): LinkStatus
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
  clock: Clock
  log: Logger
  alternativeFor(recipient: string, notOperatorId: number): number | null
}

/**
 * Checks the settings and makes the operator; it connects at `start`.
 *
 * @throws RappelError `invalid-request` for an unknown protocol; ZodError for a config that is not of its schema
 */
export function createOperatorRuntime(
  settings: OperatorSettings,
  dependencies: RuntimeDependencies,
): OperatorRuntime & { start(): void } {
  const { settler, alarms, clock, log, store, alternativeFor } = dependencies
  const { operatorId, name } = settings
  const kind = Object.hasOwn(operatorKinds, settings.protocol) ? operatorKinds[settings.protocol] : undefined
  if (kind === undefined) {
    const expected = Object.keys(operatorKinds)
    throw new RappelError('invalid-request', { path: 'protocol', received: settings.protocol, expected })
  }
  const config = kind.configSchema.parse(settings.config)
  let downSinceMs: number | null = clock.nowMs()
  let isAlarmed = false

  const link: OperatorLink = kind.createLink(config, {
    clock,
    random: Math.random,
    log: (event, fields) => log.info({ event, operatorId, ...fields }),
    handlers: {
      onOutcomes: outcomes => pump.onOutcomes(outcomes),
      onReceipts: receipts => settler.addReceipts(operatorId, receipts, acknowledge),
      onIncoming: parts => settler.addIncoming(operatorId, parts, acknowledge),
      onCapacity: () => pump.proceed(),
      onState,
    },
  })
  const pump = createPump(
    {
      operatorId,
      sender: settings.sender,
      traits: kind.traits(config),
      alternativeFor: recipient => alternativeFor(recipient, operatorId),
    },
    { link, store, settler, clock, log },
  )

  function acknowledge(tokens: readonly number[], isStored: boolean): void {
    link.acknowledge(tokens, isStored)
  }

  function onState(status: LinkStatus): void {
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

  function clearAlarms(): void {
    isAlarmed = false
    alarms.clear('bind-down', name)
    alarms.clear('bind-refused', name)
  }

  return {
    settings,
    pump,
    start: () => link.start(),
    status: () => link.status(),
    downSinceMs: () => downSinceMs,
    tick() {
      pump.wake()
      if (downSinceMs !== null && !isAlarmed && clock.nowMs() - downSinceMs >= downAlarmAfterMs) {
        isAlarmed = true
        alarms.raise('bind-down', name, link.status().reason)
      }
    },
    async stop(drainMs) {
      await pump.stop()
      await link.stop(drainMs)
      pump.release()
      clearAlarms()
    },
  }
}
