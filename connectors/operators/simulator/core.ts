/** What the sessions of one simulator share. */
import type { Clock } from '../../clock.ts'
import type { SimulatorCounts } from './counters.ts'
import type { Deliveries } from './deliveries.ts'
import type { DueQueue } from './due-queue.ts'
import type { FaultPlan } from './faults.ts'
import type { Journal } from './journal.ts'
import type { MessageId } from './message-ids.ts'
import type { Account, SimulatorSettings } from './options.ts'
import type { SlidingSecond } from './sliding-second.ts'
import type { Witness } from './witness.ts'

export interface SimulatorCore {
  readonly settings: SimulatorSettings
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
  nextMessageId(): MessageId
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
