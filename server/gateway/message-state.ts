/**
 * The states of a message and the only moves between them. Nobody writes a state without asking here:
 * the store builds the WHERE of every state change from `statesBefore`.
 */

/** In the order of their codes in the database: append only. */
export const messageStates = [
  'held',
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'expired',
  'refused',
  'unknown',
  'blocked',
  'cancelled',
] as const

export type MessageState = (typeof messageStates)[number]

/** States after which nothing more is expected; only a late receipt or a second try may still correct them. */
export const finalStates: readonly MessageState[] = [
  'delivered',
  'undelivered',
  'expired',
  'refused',
  'blocked',
  'cancelled',
]

const moves: Readonly<Record<MessageState, readonly MessageState[]>> = {
  held: ['queued', 'blocked', 'cancelled', 'expired'],
  // sent: the answer of an earlier, unanswered submit came before the resend left.
  // unknown: one part asked for a retry before another one of the same message was given up.
  queued: ['sending', 'held', 'blocked', 'cancelled', 'expired', 'refused', 'sent', 'unknown'],
  // expired, blocked: closed while it was being claimed, before anything left.
  sending: ['sent', 'queued', 'refused', 'unknown', 'expired', 'blocked'],
  sent: ['delivered', 'undelivered', 'expired'],
  delivered: [],
  // A later DELIVRD wins over an earlier failure (facts: EXPIRED or UNKNOWN first, then DELIVRD).
  // queued: the operator does not know the phone, another one may (routing/second-try.ts).
  undelivered: ['delivered', 'queued'],
  expired: ['delivered'],
  refused: [],
  unknown: ['sent', 'queued', 'refused', 'delivered', 'undelivered', 'expired', 'cancelled'],
  blocked: [],
  cancelled: [],
}

/** True when a message in `from` may become `to`. */
export function canMove(from: MessageState, to: MessageState): boolean {
  return moves[from].includes(to)
}

/** Every state from which `to` may be reached. */
export function statesBefore(to: MessageState): MessageState[] {
  return messageStates.filter(state => canMove(state, to))
}

/**
 * The state of a long message from the final states of its parts: a failure decides, delivery needs all.
 *
 * @param partStates one per part, in any order; 'sent' while no receipt came
 */
export function stateOfParts(partStates: readonly MessageState[]): MessageState {
  for (const failure of ['undelivered', 'expired'] as const) {
    if (partStates.includes(failure)) return failure
  }
  return partStates.every(state => state === 'delivered') ? 'delivered' : 'sent'
}
