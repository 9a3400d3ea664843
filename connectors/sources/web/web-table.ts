/** One configured request read as a table: page after page, the next one on its way while rows are taken. */
import type { Clock } from '../../clock.ts'
import { SourceError, type SourceValue } from '../../source.ts'
import type { TableRows } from '../tables/table-set.ts'
import type { WebAnswer } from './exchange.ts'
import type { PageShape } from './page.ts'
import { PageReader, type ReadAnswer } from './page-reader.ts'
import { TemplateRefused } from './request-template.ts'
import type { PageColumn } from './row-values.ts'
import { SoapFault } from './soap-answer.ts'
import { UnreadableAnswer } from './text-of-body.ts'
import { type GuardedRequest, shown } from './web-client.ts'
import { explainFailure, placeOf, type WebPlace, webError } from './web-errors.ts'
import type { WebService } from './web-service.ts'

/** Faults tell stack traces; the beginning says what matters. */
const mostFaultLength = 500

/** What the next request depends on. */
export interface PageSeen {
  answer: WebAnswer
  asides: Record<string, SourceValue>
  rowCount: number
  /** Rows of this page and of those before it. */
  rowsSoFar: number
}

export interface WebTable {
  name: string
  shape: PageShape
  /** @returns undefined after the last page; `seen` is undefined for the first */
  request(seen: PageSeen | undefined): GuardedRequest | undefined
  maxPages: number
  alsoAnswers?: readonly number[]
  /** What the service says of itself in a fault, in our words; absent: the fault's own. */
  explainFault?(fault: SoapFault, answer: WebAnswer): SourceError
}

interface TableReading {
  service: WebService
  clock: Clock
  timeoutMs: number
  /** Aborted when the read is over. */
  signal: AbortSignal
}

interface FetchedPage {
  seen: PageSeen
  read: ReadAnswer
}

/**
 * Opens a table: its first page is asked for, the others as they are needed.
 *
 * @throws SourceError for anything that is not a whole page, also in the middle: what was handed on by then is not all
 */
export async function openWebTable(table: WebTable, reading: TableReading): Promise<TableRows> {
  const fetch = pageFetcher(table, reading)
  const first = await fetch(undefined, true)
  const columns = columnsOf(first!, table, reading)
  return {
    columns: columns.map(({ name }) => name),
    isText: columns.map(() => first!.read.isText),
    batches: batchesOf(first!, columns, fetch),
  }
}

async function* batchesOf(
  first: FetchedPage,
  columns: readonly PageColumn[],
  fetch: ReturnType<typeof pageFetcher>,
): AsyncGenerator<SourceValue[][]> {
  for (let page: FetchedPage | undefined = first; page !== undefined; ) {
    const next = fetch(page, false)
    // The reader may leave before it looks at the page that is on its way.
    next.catch(() => {})
    for await (const batch of page.read.batches(columns)) {
      yield batch
      // Not before the first batch: whoever only looks at it causes no second request.
      await sent()
    }
    page = await next
  }
}

/**
 * Lets what was asked leave the machine. A reader that takes rows without ever waiting keeps the turn to itself, and
 * the service would only hear of the next page when this one is through.
 */
function sent(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** @returns asks for the page after another, undefined after the last */
function pageFetcher(table: WebTable, reading: TableReading) {
  const { service, clock, timeoutMs, signal } = reading
  const { place } = service.client
  const untilMs = clock.monotonicMs() + timeoutMs
  const reader = new PageReader(signal)
  const asked = new Set<string>()
  const { shape } = table

  return async (before: FetchedPage | undefined, wantsColumns: boolean): Promise<FetchedPage | undefined> => {
    // What the paging finds wrong, it finds in the page before.
    let answer = before?.seen.answer
    try {
      const request = table.request(before?.seen)
      if (request === undefined) return undefined
      checkProgress(table, request, { asked, place })
      const { alsoAnswers } = table
      answer = await service.ask(request, {
        signal,
        untilMs,
        ...(alsoAnswers !== undefined && { alsoAnswers }),
      })
      if (before !== undefined && before.seen.rowCount > 0 && answer.body.equals(before.seen.answer.body)) {
        throw loops(place, table.name, 'the same page came twice')
      }
      const read =
        answer.status === 204 ? noRows : await reader.read({ ...answerParts(answer), shape, wantsColumns })
      const { asides, rowCount } = read
      const rowsSoFar = (before?.seen.rowsSoFar ?? 0) + rowCount
      return { read, seen: { answer, asides, rowCount, rowsSoFar } }
    } catch (error) {
      signal.throwIfAborted()
      throw explain(shortFault(error, service), table, { place, answer, pages: asked.size })
    }
  }
}

/** A fault as it may be told: secrets are hidden before it is cut, for half a secret is no longer known for one. */
function shortFault(error: unknown, { client }: WebService): unknown {
  if (!(error instanceof SoapFault)) return error
  const { secrets } = client
  return new SoapFault(secrets.hide(error.code), secrets.hide(error.message).slice(0, mostFaultLength))
}

const noRows: ReadAnswer = {
  columns: [],
  rowCount: 0,
  asides: {},
  isText: false,
  async *batches() {},
}

function answerParts({ body, headers }: WebAnswer): { body: Buffer; contentType: string } {
  return { body, contentType: headers['content-type'] ?? '' }
}

/** Services that give a page again and again are ended here, not by memory or by the clock. */
function checkProgress(
  { name, maxPages }: WebTable,
  { method, url, body }: GuardedRequest,
  { asked, place }: { asked: Set<string>; place: WebPlace },
): void {
  const key = `${method} ${url.href} ${body?.toString('base64') ?? ''}`
  if (asked.has(key)) throw loops(place, name, 'the service leads back to a page that was read already')
  if (asked.size === maxPages) {
    const words = `${name} has more than ${maxPages} pages; the rest was NOT read`
    const advice = 'Narrow the request, ask for larger pages, or raise maxPages.'
    throw webError(place, 'source-query-failed', { words, advice, details: { maxPages } })
  }
  asked.add(key)
}

function loops(place: WebPlace, table: string, what: string): SourceError {
  const words = `the pages of ${table} turn in a circle: ${what}`
  const advice =
    'Check the paging of the request: its parameter may have another name, so that it is ignored.'
  return webError(place, 'source-query-failed', { words, advice, details: { reason: 'page-loop' } })
}

/** An answer without rows does not say its columns; then those that an earlier read saw count. */
function columnsOf(first: FetchedPage, { name, shape }: WebTable, { service }: TableReading): PageColumn[] {
  const { kept, client } = service
  const { place } = client
  const key = `columns ${name}`
  const columns = first.read.columns ?? []
  if (columns.length > 0) {
    kept.keep(key, columns, JSON.stringify(columns).length * 2)
    return columns
  }
  if (shape.fields !== undefined) return Object.keys(shape.fields).map(field => ({ name: field, path: [] }))
  const known = kept.find(key) as PageColumn[] | undefined
  if (known !== undefined) return known
  const words = `${name} gave no rows, and the request does not name its fields, so its columns are not known`
  const advice = 'Name the fields of the request; then no rows is an answer like any other.'
  throw webError(place, 'source-query-failed', { words, advice, details: { reason: 'unknown-columns' } })
}

function explain(
  error: unknown,
  table: WebTable,
  { place, answer, pages }: { place: WebPlace; answer: WebAnswer | undefined; pages: number },
): SourceError {
  const details = { table: table.name, page: pages }
  if (error instanceof SoapFault && answer !== undefined) {
    if (table.explainFault !== undefined) return table.explainFault(error, answer)
    const words = `${table.name}: the service answered with the fault ${error.code}: ${error.message}`
    return webError(place, 'source-query-failed', {
      words,
      advice: 'Check the request.',
      cause: error,
      details,
    })
  }
  if (error instanceof UnreadableAnswer && answer !== undefined) {
    const status = answer.status === 200 ? '' : ` (status ${answer.status})`
    const where = `${table.name}, page ${pages}, ${shown(answer.url)}${status}`
    const words = `${where}: ${error.message}`
    return webError(place, 'source-query-failed', { words, advice: error.advice, cause: error, details })
  }
  if (error instanceof TemplateRefused) {
    const message = `${placeOf(place)}: ${table.name}: ${error.message}.`
    return new SourceError('source-query-refused', message, { reason: 'parameter', ...details }, error)
  }
  return explainFailure(place, error)
}
