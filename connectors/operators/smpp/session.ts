/**
 * One connection to an SMSC, from the first SYN to the last FIN: connect, bind, submit, deliver, enquire, unbind.
 *
 * A session is used once: after a loss the bind makes another, so that nothing of the old one (half a PDU, numbers,
 * deadlines) can reach the new one. One timer serves all deadlines. Whatever a peer sends ends in an answer, in a
 * log line or in the end of the session; never in an exception or in silence.
 *
 * @see SMPP v3.4 section 2 (sessions), 3 (PDU format), 4 (PDUs)
 */
import type { Socket } from 'node:net'
import type { Cancel } from '../../clock.ts'
import type { OutgoingPart, SubmitOutcome } from '../../operator.ts'
import type { RateLane } from '../rate-limit.ts'
import { openSocket } from '../socket.ts'
import { encodeEmpty } from './codec.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { dispatch, type ReadBatch } from './dispatch.ts'
import { createFramer } from './framing.ts'
import { createLiveness, type Liveness } from './liveness.ts'
import { encodeWithPackage } from './package-codec.ts'
import { PduWriter } from './pdu-writer.ts'
import { createPendingSubmits, nextSequence, type PendingSubmits } from './pending-submits.ts'
import type { SessionEnding, SessionSetup } from './session-setup.ts'
import { command } from './tables.ts'
import { traceLine, traceLines } from './trace-line.ts'

export type SessionState = 'connecting' | 'binding' | 'bound' | 'unbinding' | 'closed'

/** Deadlines are seconds; half a second of coarseness is cheap and no deadline feels it. */
const heartbeatMs = 500
/** Octets waiting in the socket above which nothing more is submitted: some 2,500 parts. */
const highWaterOctets = 256 * 1024
/**
 * A peer that asks and never reads would fill the memory with our answers. A full window is far below; only whole texts
 * of 64 kB make some 80 MB of one.
 */
const unreadLimitOctets = { parts: 8 * 1024 * 1024, payload: 128 * 1024 * 1024 }

export class SmppSession {
  state: SessionState = 'connecting'
  readonly setup: SessionSetup
  readonly writer = new PduWriter()
  readonly submits: PendingSubmits
  readonly deliveries: Deliveries
  readonly liveness: Liveness
  readonly lane: RateLane
  unreadableInRow = 0
  private readonly framer = createFramer()
  private readonly socket: Socket
  private readonly stopHeartbeat: Cancel
  private elapsedMs = 0
  /** End of the present step (connect, bind, unbind), on the heartbeat. */
  private deadlineMs: number
  /** When the PDU that is half there began, on the heartbeat. */
  private halfSinceMs: number | null = null
  private sequence = 0
  private isReading = true

  constructor(setup: SessionSetup) {
    const { config, clock } = setup
    this.setup = setup
    this.lane = setup.rate.lane()
    this.submits = createPendingSubmits(config.window, config.statusClasses)
    this.deliveries = createDeliveries(config, setup.tokens)
    this.liveness = createLiveness(
      config.enquireLinkSeconds * 1000,
      config.enquireLinkAnswerSeconds * 1000,
      0,
    )
    this.deadlineMs = config.connectSeconds * 1000
    const socket = setup.socket ?? this.connect()
    this.socket = socket
    socket.on('error', error => this.close({ kind: 'lost', reason: error.message }))
    socket.on('close', () => this.close({ kind: 'lost', reason: 'the peer closed the connection' }))
    socket.on('data', chunk => this.read(chunk))
    socket.on('drain', () => this.state !== 'closed' && setup.events.onDrained())
    this.stopHeartbeat = clock.every(heartbeatMs, () => this.beat())
    if (setup.socket === undefined) return
    socket.resume()
    // Later, not now: whoever makes the session does not know it yet.
    queueMicrotask(() => this.bind())
  }

  get inFlight(): number {
    return this.submits.size
  }

  /** Whether submits may be written: bound, and the socket takes what it is given. */
  get isWritable(): boolean {
    return this.state === 'bound' && this.socket.writableLength < highWaterOctets
  }

  /**
   * Writes parts in one socket write.
   *
   * @returns how many left, and the outcomes of those that cannot be expressed in SMPP
   */
  submit(parts: readonly OutgoingPart[]): { sent: number; refused: SubmitOutcome[] } {
    const { encoder, clock } = this.setup
    const nowMs = clock.nowMs()
    const sentAtMs = clock.monotonicMs()
    const refused: SubmitOutcome[] = []
    for (const part of parts) {
      const sequence = this.nextSequence()
      const refusal = encoder.encode(this.writer, part, sequence, nowMs)
      if (refusal === null) {
        const ticket = this.lane.take(1)
        this.submits.add(sequence, { partId: part.partId, sentAtMs, ticket })
      } else refused.push({ kind: 'refused', partId: part.partId, ...refusal })
    }
    this.flush()
    return { sent: parts.length - refused.length, refused }
  }

  /** Answers deliveries; tokens of other sessions are passed over. */
  acknowledge(tokens: readonly number[], isStored: boolean): void {
    if (this.state === 'closed') return
    this.deliveries.acknowledge(tokens, isStored, this.writer)
    this.flush()
    if (this.deliveries.size <= this.setup.config.maxUnacknowledged / 2) this.resumeReading()
  }

  /** Says goodbye and waits for the answer; `onClosed` follows in any case. */
  unbind(): void {
    if (this.state !== 'bound') {
      this.close({ kind: 'unbound' })
      return
    }
    this.state = 'unbinding'
    this.resumeReading()
    this.deadlineMs = this.elapsedMs + this.setup.config.unbindSeconds * 1000
    encodeEmpty(this.writer, command.unbind, this.nextSequence())
    this.flush()
  }

  /** Ends the session; what is owed is reported first. Calling it again does nothing. */
  close(ending: SessionEnding): void {
    if (this.state === 'closed') return
    const hasGoodbye = this.writer.length > 0 && this.state !== 'connecting'
    this.state = 'closed'
    this.stopHeartbeat()
    if (hasGoodbye) this.sayGoodbye()
    else this.socket.destroy()
    const owed = this.submits.lose()
    if (owed.length > 0) this.setup.events.onOutcomes(owed)
    this.setup.events.onClosed(ending)
  }

  /** The peer accepted the bind. */
  bound(): void {
    this.state = 'bound'
    this.deadlineMs = Number.POSITIVE_INFINITY
    this.liveness.received(this.elapsedMs)
    this.setup.events.onBound()
  }

  /** Sends what is written and closes; a peer that does not read or close gets no longer than an unbind. */
  private sayGoodbye(): void {
    const { clock, config } = this.setup
    this.socket.resume()
    this.write(this.writer.take())
    const cancel = clock.after(config.unbindSeconds * 1000, () => this.socket.destroy())
    this.socket.once('close', cancel)
    this.socket.destroySoon()
  }

  private connect(): Socket {
    const { socket, readyEvent } = openSocket(this.setup.config)
    socket.on(readyEvent, () => this.bind())
    return socket
  }

  private bind(): void {
    if (this.state !== 'connecting') return
    const { config, kind } = this.setup
    this.state = 'binding'
    this.setup.events.onBinding()
    this.deadlineMs = this.elapsedMs + config.bindSeconds * 1000
    const encoded = encodeWithPackage(
      `bind_${kind}`,
      { sequence: this.nextSequence() },
      {
        system_id: config.systemId,
        password: config.password,
        system_type: config.systemType,
        interface_version: config.interfaceVersion,
        addr_ton: config.addressTon,
        addr_npi: config.addressNpi,
        address_range: config.addressRange,
      },
    )
    if (encoded.kind === 'malformed') this.close({ kind: 'refused', status: 0, reason: encoded.reason })
    else this.write(encoded.bytes)
  }

  private read(chunk: Buffer): void {
    if (this.state === 'closed') return
    const batch: ReadBatch = { outcomes: [], receipts: [], incoming: [], pdus: 0 }
    this.framer.push(chunk)
    for (;;) {
      const frame = this.framer.next()
      if (frame.kind === 'incomplete') break
      if (frame.kind === 'malformed') {
        this.setup.log('pdu.malformed', { reason: frame.reason, action: 'rebuild' })
        encodeEmpty(this.writer, command.genericNack, frame.sequence, 0x02)
        this.report(batch)
        this.close({ kind: 'lost', reason: `unreadable stream: ${frame.reason}` })
        return
      }
      batch.pdus += 1
      const { sink } = this.setup.tracing
      if (sink !== null) sink({ bind: this.setup.name, direction: 'in', line: traceLine(frame) })
      const ending = dispatch(this, frame, batch)
      if (ending !== null) {
        this.report(batch)
        this.close(ending)
        return
      }
    }
    if (batch.pdus > 0) this.liveness.received(this.elapsedMs)
    if (this.framer.pendingOctets() === 0) this.halfSinceMs = null
    else if (batch.pdus > 0 || this.halfSinceMs === null) this.halfSinceMs = this.elapsedMs
    this.flush()
    this.report(batch)
    this.limitReading()
  }

  private report({ outcomes, receipts, incoming }: ReadBatch): void {
    const { events } = this.setup
    // Answers first: a receipt in the same read then finds the id it belongs to.
    if (outcomes.length > 0) events.onOutcomes(outcomes)
    if (receipts.length > 0) events.onReceipts(receipts)
    if (incoming.length > 0) events.onIncoming(incoming)
  }

  /** Stops reading while the store is behind: what is not read stays with the operator. */
  private limitReading(): void {
    if (this.state !== 'bound' || this.deliveries.size <= this.setup.config.maxUnacknowledged) return
    this.isReading = false
    this.socket.pause()
    this.setup.log('receipts.held-back', { unacknowledged: this.deliveries.size })
  }

  private resumeReading(): void {
    if (this.isReading) return
    this.isReading = true
    this.liveness.received(this.elapsedMs)
    this.socket.resume()
  }

  private beat(): void {
    // While we do not read, silence is ours: no deadline runs.
    if (!this.isReading) return
    this.elapsedMs += heartbeatMs
    const { config, events, log } = this.setup
    if (this.elapsedMs >= this.deadlineMs) {
      this.close(
        this.state === 'unbinding'
          ? { kind: 'unbound' }
          : {
              kind: 'lost',
              reason: this.state === 'connecting' ? 'no connection in time' : 'bind not answered in time',
            },
      )
      return
    }
    const halfMs = this.halfSinceMs === null ? 0 : this.elapsedMs - this.halfSinceMs
    if (halfMs > config.halfPduSeconds * 1000) {
      log('pdu.malformed', { reason: 'half a PDU', action: 'rebuild' })
      this.close({ kind: 'lost', reason: `half a PDU for ${config.halfPduSeconds} s` })
      return
    }
    const overdue = this.submits.expire(this.elapsedMs, config.answerSeconds * 1000)
    if (overdue.length > 0) {
      log('submit.timeout', { count: overdue.length })
      events.onOutcomes(overdue)
    }
    if (this.state === 'bound') this.enquire()
  }

  private enquire(): void {
    const verdict = this.liveness.check(this.elapsedMs)
    if (verdict === 'dead') {
      this.close({ kind: 'lost', reason: 'enquire_link not answered' })
    } else if (verdict === 'enquire') {
      encodeEmpty(this.writer, command.enquireLink, this.nextSequence())
      this.flush()
    }
  }

  private flush(): void {
    if (this.writer.length === 0 || this.state === 'closed') return
    this.write(this.writer.take())
    const isWhole = this.setup.config.longMessages === 'payload'
    if (this.socket.writableLength > (isWhole ? unreadLimitOctets.payload : unreadLimitOctets.parts)) {
      this.close({ kind: 'lost', reason: 'the peer does not read' })
    }
  }

  private write(octets: Buffer): void {
    const { name, tracing } = this.setup
    if (tracing.sink !== null) {
      for (const line of traceLines(octets)) tracing.sink({ bind: name, direction: 'out', line })
    }
    this.socket.write(octets)
  }

  private nextSequence(): number {
    this.sequence = nextSequence(this.sequence, this.submits)
    return this.sequence
  }
}
