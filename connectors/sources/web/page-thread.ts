/** The thread that parses large answers and hands their rows on in batches. Started by page-reader.ts only. */
import { parentPort } from 'node:worker_threads'
import type { SourceValue } from '../../source.ts'
import { errorWords } from '../error-words.ts'
import { type Page, readPage } from './page.ts'
import type { ThreadAnswer, ThreadOrder } from './page-reader.ts'
import { SoapFault } from './soap-answer.ts'
import { UnreadableAnswer } from './text-of-body.ts'

const pages = new Map<number, Page>()

parentPort!.on('message', (order: ThreadOrder) => {
  if (order.kind === 'free') pages.delete(order.page)
  else parentPort!.postMessage(answerTo(order))
})

function rowsOf({ page, columns, start, end }: Extract<ThreadOrder, { kind: 'values' }>): SourceValue[][] {
  const found = pages.get(page)
  // Its thread ended under the weight of the page after it, and this one took its place.
  if (found === undefined) throw new Error('the thread that held the page ended')
  const valuesAt = found.values(columns)
  const length = Math.min(end, found.rowCount) - start
  return Array.from({ length }, (_, index) => valuesAt(start + index))
}

function answerTo(order: Exclude<ThreadOrder, { kind: 'free' }>): ThreadAnswer {
  const { id } = order
  try {
    if (order.kind === 'values') {
      return { kind: 'values', id, rows: rowsOf(order) }
    }
    const { body, contentType, shape, wantsColumns } = order.answer
    const page = readPage(body, contentType, shape)
    pages.set(id, page)
    const { rowCount, asides, isText } = page
    return {
      kind: 'page',
      id,
      page: { columns: wantsColumns ? page.columns() : undefined, rowCount, asides, isText },
    }
  } catch (error) {
    if (error instanceof UnreadableAnswer)
      return { kind: 'unreadable', id, words: error.message, advice: error.advice }
    if (error instanceof SoapFault) return { kind: 'fault', id, code: error.code, reason: error.message }
    return { kind: 'broken', id, words: errorWords(error) }
  }
}
