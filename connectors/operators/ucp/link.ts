/** A UCP operator behind the contract of the gateway: one session, and the parts that wait for their second. */
import type { Clock } from '../../clock.ts'
import type {
  LinkHandlers,
  LinkState,
  LinkStatus,
  OperatorLink,
  OutgoingPart,
  SubmitOutcome,
  TraceSink,
} from '../../operator.ts'
import { createDepartures, type Departures } from '../departures.ts'
import { type Answer, createFlow, createPause, type Flow, type Pause } from '../flow.ts'
import type { RateLimit } from '../rate-limit.ts'
import { createWaker, type Waker } from '../waker.ts'
import { UcpBind } from './bind.ts'
import type { UcpConfig } from './config.ts'
import { createLocalTime } from './local-time.ts'
import { createPhoneSpacing, type PhoneSpacing } from './phone-spacing.ts'
import { createRemoteIds } from './remote-ids.ts'
import type { SubmitEnd, UcpLog } from './session-setup.ts'
import { createSubmitEncoder } from './submit.ts'

export interface UcpLinkSetup {
  /** As parsed by `ucpConfigSchema`. */
  config: UcpConfig
  handlers: LinkHandlers
  clock: Clock
  /** 0 ≤ random < 1, for the jitter of reconnects. */
  random: () => number
  log: UcpLog
  /** Shared with the other links of the same short code. */
  rate: RateLimit
}

/** @returns a link that does nothing until `start` */
export function createUcpLink(setup: UcpLinkSetup): OperatorLink {
  return new UcpLink(setup)
}

/**
 * Pauses in a row, each longer than the one before, without one part accepted: EC 04 then means that the SMSC has
 * forgotten our session, and only a new login helps. The first six take about a minute.
 */
const fruitlessPauses = 6

class UcpLink implements OperatorLink {
  private readonly setup: UcpLinkSetup
  private readonly bind: UcpBind
  private readonly pause: Pause = createPause()
  private readonly flow: Flow
  private readonly departures: Departures
  private readonly spacing: PhoneSpacing
  private readonly tracing: { sink: TraceSink | null } = { sink: null }
  private readonly waker: Waker
  private isDraining = false
  private whenDrained: (() => void) | null = null
  private sinceMs: number
  private lastState: LinkState = 'stopped'
  private lastError: LinkStatus['lastError'] = null
  /** `pause.count` when a part was last accepted. */
  private fruitfulPauses = 0

  constructor(setup: UcpLinkSetup) {
    const { config, clock, log, random, rate } = setup
    this.setup = setup
    this.flow = createFlow(config.window, this.pause)
    this.departures = createDepartures(clock)
    this.waker = createWaker(clock, () => {
      if (!this.isDraining) this.offerRoom()
    })
    this.spacing = createPhoneSpacing(config.phoneSpacingSeconds * 1000)
    this.sinceMs = clock.nowMs()
    const shared = {
      config,
      clock,
      log,
      rate,
      tracing: this.tracing,
      encoder: createSubmitEncoder(config),
      tokens: { next: 1 },
      localTime: createLocalTime(config.timeZone),
      remoteIds: createRemoteIds(),
    }
    const { handlers } = setup
    this.bind = new UcpBind(
      shared,
      {
        onBindState: (isBack, error) => this.onBindState(isBack, error),
        onAnswer: answer => this.onAnswer(answer),
        onOutcomes: ends => this.onOutcomes(ends),
        onReceipts: receipts => handlers.onReceipts(receipts),
        onIncoming: parts => handlers.onIncoming(parts),
        onRoom: () => this.offerRoom(),
      },
      random,
    )
  }

  start(): void {
    this.isDraining = false
    this.bind.start()
  }

  capacity(): number {
    const nowMs = this.setup.clock.monotonicMs()
    // Held parts whose second is over come first.
    const free = this.room(nowMs) - this.spacing.dueCount(nowMs)
    return Math.max(Math.min(free, this.setup.config.maxHeldParts - this.spacing.held), 0)
  }

  submit(parts: readonly OutgoingPart[]): void {
    if (parts.length === 0) return
    const nowMs = this.setup.clock.monotonicMs()
    const count = Math.min(this.capacity(), parts.length)
    const leaving: OutgoingPart[] = []
    for (let index = 0; index < count; index++) {
      const part = parts[index]!
      if (this.spacing.admit(part, nowMs)) leaving.push(part)
    }
    const outcomes = this.send(leaving)
    for (let index = count; index < parts.length; index++) {
      outcomes.push({ kind: 'unsent', partId: parts[index]!.partId })
    }
    this.reportSoon(outcomes)
    this.wakeForHeld(nowMs)
  }

  acknowledge(receiptTokens: readonly number[], isStored: boolean): void {
    this.bind.live?.acknowledge(receiptTokens, isStored)
  }

  status(): LinkStatus {
    const { clock, config } = this.setup
    const { name, state, sinceMs, reason, submitted, connects } = this.bind
    const pausedMs = this.pause.leftMs(clock.monotonicMs())
    const inFlight = this.bind.live?.pending.submits ?? 0
    return {
      state: this.stateOf(),
      sinceMs: this.sinceMs,
      reason: state === 'bound' ? '' : `${name}: ${reason}`,
      inFlight: inFlight + this.spacing.held,
      window: config.window,
      pausedUntilMs: pausedMs === 0 ? 0 : Math.ceil(clock.nowMs() + pausedMs),
      partsInLastSecond: this.departures.inLastSecond(),
      lastError: this.lastError,
      binds: [{ name, state, sinceMs, reason, inFlight, submitted, reconnects: Math.max(connects - 1, 0) }],
    }
  }

  trace(sink: TraceSink | null): void {
    this.tracing.sink = sink
  }

  async stop(drainMs = this.setup.config.drainSeconds * 1000): Promise<void> {
    this.isDraining = true
    this.giveBackHeld()
    this.stateChanged()
    if ((this.bind.live?.pending.submits ?? 0) > 0) await this.drained(drainMs)
    this.bind.stop()
    this.waker.cancel()
  }

  private stateOf(): LinkState {
    return this.isDraining && this.bind.state !== 'stopped' ? 'draining' : this.bind.state
  }

  /** Parts that may leave now: session, window, numbers, pause and contract. */
  private room(nowMs: number): number {
    const session = this.bind.bound
    if (this.isDraining || session === null || !session.isWritable) return 0
    const pausedMs = this.pause.leftMs(nowMs)
    if (pausedMs > 0) {
      this.waker.wakeIn(pausedMs)
      return 0
    }
    const { pending } = session
    const allowed = Math.min(this.flow.allowance(pending.waiting, nowMs), pending.free)
    if (allowed === 0) return 0
    const { rate } = this.setup
    const available = rate.available()
    // An answer tells of room in the window; of the rate, which other links may use too, only the clock tells.
    if (available <= allowed) this.waker.wakeIn(rate.nextInMs())
    return Math.min(allowed, available)
  }

  /** Writes parts; there must be room. @returns outcomes of those that never leave */
  private send(parts: readonly OutgoingPart[]): SubmitOutcome[] {
    const session = this.bind.bound
    if (parts.length === 0 || session === null) return parts.map(({ partId }) => ({ kind: 'unsent', partId }))
    const { sent, refused } = session.submit(parts)
    this.bind.submitted += sent
    this.departures.add(sent)
    return [...refused.map(end => end.outcome), ...this.settleSpacing(refused)]
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

  private onBindState(isBack: boolean, error: string | null): void {
    if (isBack) this.flow.reopened()
    if (error !== null) this.lastError = { atMs: this.setup.clock.nowMs(), text: error }
    if (this.bind.bound === null) this.giveBackHeld()
    else this.fruitfulPauses = this.pause.count
    this.stateChanged()
    if (this.bind.bound !== null) this.offerRoom()
  }

  private onAnswer(answer: Answer): void {
    const { clock, log } = this.setup
    const nowMs = clock.monotonicMs()
    const pauses = this.pause.count
    this.flow.answered(answer, nowMs)
    if (!answer.isThrottle) this.fruitfulPauses = this.pause.count
    if (this.pause.count === pauses) return
    const pauseMs = Math.round(this.pause.leftMs(nowMs))
    log('bind.throttled', { pauseMs, status: answer.status })
    this.lastError = { atMs: clock.nowMs(), text: `asked to slow down, paused for ${pauseMs} ms` }
    this.waker.wakeIn(pauseMs)
    this.stateChanged(true)
  }

  private onOutcomes(ends: SubmitEnd[]): void {
    if (ends.some(({ outcome }) => outcome.kind === 'unknown')) this.flow.unanswered()
    this.report([...ends.map(end => end.outcome), ...this.settleSpacing(ends)])
    const session = this.bind.live
    if (session === null) return
    if (session.pending.submits === 0) this.whenDrained?.()
    if (this.pause.count - this.fruitfulPauses < fruitlessPauses) return
    this.fruitfulPauses = this.pause.count
    session.close({ kind: 'lost', reason: 'nothing accepted through six pauses: logging in anew' })
  }

  /**
   * The phones of these parts are free again: at once where none was taken, a second later where one may have been.
   *
   * @returns held parts behind one that was not accepted, given back: they keep their order only together with it, and
   *   may belong to the message that has just failed
   */
  private settleSpacing(ends: readonly SubmitEnd[]): SubmitOutcome[] {
    const nowMs = this.setup.clock.monotonicMs()
    const givenBack: SubmitOutcome[] = []
    for (const { outcome, recipient, isLate } of ends) {
      if (isLate) continue
      this.spacing.answered(recipient, outcome.kind !== 'refused', nowMs)
      if (outcome.kind === 'accepted') continue
      for (const { partId } of this.spacing.takeFor(recipient)) givenBack.push({ kind: 'unsent', partId })
    }
    return givenBack
  }

  private giveBackHeld(): void {
    const held = this.spacing.takeAll()
    this.reportSoon(held.map(({ partId }) => ({ kind: 'unsent', partId })))
  }

  /** Later, not now: the caller is still busy with what it has just done. */
  private reportSoon(outcomes: SubmitOutcome[]): void {
    if (outcomes.length > 0) queueMicrotask(() => this.report(outcomes))
  }

  private report(outcomes: SubmitOutcome[]): void {
    this.setup.handlers.onOutcomes(outcomes)
    if (!this.isDraining) this.offerRoom()
  }

  /** What is held takes the room first, then the gateway is told of the rest. */
  private offerRoom(): void {
    const nowMs = this.setup.clock.monotonicMs()
    const due = this.spacing.takeDue(this.room(nowMs), nowMs)
    if (due.length > 0) this.reportSoon(this.send(due))
    this.setup.handlers.onCapacity()
    this.wakeForHeld(nowMs)
  }

  /** A held part whose second is over and that is still here waits for room, which is told otherwise. */
  private wakeForHeld(nowMs: number): void {
    const heldInMs = this.spacing.nextInMs(nowMs)
    if (heldInMs !== null && heldInMs > 0) this.waker.wakeIn(heldInMs)
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
