/** How words are kept as small integers in the tables: a million rows are read faster and weigh less. Append only. */
import type { PartEncoding } from '../../connectors/operator.ts'
import { categories, priorities, type UnknownPolicy } from '../../scheduler/store.ts'
import { type MessageState, messageStates, statesBefore } from '../gateway/message-state.ts'

interface Codes<Word extends string> {
  codeOf(word: Word): number
  /** @throws RangeError for a code that no version of the product wrote */
  wordOf(code: number): Word
}

function codes<Word extends string>(words: readonly Word[]): Codes<Word> {
  const byWord = new Map(words.map((word, code) => [word, code]))
  return {
    codeOf: word => byWord.get(word)!,
    wordOf(code) {
      const word = words[code]
      if (word === undefined) throw new RangeError(`code ${code} is none of ${words.join(', ')}`)
      return word
    },
  }
}

export const stateCodes = codes(messageStates)
export const categoryCodes = codes(categories)
export const priorityCodes = codes(priorities)
export const encodingCodes = codes<PartEncoding>(['gsm7', 'ucs2'])
export const unknownPolicyCodes = codes<UnknownPolicy>(['hold', 'resend'])

/** Literal for SQL: SQLite uses a partial index only when the query repeats its condition as a literal. */
export function stateLiteral(state: MessageState): string {
  return String(stateCodes.codeOf(state))
}

/** `(1, 2, 8)`: the states from which `to` may be reached, for `state in …`. */
export function statesBeforeLiteral(to: MessageState): string {
  return `(${statesBefore(to).map(stateCodes.codeOf).join(', ')})`
}
