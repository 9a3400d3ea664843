/**
 * The books of a chaos run compared: what the store says of every message, against what its operator accepted and
 * what becomes of that phone. Every count is made twice, from the two sides, and the two must agree.
 */

import { remoteIdKey } from '../../../connectors/operator.ts'
import { outcomeFor, receiptOptionsSchema } from '../../../connectors/operators/simulator/outcomes.ts'
import type { ReceivedPart } from '../../../connectors/operators/simulator/received-part.ts'
import type { MessageState } from '../../../server/gateway/message-state.ts'
import { refusedSuffix } from './plan.ts'
import type { ChaosOutcome, OperatorBooks, StoredMessage } from './run.ts'

/** A count at the store and at the simulators. */
export interface Line {
  operator: string
  what: string
  store: number
  simulator: number
}

export interface Reconciliation {
  lines: Line[]
  /** Figures that have one side only. */
  notes: { operator: string; what: string; count: number }[]
  /** What cannot be: one sentence each. Empty when all is well. */
  faults: string[]
}

const comparedDigits = 8

export function reconcile({ operators, incoming }: ChaosOutcome): Reconciliation {
  const all: Reconciliation = { lines: [], notes: [], faults: [] }
  for (const books of operators) {
    const { lines, notes, faults } = reconcileOperator(books)
    all.lines.push(...lines)
    all.notes.push(...notes)
    all.faults.push(...faults)
  }
  all.lines.push({
    operator: 'all',
    what: 'incoming messages',
    store: incoming.stored,
    simulator: incoming.sent,
  })
  all.lines.push({
    operator: 'all',
    what: 'incoming, distinct',
    store: incoming.distinct,
    simulator: incoming.sent,
  })
  for (const { operator, what, store, simulator } of all.lines) {
    if (store !== simulator)
      all.faults.push(`${operator}, ${what}: ${store} at the store, ${simulator} at the simulator`)
  }
  return all
}

const endStates = ['delivered', 'undelivered', 'expired', 'sent', 'refused'] as const

function reconcileOperator(books: OperatorBooks): Reconciliation {
  const { operator, messages, accepted } = books
  const faults: string[] = []
  const fault = (message: StoredMessage, what: string): void => {
    faults.push(`${operator.name}: message ${message.messageId} to …${message.recipient.slice(-6)} ${what}`)
  }
  const falseIds = messagesWithFalseIds(books)
  const partsOf = Map.groupBy(accepted, part => part.recipient.slice(-comparedDigits))
  const atStore = new Map<MessageState, number>()
  const atSimulator = new Map<MessageState, number>()
  const unsettled = { nothing: 0, part: 0, silent: 0 }
  let copies = 0
  let reported = 0
  for (const message of messages) {
    const parts = partsOf.get(message.recipient.slice(-comparedDigits)) ?? []
    const distinct = new Set(parts.map(({ partNumber }) => partNumber)).size
    if (message.wasUnknown) reported += 1
    copies += parts.length - distinct
    if (parts.length > distinct && !message.wasUnknown)
      fault(message, 'left twice and was never reported unknown')
    if (message.state === 'unknown') {
      // Held for a person to decide: what the operator has of it is told, and must have told us nothing.
      if (message.unknownPolicy !== 'hold') fault(message, 'is unknown though policy was to send it again')
      if (distinct === 0) unsettled.nothing += 1
      else if (message.partCount > 1) unsettled.part += 1
      else if (ruleOf(books, message).timing === 'never') unsettled.silent += 1
      else fault(message, 'is unknown though the operator has told what became of it')
      continue
    }
    add(atStore, message.state)
    const isFalse = falseIds.has(message.messageId)
    const expected = isFalse && message.state === 'sent' ? 'sent' : expectedOf(books, message, distinct)
    add(atSimulator, expected)
    if (expected !== message.state)
      fault(message, `is ${message.state}, and by the simulator's account ${expected}`)
  }
  const lines: Line[] = endStates.map(state => ({
    operator: operator.name,
    what: state,
    store: atStore.get(state) ?? 0,
    simulator: atSimulator.get(state) ?? 0,
  }))
  const others = [...atStore].filter(([state]) => !endStates.some(known => known === state))
  for (const [state, count] of others) faults.push(`${operator.name}: ${count} messages are left ${state}`)
  lines.push(...receiptLines(books))
  const notes = [
    ['unknown, operator has nothing', unsettled.nothing],
    ['unknown, one of its parts', unsettled.part],
    ['unknown, no receipt came', unsettled.silent],
    ['reported unknown at some moment', reported],
    ['resolved by their receipt', messages.filter(message => message.wasResolvedByReceipt).length],
    ['parts accepted twice', copies],
    ['accepted under a false id', falseIds.size],
    ['answers lost', books.simulator.answersLost],
    ['parts swallowed', books.simulator.partsSwallowed],
    ['parts throttled', books.simulator.partsThrottled],
    ['connections', books.simulator.connections],
    ['deliveries repeated', books.simulator.receiptsRetried],
  ] as const
  return { lines, notes: notes.map(([what, count]) => ({ operator: operator.name, what, count })), faults }
}

function add(counts: Map<MessageState, number>, state: MessageState): void {
  counts.set(state, (counts.get(state) ?? 0) + 1)
}

/** The state that the operator's side makes true. */
function expectedOf(books: OperatorBooks, message: StoredMessage, acceptedParts: number): MessageState {
  if (message.recipient.endsWith(refusedSuffix)) return 'refused'
  const { outcome, timing } = ruleOf(books, message)
  // One part that failed decides for the whole message, whatever became of the others.
  const hasFailed = acceptedParts > 0 && outcome !== 'delivered' && timing !== 'never'
  if (acceptedParts < message.partCount && !hasFailed) return 'unknown'
  if (timing === 'never') return 'sent'
  if (outcome === 'delivered') return 'delivered'
  // UCP has no code for an expiry: it is told as not delivered.
  return outcome === 'expired' && books.operator.protocol === 'smpp' ? 'expired' : 'undelivered'
}

function ruleOf({ operator }: OperatorBooks, { recipient }: { recipient: string }) {
  const { rules } = receiptOptionsSchema.parse(operator.simulator.receipts)
  return outcomeFor(recipient, rules, operator.simulator.seed ?? 1)
}

/**
 * Receipts by what became of them. Each accepted part has one unless its phone is never told of, a stray one beside
 * it by its rule; those of parts whose answer was lost name an id that the store was never told. Phones whose message
 * was settled by such a receipt are left out of the last two: any one of their receipts may have done it.
 */
function receiptLines(books: OperatorBooks): Line[] {
  const { operator, accepted, parts, messages, unmatched } = books
  const known = new Set(parts.map(part => part.remoteKey))
  const given = new Set(accepted.map(part => keyOf(operator.protocol, part)))
  const isKnown = (part: ReceivedPart): boolean => known.has(keyOf(operator.protocol, part))
  const resolved = new Set(
    messages.filter(message => message.wasResolvedByReceipt).map(({ recipient }) => phoneOf(recipient)),
  )
  const open = accepted.filter(({ recipient }) => !resolved.has(phoneOf(recipient)))
  const kept = unmatched.filter(({ recipient }) => !resolved.has(phoneOf(recipient)))
  const isTold = (part: ReceivedPart): boolean => ruleOf(books, part).timing !== 'never'
  const line = (what: string, store: number, simulator: number): Line => ({
    operator: operator.name,
    what,
    store,
    simulator,
  })
  return [
    line(
      'parts with an id',
      parts.length,
      accepted.filter(isKnown).length + messagesWithFalseIds(books).size,
    ),
    line(
      'receipts matched',
      parts.filter(({ state }) => state !== 'sent').length,
      accepted.filter(part => isKnown(part) && isTold(part)).length,
    ),
    line(
      'receipts of lost answers, kept',
      kept.filter(({ keys }) => keys.some(key => given.has(key))).length,
      open.filter(part => !isKnown(part) && isTold(part)).length,
    ),
    line(
      'receipts of foreign ids, kept',
      kept.filter(({ keys }) => !keys.some(key => given.has(key))).length,
      open.filter(part => ruleOf(books, part).timing === 'stray').length,
    ),
  ]
}

/** Messages accepted with an id that the operator never gave: what was left of an answer that was cut in two. */
function messagesWithFalseIds({ operator, accepted, parts }: OperatorBooks): Set<number> {
  const given = new Set(accepted.map(part => keyOf(operator.protocol, part)))
  return new Set(parts.filter(({ remoteKey }) => !given.has(remoteKey)).map(({ messageId }) => messageId))
}

const phoneOf = (recipient: string): string => recipient.slice(-comparedDigits)

/** The id under which the store keeps a part. */
function keyOf(protocol: 'smpp' | 'ucp', { messageId }: ReceivedPart): string {
  if (protocol === 'smpp') return remoteIdKey(messageId)
  const [phone = '', second = ''] = messageId.split(':')
  return `${phone.slice(-comparedDigits)}:${second}`
}

/** The figures as a table of text. */
export function tableOf({ lines, notes }: Reconciliation): string {
  const rows = [
    ['operator', 'what', 'store', 'simulator', 'difference'],
    ...lines.map(({ operator, what, store, simulator }) => [
      operator,
      what,
      String(store),
      String(simulator),
      String(store - simulator),
    ]),
    ...notes.map(({ operator, what, count }) => [operator, what, String(count), '', '']),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows
    .map(row =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n')
}
