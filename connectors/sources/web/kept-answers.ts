/**
 * Answers kept for the service's "not modified" (304). The rows of such an answer are those of last time, all of them:
 * a trigger that saw none would take every contract for paid. So a question is only put that way (If-None-Match)
 * while the former answer is in memory, and a 304 gives it back.
 */
import type { KeptState } from '../kept-state.ts'
import type { WebAnswer } from './exchange.ts'

/** Of the objects around a body, headers among them. */
const aroundBytes = 2_048

export class KeptAnswers {
  readonly #kept: KeptState

  constructor(kept: KeptState) {
    this.#kept = kept
  }

  find(key: string): WebAnswer | undefined {
    return this.#kept.find(`answer ${key}`) as WebAnswer | undefined
  }

  forget(key: string): void {
    this.#kept.forget(`answer ${key}`)
  }

  /** Keeps an answer that has an ETag and may be kept. */
  keep(key: string, answer: WebAnswer): void {
    const isKeepable = answer.status === 200 && answer.headers.etag !== undefined
    if (!isKeepable || /no-store/i.test(answer.headers['cache-control'] ?? '')) {
      this.forget(key)
    } else {
      this.#kept.keep(`answer ${key}`, answer, answer.body.length + key.length * 2 + aroundBytes)
    }
  }
}
