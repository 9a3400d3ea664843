/**
 * One connection of a client: framing, bind state, answers. All that is said in one turn leaves in one socket write,
 * after the journal has it.
 *
 * @see SMPP 3.4 sections 2.2 (bind states), 3.2 (header) and 4.1 (bind)
 */
import type { Socket } from 'node:net'
import { encodeEmpty, encodeMessageResp, encodeShortMessage } from '../smpp/codec.ts'
import { createFramer, type Frame } from '../smpp/framing.ts'
import { PduWriter } from '../smpp/pdu-writer.ts'
import type { ShortMessage } from '../smpp/short-message.ts'
import { command, isResponse, status } from '../smpp/tables.ts'
import { type BindMode, bindModes, encodeBindAnswer, judgeBind } from './binding.ts'
import type { AccountDesk, SimulatorCore } from './core.ts'
import { type SubmitSession, takeSubmit } from './submits.ts'

type Pdu = Extract<Frame, { kind: 'pdu' }>

/** What a client leaves unread before the simulator stops reading from it: some thousand answers. */
const maxUnreadOctets = 1_048_576

/** A connection that does not bind within this time is closed. @see SMPP 3.4 section 7.2, session_init_timer */
const bindDeadlineMs = 30_000

/** Answers to what a client may ask and this operator has no use for: the function failed. */
const failedRequests: ReadonlyMap<number, number> = new Map([
  [command.querySm, 0x67],
  [command.cancelSm, 0x11],
  [command.replaceSm, 0x13],
])

export class Session implements SubmitSession {
  readonly #core: SimulatorCore
  readonly #socket: Socket
  readonly #framer = createFramer()
  readonly #writer = new PduWriter()
  readonly #onClosed: (session: Session) => void
  #unboundSinceMs: number
  #desk: AccountDesk | null = null
  #mode: BindMode | null = null
  #sequence = 0
  #heardMs: number
  #isStalled = false
  #isClosed = false
  #isBinding = false
  unanswered = 0

  constructor(core: SimulatorCore, socket: Socket, onClosed: (session: Session) => void) {
    this.#core = core
    this.#socket = socket
    this.#onClosed = onClosed
    this.#unboundSinceMs = core.clock.nowMs()
    this.#heardMs = this.#unboundSinceMs
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#read(chunk))
    socket.on('drain', () => this.#resume())
    // A peer that resets is no news: 'close' follows and does the work.
    socket.on('error', () => {})
    socket.on('close', () => this.#close())
  }

  get systemId(): string {
    return this.#desk?.account.systemId ?? ''
  }

  get isBound(): boolean {
    return this.#mode !== null
  }

  get isWritable(): boolean {
    return !this.#isClosed && !this.#isStalled && this.#socket.writableLength < maxUnreadOctets
  }

  writeDelivery(commandId: number, message: ShortMessage): number {
    const sequence = this.#nextSequence()
    encodeShortMessage(this.#writer, { commandId, sequence }, message)
    return sequence
  }

  answer(commandId: number, sequence: number, answer: { status: number; messageId?: string }): void {
    if (!this.#isClosed) encodeMessageResp(this.#writer, { commandId, sequence, ...answer })
  }

  writeRaw(octets: Buffer): void {
    this.#writer.reserve(octets.length)
    this.#writer.bytes(octets)
  }

  flush(): void {
    if (this.#isClosed || this.#isStalled || this.#writer.length === 0) return
    this.#core.journal?.commit()
    this.#socket.write(this.#writer.take())
    if (this.#socket.writableLength >= maxUnreadOctets) this.#socket.pause()
  }

  cut(): void {
    this.flush()
    this.#close()
    // Destroys after what is written has left: an answer given before the cut must arrive.
    this.#socket.destroySoon()
  }

  stall(ms: number): void {
    this.flush()
    this.#isStalled = true
    this.#socket.pause()
    this.#core.later.add(this.#core.clock.nowMs() + ms, () => {
      this.#isStalled = false
      this.#resume()
    })
  }

  askUnbind(): void {
    encodeEmpty(this.#writer, command.unbind, this.#nextSequence())
  }

  /** Closes what is silent for too long, asks what may be gone. Called once a second. */
  tick(nowMs: number): void {
    const { inactivityMs, enquireLinkMs } = this.#core.settings
    const silentMs = nowMs - this.#heardMs
    const isTooLate = !this.isBound && !this.#isBinding && nowMs - this.#unboundSinceMs >= bindDeadlineMs
    if (silentMs >= inactivityMs || isTooLate) {
      this.cut()
    } else if (this.isBound && enquireLinkMs > 0 && silentMs >= enquireLinkMs) {
      encodeEmpty(this.#writer, command.enquireLink, this.#nextSequence())
      this.flush()
    }
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence >= 0x7fffffff ? 1 : this.#sequence + 1
    return this.#sequence
  }

  #read(chunk: Buffer): void {
    this.#heardMs = this.#core.clock.nowMs()
    this.#framer.push(chunk)
    this.#drain()
  }

  #resume(): void {
    if (this.#isClosed || this.#isStalled) return
    this.#socket.resume()
    this.#drain()
    this.#desk?.deliveries.pump()
  }

  #drain(): void {
    while (!this.#isClosed && !this.#isStalled) {
      const frame = this.#framer.next()
      if (frame.kind === 'incomplete') break
      if (frame.kind === 'malformed') {
        this.#core.counts.malformedPdus += 1
        encodeEmpty(this.#writer, command.genericNack, frame.sequence, status.invalidCommandLength)
        this.cut()
        return
      }
      this.#take(frame)
    }
    // Receipts join the answers in the same write.
    if (this.#canReceive) this.#desk?.deliveries.pump()
    this.flush()
    this.#core.onChange()
  }

  #take(pdu: Pdu): void {
    switch (pdu.commandId) {
      case command.submitSm:
      case command.dataSm:
        this.#submit(pdu)
        return
      case command.deliverSmResp:
      case command.dataSmResp:
        this.#desk?.deliveries.answered(this, pdu.sequence, pdu.status)
        return
      case command.enquireLink:
        if (this.#core.faults.ofSession(['ignore-enquire-link'], this.systemId) !== null) return
        encodeEmpty(this.#writer, command.enquireLinkResp, pdu.sequence)
        return
      case command.unbind:
        if (this.#core.faults.ofSession(['ignore-unbind'], this.systemId) !== null) return
        encodeEmpty(this.#writer, command.unbindResp, pdu.sequence)
        this.#leave()
        return
      case command.unbindResp:
        this.cut()
        return
      default:
        this.#takeOther(pdu)
    }
  }

  #takeOther(pdu: Pdu): void {
    const mode = bindModes.get(pdu.commandId)
    const failure = failedRequests.get(pdu.commandId)
    if (mode !== undefined) {
      this.#bind(pdu, mode)
    } else if (failure !== undefined) {
      encodeEmpty(this.#writer, pdu.commandId + 0x80000000, pdu.sequence, failure)
    } else if (!isResponse(pdu.commandId)) {
      this.#core.counts.unknownCommands += 1
      encodeEmpty(this.#writer, command.genericNack, pdu.sequence, status.invalidCommandId)
    }
  }

  #submit(pdu: Pdu): void {
    if (this.#desk === null || this.#mode === null || this.#mode === 'rx') {
      this.answer(pdu.commandId + 0x80000000, pdu.sequence, { status: status.invalidBindStatus })
      return
    }
    takeSubmit(this.#core, this.#desk, this, pdu)
  }

  #bind(pdu: Pdu, mode: BindMode): void {
    const judgement =
      this.isBound || this.#isBinding
        ? { kind: 'refused' as const, status: status.alreadyBound }
        : judgeBind(this.#core, pdu.body, mode)
    const answer = {
      commandId: pdu.commandId + 0x80000000,
      sequence: pdu.sequence,
      name: this.#core.settings.name,
    }
    if (judgement.kind === 'refused') {
      this.#core.counts.bindsRefused += 1
      encodeBindAnswer(this.#writer, { ...answer, status: judgement.status })
      return
    }
    if (judgement.kind === 'ignored') return
    const { desk } = judgement
    const bind = (): void => {
      if (this.#isClosed) return
      this.#isBinding = false
      this.#core.counts.bindsAccepted += 1
      this.#desk = desk
      this.#mode = mode
      desk.sessions += 1
      encodeBindAnswer(this.#writer, { ...answer, status: status.ok })
      if (this.#canReceive) desk.deliveries.attach(this)
    }
    if (judgement.delayMs === 0) {
      bind()
      return
    }
    this.#isBinding = true
    this.#core.later.add(this.#core.clock.nowMs() + judgement.delayMs, () => {
      bind()
      desk.deliveries.pump()
    })
  }

  get #canReceive(): boolean {
    return this.#mode === 'trx' || this.#mode === 'rx'
  }

  /** Ends the bind; the client closes the connection, or binds again. */
  #leave(): void {
    const desk = this.#desk
    this.#desk = null
    this.#mode = null
    if (desk === null) return
    this.#unboundSinceMs = this.#core.clock.nowMs()
    desk.sessions -= 1
    desk.deliveries.detach(this)
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#leave()
    this.#onClosed(this)
    this.#core.onChange()
  }
}
