/**
 * Reads answers: small ones here, large ones in a thread, because XML is parsed at some 5 MB/s (measured) and meanwhile
 * no message would leave.
 */
import { Worker } from 'node:worker_threads'
import type { SourceValue } from '../../source.ts'
import { LateRows, type RowList } from '../row-lists.ts'
import { batchRows } from '../row-reading.ts'
import { type PageShape, readPage } from './page.ts'
import type { PageColumn } from './row-values.ts'
import { SoapFault } from './soap-answer.ts'
import { UnreadableAnswer } from './text-of-body.ts'

/** Parsed within some 5 ms. */
const mostXmlBytesHere = 24_576
const mostJsonBytesHere = 524_288
/** An answer of the largest size allowed takes some ten times of it once parsed; more is a bomb. */
const threadMemoryMiB = 1_024

export interface ReadAnswer {
  /** Undefined when they were not wanted. */
  columns: PageColumn[] | undefined
  rowCount: number
  asides: Record<string, SourceValue>
  isText: boolean
  batches(columns: readonly PageColumn[]): AsyncIterable<RowList>
}

interface AnswerToRead {
  body: Uint8Array
  contentType: string
  shape: PageShape
  wantsColumns: boolean
}

export type ThreadOrder =
  | { kind: 'read'; id: number; answer: AnswerToRead }
  | { kind: 'values'; id: number; page: number; columns: readonly PageColumn[]; start: number; end: number }
  | { kind: 'free'; page: number }

export type ThreadAnswer =
  | { kind: 'page'; id: number; page: Omit<ReadAnswer, 'batches'> }
  | { kind: 'values'; id: number; rows: SourceValue[][] }
  | { kind: 'unreadable'; id: number; words: string; advice: string }
  | { kind: 'fault'; id: number; code: string; reason: string }
  | { kind: 'broken'; id: number; words: string }

interface Asked {
  resolve(answer: ThreadAnswer): void
  reject(error: unknown): void
}

/** Of one read: the thread, if one was needed, ends with it. */
export class PageReader {
  readonly #signal: AbortSignal
  #worker: Worker | undefined
  #ids = 0
  readonly #asked = new Map<number, Asked>()

  /** @param signal aborted when the read is over, however it ended */
  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#end(signal.reason), { once: true })
  }

  /**
   * The thread begins at once. What is parsed here is parsed when it is asked for: the page before it is still in
   * memory, and rows of both would outlive the nursery.
   *
   * @returns gives what was read. @throws UnreadableAnswer, SoapFault; the signal's reason
   */
  begin(answer: AnswerToRead): () => Promise<ReadAnswer> {
    const { body } = answer
    const most = looksLikeXml(body) ? mostXmlBytesHere : mostJsonBytesHere
    if (body.length <= most) return async () => this.#readHere(answer)
    const reading = this.#readInThread(answer)
    // The reader may leave before its turn comes.
    reading.catch(() => {})
    return () => reading
  }

  #readHere({ body, contentType, shape, wantsColumns }: AnswerToRead): ReadAnswer {
    const page = readPage(body, contentType, shape)
    const { rowCount, asides, isText } = page
    return {
      columns: wantsColumns ? page.columns() : undefined,
      rowCount,
      asides,
      isText,
      batches: columns => batchesOf(rowCount, page.values(columns)),
    }
  }

  async #readInThread(answer: AnswerToRead): Promise<ReadAnswer> {
    const pageId = this.#nextId()
    const read = await this.#ask({ kind: 'read', id: pageId, answer })
    if (read.kind !== 'page') throw failureOf(read)
    return { ...read.page, batches: columns => this.#valuesOf(pageId, read.page.rowCount, columns) }
  }

  async *#valuesOf(
    page: number,
    rowCount: number,
    columns: readonly PageColumn[],
  ): AsyncGenerator<SourceValue[][]> {
    const ask = (start: number): Promise<ThreadAnswer> => {
      const asked = this.#ask({
        kind: 'values',
        id: this.#nextId(),
        page,
        columns,
        start,
        end: start + batchRows,
      })
      // Asked one ahead: the reader may leave without hearing of it.
      asked.catch(() => {})
      return asked
    }
    let next = rowCount === 0 ? undefined : ask(0)
    for (let start = batchRows; next !== undefined; start += batchRows) {
      const answered = await next
      if (answered.kind !== 'values') throw failureOf(answered)
      next = start < rowCount ? ask(start) : undefined
      yield answered.rows
    }
    this.#worker?.postMessage({ kind: 'free', page } satisfies ThreadOrder)
  }

  async #ask(order: ThreadOrder & { id: number }): Promise<ThreadAnswer> {
    this.#signal.throwIfAborted()
    const worker = this.#running()
    try {
      return await new Promise<ThreadAnswer>((resolve, reject) => {
        this.#asked.set(order.id, { resolve, reject })
        worker.postMessage(order)
      })
    } finally {
      this.#asked.delete(order.id)
    }
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(new URL('./page-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: threadMemoryMiB },
    })
    worker.unref()
    worker.on('message', (answer: ThreadAnswer) => this.#asked.get(answer.id)?.resolve(answer))
    worker.on('error', error => {
      this.#end(
        new UnreadableAnswer(`the answer could not be parsed: ${error.message}`, 'Ask for smaller pages.'),
      )
    })
    this.#worker = worker
    return worker
  }

  #end(reason: unknown): void {
    void this.#worker?.terminate()
    this.#worker = undefined
    for (const { reject } of this.#asked.values()) reject(reason)
  }

  #nextId(): number {
    this.#ids += 1
    return this.#ids
  }
}

/**
 * Rows are made when they are taken: a batch of them at once would outlive the nursery. One function for all pages: V8
 * keeps a shape in the old space for every closure that is a generator, and with it what the closure saw, here a whole
 * page (measured: every page survived until the next full collection).
 */
async function* batchesOf(
  rowCount: number,
  valuesAt: (index: number) => SourceValue[],
): AsyncGenerator<RowList> {
  for (let start = 0; start < rowCount; start += batchRows) {
    yield new LateRows(Math.min(batchRows, rowCount - start), index => valuesAt(start + index))
  }
}

function failureOf(answer: ThreadAnswer): Error {
  if (answer.kind === 'unreadable') return new UnreadableAnswer(answer.words, answer.advice)
  if (answer.kind === 'fault') return new SoapFault(answer.code, answer.reason)
  return new Error(answer.kind === 'broken' ? answer.words : `the thread answered ${answer.kind}`)
}

function looksLikeXml(body: Uint8Array): boolean {
  return body.find(byte => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) === 0x3c
}
