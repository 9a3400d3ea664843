/** A message whose operator is chosen: what the store takes. */
import type { EnqueueItem, NewMessage, UnknownPolicy } from '../../scheduler/store.ts'

/** A message whose way is known: null when no route leads to its number (it is then blocked). */
export type RoutedMessage = NewMessage & { operatorId: number | null; unknownPolicy: UnknownPolicy }
export interface RoutedItem extends EnqueueItem {
  message: RoutedMessage
}

/** A block without a route and above the cap is decided here, where it cannot race. */
export function settleState(message: RoutedMessage, isCapped: boolean): RoutedMessage {
  if (message.state === 'blocked') return message
  if (isCapped) return { ...message, state: 'blocked', reason: 'frequency-cap' }
  if (message.operatorId === null) return { ...message, state: 'blocked', reason: 'no-route' }
  return message
}

/** Whom the outbox is fair between: runs by their number, API clients by theirs below zero. */
export function jobOf(message: NewMessage): number {
  return message.runId ?? -(message.clientId ?? 0)
}
