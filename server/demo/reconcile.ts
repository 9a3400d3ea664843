/** Compares the books with what the operators saw. Pure: figures in, rows and differences out. */

import type { SimulatorCounts } from '../../connectors/operators/simulator/counters.ts'
import type { ReceivedMessage } from '../../connectors/operators/simulator/reassembly.ts'
import type { MessageState } from '../gateway/message-state.ts'
import type { Books, CounterChange, SentText, StateCount } from './books.ts'
import type { Words } from './words.ts'

/** One operator's own account of the start. */
export interface OperatorWitness {
  operatorId: number
  name: string
  counts: SimulatorCounts
  messages: readonly ReceivedMessage[]
}

/** One row of the table; null where a column has no such figure. */
export interface Check {
  operator: string
  check: keyof Words['checks']
  states: number
  counters: number | null
  ledger: number | null
  simulator: number | null
  isEqual: boolean
}

export interface TextDifference {
  operator: string
  kind: 'missing-at-simulator' | 'only-at-simulator'
  count: number
  first: { recipient: string; text: string }
}

/** States in which something may still be heard. */
export interface OpenMessages {
  state: 'queued' | 'sending' | 'sent' | 'unknown'
  messages: number
}

export interface Reconciliation {
  checks: Check[]
  /** Messages without a final state, by state. */
  open: OpenMessages[]
  openExamples: ReturnType<Books['openExamples']>
  texts: TextDifference[]
  isEqual: boolean
}

export function reconcile(
  books: Pick<Books, 'messages' | 'counters' | 'ledger' | 'created' | 'sentTexts' | 'openExamples'>,
  witnesses: readonly OperatorWitness[],
  /** New occasions according to the reports of the runs. */
  reported: number,
): Reconciliation {
  const messages = books.messages()
  const counters = books.counters()
  const ledger = books.ledger()
  const sentTexts = books.sentTexts()
  const created = books.created()
  const checks: Check[] = [
    check('', 'occasions', {
      states: created.messages,
      ledger: created.entries,
      simulator: null,
      counters: reported,
    }),
  ]
  const texts: TextDifference[] = []
  for (const witness of witnesses) {
    const { operatorId, name } = witness
    const own = messages.filter(row => row.operatorId === operatorId && row.wasSent)
    const counted = counters.filter(row => row.operatorId === operatorId)
    const entry = ledger.find(row => row.operatorId === operatorId)
    const sent = totalOf(counted, 'sent')
    const { outcomes } = witness.counts
    checks.push(
      check(name, 'messages', {
        states: sum(own, row => row.messages),
        counters: sent.messages,
        // What an API client sent is nobody's occasion.
        ledger: (entry?.entries ?? 0) + sum(own, row => (row.alertId === 0 ? row.messages : 0)),
        simulator: witness.messages.filter(message => message.isComplete).length,
      }),
      check(name, 'parts', {
        states: sum(own, row => row.parts),
        counters: sent.parts,
        ledger: null,
        simulator: witness.counts.partsAccepted,
      }),
    )
    const told = {
      delivered: outcomes.delivered,
      undelivered: outcomes.undelivered + outcomes.rejected + outcomes.unknown,
      expired: outcomes.expired + outcomes.deleted,
    }
    for (const state of ['delivered', 'undelivered', 'expired'] as const) {
      checks.push(
        check(name, state, {
          states: sum(
            own.filter(row => row.state === state),
            row => row.parts,
          ),
          counters: totalOf(counted, state).parts - neverSent(messages, operatorId, state),
          ledger: null,
          simulator: told[state],
        }),
      )
    }
    texts.push(...textDifferences(witness, sentTexts))
  }
  const open = openMessages(messages)
  const isEqual = checks.every(row => row.isEqual) && texts.length === 0 && open.length === 0
  return { checks, open, openExamples: books.openExamples(), texts, isEqual }
}

const openStates = ['queued', 'sending', 'sent', 'unknown'] as const

/** Messages of which something may still be heard. Held ones wait for a person and were not sent. */
export function openMessages(messages: readonly StateCount[]): OpenMessages[] {
  return openStates.flatMap(state => {
    const count = sum(
      messages.filter(row => row.state === state),
      row => row.messages,
    )
    return count === 0 ? [] : [{ state, messages: count }]
  })
}

/** Every text sent, exactly once at its operator: both sides as multisets of recipient and text. */
function textDifferences(
  { operatorId, name, messages }: OperatorWitness,
  sentTexts: readonly SentText[],
): TextDifference[] {
  const balance = new Map<string, { recipient: string; text: string; count: number }>()
  const add = (recipient: string, text: string, count: number): void => {
    const key = `${recipient}|${text}`
    const known = balance.get(key)
    if (known === undefined) balance.set(key, { recipient, text, count })
    else known.count += count
  }
  for (const { operatorId: sender, recipient, text } of sentTexts) {
    if (sender === operatorId) add(recipient, text, 1)
  }
  for (const { recipient, text } of messages) add(recipient, text, -1)
  const differences: TextDifference[] = []
  const list = (kind: TextDifference['kind'], sign: 1 | -1): void => {
    const rows = [...balance.values()].filter(row => row.count * sign > 0)
    const [first] = rows
    if (first !== undefined)
      differences.push({ operator: name, kind, count: sum(rows, row => row.count * sign), first })
  }
  list('missing-at-simulator', 1)
  list('only-at-simulator', -1)
  return differences
}

/** Closed by the queue itself before any operator had them. */
function neverSent(messages: readonly StateCount[], operatorId: number, state: MessageState): number {
  return sum(
    messages.filter(row => row.operatorId === operatorId && row.state === state && !row.wasSent),
    row => row.parts,
  )
}

function check(
  operator: string,
  name: Check['check'],
  figures: Pick<Check, 'states' | 'counters' | 'ledger' | 'simulator'>,
): Check {
  const { states, counters, ledger, simulator } = figures
  const isEqual = [counters, ledger, simulator].every(figure => figure === null || figure === states)
  return { operator, check: name, ...figures, isEqual }
}

function totalOf(
  counters: readonly CounterChange[],
  state: MessageState,
): { messages: number; parts: number } {
  const rows = counters.filter(row => row.state === state)
  return { messages: sum(rows, row => row.messages), parts: sum(rows, row => row.parts) }
}

function sum<Row>(rows: readonly Row[], figure: (row: Row) => number): number {
  return rows.reduce((total, row) => total + figure(row), 0)
}
