/**
 * An SMPP operator behind the contract of the gateway: one connection, several that share the load, or pairs of
 * transmitter and receiver.
 */
import type { Clock } from '../../clock.ts'
import type {
  BindStatus,
  LinkHandlers,
  LinkState,
  LinkStatus,
  OperatorLink,
  OutgoingPart,
  SubmitOutcome,
  TraceSink,
} from '../../operator.ts'
import { createDepartures, type Departures } from '../departures.ts'
import { createFlow, createPause, type Flow, type Pause } from '../flow.ts'
import type { RateLimit } from '../rate-limit.ts'
import { createWaker, type Waker } from '../waker.ts'
import { Bind, type BindOwner } from './bind.ts'
import type { SmppConfig } from './config.ts'
import { createLoadSharing, type Outlet } from './load-sharing.ts'
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
  /** Shared with the other links of the same short code. */
  rate: RateLimit
}

/** @returns a link that does nothing until `start` */
export function createSmppLink(setup: SmppLinkSetup): OperatorLink {
  return new SmppLink(setup)
}

interface Submitter extends Outlet {
  bind: Bind
  flow: Flow
}

class SmppLink implements OperatorLink {
  private readonly setup: SmppLinkSetup
  private readonly binds: Bind[] = []
  /** The binds that submit; a receiver-only link has none. */
  private readonly submitters: Submitter[] = []
  private readonly share: ReturnType<typeof createLoadSharing<Submitter>>
  private readonly pause: Pause = createPause()
  private readonly departures: Departures
  private readonly tracing: { sink: TraceSink | null } = { sink: null }
  private readonly waker: Waker
  private isDraining = false
  private whenDrained: (() => void) | null = null
  private sinceMs: number
  private lastState: LinkState = 'stopped'
  private lastError: LinkStatus['lastError'] = null

  constructor(setup: SmppLinkSetup) {
    this.setup = setup
    const { config, clock, log, random, rate } = setup
    this.departures = createDepartures(clock)
    this.waker = createWaker(clock, () => {
      if (!this.isDraining) setup.handlers.onCapacity()
    })
    this.sinceMs = clock.nowMs()
    const tokens = { next: 1 }
    const shared = {
      config,
      clock,
      log,
      encoder: createSubmitEncoder(config),
      tokens,
      rate,
      tracing: this.tracing,
    }
    for (let connection = 1; connection <= config.connections; connection++) {
      for (const kind of bindKinds[config.bindMode]) {
        const flow = createFlow(config.window, this.pause)
        const name = config.connections === 1 ? kind : `${kind} ${connection}`
        const bind = new Bind(kind, { ...shared, name }, this.ownerOf(kind, flow), random)
        this.binds.push(bind)
        if (kind !== 'receiver') this.submitters.push({ bind, flow, room: 0 })
      }
    }
    this.share = createLoadSharing(this.submitters)
  }

  start(): void {
    this.isDraining = false
    for (const bind of this.binds) bind.start()
  }

  capacity(): number {
    const { clock, rate } = this.setup
    if (this.isDraining) return 0
    const pausedMs = this.pause.leftMs(clock.monotonicMs())
    if (pausedMs > 0) {
      this.waker.wakeIn(pausedMs)
      return 0
    }
    const room = this.measureRoom()
    if (room === 0) return 0
    const allowed = rate.available()
    // An answer tells of room in the window; of the rate, which other links may use too, only the clock tells.
    if (allowed <= room) this.waker.wakeIn(rate.nextInMs())
    return Math.min(room, allowed)
  }

  submit(parts: readonly OutgoingPart[]): void {
    if (parts.length === 0) return
    const count = Math.min(this.capacity(), parts.length)
    const outcomes: SubmitOutcome[] = []
    for (const [{ bind }, shares] of this.share(parts, count)) {
      const session = bind.bound
      if (session === null) continue
      const { sent, refused } = session.submit(shares)
      bind.submitted += sent
      this.departures.add(sent)
      for (const refusal of refused) outcomes.push(refusal)
    }
    for (let index = count; index < parts.length; index++) {
      outcomes.push({ kind: 'unsent', partId: parts[index]!.partId })
    }
    // Later, not now: the caller is still busy with the batch it has just handed over.
    if (outcomes.length > 0) queueMicrotask(() => this.report(outcomes))
  }

  acknowledge(receiptTokens: readonly number[], isStored: boolean): void {
    for (const bind of this.binds) bind.live?.acknowledge(receiptTokens, isStored)
  }

  status(): LinkStatus {
    const { clock, config } = this.setup
    const state = this.stateOf()
    const inactive = this.binds.find(bind => bind.state !== 'bound')
    const pausedMs = this.pause.leftMs(clock.monotonicMs())
    return {
      state,
      sinceMs: this.sinceMs,
      reason: state === 'bound' || inactive === undefined ? '' : `${inactive.name}: ${inactive.reason}`,
      inFlight: this.inFlight(),
      window: config.window * Math.max(this.submitters.length, 1),
      pausedUntilMs: pausedMs === 0 ? 0 : Math.ceil(clock.nowMs() + pausedMs),
      partsInLastSecond: this.departures.inLastSecond(),
      lastError: this.lastError,
      binds: this.binds.map(statusOf),
    }
  }

  trace(sink: TraceSink | null): void {
    this.tracing.sink = sink
  }

  async stop(drainMs = this.setup.config.drainSeconds * 1000): Promise<void> {
    this.isDraining = true
    this.stateChanged()
    if (this.inFlight() > 0) await this.drained(drainMs)
    await Promise.all(this.binds.map(bind => bind.stop()))
    this.waker.cancel()
  }

  /**
   * Bound as long as one connection submits and one receives: a lost one of several is told by `binds`, and the
   * messages go on over the others.
   */
  private stateOf(): LinkState {
    const isAlive = (kinds: readonly BindKind[]): boolean =>
      this.binds.some(bind => kinds.includes(bind.kind) && bind.state === 'bound')
    const needed = sidesOf[this.setup.config.bindMode]
    const isBound = needed.every(isAlive)
    if (this.isDraining && this.binds.some(bind => bind.state !== 'stopped')) return 'draining'
    if (isBound) return 'bound'
    const missing = needed.find(side => !isAlive(side)) ?? []
    return this.binds.find(bind => missing.includes(bind.kind))?.state ?? 'stopped'
  }

  private inFlight(): number {
    return this.submitters.reduce((sum, { bind }) => sum + (bind.live?.inFlight ?? 0), 0)
  }

  private measureRoom(): number {
    const nowMs = this.setup.clock.monotonicMs()
    let room = 0
    for (const submitter of this.submitters) {
      const session = submitter.bind.bound
      submitter.room = session?.isWritable ? submitter.flow.allowance(session.inFlight, nowMs) : 0
      room += submitter.room
    }
    return room
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

  private ownerOf(kind: BindKind, flow: Flow): BindOwner {
    const { handlers, clock, log } = this.setup
    return {
      onBindState: (isBack, error) => {
        if (isBack && kind !== 'receiver') flow.reopened()
        if (error !== null) this.lastError = { atMs: clock.nowMs(), text: error }
        this.stateChanged()
        if (this.submitters.some(({ bind }) => bind.bound !== null)) handlers.onCapacity()
      },
      onAnswer: answer => {
        const nowMs = clock.monotonicMs()
        const pauses = this.pause.count
        flow.answered(answer, nowMs)
        if (this.pause.count === pauses) return
        const pauseMs = Math.round(this.pause.leftMs(nowMs))
        log('bind.throttled', { pauseMs, status: answer.status })
        this.lastError = { atMs: clock.nowMs(), text: `asked to slow down, paused for ${pauseMs} ms` }
        this.waker.wakeIn(pauseMs)
        this.stateChanged(true)
      },
      onOutcomes: outcomes => {
        if (outcomes.some(isTimeout)) flow.unanswered()
        this.report(outcomes)
        if (this.inFlight() === 0) this.whenDrained?.()
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

  private stateChanged(isPauseChanged = false): void {
    const state = this.stateOf()
    if (state !== this.lastState) {
      this.lastState = state
      this.sinceMs = this.setup.clock.nowMs()
    } else if (!isPauseChanged && state === 'bound') {
      return
    }
    this.setup.handlers.onState(this.status())
  }
}

function statusOf(bind: Bind): BindStatus {
  const { name, state, sinceMs, reason, submitted, connects } = bind
  const inFlight = bind.live?.inFlight ?? 0
  return { name, state, sinceMs, reason, inFlight, submitted, reconnects: Math.max(connects - 1, 0) }
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

/** What must be up for the link to be: each entry lists the kinds of which one is enough. */
const sidesOf: Readonly<Record<SmppConfig['bindMode'], readonly (readonly BindKind[])[]>> = {
  transceiver: [['transceiver']],
  transmitter: [['transmitter']],
  receiver: [['receiver']],
  'transmitter+receiver': [['transmitter'], ['receiver']],
}
