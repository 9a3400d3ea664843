/**
 * One connection to an SMSC, from the first SYN to the last FIN: connect, log in, submit, deliver, keep alive.
 *
 * A session is used once: after a loss the bind makes another, so that nothing of the old one (half a frame, numbers,
 * deadlines) can reach the new one. One timer serves all deadlines. Whatever a peer sends ends in an answer, in a
 * log line or in the end of the session; never in an exception or in silence.
 *
 * @see EMI-UCP 5.2 chapter 3 (sessions, windowing) and 4.6 (operation 60)
 */
import type { Socket } from 'node:net'
import type { Cancel } from '../../clock.ts'
import type { OutgoingPart } from '../../operator.ts'
import type { RateLane } from '../rate-limit.ts'
import { openSocket } from '../socket.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { dispatch, onMalformed, type ReadBatch } from './dispatch.ts'
import { parseFrame } from './frame.ts'
import { createFrameReader, onWire } from './framing.ts'
import { createKeepAlive, type KeepAlive } from './keep-alive.ts'
import { loginFields } from './login.ts'
import { buildOperation, operation } from './operations.ts'
import { createPendingOperations, type Operation, type PendingOperations } from './pending-operations.ts'
import type { SessionEnding, SessionSetup, SubmitEnd } from './session-setup.ts'
import { traceLine } from './trace-line.ts'

export type SessionState = 'connecting' | 'binding' | 'bound' | 'closed'

/** Deadlines are seconds; half a second of coarseness is cheap and no deadline feels it. */
const heartbeatMs = 500
/** Octets waiting in the socket above which nothing more is submitted: some hundred parts. */
const highWaterOctets = 64 * 1024
/** A peer that asks and never reads would fill the memory; a full window of the longest parts is 200 kB. */
const unreadLimitOctets = 1024 * 1024
/** Frames in a row that cannot be read: the peer speaks something else, and each costs an answer and a log line. */
const unreadableLimit = 100
/** What has left gets so long to reach a peer that does not close. */
const goodbyeMs = 5000
/** Watches over a connection whose SMSC knows no operation 31. */
const tcpKeepAliveMs = 60_000

export class UcpSession {
  state: SessionState = 'connecting'
  readonly setup: SessionSetup
  readonly pending: PendingOperations = createPendingOperations()
  readonly deliveries: Deliveries
  readonly lane: RateLane
  readonly keepAlive: KeepAlive
  private readonly reader = createFrameReader()
  private readonly socket: Socket
  private readonly stopHeartbeat: Cancel
  private elapsedMs = 0
  /** End of the present step (connect, log in), on the heartbeat. */
  private deadlineMs: number
  private receivedElapsedMs = 0
  /** When the frame that is half there began, on the heartbeat. */
  private halfSinceMs: number | null = null
  private unreadable = 0
  private hasToldSkipped = false
  private isReading = true
  /** Frames that leave with the next flush. */
  private out = ''

  constructor(setup: SessionSetup) {
    const { config, clock, rate } = setup
    this.setup = setup
    this.lane = rate.lane()
    this.deliveries = createDeliveries(setup)
    this.keepAlive = createKeepAlive(config.keepAliveSeconds * 1000)
    this.deadlineMs = config.connectSeconds * 1000
    const { host, port } = setup.target
    this.socket = openSocket({ host, port, localAddress: config.localAddress, tcpKeepAliveMs }).socket
    this.socket.on('error', error => this.close({ kind: 'lost', reason: error.message }))
    this.socket.on('close', () => this.close({ kind: 'lost', reason: 'the peer closed the connection' }))
    this.socket.on('connect', () => this.connected())
    this.socket.on('data', chunk => this.read(chunk))
    this.socket.on('drain', () => this.state !== 'closed' && setup.events.onRoom())
    this.stopHeartbeat = clock.every(heartbeatMs, () => this.beat())
  }

  /** Whether submits may be written: bound, and the socket takes what it is given. */
  get isWritable(): boolean {
    return this.state === 'bound' && this.socket.writableLength < highWaterOctets
  }

  /**
   * Writes parts in one socket write; there must be a free TRN for each.
   *
   * @returns how many left, and the ends of those that cannot be expressed in UCP
   */
  submit(parts: readonly OutgoingPart[]): { sent: number; refused: SubmitEnd[] } {
    const { encoder, clock } = this.setup
    const nowMs = clock.nowMs()
    const sentAtMs = clock.monotonicMs()
    const refused: SubmitEnd[] = []
    for (const part of parts) {
      const { partId, recipient } = part
      const submit: Operation = { kind: 'submit', partId, recipient, sentAtMs, ticket: 0 }
      const trn = this.pending.add(submit)
      const encoding = encoder.encode(part, trn, nowMs)
      if (encoding.kind === 'refused') {
        this.pending.settle(trn)
        refused.push({ outcome: { kind: 'refused', partId, ...encoding.refusal }, recipient, isLate: false })
        continue
      }
      submit.ticket = this.lane.take(1)
      this.write(encoding.text)
    }
    const sent = parts.length - refused.length
    if (sent > 0) this.keepAlive.sent(this.elapsedMs)
    this.flush()
    return { sent, refused }
  }

  /** Answers deliveries; tokens of other sessions are passed over. */
  acknowledge(tokens: readonly number[], isStored: boolean): void {
    if (this.state === 'closed') return
    for (const frame of this.deliveries.acknowledge(tokens, isStored)) this.write(frame)
    this.flush()
    if (this.deliveries.size <= this.setup.config.maxUnacknowledged / 2) this.resumeReading()
  }

  /** Ends the session; what is owed is reported first. Calling it again does nothing. */
  close(ending: SessionEnding): void {
    if (this.state === 'closed') return
    const isConnected = this.state !== 'connecting'
    this.state = 'closed'
    this.stopHeartbeat()
    if (isConnected) this.sayGoodbye()
    else this.socket.destroy()
    const owed = this.pending.lose().flatMap(owedOperation => endOf(owedOperation, 'link-lost'))
    if (owed.length > 0) this.setup.events.onOutcomes(owed)
    this.setup.events.onClosed(ending)
  }

  /** The peer accepted the login, or needs none. */
  bound(): void {
    this.state = 'bound'
    this.deadlineMs = Number.POSITIVE_INFINITY
    this.keepAlive.sent(this.elapsedMs)
    this.setup.events.onBound()
  }

  /** Queues a frame for the next flush. */
  write(frameText: string): void {
    this.trace('out', frameText)
    this.out += onWire(frameText)
  }

  /** UCP has no logout: sends what is written and closes; a peer that does not read or close is cut off. */
  private sayGoodbye(): void {
    this.socket.resume()
    if (this.out !== '') this.socket.write(this.out, 'latin1')
    this.out = ''
    const cancel = this.setup.clock.after(goodbyeMs, () => this.socket.destroy())
    this.socket.once('close', cancel)
    this.socket.destroySoon()
  }

  private connected(): void {
    const { config, events } = this.setup
    this.state = 'binding'
    events.onBinding()
    if (config.login === 'none') {
      this.bound()
      // Nothing has shown yet that an SMSC is at the other end.
      this.sendKeepAlive()
      return
    }
    this.deadlineMs = this.elapsedMs + config.loginSeconds * 1000
    const trn = this.pending.add({ kind: 'login' })
    this.write(buildOperation(operation.session, trn, loginFields(config)))
    this.flush()
  }

  private read(chunk: Buffer): void {
    if (this.state === 'closed') return
    const batch: ReadBatch = { ends: [], receipts: [], incoming: [], frames: 0 }
    const waitingBefore = this.pending.waiting
    this.reader.push(chunk)
    const ending = this.readFrames(batch)
    if (ending !== null) {
      this.report(batch)
      this.close(ending)
      return
    }
    this.receivedElapsedMs = this.elapsedMs
    if (this.reader.pendingOctets() === 0) this.halfSinceMs = null
    else if (batch.frames > 0 || this.halfSinceMs === null) this.halfSinceMs = this.elapsedMs
    this.tellSkipped(batch.frames)
    this.flush()
    this.report(batch)
    if (batch.ends.length === 0 && this.pending.waiting < waitingBefore) this.setup.events.onRoom()
    this.limitReading()
  }

  private readFrames(batch: ReadBatch): SessionEnding | null {
    for (;;) {
      const item = this.reader.next()
      if (item.kind === 'incomplete') return null
      if (item.kind === 'too-long') {
        this.setup.log('frame.malformed', { reason: item.reason, action: 'rebuild' })
        return { kind: 'lost', reason: `unreadable stream: ${item.reason}` }
      }
      const frame =
        item.kind === 'text'
          ? parseFrame(item.text)
          : ({ kind: 'malformed', reason: 'cut off', fault: 'syntax', header: null } as const)
      if (item.kind === 'text') this.trace('in', item.text)
      batch.frames += 1
      if (frame.kind === 'malformed') {
        onMalformed(this, frame, batch)
        this.unreadable += 1
        if (this.unreadable >= unreadableLimit) return { kind: 'lost', reason: 'too many unreadable frames' }
        continue
      }
      this.unreadable = 0
      const ending = dispatch(this, frame, batch)
      if (ending !== null) return ending
    }
  }

  private report({ ends, receipts, incoming }: ReadBatch): void {
    const { events } = this.setup
    // Answers first: a receipt in the same read then finds the id it belongs to.
    if (ends.length > 0) events.onOutcomes(ends)
    if (receipts.length > 0) events.onReceipts(receipts)
    if (incoming.length > 0) events.onIncoming(incoming)
  }

  /** Line ends after each frame are a habit of some gateways; more than that is worth one line. */
  private tellSkipped(frames: number): void {
    const octets = this.reader.takeSkipped()
    if (this.hasToldSkipped || octets <= 2 * (frames + 1)) return
    this.hasToldSkipped = true
    this.setup.log('stream.skipped', { octets })
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
    this.socket.resume()
  }

  private beat(): void {
    // While we do not read, silence is ours: no deadline runs.
    if (!this.isReading) return
    this.elapsedMs += heartbeatMs
    const { config, log } = this.setup
    if (this.elapsedMs >= this.deadlineMs) {
      const reason = this.state === 'connecting' ? 'no connection in time' : 'login not answered in time'
      this.close({ kind: 'lost', reason })
      return
    }
    const halfMs = this.halfSinceMs === null ? 0 : this.elapsedMs - this.halfSinceMs
    if (halfMs > config.halfFrameSeconds * 1000) {
      log('frame.malformed', { reason: 'half a frame', action: 'rebuild' })
      this.close({ kind: 'lost', reason: `half a frame for ${config.halfFrameSeconds} s` })
      return
    }
    this.expire()
    if (this.state === 'bound' && this.pending.waiting === 0 && this.keepAlive.isDue(this.elapsedMs)) {
      this.sendKeepAlive()
    }
  }

  private expire(): void {
    const { config, events, log } = this.setup
    const answerMs = config.answerSeconds * 1000
    const overdue = this.pending.expire(this.elapsedMs, answerMs)
    const ends = overdue.flatMap(owed => endOf(owed, 'timeout'))
    if (ends.length > 0) {
      log('submit.timeout', { count: ends.length })
      events.onOutcomes(ends)
    }
    if (overdue.some(({ kind }) => kind === 'keep-alive')) {
      this.close({ kind: 'lost', reason: 'operation 31 not answered' })
    } else if (ends.length > 0 && this.elapsedMs - this.receivedElapsedMs > answerMs) {
      this.close({ kind: 'lost', reason: `not a sign of the peer for ${config.answerSeconds} s` })
    } else if (this.state === 'bound' && this.pending.free === 0 && this.pending.waiting === 0) {
      this.close({ kind: 'lost', reason: 'every TRN awaits a result that is overdue' })
    }
  }

  private sendKeepAlive(): void {
    const { shortCode, keepAlivePid } = this.setup.config
    if (this.pending.free === 0) return
    const trn = this.pending.add({ kind: 'keep-alive' })
    this.write(buildOperation(operation.alert, trn, { AdC: shortCode, PID: keepAlivePid }))
    this.keepAlive.sent(this.elapsedMs)
    this.flush()
  }

  private flush(): void {
    if (this.out === '' || this.state === 'closed') return
    this.socket.write(this.out, 'latin1')
    this.out = ''
    if (this.socket.writableLength > unreadLimitOctets) {
      this.close({ kind: 'lost', reason: 'the peer does not read' })
    }
  }

  private trace(direction: 'in' | 'out', frameText: string): void {
    const { tracing, target } = this.setup
    tracing.sink?.({ bind: target.name, direction, line: traceLine(frameText) })
  }
}

function endOf(owed: Operation, reason: 'timeout' | 'link-lost'): SubmitEnd[] {
  if (owed.kind !== 'submit') return []
  const { partId, recipient } = owed
  return [{ outcome: { kind: 'unknown', partId, reason }, recipient, isLate: false }]
}
