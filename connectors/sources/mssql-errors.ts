/** What the failures of SQL Server and of its driver mean. */
import type { SourceError } from '../source.ts'
import { causesOf, errorCode, errorWords } from './error-words.ts'
import { connectTimedOut, networkError, type ServerPlace, serverError } from './server-place.ts'

/** Error numbers of sys.messages. */
const loginNumbers = new Set([
  18450, 18451, 18452, 18456, 18458, 18470, 18486, 18487, 18488, 4060, 4064, 4062,
])
const deniedNumbers = new Set([229, 230, 262, 297, 300, 916])
const endedNumbers = new Set([596, 6005, 6006, 10054, 17142])
const lockTimeout = 1222
const deadlock = 1205

const adviceByLogin: Readonly<Record<number, string>> = {
  4060: 'Check the name of the database, and that the account is a user in it.',
  18452:
    'The server takes this login for a Windows account of a domain it does not trust: set the domain, or use an account of SQL Server.',
  18456:
    'Check user and password, and that the server accepts accounts of its own (mixed mode); its error log tells the state.',
  18486: 'The account is locked: ask the administrator of the server.',
  18487: 'The password has expired: it must be changed on the server.',
  18488: 'The password must be changed on the server before its first use.',
}

const protocolAdvice =
  'Check that a SQL Server listens there, or set the version of the protocol (tdsVersion).'

const oldTlsWords =
  /unsupported protocol|wrong version|no protocols available|protocol version|handshake failure|key too small|md too weak|no shared cipher|socket hang up|legacy|ECONNRESET/i

interface NumberedConnection {
  on(event: 'errorMessage', listener: (message: { number: number; message: string }) => void): unknown
  failure: Error | undefined
}

const lastNumbers = new WeakMap<object, number>()

/** The driver forgets the number of a failed login; we keep it. */
export function rememberNumbers(connection: NumberedConnection): void {
  connection.on('errorMessage', ({ number }) => lastNumbers.set(connection, number))
}

/**
 * @param connection on which it happened
 * @param isConnecting there was no query yet that could be wrong
 * @see "Database Engine events and errors" in Microsoft's reference
 */
export function explain(
  error: unknown,
  place: ServerPlace,
  connection?: NumberedConnection,
  isConnecting = false,
): SourceError {
  const first = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
  const number = numberOf(first) ?? (connection && lastNumbers.get(connection)) ?? 0
  const code = errorCode(first)
  const words = errorWords(first)
  const cause = error
  if (loginNumbers.has(number) || code === 'ELOGIN') {
    const advice = adviceByLogin[number] ?? 'Check user, password and database name.'
    return serverError(place, 'source-login-refused', { words, advice, cause })
  }
  if (number === lockTimeout) {
    const advice = 'Somebody else holds locks on these rows; try again later.'
    return serverError(place, 'source-timeout', { words, advice, cause })
  }
  if (code === 'ETIMEOUT') return connectTimedOut(place)
  const unreachable = explainConnection(first, place, connection)
  if (unreachable !== undefined && number === 0) return unreachable
  if (endedNumbers.has(number)) {
    const advice = 'The server ended the connection: see its log, and try again when it is up.'
    return serverError(place, 'source-unreachable', { words, advice, cause })
  }
  if (isConnecting && number === 0) {
    return serverError(place, 'source-unreachable', { words, advice: protocolAdvice, cause })
  }
  const advice = deniedNumbers.has(number) ? 'Grant SELECT to the account.' : 'Correct the query.'
  const retried = number === deadlock ? 'Somebody else came first; the next run reads again.' : advice
  return serverError(place, 'source-query-failed', { words, advice: retried, cause })
}

function explainConnection(
  error: unknown,
  place: ServerPlace,
  connection: NumberedConnection | undefined,
): SourceError | undefined {
  const code = errorCode(error)
  const unreachable = (words: string, advice: string): SourceError =>
    serverError(place, 'source-unreachable', { words, advice, cause: error })
  const words = errorWords(error)
  if (code === 'EINSTANCE') {
    const advice =
      'Check the name of the instance, that the service SQL Server Browser runs and that UDP 1434 is open; or give the port of the instance instead.'
    return unreachable(words, advice)
  }
  if (code === 'EENCRYPT') return unreachable(words, 'Set the TLS mode of the source to require or verify.')
  if (code === 'ENOTLS') {
    return unreachable(words, 'Give the server a certificate, or set the TLS mode of the source to off.')
  }
  const failure = connection?.failure
  if (failure !== undefined) {
    return unreachable(failure.message, protocolAdvice)
  }
  const chain = causesOf(error)
  const network = chain.map(cause => networkError(place, cause)).find(found => found !== undefined)
  const isCertificate = chain.some(cause => /certificate|altname|self.signed/i.test(errorWords(cause)))
  const mayBeOldTls =
    !isCertificate && chain.some(cause => oldTlsWords.test(`${errorCode(cause)} ${errorWords(cause)}`))
  const isTlsFailure = chain.some(cause => /ssl|tls|EPROTO/i.test(`${errorCode(cause)} ${errorWords(cause)}`))
  if (mayBeOldTls && isTlsFailure) {
    const advice =
      'The server may only know TLS 1.0 or 1.1: have it patched for TLS 1.2, or allow old TLS for this source (allowOldTls).'
    return unreachable(words, advice)
  }
  if (network !== undefined) return network
  if (/^(?:ESOCKET|ECLOSE|EINVALIDSTATE|ECANCEL)$/.test(code)) {
    return unreachable(
      words,
      'The connection was lost: see the log of the server, and try again when it is up.',
    )
  }
  return undefined
}

function numberOf(error: unknown): number | undefined {
  return error instanceof Error && 'number' in error ? Number(error.number) : undefined
}
