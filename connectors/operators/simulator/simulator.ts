/**
 * An operator that is not there: an SMPP or UCP server with accounts, a contract, receipts and a plan of faults, which
 * keeps a strict account of what it accepted. For tests (in process), the demo, `rappel simulator`, the bench and the
 * proofs.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Cancel, type Clock, systemClock } from '../../clock.ts'
import type { AccountDesk, SimulatorCore } from './core.ts'
import { noCounts, type SimulatorStatus } from './counters.ts'
import { Deliveries } from './deliveries.ts'
import { DueQueue } from './due-queue.ts'
import { FaultPlan, type FaultRule, faultPlanFor } from './faults.ts'
import { deliverIncoming, type IncomingMessage } from './incoming.ts'
import { Journal } from './journal.ts'
import { type SimulatorOptions, type SimulatorSettings, settleOptions } from './options.ts'
import type { Outcome } from './outcome-states.ts'
import { outcomeFor } from './outcomes.ts'
import { protocols } from './protocols.ts'
import { seededRandom } from './seeded.ts'
import { Session } from './session.ts'
import { SlidingSecond } from './sliding-second.ts'
import { Waiters } from './waiters.ts'
import { type Received, Witness } from './witness.ts'

export interface Simulator {
  readonly host: string
  readonly port: number
  /** What was accepted. */
  readonly received: Received
  status(): SimulatorStatus
  /** Calls back once a second with the figures. */
  onSecond(listener: (status: SimulatorStatus) => void): Cancel
  /** Resolves once the figures satisfy the condition, which is asked after every change; rejects when stopped first. */
  when(condition: (status: SimulatorStatus) => boolean): Promise<void>
  /** Replaces the fault plan; counts of the rules begin again. @throws ZodError, for what the protocol lacks as well */
  setFaults(rules: readonly FaultRule[]): void
  /** What becomes of parts to this recipient, by the rules of the receipts. */
  expectedOutcome(recipient: string): Outcome
  /** A phone writes. @returns true once acknowledged. @throws RangeError for an unknown account or an unfit text */
  deliverIncoming(incoming: IncomingMessage): Promise<boolean>
  /** Closes every connection at once, as a network cut would. Receipts that wait are kept. */
  cutAll(): void
  /** Stops listening and closes every connection. */
  stop(): Promise<void>
}

/** More connections than any client of one operator opens; a flood must not use up the descriptors. */
const maxConnections = 1_000

/**
 * Starts an operator.
 *
 * @param options see options.ts; every key has a default
 * @param clock when receipts fall due and rates are measured; a test hands a fake one
 * @returns once it listens
 * @throws Error naming the wrong option, or that of the system when the port is taken
 */
export async function startSimulator(
  options: SimulatorOptions = {},
  clock: Clock = systemClock,
): Promise<Simulator> {
  const settings = settleOptions(options)
  const running = new RunningSimulator(settings, clock)
  await running.listen()
  return running
}

class RunningSimulator implements Simulator {
  readonly #core: SimulatorCore
  readonly #witness: Witness
  readonly #server: Server
  readonly #sessions = new Set<Session>()
  /** Raw, so that a handshake of TLS that never ends cannot hold up the stop. */
  readonly #sockets = new Set<Socket>()
  readonly #listeners = new Set<(status: SimulatorStatus) => void>()
  readonly #cancelTick: Cancel
  readonly #waiters = new Waiters(() => this.status())
  readonly host: string
  port = 0

  constructor(settings: SimulatorSettings, clock: Clock) {
    this.host = settings.host
    this.#witness = new Witness(settings.keep)
    const protocol = protocols[settings.protocol]
    let messageNumber = settings.firstMessageId - 1
    const counts = noCounts()
    this.#core = {
      settings,
      protocol,
      clock,
      counts,
      witness: this.#witness,
      journal: settings.journal === undefined ? null : new Journal(settings.journal),
      desks: openDesks(settings, clock, { counts, maxOutstanding: protocol.maxDeliveries }),
      faults: new FaultPlan(settings.faults, settings.seed),
      later: new DueQueue(clock, runs => this.#runLater(runs)),
      random: seededRandom(settings.seed),
      nextNumber: () => {
        messageNumber += 1
        return messageNumber
      },
      onChange: () => this.#waiters.wake(),
    }
    const accept = (socket: Socket): void => this.#accept(socket)
    const { tls } = settings
    this.#server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
    this.#server.maxConnections = maxConnections
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#cancelTick = clock.every(1_000, () => this.#tick())
  }

  get received(): Received {
    return this.#witness
  }

  async listen(): Promise<void> {
    const { host, port } = this.#core.settings
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen(port, host, () => {
          this.#server.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      await this.stop()
      throw error
    }
    const address = this.#server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : port
  }

  status(): SimulatorStatus {
    const { counts, clock, desks } = this.#core
    const atMs = clock.nowMs()
    let deliveriesWaiting = 0
    for (const desk of desks.values()) deliveriesWaiting += desk.deliveries.waiting
    return {
      ...counts,
      outcomes: { ...counts.outcomes },
      atMs,
      sessions: [...this.#sessions].filter(session => session.isBound).length,
      acceptedInLastSecond: this.#witness.inLastSecond(atMs),
      peakInAnySecond: this.#witness.peakInAnySecond,
      deliveriesWaiting,
    }
  }

  onSecond(listener: (status: SimulatorStatus) => void): Cancel {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  when(condition: (status: SimulatorStatus) => boolean): Promise<void> {
    return this.#waiters.wait(condition)
  }

  setFaults(rules: readonly FaultRule[]): void {
    const { protocol, seed } = this.#core.settings
    this.#core.faults = new FaultPlan(faultPlanFor(protocol).parse(rules), seed)
  }

  expectedOutcome(recipient: string): Outcome {
    const { receipts, seed } = this.#core.settings
    return outcomeFor(recipient, receipts.rules, seed).outcome
  }

  async deliverIncoming(incoming: IncomingMessage): Promise<boolean> {
    const systemId = incoming.systemId ?? this.#core.settings.accounts[0]!.systemId
    const desk = this.#core.desks.get(systemId)
    if (desk === undefined) throw new RangeError(`no account ${systemId}`)
    return deliverIncoming(desk.deliveries, incoming, this.#core.clock.nowMs())
  }

  cutAll(): void {
    for (const session of [...this.#sessions]) session.cut()
  }

  async stop(): Promise<void> {
    this.#cancelTick()
    this.#core.later.clear()
    for (const desk of this.#core.desks.values()) desk.deliveries.stop()
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.cutAll()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.#core.journal?.close()
    this.#waiters.giveUp()
  }

  #accept(socket: Socket): void {
    this.#core.counts.connections += 1
    if (this.#core.faults.ofSession(['refuse-connection'], '') !== null) {
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    this.#sessions.add(new Session(this.#core, socket, session => this.#sessions.delete(session)))
  }

  #tick(): void {
    const nowMs = this.#core.clock.nowMs()
    for (const session of this.#sessions) session.tick(nowMs)
    for (const desk of this.#core.desks.values()) desk.deliveries.expire()
    this.#waiters.wake()
    if (this.#listeners.size === 0) return
    const status = this.status()
    for (const listener of this.#listeners) listener(status)
  }

  #runLater(runs: readonly (() => void)[]): void {
    for (const run of runs) run()
    for (const session of this.#sessions) session.flush()
    this.#waiters.wake()
  }
}

function openDesks(
  settings: SimulatorSettings,
  clock: Clock,
  deliveries: { counts: SimulatorCore['counts']; maxOutstanding: number },
): Map<string, AccountDesk> {
  const { maxPartsPerSecond, toleranceMs } = settings.contract
  const desks = settings.accounts.map((account): [string, AccountDesk] => [
    account.systemId,
    {
      account,
      rate:
        maxPartsPerSecond === undefined ? null : new SlidingSecond(maxPartsPerSecond, 1_000 - toleranceMs),
      deliveries: new Deliveries(clock, settings.receipts, deliveries),
      sessions: 0,
    },
  ])
  return new Map(desks)
}
