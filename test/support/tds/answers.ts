/** What a test tells the TDS responder to answer, and what it can look at. */
import type { TdsColumn, TdsValue } from './columns.ts'
import type { TdsLogin } from './login.ts'
import type { TdsStatement } from './statements.ts'
import type { TdsError } from './tokens.ts'
import type { TdsTls } from './wrapped-tls.ts'

export type TdsAnswer =
  | {
      columns: TdsColumn[]
      rows: Iterable<TdsValue[]> | AsyncIterable<TdsValue[]>
      /** NULLs are left out of the rows (since 2008 R2). */
      isCompressed?: boolean
      /** Ends the rows instead of their count. */
      error?: TdsError
    }
  | { error: TdsError }
  | { rowCount: number }
  /** Works until the client gives up. */
  | { silent: true }
  /** Bytes of the test's own in place of tokens. */
  | { raw: Buffer }

export interface TdsOptions {
  user?: string
  password?: string
  databases?: string[]
  tls?: TdsTls
  /** Refuses clients that do not encrypt. */
  requiresTls?: boolean
  /** The newest version it speaks, as MS-TDS numbers it. 7.4 when absent. */
  tdsVersion?: number
  /** Checks NTLM: the answer to the first message, and whether the second is right. */
  ntlm?: { challenge: Buffer; accepts(authenticate: Buffer): boolean }
  /** More accounts: password by name. */
  accounts?: Readonly<Record<string, string>>
  /** Absent, or without an answer: done, no rows. */
  answer?(statement: TdsStatement, login: TdsLogin): TdsAnswer | undefined | Promise<TdsAnswer>
  /** A session that had logged in is over. */
  closed?(login: TdsLogin): void
}

export interface TdsServer {
  host: string
  port: number
  user: string
  password: string
  database: string
  /** Statements worked on at this moment. */
  running: number
  /** Statements that a client stopped with an attention. */
  stopped: number
  /** Rows written to sockets since the start. */
  rowsSent: number
  /** Accepted logins, oldest first. */
  logins: TdsLogin[]
  statements: TdsStatement[]
  /** Cuts all connections and listens no more. */
  stop(): Promise<void>
}
