/** Failures of ODBC: the driver's diagnostic records in one sentence, and what they mean. */
import { SourceError, type SourceErrorCode } from '../source.ts'
import { errorCode, errorWords } from './error-words.ts'
import { odbcAbsent } from './odbc-driver.ts'
import type { OdbcPreset } from './odbc-presets.ts'

interface Diagnostic {
  state: string
  code: number
  message: string
}

/** Longer than any driver's sentence; a driver may repeat the whole statement. */
const mostWords = 1_000

/**
 * The driver's error with its SQLSTATE as `code`. A record 01xxx is a warning: it tells only when nothing else does.
 *
 * @param password cut from the words: some drivers repeat the connection string
 */
export function odbcFailure(error: unknown, password: string): Error {
  const records: Diagnostic[] =
    error instanceof Error && 'odbcErrors' in error ? ((error.odbcErrors ?? []) as Diagnostic[]) : []
  const telling = records.find(({ state }) => !/^(?:01|$)/.test(state)) ?? records[0]
  const words = records.length === 0 ? errorWords(error) : records.map(({ message }) => message).join('; ')
  const code = isDriverMissing(words) ? 'IM003' : (telling?.state ?? errorCode(error))
  return Object.assign(new Error(withoutPassword(words, password)), { code: code === '' ? 'HY000' : code })
}

/** unixODBC tells a missing library in a warning. */
function isDriverMissing(words: string): boolean {
  return /can't open lib|driver could not be loaded/i.test(words)
}

/** A password of one or two letters would cut every word; such a one only goes where a connection string is repeated. */
export function withoutPassword(words: string, password: string): string {
  const spelled = [password, password.replaceAll('}', '}}')].filter(text => text.length > 2)
  return spelled
    .reduce((text, secret) => text.replaceAll(secret, '***'), words)
    .replace(/\b(pwd|password)\s*=\s*(?:\{(?:[^}]|\}\})*\}|[^;\s]*)/gi, '$1=***')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, mostWords)
    .replace(/[.;]$/, '')
}

const refusedLogin =
  /password authentication failed|login failed|login incorrect|incorrect password|invalid password|not a valid password|access denied|incorrect login|unknown user|no pg_hba\.conf entry|\bSQL30082N\b|\(-95[12]\)/i

const installOdbc =
  'Install it in the folder of Rappel: `npm install --no-save odbc@2.6.0`, then `npm approve-scripts odbc` and `npm rebuild odbc` where npm runs no scripts. Linux also needs the driver manager (Debian: apt install unixodbc; unixodbc-dev and a compiler where nothing is prebuilt); Windows has it. Then restart Rappel.'

/** @param place names the source in messages */
export function explainOdbc(error: unknown, place: string, preset: OdbcPreset): SourceError {
  const state = errorCode(error)
  const words = errorWords(error)
  const { code, advice } = meaningOf(state, words, preset)
  return new SourceError(code, `${place}: ${words} (${state}). ${advice}`, { reason: state, words }, error)
}

function meaningOf(
  state: string,
  words: string,
  preset: OdbcPreset,
): { code: SourceErrorCode; advice: string } {
  if (state === odbcAbsent) return { code: 'source-unreachable', advice: installOdbc }
  if (state === 'ENDED') {
    const advice =
      'The ODBC driver brought its process down; the product runs on. Try a newer driver, or fetchSize 1.'
    return { code: 'source-unreachable', advice }
  }
  if (/^IM00[2-9]$|^IM01/.test(state)) return { code: 'source-unreachable', advice: preset.install }
  if (/^28/.test(state) || state === '3D000' || refusedLogin.test(words)) {
    return { code: 'source-login-refused', advice: 'Check user, password and database name.' }
  }
  if (/^(?:HYT00|S1T00|57014|HY008)$/.test(state)) {
    return { code: 'source-timeout', advice: 'Narrow the query or raise the limit.' }
  }
  if (/could not translate host name|name or service not known|unknown host/i.test(words)) {
    const advice = 'The host name is unknown: check its spelling and the DNS of this machine.'
    return { code: 'source-unreachable', advice }
  }
  if (/connection refused/i.test(words)) {
    const advice = 'Nothing listens there: check the port, and that the server runs and accepts connections.'
    return { code: 'source-unreachable', advice }
  }
  if (
    /^(?:08|57P)/.test(state) ||
    /^HYT01$/.test(state) ||
    /connect failed|not connected|error connecting to the database/i.test(words)
  ) {
    const advice = 'Check host, port or file, that the server runs, and the firewalls between.'
    return { code: 'source-unreachable', advice }
  }
  if (/^(?:42S02|S0002|42P01|42704)$/.test(state) || /no such table|is not a table/i.test(words)) {
    const advice = 'Correct the name of the table, with its owner or schema before it.'
    return { code: 'source-query-failed', advice }
  }
  if (state === '42501') return { code: 'source-query-failed', advice: 'Grant SELECT to the account.' }
  if (state === '25006') {
    return { code: 'source-query-failed', advice: 'It writes, and runs in a read-only transaction.' }
  }
  return { code: 'source-query-failed', advice: 'Correct the query.' }
}
