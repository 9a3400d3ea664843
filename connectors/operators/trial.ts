/** What a diagnosis must know of a protocol to try a connection step by step and to say why a step failed. */
import type { TraceLine } from '../operator.ts'
import type { OpenedSocket } from './socket.ts'

/** Why a login was refused, as far as the operator's answer tells. */
export type LoginCause =
  | 'password'
  | 'account'
  | 'system-type'
  /** Another session of the account is open: ours of a moment ago, or somebody else's. */
  | 'already-bound'
  /** The SMSC knows no such bind or session. */
  | 'mode'
  | 'not-now'
  | 'other'

/** What one line of the trace says of the steps of a trial. */
export type TrialSign =
  | { kind: 'login-refused'; status: string; cause: LoginCause }
  | { kind: 'keep-alive-answered' }
  | { kind: 'keep-alive-refused'; status: string }

export type SettingFacts = Readonly<Record<string, string | number | boolean>>

export interface LinkTrial {
  /** In the order in which they are tried. */
  endpoints: readonly { host: string; port: number }[]
  localAddress: string | null
  connectSeconds: number
  /** Opens the connection with TLS; null where none is used. */
  openTls: (() => OpenedSocket) | null
  /** Silence after which the link asks whether the peer lives, and how long the answer may take. */
  keepAliveSeconds: number
  keepAliveAnswerSeconds: number
  /** The account by its name; null where the operator knows us by our address. */
  account: string | null
  hasPassword: boolean
  /** Settings read back, by what a contract calls them. Nothing secret. */
  facts: { window: SettingFacts; throughput: SettingFacts; submit: SettingFacts }
  /** Settings that are allowed and often wrong: codes. */
  remarks: readonly 'long-password'[]
  /** Settings of a short session: one connection, a keep-alive at once. */
  config: unknown
  /** What a line of the session says; null for all others. */
  signOf(line: TraceLine): TrialSign | null
  /** The refusal that stands in the reason of a link; null when none does. */
  refusalIn(reason: string): { status: string; cause: LoginCause } | null
}
