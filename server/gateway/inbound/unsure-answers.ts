/**
 * Which parts an operator may deliver a second time: those whose answer it cannot have, or may not have got. What it
 * was answered on a connection that stayed up it has; the same text after that is another message.
 */
import type { LinkStatus } from '../../../connectors/operator.ts'
import type { Doubt } from '../../store/incoming.ts'

/**
 * How long before a loss an answer may have gone nowhere: a tunnel that drops everything is noticed by a missed
 * enquire_link, a minute later. Also how long an operator may take to repeat what it was asked to deliver again.
 */
export const lostAnswerMs = 90_000

export interface UnsureAnswers {
  /** Parts were just read. @returns what was in doubt then, these parts included */
  received(tokens: readonly number[], status: LinkStatus, nowMs: number): Doubt
  /** The operator was answered, as far as the connection was still there. */
  answered(tokens: readonly number[], isStored: boolean, nowMs: number): void
  /** Called at changes of the link and from time to time. */
  look(status: LinkStatus, nowMs: number): void
}

/** @param startMs a process that ended before left answers in doubt as a lost connection does */
export function createUnsureAnswers(startMs: number): UnsureAnswers {
  /** When each was read; the oldest first. */
  const unanswered = new Map<number, number>()
  const binds = new Map<string, { isUp: boolean; reconnects: number }>()
  let lostAtMs = startMs
  let refused: { sinceMs: number; untilMs: number } | null = null

  function hasLost({ binds: now }: LinkStatus): boolean {
    let isLost = false
    for (const { name, state, reconnects } of now) {
      const before = binds.get(name)
      const isUp = state === 'bound'
      if (before?.isUp === true && (!isUp || reconnects > before.reconnects)) isLost = true
      if (before?.isUp !== isUp || before.reconnects !== reconnects) binds.set(name, { isUp, reconnects })
    }
    return isLost
  }

  return {
    received(tokens, status, nowMs) {
      // Noticed by what a new connection brings: that came after the loss.
      if (hasLost(status)) lostAtMs = nowMs - 1
      for (const token of tokens) unanswered.set(token, nowMs)
      if (refused !== null && refused.untilMs < nowMs) refused = null
      const [oldestMs = nowMs] = unanswered.values()
      return { unansweredSinceMs: Math.min(oldestMs, refused?.sinceMs ?? nowMs), lostAtMs }
    },
    answered(tokens, isStored, nowMs) {
      for (const token of tokens) {
        const readAtMs = unanswered.get(token)
        if (readAtMs === undefined) continue
        unanswered.delete(token)
        // It may be stored all the same: a commit can fail after it was made.
        if (!isStored) {
          refused = {
            sinceMs: Math.min(readAtMs, refused?.sinceMs ?? readAtMs),
            untilMs: nowMs + lostAnswerMs,
          }
        }
      }
    },
    look(status, nowMs) {
      if (hasLost(status)) lostAtMs = nowMs
    },
  }
}
