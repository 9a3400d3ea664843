/** The child's half of reading-process.ts: takes orders, answers in their order, ends with its parent. */
import { flushCompileCache } from 'node:module'
import { errorCode, errorWords } from './error-words.ts'
import type { FailedAnswer } from './reading-process.ts'

/**
 * Serves one parent.
 *
 * @param obey the answer to an order; what it throws is answered as `failed`
 * @param uncoded the code of an error that has none
 */
export function serveOrders<Order, Answer extends object>(
  obey: (order: Order) => Answer | Promise<Answer>,
  uncoded = 'ERROR',
): void {
  takeOrders<Order>(async order => {
    try {
      answer(await obey(order))
    } catch (error) {
      answer(failedAnswer(error, uncoded))
    }
  })
}

/** For a child whose orders are not simply answered one by one. */
export function takeOrders<Order>(take: (order: Order) => void): void {
  process.on('message', take)
  process.on('disconnect', () => process.exit())
  // Children are killed, and what they compiled would be lost: the next one starts in half the time.
  process.once('message', () => setImmediate(flushCompileCache))
}

/** A parent that was killed cannot be answered: nobody is left to read for. */
export function answer<Answer extends object>(message: Answer): void {
  process.send?.(message, undefined, undefined, error => {
    if (error !== null) process.exit()
  })
}

export function failedAnswer(error: unknown, uncoded = 'ERROR'): FailedAnswer {
  return { kind: 'failed', code: errorCode(error, uncoded), message: errorWords(error) }
}
