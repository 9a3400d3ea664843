/** One place where failures become answers: `{error: {code, details}}` with the status of the catalogue. */
import type { ErrorRequestHandler, Response } from 'express'
import { SourceError } from '../../connectors/source.ts'
import { AlertNotRunnable } from '../../scheduler/alerts/setup.ts'
import { TemplateError } from '../../templates/parse.ts'
import { RappelError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { PasswordNotReadable } from '../sealed-passwords.ts'

/** Seconds after which a client may try again when the store or the product was not ready. */
const retryAfterSeconds = 5

/** @returns the failure as the catalogue has it; `internal` for everything unexpected */
export function failureOf(error: unknown): RappelError {
  if (error instanceof RappelError) return error
  if (error instanceof SourceError) {
    return new RappelError(error.code, { ...error.details, message: error.message }, error)
  }
  if (error instanceof AlertNotRunnable)
    return new RappelError('alert-invalid', { problems: [error.message] }, error)
  if (error instanceof TemplateError) return templateInvalid(error)
  // The key file is another one: the password must be given again.
  if (error instanceof PasswordNotReadable)
    return new RappelError('conflict', { reason: error.message }, error)
  // Express and its router mark what a client sent wrong, such as %zz in a path, by a status.
  if (error instanceof Error && (error as { status?: unknown }).status === 400) {
    const issues = [{ path: 'path', expected: 'percent-encoded UTF-8', received: 'something else' }]
    return new RappelError('invalid-request', { issues }, error)
  }
  return new RappelError('internal', {}, error)
}

export function templateInvalid(error: TemplateError): RappelError {
  const { code: reason, line, column, found, expected } = error
  return new RappelError('template-invalid', { reason, line, column, found, expected }, error)
}

export function failureHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    const failure = failureOf(error)
    const requestId: string = response.locals.requestId ?? ''
    if (failure.status >= 500) {
      const cause = failure.cause ?? failure
      log.error({
        event: 'api.request.failed',
        requestId,
        method: request.method,
        path: request.path.slice(0, 200),
        code: failure.code,
        error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
      })
    }
    if (response.headersSent) return next(error)
    answerFailure(
      response,
      failure.code === 'internal' ? new RappelError('internal', { requestId }) : failure,
    )
  }
}

function answerFailure(response: Response, failure: RappelError): void {
  if (failure.status === 503) response.setHeader('Retry-After', String(retryAfterSeconds))
  if (failure.status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
  if (failure.code === 'stopping') response.setHeader('Connection', 'close')
  sendJson(response, failure.status, { error: { code: failure.code, details: failure.details } })
}

/** One write, no ETag, no content negotiation: the answers of this API are JSON (tables also CSV) and never cached. */
export function sendJson(response: Response, status: number, body: unknown): void {
  sendText(response, status, 'application/json', JSON.stringify(body))
}

export function sendText(response: Response, status: number, type: string, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', `${type}; charset=utf-8`)
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}
