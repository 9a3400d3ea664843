/** A UCP operator behind the contract of the gateway: one session, and the parts that wait for their second. */
import type {
  LinkState,
  LinkStatus,
  OperatorLink,
  OutgoingPart,
  SubmitOutcome,
  TraceSink,
} from '../../operator.ts'
import { type Answer, createFlow, type Flow } from '../flow.ts'
import { type LinkBody, type LinkDependencies, LinkLife } from '../link-life.ts'
import { UcpBind } from './bind.ts'
import type { UcpConfig } from './config.ts'
import { createLocalTime } from './local-time.ts'
import { createPhoneSpacing, type PhoneSpacing } from './phone-spacing.ts'
import { createRemoteIds } from './remote-ids.ts'
import type { SubmitEnd } from './session-setup.ts'
import { createSubmitEncoder } from './submit.ts'

export interface UcpLinkSetup extends LinkDependencies {
  /** As parsed by `ucpConfigSchema`. */
  config: UcpConfig
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

class UcpLink implements OperatorLink, LinkBody {
  readonly binds: readonly [UcpBind]
  private readonly setup: UcpLinkSetup
  private readonly life: LinkLife
  private readonly bind: UcpBind
  private readonly flow: Flow
  private readonly spacing: PhoneSpacing
  /** `pause.count` when a part was last accepted. */
  private fruitfulPauses = 0

  constructor(setup: UcpLinkSetup) {
    const { config, clock, log, random, rate } = setup
    this.setup = setup
    this.life = new LinkLife(this, setup)
    this.flow = createFlow(config.window, this.life.pause)
    this.spacing = createPhoneSpacing(config.phoneSpacingSeconds * 1000)
    const shared = {
      config,
      clock,
      log,
      rate,
      tracing: this.life.tracing,
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
    this.binds = [this.bind]
  }

  start(): void {
    this.life.begin()
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
    this.life.reportSoon(outcomes)
    this.wakeForHeld(nowMs)
  }

  acknowledge(receiptTokens: readonly number[], isStored: boolean): void {
    this.bind.live?.acknowledge(receiptTokens, isStored)
  }

  status(): LinkStatus {
    const status = this.life.status()
    const { window } = this.setup.config
    return { ...status, inFlight: status.inFlight + this.spacing.held, window }
  }

  trace(sink: TraceSink | null): void {
    this.life.tracing.sink = sink
  }

  async stop(drainMs = this.setup.config.drainSeconds * 1000): Promise<void> {
    this.giveBackHeld()
    const answers = this.life.drain(drainMs)
    if (answers !== null) await answers
    this.bind.stop()
    this.life.end()
  }

  /** What is held takes the room first, then the gateway is told of the rest. */
  offerRoom(): void {
    const nowMs = this.setup.clock.monotonicMs()
    const due = this.spacing.takeDue(this.room(nowMs), nowMs)
    if (due.length > 0) this.life.reportSoon(this.send(due))
    this.setup.handlers.onCapacity()
    this.wakeForHeld(nowMs)
  }

  stateOfBinds(): LinkState {
    return this.bind.state
  }

  /** Parts that may leave now: session, window, numbers, pause and contract. */
  private room(nowMs: number): number {
    const session = this.bind.bound
    if (session === null || !session.isWritable) return 0
    const { pending } = session
    return this.life.room(nowMs, () => Math.min(this.flow.allowance(pending.waiting, nowMs), pending.free))
  }

  /** Writes parts; there must be room. @returns outcomes of those that never leave */
  private send(parts: readonly OutgoingPart[]): SubmitOutcome[] {
    const session = this.bind.bound
    if (parts.length === 0 || session === null) return parts.map(({ partId }) => ({ kind: 'unsent', partId }))
    const { sent, refused } = session.submit(parts)
    this.bind.submitted += sent
    this.life.departures.add(sent)
    return [...refused.map(end => end.outcome), ...this.settleSpacing(refused)]
  }

  private onBindState(isBack: boolean, error: string | null): void {
    if (isBack) this.flow.reopened()
    if (error !== null) this.life.failed(error)
    if (this.bind.bound === null) this.giveBackHeld()
    else this.fruitfulPauses = this.life.pause.count
    this.life.stateChanged()
    if (this.bind.bound !== null) this.offerRoom()
  }

  private onAnswer(answer: Answer): void {
    this.life.answered(this.flow, answer)
    if (!answer.isThrottle) this.fruitfulPauses = this.life.pause.count
  }

  private onOutcomes(ends: SubmitEnd[]): void {
    if (ends.some(({ outcome }) => outcome.kind === 'unknown')) this.flow.unanswered()
    this.life.report([...ends.map(end => end.outcome), ...this.settleSpacing(ends)])
    const session = this.bind.live
    if (session === null) return
    this.life.settled()
    if (this.life.pause.count - this.fruitfulPauses < fruitlessPauses) return
    this.fruitfulPauses = this.life.pause.count
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
    this.life.reportSoon(held.map(({ partId }) => ({ kind: 'unsent', partId })))
  }

  /** A held part whose second is over and that is still here waits for room, which is told otherwise. */
  private wakeForHeld(nowMs: number): void {
    const heldInMs = this.spacing.nextInMs(nowMs)
    if (heldInMs !== null && heldInMs > 0) this.life.waker.wakeIn(heldInMs)
  }
}
