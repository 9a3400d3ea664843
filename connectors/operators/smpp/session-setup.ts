/** What a session is made of and what it tells its owner. */
import type { Socket } from 'node:net'
import type { Clock } from '../../clock.ts'
import type { DeliveryReceipt, IncomingPart, SubmitOutcome, TraceSink } from '../../operator.ts'
import type { Answer } from '../flow.ts'
import type { LinkLog } from '../link-life.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { SmppConfig } from './config.ts'
import type { TokenSource } from './deliveries.ts'
import type { SubmitEncoder } from './submit.ts'

export type BindKind = 'transceiver' | 'transmitter' | 'receiver'

/** Why a session is over. */
export type SessionEnding =
  | { kind: 'refused'; status: number; reason: string }
  | { kind: 'lost'; reason: string }
  /** We asked for it. */
  | { kind: 'unbound' }

/** Each array is one call per socket read; nothing is called after `onClosed`. */
export interface SessionEvents {
  /** The connection is up and the bind has left. */
  onBinding(): void
  onBound(): void
  onClosed(ending: SessionEnding): void
  onAnswer(answer: Answer): void
  onOutcomes(outcomes: SubmitOutcome[]): void
  onReceipts(receipts: DeliveryReceipt[]): void
  onIncoming(parts: IncomingPart[]): void
  /** The socket took what was waiting. */
  onDrained(): void
}

export interface SessionSetup {
  config: SmppConfig
  kind: BindKind
  /** As `BindStatus.name`. */
  name: string
  clock: Clock
  log: LinkLog
  encoder: SubmitEncoder
  tokens: TokenSource
  rate: RateLimit
  /** Where each PDU is told while a trace is on. */
  tracing: { readonly sink: TraceSink | null }
  events: SessionEvents
  /** An open connection that the peer made; absent: we connect. */
  socket?: Socket
}
