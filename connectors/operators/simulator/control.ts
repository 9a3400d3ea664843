/** What a simulator in a child process and its parent say to each other, over Node's IPC channel. */
import type { SimulatorCounts, SimulatorStatus } from './counters.ts'
import type { FaultRule } from './faults.ts'
import type { IncomingMessage } from './incoming.ts'
import type { SimulatorOptions } from './options.ts'
import type { ReceivedMessage } from './reassembly.ts'
import type { ReceivedPart } from './received-part.ts'
import type { RepeatedPart } from './witness.ts'

type NumberKeys = {
  [Key in keyof SimulatorCounts]: SimulatorCounts[Key] extends number ? Key : never
}[keyof SimulatorCounts]

/** Figures to wait for: all must be reached or passed. */
export type Thresholds = Partial<Record<NumberKeys, number>>

/** What the simulator costs, for a bench that must not count it as the product's. */
export interface ProcessUsage {
  cpuMicros: number
  rssBytes: number
}

/** What may be asked: name, what is handed over, what comes back. */
export interface ControlCalls {
  status: { takes: null; gives: SimulatorStatus }
  usage: { takes: null; gives: ProcessUsage }
  parts: { takes: null; gives: ReceivedPart[] }
  messages: { takes: null; gives: ReceivedMessage[] }
  countByText: { takes: null; gives: Map<string, number> }
  duplicates: { takes: null; gives: RepeatedPart[] }
  perSecond: { takes: null; gives: { second: number; parts: number }[] }
  whenAtLeast: { takes: Thresholds; gives: null }
  setFaults: { takes: readonly FaultRule[]; gives: null }
  deliverIncoming: { takes: IncomingMessage; gives: boolean }
  cutAll: { takes: null; gives: null }
  stop: { takes: null; gives: null }
}

export type ControlName = keyof ControlCalls

export type ToChild =
  | { kind: 'start'; options: SimulatorOptions }
  | { kind: 'call'; callId: number; name: ControlName; argument: unknown }

export type FromChild =
  | { kind: 'ready'; host: string; port: number }
  | { kind: 'failed'; message: string }
  | { kind: 'second'; status: SimulatorStatus }
  | { kind: 'answer'; callId: number; value: unknown }
  | { kind: 'error'; callId: number; message: string }
