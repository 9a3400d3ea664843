/**
 * The life of a link, whatever its protocol: its state as the gateway is told it, the pauses its peer asks for, what
 * drain and contract leave of its room, outcomes on their way out, the wait for the last answer before the end.
 */
import type { Clock } from '../clock.ts'
import type {
  BindStatus,
  LinkHandlers,
  LinkState,
  LinkStatus,
  SubmitOutcome,
  TraceSink,
} from '../operator.ts'
import { createDepartures, type Departures } from './departures.ts'
import { type Answer, createPause, type Flow, type Pause } from './flow.ts'
import type { RateLimit } from './rate-limit.ts'
import { createWaker, type Waker } from './waker.ts'

/** What a link writes to the log: an event name, then its fields. Never a password, never a text or a phone number. */
export type LinkLog = (event: string, fields: Readonly<Record<string, unknown>>) => void

export interface LinkDependencies {
  handlers: LinkHandlers
  clock: Clock
  log: LinkLog
  /** 0 ≤ random < 1, for the jitter of reconnects. */
  random(): number
  /** The contracted throughput; links that share a short code are handed the same one. */
  rate: RateLimit
}

/** One connection of the link, kept up. */
interface LinkBind extends Omit<BindStatus, 'reconnects'> {
  /** Connections made, the first included. */
  readonly connects: number
}

/** The link whose life it is. */
export interface LinkBody {
  readonly binds: readonly LinkBind[]
  /** As its binds are. */
  stateOfBinds(): LinkState
  status(): LinkStatus
  /** There may be room again. */
  offerRoom(): void
}

export class LinkLife {
  readonly pause: Pause = createPause()
  readonly departures: Departures
  readonly waker: Waker
  /** Shared with the sessions, so that a trace can begin while they are bound. */
  readonly tracing: { sink: TraceSink | null } = { sink: null }
  private readonly body: LinkBody
  private readonly given: LinkDependencies
  private isDraining = false
  private whenSettled: (() => void) | null = null
  private sinceMs: number
  private lastState: LinkState = 'stopped'
  private lastError: LinkStatus['lastError'] = null

  constructor(body: LinkBody, given: LinkDependencies) {
    this.body = body
    this.given = given
    this.sinceMs = given.clock.nowMs()
    this.departures = createDepartures(given.clock)
    this.waker = createWaker(given.clock, () => {
      if (!this.isDraining) body.offerRoom()
    })
  }

  begin(): void {
    this.isDraining = false
  }

  /**
   * From now on nothing leaves.
   *
   * @returns until every answer is there, or `drainMs` later; null when none is outstanding
   */
  drain(drainMs: number): Promise<void> | null {
    this.isDraining = true
    this.stateChanged()
    if (this.inFlight() === 0) return null
    return new Promise(resolve => {
      const cancel = this.given.clock.after(drainMs, resolve)
      this.whenSettled = () => {
        cancel()
        resolve()
      }
    })
  }

  end(): void {
    this.waker.cancel()
  }

  /**
   * Parts that may leave now.
   *
   * @param roomOfBinds what their windows and sockets take, asked only when nothing else holds the link back
   */
  room(nowMs: number, roomOfBinds: () => number): number {
    const { rate } = this.given
    if (this.isDraining) return 0
    const pausedMs = this.pause.leftMs(nowMs)
    if (pausedMs > 0) {
      this.waker.wakeIn(pausedMs)
      return 0
    }
    const room = roomOfBinds()
    if (room === 0) return 0
    const allowed = rate.available()
    // An answer tells of room in the window; of the rate, which other links may use too, only the clock tells.
    if (allowed <= room) this.waker.wakeIn(rate.nextInMs())
    return Math.min(room, allowed)
  }

  /** An answer came over the bind of this flow; one that asks to slow down pauses the whole link. */
  answered(flow: Flow, answer: Answer): void {
    const { clock, log } = this.given
    const nowMs = clock.monotonicMs()
    const pauses = this.pause.count
    flow.answered(answer, nowMs)
    if (this.pause.count === pauses) return
    const pauseMs = Math.round(this.pause.leftMs(nowMs))
    log('bind.throttled', { pauseMs, status: answer.status })
    this.failed(`asked to slow down, paused for ${pauseMs} ms`)
    this.waker.wakeIn(pauseMs)
    this.stateChanged(true)
  }

  report(outcomes: SubmitOutcome[]): void {
    this.given.handlers.onOutcomes(outcomes)
    if (!this.isDraining) this.body.offerRoom()
  }

  /** Later, not now: the caller is still busy with what it has just done, be it a batch that it handed over. */
  reportSoon(outcomes: SubmitOutcome[]): void {
    if (outcomes.length > 0) queueMicrotask(() => this.report(outcomes))
  }

  /** Submits have been answered or given up: a drain may be over. */
  settled(): void {
    if (this.inFlight() === 0) this.whenSettled?.()
  }

  /** Kept as `lastError`, also when the link is well again. */
  failed(text: string): void {
    this.lastError = { atMs: this.given.clock.nowMs(), text }
  }

  /** Tells the gateway when the state is another, and every change of a link that is not bound. */
  stateChanged(isPauseChanged = false): void {
    const state = this.state()
    if (state !== this.lastState) {
      this.lastState = state
      this.sinceMs = this.given.clock.nowMs()
    } else if (!isPauseChanged && state === 'bound') {
      return
    }
    this.given.handlers.onState(this.body.status())
  }

  status(): Omit<LinkStatus, 'window'> {
    const { clock } = this.given
    const { binds } = this.body
    const state = this.state()
    const inactive = binds.find(bind => bind.state !== 'bound')
    const pausedMs = this.pause.leftMs(clock.monotonicMs())
    return {
      state,
      sinceMs: this.sinceMs,
      reason: state === 'bound' || inactive === undefined ? '' : `${inactive.name}: ${inactive.reason}`,
      inFlight: this.inFlight(),
      pausedUntilMs: pausedMs === 0 ? 0 : Math.ceil(clock.nowMs() + pausedMs),
      partsInLastSecond: this.departures.inLastSecond(),
      lastError: this.lastError,
      binds: binds.map(statusOf),
    }
  }

  private state(): LinkState {
    const isOpen = this.body.binds.some(bind => bind.state !== 'stopped')
    return this.isDraining && isOpen ? 'draining' : this.body.stateOfBinds()
  }

  private inFlight(): number {
    return this.body.binds.reduce((sum, bind) => sum + bind.inFlight, 0)
  }
}

function statusOf({ name, state, sinceMs, reason, inFlight, submitted, connects }: LinkBind): BindStatus {
  return { name, state, sinceMs, reason, inFlight, submitted, reconnects: Math.max(connects - 1, 0) }
}
