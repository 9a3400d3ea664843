/**
 * Our operations that await their result, by TRN. There are a hundred numbers; one that waits is never given twice,
 * and one that has waited too long is kept aside for its late result, so that this is never taken for the result of
 * another operation. When none is left the connection has to be made anew.
 *
 * Deadlines count the session's own heartbeat and not the wall clock: a clock that jumps makes nothing overdue.
 */
import type { OutgoingPart } from '../../operator.ts'

/** TRN has two digits. */
const trnCount = 100
/** Later results are so rare that the number is worth more. */
const lateMs = 600_000

export type Operation =
  | {
      kind: 'submit'
      partId: number
      recipient: OutgoingPart['recipient']
      /** Of the rate limit. */
      ticket: number
      /** As `Clock.monotonicMs` counts. */
      sentAtMs: number
    }
  | { kind: 'keep-alive' }
  | { kind: 'login' }

export interface Pending {
  operation: Operation
  /** On the heartbeat. */
  sentElapsedMs: number
  /** When a late one is given up, on the heartbeat; null while it is in time. */
  forgetElapsedMs: number | null
}

export interface PendingOperations {
  /** Operations in time: what the window counts. */
  readonly waiting: number
  /** Submits among them. */
  readonly submits: number
  /** Numbers that can be given. */
  readonly free: number
  /** @returns its TRN; the next free one, so that numbers go round */
  add(operation: Operation): number
  get(trn: number): Pending | undefined
  /** The result is there. */
  settle(trn: number): void
  /** The result came and said nothing: its number stays aside for a better one. */
  setAside(trn: number): void
  /** The heartbeat. @returns what has waited `answerMs` since the last one; its late results are awaited from now on */
  expire(elapsedMs: number, answerMs: number): Operation[]
  /** The connection is gone. @returns what was in time */
  lose(): Operation[]
}

export function createPendingOperations(): PendingOperations {
  const slots = new Array<Pending | undefined>(trnCount).fill(undefined)
  let next = 0
  let used = 0
  let waiting = 0
  let submits = 0
  let nowElapsedMs = 0

  const count = ({ operation }: Pending, by: 1 | -1): void => {
    waiting += by
    if (operation.kind === 'submit') submits += by
  }

  const release = (trn: number): void => {
    const pending = slots[trn]
    if (pending === undefined) return
    slots[trn] = undefined
    used -= 1
    if (pending.forgetElapsedMs === null) count(pending, -1)
  }

  const setAside = (trn: number): void => {
    const pending = slots[trn]
    if (pending === undefined || pending.forgetElapsedMs !== null) return
    count(pending, -1)
    pending.forgetElapsedMs = nowElapsedMs + lateMs
  }

  return {
    get waiting() {
      return waiting
    },
    get submits() {
      return submits
    },
    get free() {
      return trnCount - used
    },
    add(operation) {
      if (used === trnCount) throw new RangeError('every TRN awaits its result')
      while (slots[next] !== undefined) next = (next + 1) % trnCount
      const trn = next
      const pending: Pending = { operation, sentElapsedMs: nowElapsedMs, forgetElapsedMs: null }
      slots[trn] = pending
      used += 1
      count(pending, 1)
      next = (trn + 1) % trnCount
      return trn
    },
    get: trn => slots[trn],
    settle: release,
    setAside,
    expire(elapsedMs, answerMs) {
      nowElapsedMs = elapsedMs
      const overdue: Operation[] = []
      for (const [trn, pending] of slots.entries()) {
        if (pending === undefined) continue
        if (pending.forgetElapsedMs !== null) {
          if (elapsedMs >= pending.forgetElapsedMs) release(trn)
        } else if (elapsedMs - pending.sentElapsedMs > answerMs) {
          overdue.push(pending.operation)
          setAside(trn)
        }
      }
      return overdue
    },
    lose() {
      const owed = slots.flatMap(pending =>
        pending === undefined || pending.forgetElapsedMs !== null ? [] : [pending.operation],
      )
      slots.fill(undefined)
      used = 0
      waiting = 0
      submits = 0
      return owed
    },
  }
}
