/**
 * What one account has still to be told: receipts and incoming messages. They wait here, not in a session, so that
 * they survive every reconnect; any bound receiver of the account takes them, within its window, until each is
 * acknowledged with status 0.
 */
import type { Clock } from '../../clock.ts'
import type { ShortMessage } from '../smpp/short-message.ts'
import { status } from '../smpp/tables.ts'
import type { SimulatorCounts } from './counters.ts'
import { DueQueue } from './due-queue.ts'
import type { ReceiptSettings } from './outcomes.ts'

/** Something to deliver. It is composed when it leaves: a receipt bears the time of its leaving. */
export interface Delivery {
  kind: 'receipt' | 'incoming'
  compose(nowMs: number): { commandId: number; message: ShortMessage }
  /** Called once, when it is acknowledged or given up. */
  onSettled?(isAcknowledged: boolean): void
}

/** A session bound as receiver or transceiver. */
export interface DeliveryReceiver {
  /** False while it is stalled or its peer does not read. */
  readonly isWritable: boolean
  /** Writes one PDU without flushing, and says its sequence number. */
  writeDelivery(commandId: number, message: ShortMessage): number
  flush(): void
}

interface Outstanding {
  delivery: Delivery
  sentAtMs: number
}

/** ESME_RX_R_APPN; with the permanent error, the answers after which an operator gives up. */
const rejectedByApplication = 0x66

export class Deliveries {
  readonly #clock: Clock
  readonly #settings: ReceiptSettings
  readonly #counts: SimulatorCounts
  readonly #due: DueQueue<Delivery>
  readonly #receivers = new Map<DeliveryReceiver, Map<number, Outstanding>>()
  #ready: Delivery[] = []
  /** Of `#ready`, those already taken: shifting an array of a hundred thousand for each would be slow. */
  #taken = 0

  constructor(clock: Clock, settings: ReceiptSettings, counts: SimulatorCounts) {
    this.#clock = clock
    this.#settings = settings
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

  /** Writes before anything else that waits, whatever the window; null when nobody can receive. */
  writeFirst(delivery: Delivery): DeliveryReceiver | null {
    for (const [receiver, outstanding] of this.#receivers) {
      if (!receiver.isWritable) continue
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

  /** Takes a deliver_sm_resp. Unknown sequence numbers are late answers, already delivered again. */
  answered(receiver: DeliveryReceiver, sequence: number, answerStatus: number): void {
    const outstanding = this.#receivers.get(receiver)
    const answered = outstanding?.get(sequence)
    if (outstanding === undefined || answered === undefined) return
    outstanding.delete(sequence)
    const { delivery } = answered
    if (answerStatus === status.ok) {
      if (delivery.kind === 'receipt') this.#counts.receiptsAcknowledged += 1
      else this.#counts.incomingAcknowledged += 1
      delivery.onSettled?.(true)
    } else if (answerStatus === status.permanentAppError || answerStatus === rejectedByApplication) {
      if (delivery.kind === 'receipt') this.#counts.receiptsRejected += 1
      delivery.onSettled?.(false)
    } else {
      this.#retry(delivery)
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
      if (!receiver.isWritable || outstanding.size >= this.#settings.window) continue
      while (this.#taken < this.#ready.length && outstanding.size < this.#settings.window) {
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
    const { commandId, message } = delivery.compose(sentAtMs)
    outstanding.set(receiver.writeDelivery(commandId, message), { delivery, sentAtMs })
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
