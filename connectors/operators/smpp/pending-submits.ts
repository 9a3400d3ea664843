/**
 * Submits that await their answer, and for a while those that waited too long: an answer that comes after its
 * deadline still tells the message's id.
 *
 * Fixed slots hold the fields, so that the hot path allocates nothing; the map's insertion order is the order of
 * time, so that looking for the overdue ones touches only those. Deadlines count the session's own heartbeat and
 * not the wall clock: a clock that jumps, or a loop that was busy, makes no submit overdue.
 */
import type { RefusalClass, SubmitOutcome } from '../../operator.ts'
import type { Answer } from '../flow.ts'
import { status, statusClass, statusName } from './tables.ts'

/** Ten minutes and a few thousand numbers: later answers are so rare that the memory is worth more. */
const lateMs = 600_000
const lateLimit = 5000

export type Settled =
  | { kind: 'settled'; outcome: SubmitOutcome; answer: Answer; ticket: number; isLate: boolean }
  /** No submit of ours has this sequence number. */
  | { kind: 'stray' }

export interface PendingSubmits {
  readonly size: number
  has(sequence: number): boolean
  /** @param ticket of the rate limit, given back with the answer; `sentAtMs` counts as `Clock.monotonicMs` does */
  add(sequence: number, submit: { partId: number; sentAtMs: number; ticket: number }): void
  /** The outcome of an answer; `remoteId` counts when status is 0. */
  settle(sequence: number, answer: { status: number; remoteId: string }): Settled
  /** The answer came and was none: another response than submit_sm_resp under this number. */
  spoil(sequence: number): SubmitOutcome | null
  /** The heartbeat: outcomes of submits that have waited `answerMs`; their late answers are awaited from now on. */
  expire(elapsedMs: number, answerMs: number): SubmitOutcome[]
  /** The link is gone: outcomes of all that is owed. */
  lose(): SubmitOutcome[]
}

const lastSequence = 0x7fffffff

/** The number after `sequence`, 1..0x7fffffff, that no awaited answer bears. */
export function nextSequence(sequence: number, pending: Pick<PendingSubmits, 'has'>): number {
  let next = sequence
  do next = next === lastSequence ? 1 : next + 1
  while (pending.has(next))
  return next
}

/** @param classes meanings of command_status that differ from the standard, by `0x..` */
export function createPendingSubmits(
  window: number,
  classes: Readonly<Record<string, RefusalClass>> = {},
): PendingSubmits {
  const overrides = new Map(Object.entries(classes).map(([key, value]) => [Number(key), value]))
  const slots = new Map<number, number>()
  const partIds = new Float64Array(window)
  const sentAtMs = new Float64Array(window)
  const sentElapsedMs = new Float64Array(window)
  const tickets = new Float64Array(window)
  const free = Uint16Array.from({ length: window }, (_, index) => index)
  let freeCount = window
  let nowElapsedMs = 0
  const late = new Map<
    number,
    { partId: number; sentAtMs: number; ticket: number; forgetElapsedMs: number }
  >()

  const release = (sequence: number, slot: number): void => {
    slots.delete(sequence)
    free[freeCount++] = slot
  }

  const outcomeOf = (partId: number, value: number, remoteId: string): SubmitOutcome => {
    if (value === 0) return { kind: 'accepted', partId, remoteId }
    return { kind: 'refused', partId, status: value, statusName: statusName(value), refusal: classOf(value) }
  }

  const classOf = (value: number): RefusalClass => {
    const named = overrides.get(value) ?? statusClass(value)
    return named === 'bug' ? 'permanent' : named
  }

  const settled = (
    from: { partId: number; sentAtMs: number; ticket: number; isLate: boolean },
    answer: { status: number; remoteId: string },
  ): Settled => {
    const outcome = outcomeOf(from.partId, answer.status, answer.remoteId)
    const isThrottle =
      outcome.kind === 'refused' && (outcome.refusal === 'throttle' || answer.status === status.queueFull)
    const facts = { status: answer.status, isThrottle, sentAtMs: from.sentAtMs }
    return { kind: 'settled', outcome, answer: facts, ticket: from.ticket, isLate: from.isLate }
  }

  return {
    get size() {
      return slots.size
    },
    has: sequence => slots.has(sequence) || late.has(sequence),
    add(sequence, { partId, sentAtMs: leftAtMs, ticket }) {
      if (freeCount === 0) throw new RangeError(`more than ${window} submits await their answer`)
      const slot = free[--freeCount]!
      partIds[slot] = partId
      sentAtMs[slot] = leftAtMs
      sentElapsedMs[slot] = nowElapsedMs
      tickets[slot] = ticket
      slots.set(sequence, slot)
    },
    settle(sequence, answer) {
      const slot = slots.get(sequence)
      if (slot !== undefined) {
        release(sequence, slot)
        const from = { partId: partIds[slot]!, sentAtMs: sentAtMs[slot]!, ticket: tickets[slot]! }
        return settled({ ...from, isLate: false }, answer)
      }
      const overdue = late.get(sequence)
      if (overdue === undefined) return { kind: 'stray' }
      late.delete(sequence)
      return settled({ ...overdue, isLate: true }, answer)
    },
    spoil(sequence) {
      const slot = slots.get(sequence)
      if (slot === undefined) return null
      release(sequence, slot)
      return { kind: 'unknown', partId: partIds[slot]!, reason: 'malformed-answer' }
    },
    expire(elapsedMs, answerMs) {
      nowElapsedMs = elapsedMs
      const outcomes: SubmitOutcome[] = []
      for (const [sequence, slot] of slots) {
        if (elapsedMs - sentElapsedMs[slot]! <= answerMs) break
        const partId = partIds[slot]!
        release(sequence, slot)
        late.set(sequence, {
          partId,
          sentAtMs: sentAtMs[slot]!,
          ticket: tickets[slot]!,
          forgetElapsedMs: elapsedMs + lateMs,
        })
        outcomes.push({ kind: 'unknown', partId, reason: 'timeout' })
      }
      for (const [sequence, entry] of late) {
        if (entry.forgetElapsedMs > elapsedMs && late.size <= lateLimit) break
        late.delete(sequence)
      }
      return outcomes
    },
    lose() {
      const outcomes: SubmitOutcome[] = []
      for (const slot of slots.values()) {
        outcomes.push({ kind: 'unknown', partId: partIds[slot]!, reason: 'link-lost' })
      }
      slots.clear()
      late.clear()
      freeCount = 0
      for (let slot = 0; slot < window; slot++) free[freeCount++] = slot
      return outcomes
    },
  }
}
