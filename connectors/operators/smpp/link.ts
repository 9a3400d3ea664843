/** An SMPP operator: one bind, or a transmitter and a receiver, behind the contract of the gateway. */
import type { Cancel, Clock } from '../../clock.ts'
import type {
  LinkHandlers,
  LinkState,
  LinkStatus,
  OperatorLink,
  OutgoingPart,
  SubmitOutcome,
} from '../../operator.ts'
import { Bind, type BindOwner } from './bind.ts'
import type { SmppConfig } from './config.ts'
import { createFlow, type Flow } from './flow.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import type { BindKind, SmppLog } from './session-setup.ts'
import { createSubmitEncoder } from './submit.ts'

export interface SmppLinkSetup {
  /** As parsed by `smppConfigSchema`. */
  config: SmppConfig
  handlers: LinkHandlers
  clock: Clock
  /** 0 ≤ random < 1, for the jitter of reconnects. */
  random: () => number
  log: SmppLog
}

/** @returns a link that does nothing until `start` */
export function createSmppLink(setup: SmppLinkSetup): OperatorLink {
  return new SmppLink(setup)
}

/** Small waits are gathered: at 2,000 parts/s a timer per part would cost more than the parts. */
const shortestWaitMs = 5

class SmppLink implements OperatorLink {
  private readonly setup: SmppLinkSetup
  private readonly binds: Bind[]
  /** The bind that submits; a receiver-only link has none. */
  private readonly transmitter: Bind | undefined
  private readonly flow: Flow
  private readonly rate: RateLimit
  private cancelWake: Cancel | null = null
  private isDraining = false
  private whenDrained: (() => void) | null = null
  private sinceMs: number
  private lastState: LinkState = 'stopped'

  constructor(setup: SmppLinkSetup) {
    this.setup = setup
    const { config, clock, log, random } = setup
    this.flow = createFlow(config.window)
    this.rate = createRateLimit(config.partsPerSecond)
    this.sinceMs = clock.nowMs()
    const shared = { config, clock, log, encoder: createSubmitEncoder(config), tokens: { next: 1 } }
    this.binds = bindKinds[config.bindMode].map(kind => new Bind(kind, shared, this.ownerOf(kind), random))
    this.transmitter = this.binds.find(bind => bind.kind !== 'receiver')
  }

  start(): void {
    this.isDraining = false
    for (const bind of this.binds) bind.start()
  }

  capacity(): number {
    const session = this.transmitter?.bound
    if (this.isDraining || !session?.isWritable) return 0
    const nowMs = this.setup.clock.nowMs()
    const allowed = this.flow.allowance(session.inFlight, nowMs)
    return allowed === 0 ? 0 : Math.min(allowed, this.rate.available(nowMs))
  }

  submit(parts: readonly OutgoingPart[]): void {
    if (parts.length === 0) return
    const count = Math.min(this.capacity(), parts.length)
    const session = this.transmitter?.bound
    const outcomes: SubmitOutcome[] = []
    if (count > 0 && session !== null && session !== undefined) {
      const { sent, refused } = session.submit(parts, count)
      this.rate.take(sent, this.setup.clock.nowMs())
      outcomes.push(...refused)
    }
    for (const { partId } of parts.slice(count)) outcomes.push({ kind: 'unsent', partId })
    // Later, not now: the caller is still busy with the batch it has just handed over.
    if (outcomes.length > 0) queueMicrotask(() => this.report(outcomes))
    this.wakeWhenAllowed()
  }

  acknowledge(receiptTokens: readonly number[], isStored: boolean): void {
    for (const bind of this.binds) bind.live?.acknowledge(receiptTokens, isStored)
  }

  status(): LinkStatus {
    const inactive = this.binds.find(bind => bind.state !== 'bound')
    const isDraining = this.isDraining && inactive?.state !== 'stopped'
    return {
      state: isDraining ? 'draining' : (inactive?.state ?? 'bound'),
      sinceMs: this.sinceMs,
      reason: inactive === undefined ? '' : `${inactive.kind}: ${inactive.reason}`,
      inFlight: this.transmitter?.live?.inFlight ?? 0,
      window: this.setup.config.window,
      pausedUntilMs: this.flow.pausedUntilMs(this.setup.clock.nowMs()),
    }
  }

  async stop(drainMs = this.setup.config.drainSeconds * 1000): Promise<void> {
    this.isDraining = true
    this.stateChanged()
    if ((this.transmitter?.live?.inFlight ?? 0) > 0) await this.drained(drainMs)
    await Promise.all(this.binds.map(bind => bind.stop()))
    this.cancelWake?.()
    this.cancelWake = null
  }

  private drained(drainMs: number): Promise<void> {
    return new Promise(resolve => {
      const cancel = this.setup.clock.after(drainMs, resolve)
      this.whenDrained = () => {
        cancel()
        resolve()
      }
    })
  }

  private ownerOf(kind: BindKind): BindOwner {
    const { handlers, clock, log } = this.setup
    return {
      onBindState: isBack => {
        if (isBack && kind !== 'receiver') this.flow.reopened()
        this.stateChanged()
        if (this.transmitter?.bound) handlers.onCapacity()
      },
      onAnswer: answer => {
        const nowMs = clock.nowMs()
        const wasPausedMs = this.flow.pausedUntilMs(nowMs)
        this.flow.answered(answer, nowMs)
        const untilMs = this.flow.pausedUntilMs(nowMs)
        if (untilMs === wasPausedMs) return
        log('bind.throttled', { pauseMs: untilMs - nowMs, status: answer.status })
        this.wakeWhenAllowed()
        this.stateChanged(true)
      },
      onOutcomes: outcomes => {
        if (outcomes.some(isTimeout)) this.flow.unanswered()
        this.report(outcomes)
        if (this.transmitter?.live?.inFlight === 0) this.whenDrained?.()
      },
      onReceipts: receipts => handlers.onReceipts(receipts),
      onIncoming: parts => handlers.onIncoming(parts),
      onDrained: () => handlers.onCapacity(),
    }
  }

  private report(outcomes: SubmitOutcome[]): void {
    this.setup.handlers.onOutcomes(outcomes)
    if (!this.isDraining) this.setup.handlers.onCapacity()
  }

  /** Arms the one timer that tells when a pause or the rate lets something leave again. */
  private wakeWhenAllowed(): void {
    const nowMs = this.setup.clock.nowMs()
    const pausedMs = this.flow.pausedUntilMs(nowMs)
    const untilMs = Math.max(pausedMs, this.rate.nextAtMs(nowMs))
    if (untilMs <= nowMs) return
    if (this.cancelWake !== null && pausedMs === 0) return
    this.cancelWake?.()
    this.cancelWake = this.setup.clock.after(Math.max(untilMs - nowMs, shortestWaitMs), () => {
      this.cancelWake = null
      if (!this.isDraining) this.setup.handlers.onCapacity()
      this.wakeWhenAllowed()
    })
  }

  private stateChanged(isPauseChanged = false): void {
    const status = this.status()
    if (status.state !== this.lastState) {
      this.lastState = status.state
      this.sinceMs = this.setup.clock.nowMs()
    } else if (!isPauseChanged && status.state === 'bound') {
      return
    }
    this.setup.handlers.onState({ ...status, sinceMs: this.sinceMs })
  }
}

function isTimeout(outcome: SubmitOutcome): boolean {
  return outcome.kind === 'unknown' && outcome.reason === 'timeout'
}

const bindKinds: Readonly<Record<SmppConfig['bindMode'], readonly BindKind[]>> = {
  transceiver: ['transceiver'],
  transmitter: ['transmitter'],
  receiver: ['receiver'],
  'transmitter+receiver': ['transmitter', 'receiver'],
}
