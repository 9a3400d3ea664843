/**
 * The witness: what the operator has really accepted, counted on its side of the wire. The proofs (crash, restore,
 * bench) compare the product's books with these.
 */
import { type ReceivedMessage, reassemble } from './reassembly.ts'
import type { ReceivedPart } from './received-part.ts'
import { ArrivalRate } from './sliding-second.ts'

/** A part accepted more than once: same recipient, same text, same place in its message. */
export interface RepeatedPart {
  recipient: string
  text: string
  partNumber: number
  partCount: number
  times: number
}

/** What tests and proofs may ask. All but the totals and rates need `keep: 'messages'`. */
export interface Received {
  /** Parts accepted since the start. */
  readonly total: number
  /** Most parts accepted in any window of one second. */
  readonly peakInAnySecond: number
  /** Accepted parts by second of the clock (epoch seconds), the last hour. */
  perSecond(): { second: number; parts: number }[]
  parts(): readonly ReceivedPart[]
  /** Messages in the order of their first part, incomplete ones included. */
  messages(): ReceivedMessage[]
  /** How many times each whole text was received complete. */
  countByText(): Map<string, number>
  /** Parts by recipient. */
  countByRecipient(): Map<string, number>
  duplicates(): RepeatedPart[]
}

export class Witness implements Received {
  readonly #parts: ReceivedPart[] | null
  readonly #rate = new ArrivalRate()
  total = 0

  constructor(keep: 'counts' | 'messages') {
    this.#parts = keep === 'messages' ? [] : null
  }

  /** False lets the caller spare the decoding of a text that nobody keeps. */
  get keepsParts(): boolean {
    return this.#parts !== null
  }

  /** Counts parts; hot path of a bench. */
  count(nowMs: number, parts = 1): void {
    this.total += parts
    this.#rate.add(nowMs, parts)
  }

  /** Keeps a part that `count` has counted. */
  keep(part: ReceivedPart): void {
    this.#parts?.push(part)
  }

  get peakInAnySecond(): number {
    return this.#rate.peakInAnySecond
  }

  inLastSecond(nowMs: number): number {
    return this.#rate.inLastSecond(nowMs)
  }

  perSecond(): { second: number; parts: number }[] {
    return this.#rate.perSecond()
  }

  parts(): readonly ReceivedPart[] {
    if (this.#parts === null) throw new Error("the witness keeps counts only: start it with keep: 'messages'")
    return this.#parts
  }

  messages(): ReceivedMessage[] {
    return reassemble(this.parts())
  }

  countByText(): Map<string, number> {
    return tally(
      this.messages()
        .filter(message => message.isComplete)
        .map(message => message.text),
    )
  }

  countByRecipient(): Map<string, number> {
    return tally(this.parts().map(part => part.recipient))
  }

  duplicates(): RepeatedPart[] {
    const seen = new Map<string, RepeatedPart>()
    for (const { recipient, text, partNumber, partCount } of this.parts()) {
      const key = `${recipient}/${partNumber}/${partCount}/${text}`
      const known = seen.get(key)
      if (known === undefined) seen.set(key, { recipient, text, partNumber, partCount, times: 1 })
      else known.times += 1
    }
    return [...seen.values()].filter(part => part.times > 1)
  }
}

function tally(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
