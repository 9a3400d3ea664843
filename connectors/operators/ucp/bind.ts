/** One session kept up, and after its end another, for as long as it is wanted; two addresses take turns. */
import type { Cancel } from '../../clock.ts'
import type { LinkState } from '../../operator.ts'
import { createReconnect, type Reconnect } from '../reconnect.ts'
import type { UcpConfig } from './config.ts'
import { UcpSession } from './session.ts'
import type { SessionEnding, SessionEvents, SessionSetup, Target } from './session-setup.ts'

/** A session that held so long was well: the next loss starts with the shortest delay again. */
const steadyMs = 60_000

export interface BindOwner extends Omit<SessionEvents, 'onBinding' | 'onBound' | 'onClosed'> {
  /**
   * The state changed.
   *
   * @param isBack this is a session after an earlier one
   * @param error why the session was lost or refused; null for every other change
   */
  onBindState(isBack: boolean, error: string | null): void
}

type BindSetup = Omit<SessionSetup, 'events' | 'target'>

export class UcpBind {
  state: Exclude<LinkState, 'draining'> = 'stopped'
  reason = ''
  sinceMs: number
  /** Parts submitted, and connections opened, since the link was made. */
  submitted = 0
  connects = 0
  private session: UcpSession | null = null
  private readonly setup: BindSetup
  private readonly owner: BindOwner
  private readonly targets: readonly Target[]
  private readonly reconnect: Reconnect
  private cancelRetry: Cancel = () => undefined
  private turn = 0
  private hasBeenBound = false
  private isStopping = false

  constructor(setup: BindSetup, owner: BindOwner, random: () => number) {
    this.setup = setup
    this.owner = owner
    this.sinceMs = setup.clock.nowMs()
    this.targets = targetsOf(setup.config)
    this.reconnect = createReconnect(steadyMs, random)
  }

  /** Of the address whose turn it is. */
  get name(): string {
    return this.target.name
  }

  /** The session when it is bound. */
  get bound(): UcpSession | null {
    return this.session?.state === 'bound' ? this.session : null
  }

  /** The session while it lives, bound or not. */
  get live(): UcpSession | null {
    return this.session
  }

  /** Submits awaiting their result. */
  get inFlight(): number {
    return this.session?.pending.submits ?? 0
  }

  /** Connects now. */
  start(): void {
    if (this.state !== 'stopped') return
    this.isStopping = false
    this.reconnect.reset()
    this.connect()
  }

  /** Closes; what is owed is reported before. */
  stop(): void {
    this.cancelRetry()
    this.isStopping = true
    if (this.session !== null) this.session.close({ kind: 'closed' })
    else if (this.state !== 'stopped') this.become('stopped', 'stopped')
  }

  private get target(): Target {
    return this.targets[this.turn % this.targets.length]!
  }

  private connect(): void {
    const { owner } = this
    this.connects += 1
    let wasBound = false
    const events: SessionEvents = {
      onBinding: () => this.become('binding', 'waiting for the answer to the login'),
      onBound: () => {
        wasBound = true
        this.onBound()
      },
      onClosed: ending => this.onClosed(ending, wasBound),
      onAnswer: answer => owner.onAnswer(answer),
      onOutcomes: ends => owner.onOutcomes(ends),
      onReceipts: receipts => owner.onReceipts(receipts),
      onIncoming: parts => owner.onIncoming(parts),
      onRoom: () => owner.onRoom(),
    }
    this.session = new UcpSession({ ...this.setup, target: this.target, events })
    this.become('connecting', 'opening the connection')
  }

  private onBound(): void {
    this.reconnect.up(this.setup.clock.monotonicMs())
    const isBack = this.hasBeenBound
    this.hasBeenBound = true
    this.become('bound', '', { isBack })
  }

  private onClosed(ending: SessionEnding, wasBound: boolean): void {
    this.session = null
    if (this.isStopping || ending.kind === 'closed') {
      this.become('stopped', 'stopped')
      return
    }
    const isRefused = ending.kind === 'refused'
    const waitMs = this.reconnect.down(this.setup.clock.monotonicMs())
    const retryMs = isRefused ? this.reconnect.spread(this.setup.config.refusedRetrySeconds) : waitMs
    this.cancelRetry = this.setup.clock.after(retryMs, () => this.connect())
    this.become(isRefused ? 'refused' : 'waiting', ending.reason, { retryMs })
    // A refusal is not the address's fault, and two addresses must not double the tries of a wrong password.
    if (!wasBound && !isRefused) this.turn += 1
  }

  private become(
    state: UcpBind['state'],
    reason: string,
    { isBack = false, retryMs }: { isBack?: boolean; retryMs?: number } = {},
  ): void {
    if (state !== this.state) this.sinceMs = this.setup.clock.nowMs()
    this.state = state
    this.reason = reason
    const { name, host, port } = this.target
    const retry = retryMs === undefined ? {} : { retryMs }
    this.setup.log(`bind.${state}`, { bind: name, host, port, reason, ...retry })
    this.owner.onBindState(isBack, state === 'refused' || state === 'waiting' ? reason : null)
  }
}

function targetsOf({ host, port, secondaryHost, secondaryPort }: UcpConfig): Target[] {
  const primary: Target = { name: 'UCP primary', host, port }
  if (secondaryHost === undefined) return [primary]
  return [primary, { name: 'UCP secondary', host: secondaryHost, port: secondaryPort ?? port }]
}
