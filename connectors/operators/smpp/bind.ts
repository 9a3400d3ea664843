/** One bind kept up: a session, and after its end another, for as long as it is wanted. */
import type { Socket } from 'node:net'
import type { Cancel } from '../../clock.ts'
import type { LinkState } from '../../operator.ts'
import { createReconnect, type Reconnect } from '../reconnect.ts'
import { createOutbindDoor, type OutbindDoor } from './outbind.ts'
import { SmppSession } from './session.ts'
import type { BindKind, SessionEnding, SessionEvents, SessionSetup } from './session-setup.ts'
import { status } from './tables.ts'

/** A bind that held so long was well: the next loss starts with the shortest delay again. */
const steadyMs = 10_000
/** ESME_RALYBND: the SMSC has not noticed yet that our former connection is gone. */
const alreadyBoundSeconds = 30

/** Statuses that no patience heals: name, password, type or mode of the bind are wrong. */
const configurationStatuses: ReadonlySet<number> = new Set([
  status.ok,
  status.invalidCommandId,
  status.bindFailed,
  status.invalidPassword,
  status.invalidSystemId,
  status.invalidSystemType,
])

export interface BindOwner extends Omit<SessionEvents, 'onBinding' | 'onBound' | 'onClosed'> {
  /**
   * The state changed.
   *
   * @param isBack this is a bind after an earlier one
   * @param error why the bind was lost or refused; null for every other change
   */
  onBindState(isBack: boolean, error: string | null): void
}

export class Bind {
  state: Exclude<LinkState, 'draining'> = 'stopped'
  reason = ''
  sinceMs: number
  /** Parts submitted, and connections opened, since the link was made. */
  submitted = 0
  connects = 0
  readonly kind: BindKind
  readonly name: string
  private session: SmppSession | null = null
  private readonly setup: Omit<SessionSetup, 'events' | 'kind'>
  private readonly owner: BindOwner
  private readonly random: () => number
  private cancelRetry: Cancel = () => undefined
  private readonly reconnect: Reconnect
  private hasBeenBound = false
  /** Where an SMSC that opens the connection itself comes in. */
  private readonly door: OutbindDoor | null
  private stopped: PromiseWithResolvers<void> | null = null

  constructor(
    kind: BindKind,
    setup: Omit<SessionSetup, 'events' | 'kind'>,
    owner: BindOwner,
    random: () => number,
  ) {
    this.kind = kind
    this.name = setup.name
    this.sinceMs = setup.clock.nowMs()
    this.setup = setup
    this.owner = owner
    this.random = random
    this.reconnect = createReconnect(steadyMs, random)
    this.door = this.doorOf()
  }

  /** The session when it is bound. */
  get bound(): SmppSession | null {
    return this.session?.state === 'bound' ? this.session : null
  }

  /** The session while it lives, bound or not. */
  get live(): SmppSession | null {
    return this.session
  }

  /** Submits awaiting their answer. */
  get inFlight(): number {
    return this.session?.inFlight ?? 0
  }

  /** Connects now. */
  start(): void {
    if (this.state !== 'stopped') return
    this.stopped = null
    this.reconnect.reset()
    if (this.door === null) this.connect()
    else this.awaitCall()
  }

  /** Unbinds and closes; resolves when the socket is given up. */
  stop(): Promise<void> {
    this.cancelRetry()
    this.door?.close()
    if (this.stopped !== null) return this.stopped.promise
    if (this.session === null) {
      this.become('stopped', 'stopped')
      return Promise.resolve()
    }
    this.stopped = Promise.withResolvers<void>()
    const { promise } = this.stopped
    this.session.unbind()
    return promise
  }

  private doorOf(): OutbindDoor | null {
    const { config, clock, log } = this.setup
    const { outbind } = config
    if (outbind === undefined) return null
    return createOutbindDoor({
      config: { ...config, outbind },
      clock,
      log,
      onCall: socket => {
        if (this.session !== null || this.state === 'stopped') return false
        this.connect(socket)
        return true
      },
      onFailed: reason => {
        this.cancelRetry = clock.after(this.reconnect.down(clock.monotonicMs()), () => this.door?.open())
        this.become('waiting', reason)
      },
    })
  }

  private awaitCall(): void {
    this.become('waiting', 'waiting for the SMSC to call')
    this.door?.open()
  }

  private connect(socket?: Socket): void {
    const { owner } = this
    this.connects += 1
    const events: SessionEvents = {
      onBinding: () => this.become('binding', 'waiting for the answer to the bind'),
      onBound: () => this.onBound(),
      onClosed: ending => this.onClosed(ending),
      onAnswer: answer => owner.onAnswer(answer),
      onOutcomes: outcomes => owner.onOutcomes(outcomes),
      onReceipts: receipts => owner.onReceipts(receipts),
      onIncoming: parts => owner.onIncoming(parts),
      onDrained: () => owner.onDrained(),
    }
    const call = socket === undefined ? {} : { socket }
    this.session = new SmppSession({ ...this.setup, ...call, kind: this.kind, events })
    this.become('connecting', 'opening the connection')
  }

  private onBound(): void {
    this.reconnect.up(this.setup.clock.monotonicMs())
    const isBack = this.hasBeenBound
    this.hasBeenBound = true
    this.become('bound', '', isBack)
  }

  private onClosed(ending: SessionEnding): void {
    this.session = null
    if (this.stopped !== null) {
      this.become('stopped', 'stopped')
      this.stopped.resolve()
      return
    }
    const reason = ending.kind === 'unbound' ? 'unbound' : ending.reason
    const isRefused = ending.kind === 'refused' && configurationStatuses.has(ending.status)
    if (this.door !== null) {
      this.become(isRefused ? 'refused' : 'waiting', reason)
      return
    }
    const delayMs = this.delayMs(ending, isRefused)
    this.cancelRetry = this.setup.clock.after(delayMs, () => this.connect())
    this.become(isRefused ? 'refused' : 'waiting', reason, false, delayMs)
  }

  private delayMs(ending: SessionEnding, isRefused: boolean): number {
    const waitMs = this.reconnect.down(this.setup.clock.monotonicMs())
    if (isRefused) return this.reconnect.spread(this.setup.config.refusedRetrySeconds)
    if (ending.kind === 'refused' && ending.status === status.alreadyBound) {
      return Math.round(alreadyBoundSeconds * 1000 * (1 + this.random()))
    }
    return waitMs
  }

  private become(state: Bind['state'], reason: string, isBack = false, retryMs?: number): void {
    if (state !== this.state) this.sinceMs = this.setup.clock.nowMs()
    this.state = state
    this.reason = reason
    const { host, port } = this.setup.config
    const retry = retryMs === undefined ? {} : { retryMs }
    this.setup.log(`bind.${state}`, { bind: this.name, host, port, reason, ...retry })
    this.owner.onBindState(isBack, state === 'refused' || state === 'waiting' ? reason : null)
  }
}
