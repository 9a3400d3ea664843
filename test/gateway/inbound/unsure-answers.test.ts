/** What an operator may deliver again is what it was not, or perhaps not, answered. */
import test from 'ava'
import type { BindStatus, LinkStatus } from '../../../connectors/operator.ts'
import { createUnsureAnswers, lostAnswerMs } from '../../../server/gateway/inbound/unsure-answers.ts'

function linkOf(...binds: Partial<BindStatus>[]): LinkStatus {
  const common = { sinceMs: 0, reason: '', inFlight: 0 }
  return {
    ...common,
    state: 'bound',
    window: 10,
    pausedUntilMs: 0,
    partsInLastSecond: 0,
    lastError: null,
    binds: binds.map((bind, index) => ({
      ...common,
      name: `transceiver ${index + 1}`,
      state: 'bound',
      submitted: 0,
      reconnects: 0,
      ...bind,
    })),
  }
}

const up = linkOf({})

test('what was answered on a connection that stays up is not in doubt; what waits is', t => {
  const unsure = createUnsureAnswers(0)
  unsure.look(up, 500)
  t.deepEqual(unsure.received([1, 2], up, 1_000), { unansweredSinceMs: 1_000, lostAtMs: 0 })
  unsure.answered([1, 2], true, 1_010)
  t.deepEqual(unsure.received([3], up, 2_000), { unansweredSinceMs: 2_000, lostAtMs: 0 })
  t.deepEqual(unsure.received([4], up, 3_000), { unansweredSinceMs: 2_000, lostAtMs: 0 })
  unsure.answered([3], true, 3_010)
  t.like(unsure.received([5], up, 4_000), { unansweredSinceMs: 3_000 })
})

test('what the operator was asked to deliver again is in doubt until it had the time to', t => {
  const unsure = createUnsureAnswers(0)
  unsure.received([1], up, 1_000)
  unsure.answered([1], false, 6_000)
  t.like(unsure.received([2], up, 6_000 + lostAnswerMs), { unansweredSinceMs: 1_000 })
  unsure.answered([2], true, 6_000 + lostAnswerMs)
  const laterMs = 6_001 + lostAnswerMs
  t.like(unsure.received([3], up, laterMs), { unansweredSinceMs: laterMs })
})

test('a loss puts in doubt what was read before it, and nothing that the new connection brings', t => {
  const unsure = createUnsureAnswers(0)
  unsure.received([1], up, 1_000)
  unsure.answered([1], true, 1_001)
  unsure.look(linkOf({ state: 'waiting' }), 2_000)
  unsure.look(up, 3_000)
  t.like(unsure.received([2], up, 3_000), { lostAtMs: 2_000 })
})

test('one connection of several that is lost and back unnoticed is seen by what comes next', t => {
  const unsure = createUnsureAnswers(0)
  unsure.look(linkOf({}, {}), 500)
  unsure.received([1], linkOf({}, {}), 1_000)
  unsure.answered([1], true, 1_001)
  t.like(unsure.received([2], linkOf({}, { reconnects: 1 }), 5_000), { lostAtMs: 4_999 })
  t.like(unsure.received([3], linkOf({}, { reconnects: 1 }), 6_000), { lostAtMs: 4_999 })
})

test('answers for tokens that nobody knows change nothing', t => {
  const unsure = createUnsureAnswers(0)
  unsure.answered([7, 8], false, 100)
  t.deepEqual(unsure.received([1], up, 1_000), { unansweredSinceMs: 1_000, lostAtMs: 0 })
})
