/**
 * The id of a message: phone and SCTS, the second in which the SMSC took it. UCP has no other.
 *
 * The phone comes back in another spelling, so its last eight digits are compared. Two parts to one phone in one
 * second share an id in spite of the pacing when an SMSC's clock stands: the second part and those after it get a
 * number, and notifications are dealt out in the order of their arrival.
 */
import { remoteIdKey } from '../../operator.ts'

export interface RemoteIds {
  /**
   * The id of an accepted part.
   *
   * @param sm as the result has it, most often `AdC:SCTS`
   * @returns '' when the SMSC told none: no notification will ever match
   */
  accepted(recipient: string, sm: string): string
  /** The key under which a notification's part was stored. @param isFinal the next one of this id is for the next part */
  notified(recipient: string, scts: string, isFinal: boolean): string
}

/** Digits of a phone that every spelling shares. */
export const comparedDigits = 8
/** Ids among which a shared one is looked for: more than any contract allows in a second. */
const recentLimit = 4000
/** Shared ids that wait for their notifications; they are rare. */
const sharedLimit = 10_000

export function createRemoteIds(): RemoteIds {
  const recent = new Set<string>()
  const shared = new Map<string, { given: number; told: number }>()

  return {
    accepted(recipient, sm) {
      const key = keyOfAnswer(recipient, sm)
      if (key === '') return ''
      if (!recent.has(key)) {
        recent.add(key)
        dropOldest(recent, recentLimit)
        return key
      }
      const entry = shared.get(key) ?? { given: 1, told: 0 }
      entry.given += 1
      shared.set(key, entry)
      dropOldest(shared, sharedLimit)
      return numbered(key, entry.given)
    },
    notified(recipient, scts, isFinal) {
      const key = keyOf(recipient, scts)
      const entry = shared.get(key)
      if (entry === undefined) return key
      const turn = Math.min(entry.told + 1, entry.given)
      if (isFinal) entry.told += 1
      return numbered(key, turn)
    },
  }
}

/** Whether the phone in a result is the one the part went to; a result without one is believed. */
export function isAnswerOf(recipient: string, sm: string): boolean {
  const phone = /^\+?(\d+):/.exec(sm)?.[1]
  if (phone === undefined) return true
  const compared = Math.min(comparedDigits, phone.length, recipient.length)
  return phone.slice(-compared) === recipient.slice(-compared)
}

function keyOfAnswer(recipient: string, sm: string): string {
  const trimmed = sm.trim()
  if (/^\d{12}$/.test(trimmed)) return keyOf(recipient, trimmed)
  const match = /^\+?\d+:(\d{12})$/.exec(trimmed)
  return match === null ? remoteIdKey(trimmed) : keyOf(recipient, match[1]!)
}

const keyOf = (recipient: string, scts: string): string =>
  remoteIdKey(`${recipient.slice(-comparedDigits)}:${scts}`)

const numbered = (key: string, turn: number): string => (turn === 1 ? key : `${key}#${turn}`)

function dropOldest(entries: Set<string> | Map<string, unknown>, limit: number): void {
  if (entries.size <= limit) return
  const [oldest] = entries.keys()
  if (oldest !== undefined) entries.delete(oldest)
}
