import test from 'ava'
import { noCounts } from '../../connectors/operators/simulator/counters.ts'
import type { ReceivedMessage } from '../../connectors/operators/simulator/reassembly.ts'
import type { Books } from '../../server/demo/books.ts'
import { type OperatorWitness, reconcile } from '../../server/demo/reconcile.ts'

type Facts = Pick<Books, 'messages' | 'counters' | 'ledger' | 'created' | 'sentTexts' | 'openExamples'>

const recipient = '22670000001'

function received(text: string): ReceivedMessage {
  return { recipient, sender: 'KIBARE', text, partCount: 1, isComplete: true, parts: [] }
}

/** Two messages delivered by operator 1, with the same text to the same phone: two contracts of one person. */
function books(changes: Partial<Facts> = {}): Facts {
  const row = { operatorId: 1, alertId: 1, messages: 2, parts: 2 }
  return {
    messages: () => [{ ...row, state: 'delivered', reason: '', wasSent: true }],
    counters: () => [
      { ...row, state: 'sent', costMilli: 24_000 },
      { ...row, state: 'delivered', costMilli: 0 },
    ],
    ledger: () => [{ operatorId: 1, entries: 2, messages: 2 }],
    created: () => ({ entries: 2, messages: 2 }),
    sentTexts: () =>
      [1, 2].map(messageId => ({
        messageId,
        alertId: 1,
        operatorId: 1,
        recipient,
        text: 'Bonjour',
        parts: 1,
      })),
    openExamples: () => [],
    ...changes,
  }
}

function witness(texts: readonly string[]): OperatorWitness {
  const counts = noCounts()
  counts.partsAccepted = texts.length
  counts.outcomes.delivered = texts.length
  return { operatorId: 1, name: 'Orange', counts, messages: texts.map(received) }
}

test('books and operator that tell the same agree', t => {
  const { isEqual, open, texts } = reconcile(books(), [witness(['Bonjour', 'Bonjour'])], 2)
  t.true(isEqual)
  t.deepEqual(open, [])
  t.deepEqual(texts, [])
})

test('a text that the operator never saw is named', t => {
  const { isEqual, texts } = reconcile(books(), [witness(['Bonjour'])], 2)
  t.false(isEqual)
  t.like(texts, [{ kind: 'missing-at-simulator', count: 1, first: { recipient, text: 'Bonjour' } }])
})

test('a text that arrived once more is named', t => {
  const { isEqual, texts } = reconcile(books(), [witness(['Bonjour', 'Bonjour', 'Bonjour'])], 2)
  t.false(isEqual)
  t.like(texts, [{ kind: 'only-at-simulator', count: 1 }])
})

test('the right number of other texts does not agree', t => {
  const { isEqual, texts, checks } = reconcile(books(), [witness(['Bonjour', 'Bonsoir'])], 2)
  t.true(checks.every(check => check.isEqual))
  t.is(texts.length, 2)
  t.false(isEqual)
})

test('a counter, a ledger or a report that differs is a difference', t => {
  const witnesses = [witness(['Bonjour', 'Bonjour'])]
  const otherLedger = books({ ledger: () => [{ operatorId: 1, entries: 3, messages: 2 }] })
  t.false(reconcile(otherLedger, witnesses, 2).isEqual)
  t.false(reconcile(books({ counters: () => [] }), witnesses, 2).isEqual)
  t.false(reconcile(books(), witnesses, 3).isEqual)
})

test('a message that is still out is open, one that is held is not', t => {
  const row = { operatorId: 1, alertId: 1, messages: 1, parts: 1, reason: '', wasSent: false }
  const withState = (state: 'unknown' | 'held'): Facts =>
    books({ messages: () => [...books().messages(), { ...row, state }] })
  const witnesses = [witness(['Bonjour', 'Bonjour'])]
  t.deepEqual(reconcile(withState('unknown'), witnesses, 2).open, [{ state: 'unknown', messages: 1 }])
  t.false(reconcile(withState('unknown'), witnesses, 2).isEqual)
  t.true(reconcile(withState('held'), witnesses, 2).isEqual)
})
