/**
 * One bind kept up: a session, and after its end another, for as long as it is wanted.
 *
 * @see facts: Kannel and Jasmin both wait 10 s always; a delay that grows finds a short cut sooner and spares an
 *   SMSC that is down
 */
import type { Cancel } from '../../clock.ts'
import type { LinkState } from '../../operator.ts'
import { SmppSession } from './session.ts'
import type { BindKind, SessionEnding, SessionEvents, SessionSetup } from './session-setup.ts'
import { status } from './tables.ts'

const delaysSeconds = [1, 2, 5, 10, 20, 30, 60] as const
/** A bind that held so long was well: the next loss starts with the shortest delay again. */
const steadyMs = 10_000
/** Spread of the delays, so that a hundred clients cut together do not return together. */
const jitter = 0.25
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
  /** The state changed; `isBack` when this is a bind after an earlier one. */
  onBindState(isBack: boolean): void
}

export class Bind {
  state: Exclude<LinkState, 'draining'> = 'stopped'
  reason = ''
  readonly kind: BindKind
  private session: SmppSession | null = null
  private readonly setup: Omit<SessionSetup, 'events' | 'kind'>
  private readonly owner: BindOwner
  private readonly random: () => number
  private cancelRetry: Cancel = () => undefined
  private failures = 0
  private boundAtMs: number | null = null
  private hasBeenBound = false
  private stopped: PromiseWithResolvers<void> | null = null

  constructor(
    kind: BindKind,
    setup: Omit<SessionSetup, 'events' | 'kind'>,
    owner: BindOwner,
    random: () => number,
  ) {
    this.kind = kind
    this.setup = setup
    this.owner = owner
    this.random = random
  }

  /** The session when it is bound. */
  get bound(): SmppSession | null {
    return this.session?.state === 'bound' ? this.session : null
  }

  /** The session while it lives, bound or not. */
  get live(): SmppSession | null {
    return this.session
  }

  /** Connects now. */
  start(): void {
    if (this.state !== 'stopped') return
    this.stopped = null
    this.failures = 0
    this.connect()
  }

  /** Unbinds and closes; resolves when the socket is given up. */
  stop(): Promise<void> {
    this.cancelRetry()
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

  private connect(): void {
    const { owner } = this
    this.boundAtMs = null
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
    this.session = new SmppSession({ ...this.setup, kind: this.kind, events })
    this.become('connecting', 'opening the connection')
  }

  private onBound(): void {
    this.boundAtMs = this.setup.clock.nowMs()
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
    if (this.boundAtMs !== null && this.setup.clock.nowMs() - this.boundAtMs >= steadyMs) this.failures = 0
    const reason = ending.kind === 'unbound' ? 'unbound' : ending.reason
    const isRefused = ending.kind === 'refused' && configurationStatuses.has(ending.status)
    const delayMs = Math.round(this.delaySeconds(ending, isRefused) * 1000)
    this.failures += 1
    this.cancelRetry = this.setup.clock.after(delayMs, () => this.connect())
    this.become(isRefused ? 'refused' : 'waiting', reason, false, delayMs)
  }

  private delaySeconds(ending: SessionEnding, isRefused: boolean): number {
    const spread = 1 + jitter * this.random()
    if (isRefused) return this.setup.config.refusedRetrySeconds * spread
    if (ending.kind === 'refused' && ending.status === status.alreadyBound) {
      return alreadyBoundSeconds * (1 + this.random())
    }
    return (delaysSeconds[Math.min(this.failures, delaysSeconds.length - 1)] ?? 60) * spread
  }

  private become(state: Bind['state'], reason: string, isBack = false, retryMs?: number): void {
    this.state = state
    this.reason = reason
    const { host, port } = this.setup.config
    const retry = retryMs === undefined ? {} : { retryMs }
    this.setup.log(`bind.${state}`, { kind: this.kind, host, port, reason, ...retry })
    this.owner.onBindState(isBack)
  }
}
