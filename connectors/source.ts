/**
 * The contract of a source: one customer's system that is read, never written.
 * One file per kind stands in `sources/`; `sources/kinds.ts` is the visible map of them.
 */

/**
 * A value as a source gives it, made plain so that every kind means the same by it.
 * Dates without a zone are the strings `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS` as the database holds them, never
 * shifted through UTC; exact decimals and integers beyond 2^53 are strings; binary is a Uint8Array.
 */
export type SourceValue = string | number | bigint | boolean | null | Uint8Array

/** One row, by column name as the query spells it. */
export type SourceRow = Readonly<Record<string, SourceValue>>

/** Named parameters of a query, written `:name` in its text. */
export type SourceParams = Readonly<Record<string, string | number | null>>

export interface SourceQuery {
  /**
   * One SELECT (or WITH … SELECT), whatever the kind: files and web services answer as tables. Anything else is
   * refused before it is sent.
   */
  sql: string
  params?: SourceParams
  /** Rows after which reading stops with SourceRowCapReached; absent means the source's own cap. */
  maxRows?: number
}

/** A column as `describe` and `preview` name it. */
export interface SourceColumn {
  name: string
  /** The type in the database's own words, for example `varchar(20)`. */
  type: string
}

export interface SourceTable {
  /** Schema or database; null where the kind has none. */
  schema: string | null
  name: string
  columns: SourceColumn[]
}

/** One step of a connection test, in the order tried. */
export interface SourceTestStep {
  step: 'resolve' | 'connect' | 'tls' | 'login' | 'read-only' | 'select'
  outcome: 'ok' | 'warning' | 'failed'
  /** Why, in the words of the server or driver. When ok: empty, or what was found (encoding, tables). */
  detail: string
}

export interface Source {
  /**
   * Streams the rows of one query with back-pressure: memory holds a bounded number of rows whatever the result.
   *
   * @throws SourceError with a code of errors.ts: `source-query-refused`, `source-unreachable`,
   *   `source-login-refused`, `source-query-failed`, `source-timeout`, `source-row-cap`
   */
  read(query: SourceQuery, signal?: AbortSignal): AsyncIterable<SourceRow>
  /** Tries the connection step by step; never throws for an expected failure. */
  test(signal?: AbortSignal): Promise<SourceTestStep[]>
  /** Tables and columns that the account can see. */
  describe(signal?: AbortSignal): Promise<SourceTable[]>
  /**
   * Says that the rows of the reads so far are safe in our store. Present on kinds that put away what was read: files
   * are moved now. Runs call it after a read that ended well; a preview or a rehearsal never does.
   *
   * @throws SourceError
   */
  acknowledge?(): Promise<void>
  /** Frees connections. The source is not used afterwards. */
  close(): Promise<void>
}

/** One UPDATE with named parameters, as an administrator configured it. */
export interface SourceUpdate {
  sql: string
  params: SourceParams
}

/**
 * The way back into a customer's system: off by default, through an account of its own. Kinds that have one offer
 * `openWriter` in `sources/kinds.ts`.
 */
export interface SourceWriter {
  /**
   * Runs one UPDATE in a transaction of its own and commits it.
   *
   * @returns rows changed
   * @throws SourceError `source-query-refused` for anything but one UPDATE with a WHERE, and those of `read`
   */
  update(update: SourceUpdate, signal?: AbortSignal): Promise<number>
  /** The same taken back instead of committed: what a person tries. */
  rehearse(update: SourceUpdate, signal?: AbortSignal): Promise<number>
  /** Frees connections. The writer is not used afterwards. */
  close(): Promise<void>
}

export type SourceErrorCode =
  | 'source-query-refused'
  | 'source-unreachable'
  | 'source-login-refused'
  | 'source-query-failed'
  | 'source-timeout'
  | 'source-row-cap'

/**
 * A source that could not be read. `message` says host, user and what to do; `cause` holds the driver's error.
 */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly code: SourceErrorCode
  readonly details: Readonly<Record<string, string | number>>

  constructor(
    code: SourceErrorCode,
    message: string,
    details: Record<string, string | number> = {},
    cause?: unknown,
  ) {
    super(message, { cause })
    this.code = code
    this.details = details
  }
}
