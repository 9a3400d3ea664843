/**
 * What one account has still to be told: receipts and incoming messages. They wait here, not in a session, so that
 * they survive every reconnect; any bound receiver of the account takes them, within its window, until each is
 * acknowledged.
 */
import type { Clock } from '../../clock.ts'
import type { SimulatorCounts } from './counters.ts'
import { DueQueue } from './due-queue.ts'
import type { IncomingPiece } from './incoming-piece.ts'
import type { ReceiptFormat, ReceiptSettings } from './outcomes.ts'
import type { ReceiptFacts } from './receipt-facts.ts'

/** Something to deliver. It is spelled when it leaves, and bears the time of its first leaving. */
export type Delivery =
  | { kind: 'receipt'; facts: ReceiptFacts; format: ReceiptFormat }
  /** `onSettled` is called once, when it is acknowledged or given up. */
  | { kind: 'incoming'; piece: IncomingPiece; onSettled(isAcknowledged: boolean): void }

/** What the client said to a delivery; `rejected` is for ever. */
export type DeliveryVerdict = 'acknowledged' | 'rejected' | 'later'

/** A session bound as receiver or transceiver. */
export interface DeliveryReceiver {
  /** False while it is stalled or its peer does not read. */
  readonly isWritable: boolean
  /** Writes one delivery without flushing. @param taken numbers that await their answer. @returns its own */
  writeDelivery(delivery: Delivery, taken: { has(sequence: number): boolean }): number
  flush(): void
}

interface Outstanding {
  delivery: Delivery
  sentAtMs: number
}

export class Deliveries {
  readonly #clock: Clock
  readonly #settings: ReceiptSettings
  /** Deliveries outstanding per session. */
  readonly #window: number
  /** The same for those that must not wait. */
  readonly #maxOutstanding: number
  readonly #counts: SimulatorCounts
  readonly #due: DueQueue<Delivery>
  readonly #receivers = new Map<DeliveryReceiver, Map<number, Outstanding>>()
  #ready: Delivery[] = []
  /** Of `#ready`, those already taken: shifting an array of a hundred thousand for each would be slow. */
  #taken = 0

  /** @param maxOutstanding of the protocol, per session */
  constructor(
    clock: Clock,
    settings: ReceiptSettings,
    { counts, maxOutstanding }: { counts: SimulatorCounts; maxOutstanding: number },
  ) {
    this.#clock = clock
    this.#settings = settings
    this.#window = Math.min(settings.window, maxOutstanding)
    this.#maxOutstanding = maxOutstanding
    this.#counts = counts
    this.#due = new DueQueue(clock, deliveries => {
      for (const delivery of deliveries) this.#ready.push(delivery)
      this.pump()
    })
  }

  /** Deliveries not yet acknowledged, wherever they are. */
  get waiting(): number {
    let waiting = this.#due.size + this.#ready.length - this.#taken
    for (const outstanding of this.#receivers.values()) waiting += outstanding.size
    return waiting
  }

  /** Delivers at a time, or at once when it is past; `pump` must be called in the second case. */
  add(delivery: Delivery, atMs: number): void {
    if (atMs <= this.#clock.nowMs()) this.#ready.push(delivery)
    else this.#due.add(atMs, delivery)
  }

  /** Writes before anything else that waits, whatever the window of the settings; null when nobody can receive. */
  writeFirst(delivery: Delivery): DeliveryReceiver | null {
    for (const [receiver, outstanding] of this.#receivers) {
      if (!receiver.isWritable || outstanding.size >= this.#maxOutstanding) continue
      this.#write(receiver, outstanding, delivery)
      return receiver
    }
    return null
  }

  attach(receiver: DeliveryReceiver): void {
    this.#receivers.set(receiver, new Map())
  }

  /** What the session had not acknowledged goes to the head of the queue: it may arrive twice, as in the field. */
  detach(receiver: DeliveryReceiver): void {
    const outstanding = this.#receivers.get(receiver)
    if (outstanding === undefined) return
    this.#receivers.delete(receiver)
    const again = [...outstanding.values()].map(({ delivery }) => delivery)
    this.#counts.receiptsRetried += again.filter(({ kind }) => kind === 'receipt').length
    this.#ready = [...again, ...this.#ready.slice(this.#taken)]
    this.#taken = 0
    this.pump()
  }

  /** Takes the answer to a delivery. Unknown numbers are late answers, already delivered again. */
  answered(receiver: DeliveryReceiver, sequence: number, verdict: DeliveryVerdict): void {
    const outstanding = this.#receivers.get(receiver)
    const answered = outstanding?.get(sequence)
    if (outstanding === undefined || answered === undefined) return
    outstanding.delete(sequence)
    const { delivery } = answered
    if (verdict === 'later') {
      this.#retry(delivery)
    } else if (delivery.kind === 'receipt') {
      if (verdict === 'acknowledged') this.#counts.receiptsAcknowledged += 1
      else this.#counts.receiptsRejected += 1
    } else {
      if (verdict === 'acknowledged') this.#counts.incomingAcknowledged += 1
      delivery.onSettled(verdict === 'acknowledged')
    }
  }

  /** Tries again what has waited too long for its answer. Called once a second. */
  expire(): void {
    const oldestMs = this.#clock.nowMs() - this.#settings.answerTimeoutMs
    for (const outstanding of this.#receivers.values()) {
      for (const [sequence, { delivery, sentAtMs }] of outstanding) {
        if (sentAtMs > oldestMs) break
        outstanding.delete(sequence)
        this.#retry(delivery)
      }
    }
    this.pump()
  }

  /** Fills the windows of the receivers, one socket write each. */
  pump(): void {
    for (const [receiver, outstanding] of this.#receivers) {
      if (this.#taken === this.#ready.length) break
      if (!receiver.isWritable || outstanding.size >= this.#window) continue
      while (this.#taken < this.#ready.length && outstanding.size < this.#window) {
        const delivery = this.#ready[this.#taken]!
        this.#taken += 1
        this.#write(receiver, outstanding, delivery)
      }
      receiver.flush()
    }
    this.#dropTaken()
  }

  stop(): void {
    this.#due.clear()
  }

  #write(receiver: DeliveryReceiver, outstanding: Map<number, Outstanding>, delivery: Delivery): void {
    const sentAtMs = this.#clock.nowMs()
    if (delivery.kind === 'receipt') delivery.facts.doneAtMs ||= sentAtMs
    else delivery.piece.sentAtMs ||= sentAtMs
    outstanding.set(receiver.writeDelivery(delivery, outstanding), { delivery, sentAtMs })
  }

  #retry(delivery: Delivery): void {
    if (delivery.kind === 'receipt') this.#counts.receiptsRetried += 1
    this.#due.add(this.#clock.nowMs() + this.#settings.retryMs, delivery)
  }

  /** Lets go of what was taken once it is the larger half: each delivery is then moved at most once. */
  #dropTaken(): void {
    if (this.#taken === 0 || this.#taken * 2 < this.#ready.length) return
    this.#ready = this.#ready.slice(this.#taken)
    this.#taken = 0
  }
}
