/** The figures of a simulator, as the demo shows them and as another process receives them. */
import { type Outcome, outcomes } from './outcome-states.ts'

/** Plain numbers only: it travels between processes as it is. All count since the start. */
export interface SimulatorCounts {
  connections: number
  bindsAccepted: number
  bindsRefused: number
  partsAccepted: number
  /** Refused by the fault plan or for their content. */
  partsRefused: number
  /** Asked to slow down (0x58, EC 04) by the contract or by the fault plan. */
  partsThrottled: number
  /** Neither recorded nor answered. */
  partsSwallowed: number
  /** Submits above the contracted parts per second, and above its window. */
  rateViolations: number
  windowViolations: number
  /** Accepted parts whose answer was withheld, cut off or replaced by wrong bytes. */
  answersLost: number
  cuts: number
  /** Frames and bodies that could not be read. */
  malformedPdus: number
  unknownCommands: number
  /** What became of the accepted parts. */
  outcomes: Record<Outcome, number>
  receiptsScheduled: number
  /** Acknowledged by the client. */
  receiptsAcknowledged: number
  /** Answered with an error, left unanswered or cut off, and delivered again. */
  receiptsRetried: number
  /** Answered with a permanent error, and given up. */
  receiptsRejected: number
  incomingAcknowledged: number
}

export function noCounts(): SimulatorCounts {
  return {
    connections: 0,
    bindsAccepted: 0,
    bindsRefused: 0,
    partsAccepted: 0,
    partsRefused: 0,
    partsThrottled: 0,
    partsSwallowed: 0,
    rateViolations: 0,
    windowViolations: 0,
    answersLost: 0,
    cuts: 0,
    malformedPdus: 0,
    unknownCommands: 0,
    outcomes: Object.fromEntries(outcomes.map(outcome => [outcome, 0])) as Record<Outcome, number>,
    receiptsScheduled: 0,
    receiptsAcknowledged: 0,
    receiptsRetried: 0,
    receiptsRejected: 0,
    incomingAcknowledged: 0,
  }
}

/** The counts, and what stands at this moment. */
export interface SimulatorStatus extends SimulatorCounts {
  atMs: number
  sessions: number
  /** Parts accepted in the second that ends now, and in the busiest one. */
  acceptedInLastSecond: number
  peakInAnySecond: number
  /** Receipts and incoming messages not yet acknowledged. */
  deliveriesWaiting: number
}
