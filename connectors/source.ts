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
  /** One SELECT (or WITH … SELECT). Anything else is refused before it is sent. */
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
  step: 'resolve' | 'connect' | 'login' | 'read-only' | 'select'
  outcome: 'ok' | 'warning' | 'failed'
  /** Why, in the words of the server or driver; empty when ok. */
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
  /** Frees connections. The source is not used afterwards. */
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
