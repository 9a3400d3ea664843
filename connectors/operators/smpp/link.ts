/**
 * An SMPP operator behind the contract of the gateway: one connection, several that share the load, or pairs of
 * transmitter and receiver.
 */
import type {
  LinkState,
  LinkStatus,
  OperatorLink,
  OutgoingPart,
  SubmitOutcome,
  TraceSink,
} from '../../operator.ts'
import { createFlow, type Flow } from '../flow.ts'
import { type LinkBody, type LinkDependencies, LinkLife } from '../link-life.ts'
import { Bind, type BindOwner } from './bind.ts'
import type { SmppConfig } from './config.ts'
import { createLoadSharing, type Outlet } from './load-sharing.ts'
import type { BindKind } from './session-setup.ts'
import { createSubmitEncoder } from './submit.ts'

export interface SmppLinkSetup extends LinkDependencies {
  /** As parsed by `smppConfigSchema`. */
  config: SmppConfig
}

/** @returns a link that does nothing until `start` */
export function createSmppLink(setup: SmppLinkSetup): OperatorLink {
  return new SmppLink(setup)
}

interface Submitter extends Outlet {
  bind: Bind
  flow: Flow
}

class SmppLink implements OperatorLink, LinkBody {
  readonly binds: Bind[] = []
  private readonly setup: SmppLinkSetup
  private readonly life: LinkLife
  /** The binds that submit; a receiver-only link has none. */
  private readonly submitters: Submitter[] = []
  private readonly share: ReturnType<typeof createLoadSharing<Submitter>>

  constructor(setup: SmppLinkSetup) {
    this.setup = setup
    const { config, clock, log, random, rate } = setup
    this.life = new LinkLife(this, setup)
    const tokens = { next: 1 }
    const shared = {
      config,
      clock,
      log,
      encoder: createSubmitEncoder(config),
      tokens,
      rate,
      tracing: this.life.tracing,
    }
    for (let connection = 1; connection <= config.connections; connection++) {
      for (const kind of bindKinds[config.bindMode]) {
        const flow = createFlow(config.window, this.life.pause)
        const name = config.connections === 1 ? kind : `${kind} ${connection}`
        const bind = new Bind(kind, { ...shared, name }, this.ownerOf(kind, flow), random)
        this.binds.push(bind)
        if (kind !== 'receiver') this.submitters.push({ bind, flow, room: 0 })
      }
    }
    this.share = createLoadSharing(this.submitters)
  }

  start(): void {
    this.life.begin()
    for (const bind of this.binds) bind.start()
  }

  capacity(): number {
    const nowMs = this.setup.clock.monotonicMs()
    return this.life.room(nowMs, () => this.measureRoom(nowMs))
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
      this.life.departures.add(sent)
      for (const refusal of refused) outcomes.push(refusal)
    }
    for (let index = count; index < parts.length; index++) {
      outcomes.push({ kind: 'unsent', partId: parts[index]!.partId })
    }
    this.life.reportSoon(outcomes)
  }

  acknowledge(receiptTokens: readonly number[], isStored: boolean): void {
    for (const bind of this.binds) bind.live?.acknowledge(receiptTokens, isStored)
  }

  status(): LinkStatus {
    const window = this.setup.config.window * Math.max(this.submitters.length, 1)
    return { ...this.life.status(), window }
  }

  trace(sink: TraceSink | null): void {
    this.life.tracing.sink = sink
  }

  async stop(drainMs = this.setup.config.drainSeconds * 1000): Promise<void> {
    const answers = this.life.drain(drainMs)
    if (answers !== null) await answers
    await Promise.all(this.binds.map(bind => bind.stop()))
    this.life.end()
  }

  offerRoom(): void {
    this.setup.handlers.onCapacity()
  }

  /**
   * Bound as long as one connection submits and one receives: a lost one of several is told by `binds`, and the
   * messages go on over the others.
   */
  stateOfBinds(): LinkState {
    const isAlive = (kinds: readonly BindKind[]): boolean =>
      this.binds.some(bind => kinds.includes(bind.kind) && bind.state === 'bound')
    const needed = sidesOf[this.setup.config.bindMode]
    const missing = needed.find(side => !isAlive(side))
    if (missing === undefined) return 'bound'
    return this.binds.find(bind => missing.includes(bind.kind))?.state ?? 'stopped'
  }

  private measureRoom(nowMs: number): number {
    let room = 0
    for (const submitter of this.submitters) {
      const session = submitter.bind.bound
      submitter.room = session?.isWritable ? submitter.flow.allowance(session.inFlight, nowMs) : 0
      room += submitter.room
    }
    return room
  }

  private ownerOf(kind: BindKind, flow: Flow): BindOwner {
    const { life } = this
    const { handlers } = this.setup
    return {
      onBindState: (isBack, error) => {
        if (isBack && kind !== 'receiver') flow.reopened()
        if (error !== null) life.failed(error)
        life.stateChanged()
        if (this.submitters.some(({ bind }) => bind.bound !== null)) handlers.onCapacity()
      },
      onAnswer: answer => life.answered(flow, answer),
      onOutcomes: outcomes => {
        if (outcomes.some(isTimeout)) flow.unanswered()
        life.report(outcomes)
        life.settled()
      },
      onReceipts: receipts => handlers.onReceipts(receipts),
      onIncoming: parts => handlers.onIncoming(parts),
      onDrained: () => handlers.onCapacity(),
    }
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

/** What must be up for the link to be: each entry lists the kinds of which one is enough. */
const sidesOf: Readonly<Record<SmppConfig['bindMode'], readonly (readonly BindKind[])[]>> = {
  transceiver: [['transceiver']],
  transmitter: [['transmitter']],
  receiver: [['receiver']],
  'transmitter+receiver': [['transmitter'], ['receiver']],
}
