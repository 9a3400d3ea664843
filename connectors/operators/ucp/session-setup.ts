/** What a session is made of and what it tells its owner. */
import type { Clock } from '../../clock.ts'
import type { DeliveryReceipt, IncomingPart, SubmitOutcome, TraceSink } from '../../operator.ts'
import type { Answer } from '../flow.ts'
import type { LinkLog } from '../link-life.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { UcpConfig } from './config.ts'
import type { TokenSource } from './deliveries.ts'
import type { LocalTime } from './local-time.ts'
import type { RemoteIds } from './remote-ids.ts'
import type { SubmitEncoder } from './submit.ts'

/** Why a session is over. */
export type SessionEnding =
  /** The login, or our right to send, was refused: only a person can mend it. */
  | { kind: 'refused'; reason: string }
  | { kind: 'lost'; reason: string }
  /** We asked for it. */
  | { kind: 'closed' }

/** What became of a submit, with the phone it was for. */
export interface SubmitEnd {
  outcome: SubmitOutcome
  recipient: string
  /** Told after the part had been given up: its phone has moved on since. */
  isLate: boolean
}

/** Each array is one call per socket read; nothing is called after `onClosed`. */
export interface SessionEvents {
  /** The connection is up and the login has left. */
  onBinding(): void
  onBound(): void
  onClosed(ending: SessionEnding): void
  onAnswer(answer: Answer): void
  onOutcomes(ends: SubmitEnd[]): void
  onReceipts(receipts: DeliveryReceipt[]): void
  onIncoming(parts: IncomingPart[]): void
  /** The socket took what was waiting, or the keep-alive left its place in the window. */
  onRoom(): void
}

/** Where to connect. */
export interface Target {
  /** As `BindStatus.name`. */
  name: string
  host: string
  port: number
}

export interface SessionSetup {
  config: UcpConfig
  target: Target
  clock: Clock
  log: LinkLog
  encoder: SubmitEncoder
  tokens: TokenSource
  localTime: LocalTime
  remoteIds: RemoteIds
  rate: RateLimit
  /** Where each frame is told while a trace is on. */
  tracing: { readonly sink: TraceSink | null }
  events: SessionEvents
}
