/**
 * One connection of a client, whatever it speaks: bind state, stalls, the end. All that is said in one turn leaves in
 * one socket write, after the journal has it.
 */
import type { Socket } from 'node:net'
import { judgeBind } from './binding.ts'
import type { AccountDesk, Conversation, Dialogue, SimulatorCore } from './core.ts'
import type { Delivery, DeliveryVerdict } from './deliveries.ts'
import type { Asked, BindClaim, BindMode, MessageId } from './dialogue-words.ts'
import type { MalformedSort } from './malformed-sorts.ts'
import { type SubmitSession, takeSubmit } from './submits.ts'
import type { SubmitReading } from './submitted-part.ts'

/** What a client leaves unread before the simulator stops reading from it: some thousand answers. */
const maxUnreadOctets = 1_048_576

/** A connection that does not bind within this time is closed. @see SMPP 3.4 section 7.2, session_init_timer */
const bindDeadlineMs = 30_000

export class Session implements SubmitSession, Conversation {
  readonly core: SimulatorCore
  readonly #socket: Socket
  readonly #dialogue: Dialogue
  readonly #onClosed: (session: Session) => void
  #unboundSinceMs: number
  #desk: AccountDesk | null = null
  #mode: BindMode | null = null
  #heardMs: number
  #isStalled = false
  #isClosed = false
  #isBinding = false
  unanswered = 0

  constructor(core: SimulatorCore, socket: Socket, onClosed: (session: Session) => void) {
    this.core = core
    this.#socket = socket
    this.#dialogue = core.protocol.converse(this)
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

  get canSubmit(): boolean {
    return this.#mode !== null && this.#mode !== 'rx'
  }

  get isWritable(): boolean {
    return !this.#isClosed && !this.#isStalled && this.#socket.writableLength < maxUnreadOctets
  }

  writeDelivery(delivery: Delivery, taken: { has(sequence: number): boolean }): number {
    return this.#dialogue.deliver(delivery, taken)
  }

  accept(asked: Asked, id: MessageId): void {
    if (!this.#isClosed) this.#dialogue.accept(asked, id)
  }

  refuse(asked: Asked, code: number): void {
    if (!this.#isClosed) this.#dialogue.refuse(asked, code)
  }

  writeWrong(sort: MalformedSort, asked: Asked, id: MessageId): void {
    this.#dialogue.writeWrong(sort, asked, id)
  }

  flush(): void {
    if (this.#isClosed || this.#isStalled || this.#dialogue.length === 0) return
    this.core.journal?.commit()
    this.#socket.write(this.#dialogue.take())
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
    this.core.later.add(this.core.clock.nowMs() + ms, () => {
      this.#isStalled = false
      this.#resume()
    })
  }

  askToLeave(): void {
    this.#dialogue.askToLeave()
  }

  /** Closes what is silent for too long, asks what may be gone. Called once a second. */
  tick(nowMs: number): void {
    const { inactivityMs, enquireLinkMs } = this.core.settings
    const silentMs = nowMs - this.#heardMs
    const isTooLate = !this.isBound && !this.#isBinding && nowMs - this.#unboundSinceMs >= bindDeadlineMs
    if (silentMs >= inactivityMs || isTooLate) {
      this.cut()
    } else if (this.isBound && enquireLinkMs > 0 && silentMs >= enquireLinkMs) {
      this.#dialogue.enquire()
      this.flush()
    }
  }

  submit(asked: Asked, reading: SubmitReading): void {
    if (this.#desk !== null) takeSubmit(this.core, this.#desk, this, { asked, reading })
  }

  delivered(sequence: number, verdict: DeliveryVerdict): void {
    this.#desk?.deliveries.answered(this, sequence, verdict)
  }

  bind(claim: BindClaim | null, answer: (refusal: number | null) => void): void {
    const { core } = this
    const judgement =
      this.isBound || this.#isBinding
        ? { kind: 'refused' as const, code: core.protocol.bindRefusals['bound-already'] }
        : judgeBind(core, claim)
    if (judgement.kind === 'refused') {
      core.counts.bindsRefused += 1
      answer(judgement.code)
      return
    }
    if (judgement.kind === 'ignored' || claim === null) return
    const { desk } = judgement
    const bind = (): void => {
      if (this.#isClosed) return
      this.#isBinding = false
      core.counts.bindsAccepted += 1
      this.#desk = desk
      this.#mode = claim.mode
      desk.sessions += 1
      answer(null)
      if (this.#canReceive) desk.deliveries.attach(this)
    }
    if (judgement.delayMs === 0) {
      bind()
      return
    }
    this.#isBinding = true
    core.later.add(core.clock.nowMs() + judgement.delayMs, () => {
      bind()
      desk.deliveries.pump()
    })
  }

  leave(): void {
    const desk = this.#desk
    this.#desk = null
    this.#mode = null
    if (desk === null) return
    this.#unboundSinceMs = this.core.clock.nowMs()
    desk.sessions -= 1
    desk.deliveries.detach(this)
  }

  #read(chunk: Buffer): void {
    this.#heardMs = this.core.clock.nowMs()
    this.#dialogue.push(chunk)
    this.#drain()
  }

  #resume(): void {
    if (this.#isClosed || this.#isStalled) return
    this.#socket.resume()
    this.#drain()
    this.#desk?.deliveries.pump()
  }

  #drain(): void {
    while (!this.#isClosed && !this.#isStalled && this.#dialogue.takeNext());
    if (this.#isClosed) return
    // Receipts join the answers in the same write.
    if (this.#canReceive) this.#desk?.deliveries.pump()
    this.flush()
    this.core.onChange()
  }

  get #canReceive(): boolean {
    return this.#mode === 'trx' || this.#mode === 'rx'
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.leave()
    this.#onClosed(this)
    this.core.onChange()
  }
}
