/** The pages of one read, asked for one by one: their order, their end, and what is wrong with them. */
import { createHash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { SourceError, type SourceValue } from '../../source.ts'
import type { WebAnswer } from './exchange.ts'
import type { PageShape } from './page.ts'
import { PageReader, type ReadAnswer } from './page-reader.ts'
import { TemplateRefused } from './request-template.ts'
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
  /**
   * Takes the place of `request` where the next page is known before an answer is read.
   *
   * @param before the page before that answer
   * @returns undefined when only the rows, or something beside them, can tell; never throws
   */
  requestEarly?(answer: WebAnswer, before: PageSeen): GuardedRequest | undefined
  /** A page without rows is the last: what `requestEarly` asked for behind it is no page of this list. */
  endsEmpty?: boolean
  maxPages: number
  alsoAnswers?: readonly number[]
  /** What the service says of itself in a fault, in our words; absent: the fault's own. */
  explainFault?(fault: SoapFault, answer: WebAnswer): SourceError
}

export interface TableReading {
  service: WebService
  clock: Clock
  timeoutMs: number
  /** Aborted when the read is over. */
  signal: AbortSignal
  /** After so many rows no page is asked for before it is needed; absent: nobody knows. */
  enough?: number | undefined
}

export interface OpenPage {
  seen: PageSeen
  read: ReadAnswer
}

/** A page whose answer is here. */
export interface ArrivedPage {
  answer: WebAnswer
  /** Reads it, when its turn has come: pages are opened in their order. @throws SourceError what is wrong with it */
  open(): Promise<OpenPage>
}

/** Each is asked for once. @throws SourceError */
export interface PageFetcher {
  /** The page after the one opened last, at the beginning the first. @returns undefined after the last */
  next(): Promise<ArrivedPage | undefined>
  /** The page after one that is not open yet. @returns undefined when what comes after it is not known yet */
  afterUnread(page: ArrivedPage): Promise<ArrivedPage | undefined> | undefined
}

export function pageFetcher(table: WebTable, reading: TableReading): PageFetcher {
  const { service, clock, timeoutMs, signal } = reading
  const { place } = service.client
  const untilMs = clock.monotonicMs() + timeoutMs
  const reader = new PageReader(signal)
  const asked = new Set<string>()
  const { shape, alsoAnswers } = table
  let last: PageSeen | undefined

  const open = async (answer: WebAnswer, read: () => Promise<ReadAnswer>): Promise<OpenPage> => {
    if (last !== undefined && last.rowCount > 0 && answer.body.equals(last.answer.body)) {
      throw loops(place, table.name, 'the same page came twice')
    }
    const opened = await read()
    const { asides, rowCount } = opened
    last = { answer, asides, rowCount, rowsSoFar: (last?.rowsSoFar ?? 0) + rowCount }
    return { read: opened, seen: last }
  }

  const fetch = async (makeRequest: () => GuardedRequest | undefined): Promise<ArrivedPage | undefined> => {
    // What the paging finds wrong, it finds in the page before.
    let answer = last?.answer
    let pages = asked.size
    const failed = (error: unknown): Error => {
      signal.throwIfAborted()
      return explain(shortFault(error, service), table, { place, answer, pages })
    }
    try {
      const request = makeRequest()
      if (request === undefined) return undefined
      checkProgress(table, request, { asked, place })
      pages = asked.size
      const arrived = await service.ask(request, {
        signal,
        untilMs,
        ...(alsoAnswers !== undefined && { alsoAnswers }),
      })
      answer = arrived
      const wantsColumns = last === undefined
      const read =
        arrived.status === 204
          ? async () => noRows
          : reader.begin({ ...answerParts(arrived), shape, wantsColumns })
      return {
        answer: arrived,
        open: () =>
          open(arrived, read).catch(error => {
            const told = failed(error)
            // Else the service would call it "not modified", and no later read would get another.
            service.forget(request)
            throw told
          }),
      }
    } catch (error) {
      throw failed(error)
    }
  }

  return {
    next: () => fetch(() => table.request(last)),
    afterUnread({ answer }) {
      const request = last && table.requestEarly?.(answer, last)
      return request && fetch(() => request)
    },
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
  request: GuardedRequest,
  { asked, place }: { asked: Set<string>; place: WebPlace },
): void {
  const key = digestOf(request)
  if (asked.has(key)) throw loops(place, name, 'the service leads back to a page that was read already')
  if (asked.size === maxPages) {
    const words = `${name} has more than ${maxPages} pages; the rest was NOT read`
    const advice = 'Narrow the request, ask for larger pages, or raise maxPages.'
    throw webError(place, 'source-query-failed', { words, advice, details: { maxPages } })
  }
  asked.add(key)
}

/** A cursor may stand in any part of a request; 100,000 bodies of 100 kB are not to be kept. */
function digestOf({ method, url, headers, body = Buffer.alloc(0) }: GuardedRequest): string {
  const head = JSON.stringify([method, url.href, headers])
  return createHash('sha256').update(head).update(body).digest('base64')
}

function loops(place: WebPlace, table: string, what: string): SourceError {
  const words = `the pages of ${table} turn in a circle: ${what}`
  const advice =
    'Check the paging of the request: its parameter may have another name, so that it is ignored.'
  return webError(place, 'source-query-failed', { words, advice, details: { reason: 'page-loop' } })
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
