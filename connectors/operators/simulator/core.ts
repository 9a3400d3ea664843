/**
 * What the sessions of one simulator share, and what a protocol has to do for them: read its frames, write its answers,
 * spell its ids. Everything that an operator decides (contract, faults, receipts, what is counted) is the same over
 * each of them.
 */
import type { Clock } from '../../clock.ts'
import type { SimulatorCounts } from './counters.ts'
import type { Deliveries, Delivery, DeliveryVerdict } from './deliveries.ts'
import type { Asked, BindClaim, MessageId } from './dialogue-words.ts'
import type { DueQueue } from './due-queue.ts'
import type { FaultPlan } from './faults.ts'
import type { Journal } from './journal.ts'
import type { MalformedSort } from './malformed-sorts.ts'
import type { Account, SimulatorSettings } from './options.ts'
import type { Outcome } from './outcome-states.ts'
import type { SlidingSecond } from './sliding-second.ts'
import type { SubmitReading, SubmittedPart } from './submitted-part.ts'
import type { Witness } from './witness.ts'

export interface SimulatorCore {
  readonly settings: SimulatorSettings
  readonly protocol: Protocol
  readonly clock: Clock
  readonly counts: SimulatorCounts
  readonly witness: Witness
  readonly journal: Journal | null
  readonly desks: ReadonlyMap<string, AccountDesk>
  /** Replaced by `setFaults`. */
  faults: FaultPlan
  /** Whatever a session does later: late answers, late binds, the end of a stall. Sessions are flushed afterwards. */
  readonly later: DueQueue<() => void>
  /** Seeded; for bytes that are wrong at random. */
  readonly random: () => number
  /** Numbers of messages, one after the other. */
  nextNumber(): number
  /** Called after every turn in which counts may have changed. */
  onChange(): void
}

/** One account, whatever the number of its sessions. */
export interface AccountDesk {
  readonly account: Account
  /** Null without a contracted rate. */
  readonly rate: SlidingSecond | null
  readonly deliveries: Deliveries
  sessions: number
}

/** Why a bind is refused; `failed` is what the fault plan says when it names no code. */
export type BindRefusal =
  | 'failed'
  | 'unreadable'
  | 'unknown-account'
  | 'wrong-password'
  | 'mode-not-allowed'
  | 'bound-already'

export interface Protocol {
  /** Codes of refusals, as its answers carry them. */
  readonly throttled: number
  readonly bindRefusals: Readonly<Record<BindRefusal, number>>
  /** `err:` of a receipt whose rule names none. */
  readonly usualErrs: Readonly<Record<Outcome, string>>
  /** Deliveries outstanding on one connection at most, whatever the settings. */
  readonly maxDeliveries: number
  /** Begins to speak on a connection. */
  converse(session: Conversation): Dialogue
  /** The id of a part that is accepted now. */
  identify(core: SimulatorCore, part: SubmittedPart, nowMs: number): MessageId
  /** An id that nobody was given. */
  foreignId(core: SimulatorCore, part: SubmittedPart, nowMs: number): MessageId
}

/** One connection's words. What it writes waits until it is taken: all of one turn leaves in one socket write. */
export interface Dialogue {
  push(chunk: Buffer): void
  /** Handles the next frame. @returns false when no whole one is left, or the connection was cut */
  takeNext(): boolean
  /** Octets written and not taken. */
  readonly length: number
  take(): Uint8Array
  accept(asked: Asked, id: MessageId): void
  refuse(asked: Asked, code: number): void
  /** Wrong bytes where an answer was expected. */
  writeWrong(sort: MalformedSort, asked: Asked, id: MessageId): void
  /** @param taken numbers of deliveries that still await their answer. @returns the number of this one */
  deliver(delivery: Delivery, taken: { has(sequence: number): boolean }): number
  /** Asks whether the client is there. */
  enquire(): void
  /** Asks the client to leave. */
  askToLeave(): void
}

/** The session as its dialogue sees it. */
export interface Conversation {
  readonly core: SimulatorCore
  /** Account; empty while nobody is bound. */
  readonly systemId: string
  readonly canSubmit: boolean
  /** @param claim null when it could not be read. @param answer given the code of the refusal, or null; perhaps later */
  bind(claim: BindClaim | null, answer: (refusal: number | null) => void): void
  submit(asked: Asked, reading: SubmitReading): void
  delivered(sequence: number, verdict: DeliveryVerdict): void
  /** Ends the bind; the connection stays. */
  leave(): void
  /** Closes the connection after what is written. */
  cut(): void
}
