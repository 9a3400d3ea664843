/**
 * One message after the other to one phone: the next of a lane (phone, job, priority) leaves when the one before is
 * answered, so that a refusal that is tried again is never overtaken. Different lanes do not wait for each other.
 */
import type { MessageInHand, PartInHand } from './in-hand.ts'

export interface Lanes {
  /** Parts that wait for the message before theirs. */
  readonly waiting: number
  /**
   * Whether a part may leave now. `wait`: it is kept here until its lane is free. `back`: the message before it is
   * being tried again, and the store, which will hold it back, may not have known when this one was claimed.
   */
  enter(entry: PartInHand, nowMs: number): 'leave' | 'wait' | 'back'
  /** The message is over: gives what waited for it, in order. */
  free(hand: MessageInHand): PartInHand[]
  /**
   * The message will be tried again: what was claimed behind it goes back, each message once.
   *
   * @param behind what waited for it, which the caller sends back
   */
  holdBack(hand: MessageInHand, behind: readonly PartInHand[], nowMs: number): void
  /** Empties the lanes. */
  takeAll(): PartInHand[]
}

interface Lane {
  holder: MessageInHand
  waiting: PartInHand[]
}

/** The store takes a refusal within milliseconds; what is claimed later, it holds back itself. */
const heldMs = 2_000

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>()
  const held = new Map<string, { untilMs: number; sentBack: Set<number> }>()
  let waiting = 0

  function isHeldBack({ lane, message }: MessageInHand, nowMs: number): boolean {
    if (held.size === 0) return false
    // All are held equally long: the oldest stand first.
    for (const [known, { untilMs }] of held) {
      if (untilMs > nowMs) break
      held.delete(known)
    }
    const entry = held.get(lane)
    // Once sent back and claimed again: the store knows of the refusal, and lets it pass.
    if (entry === undefined || entry.sentBack.has(message.messageId)) return false
    entry.sentBack.add(message.messageId)
    return true
  }

  return {
    get waiting() {
      return waiting
    },
    enter(entry, nowMs) {
      const { hand } = entry
      const lane = lanes.get(hand.lane)
      if (lane?.holder === hand) return 'leave'
      if (lane !== undefined) {
        lane.waiting.push(entry)
        waiting += 1
        return 'wait'
      }
      if (isHeldBack(hand, nowMs)) return 'back'
      lanes.set(hand.lane, { holder: hand, waiting: [] })
      return 'leave'
    },
    free(hand) {
      const lane = lanes.get(hand.lane)
      if (lane?.holder !== hand) return []
      lanes.delete(hand.lane)
      waiting -= lane.waiting.length
      return lane.waiting
    },
    holdBack({ lane, message }, behind, nowMs) {
      held.delete(lane)
      const sentBack = new Set([message.messageId, ...behind.map(({ hand }) => hand.message.messageId)])
      held.set(lane, { untilMs: nowMs + heldMs, sentBack })
    },
    takeAll() {
      const all = [...lanes.values()].flatMap(lane => lane.waiting.splice(0))
      waiting = 0
      return all
    },
  }
}
