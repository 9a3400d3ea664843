/**
 * Every failure that the product reports by code, with the HTTP status the API answers it with.
 * The API reference lists this table, in English and in French.
 */
import type { SourceErrorCode } from '../connectors/source.ts'

export const errorCatalogue = {
  'invalid-request': {
    status: 400,
    meaning: 'The request does not have the expected shape; details name each field.',
  },
  'invalid-recipient': { status: 422, meaning: 'The phone number cannot receive an SMS; details say why.' },
  'message-blocked': {
    status: 422,
    meaning:
      'The message is stored but will never leave; details give its id and why (no-route, stop-list, …).',
  },
  'text-refused': {
    status: 422,
    meaning: 'The text cannot be sent under the encoding policy or part limit asked for.',
  },
  'template-invalid': {
    status: 422,
    meaning: 'The template does not compile; details give line, column and what was expected.',
  },
  'alert-invalid': {
    status: 422,
    meaning: 'The alert refers to something that does not exist or its schedule cannot be read.',
  },
  'alert-refused': {
    status: 422,
    meaning:
      'No message of the alert could leave under the contracts; details name tranche, category and what to change.',
  },
  'not-authenticated': { status: 401, meaning: 'No key was given, or it is unknown or revoked.' },
  'not-permitted': { status: 403, meaning: 'The key does not have the scope that this call needs.' },
  'not-found': { status: 404, meaning: 'There is nothing under this identifier.' },
  'method-not-allowed': {
    status: 405,
    meaning: 'The path exists, but not for this method; the Allow header lists those it has.',
  },
  conflict: { status: 409, meaning: 'The state of the thing does not allow this; details give the state.' },
  'idempotency-mismatch': {
    status: 409,
    meaning: 'The idempotency key was used before for a different request.',
  },
  'name-taken': { status: 409, meaning: 'Another one of this kind has the name already.' },
  'run-in-progress': { status: 409, meaning: 'A run of this alert is going on; it never overlaps itself.' },
  'payload-too-large': { status: 413, meaning: 'The request is larger than the limit named in details.' },
  'too-many-requests': {
    status: 429,
    meaning: 'The key or address sent more requests than allowed; retry later.',
  },
  'source-query-refused': {
    status: 422,
    meaning: 'The query is not one plain SELECT, or the write-back not one plain UPDATE; it was not sent.',
  },
  'source-unreachable': { status: 502, meaning: 'The source cannot be reached over the network.' },
  'source-login-refused': { status: 502, meaning: 'The source refused the account.' },
  'source-query-failed': { status: 502, meaning: 'The source answered the query with an error.' },
  'source-timeout': { status: 504, meaning: 'The source did not answer in the time allowed.' },
  'source-row-cap': { status: 422, meaning: 'The query gives more rows than the cap.' },
  'store-unavailable': {
    status: 503,
    meaning: 'The message store cannot write now (disk full, database down); nothing was accepted.',
  },
  stopping: { status: 503, meaning: 'The server is stopping and takes nothing new.' },
  internal: { status: 500, meaning: 'A bug; the log has the details under the request id.' },
} as const satisfies Record<string, { status: number; meaning: string }> & Record<SourceErrorCode, unknown>

export type ErrorCode = keyof typeof errorCatalogue

/** A failure with its code and the object that explains it; the API answers `{error: {code, details}}`. */
export class RappelError extends Error {
  override readonly name = 'RappelError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, details: Record<string, unknown> = {}, cause?: unknown) {
    super(`${code}: ${JSON.stringify(details)}`, { cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }
}
