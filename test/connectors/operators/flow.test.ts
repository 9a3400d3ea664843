import test from 'ava'
import { createFlow, createPause } from '../../../connectors/operators/flow.ts'
import { createLiveness } from '../../../connectors/operators/smpp/liveness.ts'
import { createPendingSubmits, nextSequence } from '../../../connectors/operators/smpp/pending-submits.ts'
import { listStatuses, statusClass, statusName } from '../../../connectors/operators/smpp/tables.ts'

const accepted = (sentAtMs: number) => ({ status: 0, isThrottle: false, sentAtMs })
const throttled = (sentAtMs: number) => ({ status: 0x58, isThrottle: true, sentAtMs })

const submit = (partId: number, sentAtMs = 0) => ({ partId, sentAtMs, ticket: partId })

test('the window is what may be out', t => {
  const flow = createFlow(10, createPause())
  t.is(flow.allowance(0, 0), 10)
  t.is(flow.allowance(7, 0), 3)
  t.is(flow.allowance(12, 0), 0)
})

test('after a reconnect one part goes alone until it is answered', t => {
  const flow = createFlow(10, createPause())
  flow.reopened()
  t.is(flow.allowance(0, 1000), 1)
  t.is(flow.allowance(1, 1000), 0)
  flow.answered(accepted(1000), 1100)
  t.is(flow.allowance(0, 1100), 10)
})

test('after a submit without answer one part goes alone until another is answered', t => {
  const flow = createFlow(10, createPause())
  flow.unanswered()
  t.is(flow.allowance(3, 1000), 0)
  t.is(flow.allowance(0, 1000), 1)
  flow.answered(accepted(900), 1100)
  t.is(flow.allowance(0, 1100), 10)
})

test('a throttle answer pauses 1 s, doubles to 60 s, and is forgotten after 30 s without', t => {
  const pause = createPause()
  const flow = createFlow(10, pause)
  const pauses: number[] = []
  let nowMs = 1_000_000
  for (let turn = 0; turn < 9; turn++) {
    flow.answered(throttled(nowMs), nowMs)
    const untilMs = nowMs + pause.leftMs(nowMs)
    pauses.push((untilMs - nowMs) / 1000)
    t.is(flow.allowance(0, untilMs - 1), 0)
    t.is(flow.allowance(0, untilMs), 1)
    nowMs = untilMs
  }
  t.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60])
  nowMs += 30_000
  flow.answered(throttled(nowMs), nowMs)
  t.is(pause.leftMs(nowMs), 1000)
})

test('a window full of throttle answers is one pause, and its other answers do not end the probe', t => {
  const pause = createPause()
  const flow = createFlow(10, pause)
  const nowMs = 1_000_000
  for (let index = 0; index < 10; index++) flow.answered(throttled(nowMs - 50), nowMs + index)
  t.is(pause.leftMs(nowMs), 1000)
  flow.answered(accepted(nowMs - 50), nowMs + 1500)
  t.is(flow.allowance(0, nowMs + 1500), 1)
  flow.answered(accepted(nowMs + 1500), nowMs + 1600)
  t.is(flow.allowance(0, nowMs + 1600), 10)
})

test('binds of one account pause together, and each proves itself before it opens its window', t => {
  const pause = createPause()
  const [first, second] = [createFlow(10, pause), createFlow(10, pause)]
  first.answered(throttled(5000), 5000)
  t.is(second.allowance(0, 5500), 0)
  t.is(second.allowance(0, 6000), 1)
  first.answered(accepted(6000), 6010)
  t.is(first.allowance(0, 6010), 10)
  t.is(second.allowance(0, 6010), 1)
})

test('answers settle in any order, under the status they bear', t => {
  const pending = createPendingSubmits(10, { '0x40b': 'permanent' })
  for (const sequence of [1, 2, 3, 4]) pending.add(sequence, submit(sequence * 100))
  const outcome = (sequence: number, status: number, remoteId = '') => {
    const settled = pending.settle(sequence, { status, remoteId })
    return settled.kind === 'settled' ? settled.outcome : settled.kind
  }
  t.deepEqual(outcome(3, 0, 'abc'), { kind: 'accepted', partId: 300, remoteId: 'abc' })
  t.like(outcome(1, 0x0b), { partId: 100, statusName: 'ESME_RINVDSTADR', refusal: 'invalid-recipient' })
  t.like(outcome(2, 0x40b), { partId: 200, statusName: '0x0000040b', refusal: 'permanent' })
  t.like(outcome(4, 0x43), { partId: 400, refusal: 'permanent' })
  t.is(outcome(3, 0), 'stray')
  t.is(pending.size, 0)
})

test('an overdue submit is unknown once, its late answer still counts, and after ten minutes it is forgotten', t => {
  const pending = createPendingSubmits(2)
  pending.add(1, submit(100))
  pending.add(2, submit(200))
  t.deepEqual(pending.expire(60_000, 60_000), [])
  t.deepEqual(
    pending.expire(60_500, 60_000).map(outcome => [outcome.partId, outcome.kind]),
    [
      [100, 'unknown'],
      [200, 'unknown'],
    ],
  )
  t.deepEqual(pending.expire(61_000, 60_000), [])
  t.true(pending.has(1))
  t.like(pending.settle(1, { status: 0, remoteId: 'late' }), {
    isLate: true,
    outcome: { kind: 'accepted', partId: 100, remoteId: 'late' },
  })
  pending.expire(661_000, 60_000)
  t.deepEqual(pending.settle(2, { status: 0, remoteId: 'x' }), { kind: 'stray' })
})

test('sequence numbers wrap at 0x7fffffff and step over those still awaited', t => {
  const pending = createPendingSubmits(3)
  for (const sequence of [1, 2]) pending.add(sequence, submit(sequence))
  t.is(nextSequence(2, pending), 3)
  t.is(nextSequence(0x7ffffffe, pending), 0x7fffffff)
  t.is(nextSequence(0x7fffffff, pending), 3)
})

test('a lost link tells every submit that is owed, and the window is free again', t => {
  const pending = createPendingSubmits(2)
  pending.add(1, submit(100))
  pending.add(2, submit(200))
  t.throws(() => pending.add(3, submit(300)), { instanceOf: RangeError })
  t.deepEqual(pending.lose(), [
    { kind: 'unknown', partId: 100, reason: 'link-lost' },
    { kind: 'unknown', partId: 200, reason: 'link-lost' },
  ])
  pending.add(4, submit(400))
  t.is(pending.size, 1)
})

test('silence is asked about once per idle time, and two misses are death', t => {
  const liveness = createLiveness(30_000, 15_000, 0)
  t.is(liveness.check(29_500), 'alive')
  t.is(liveness.check(30_000), 'enquire')
  t.is(liveness.check(30_500), 'alive')
  liveness.received(31_000)
  t.is(liveness.check(60_500), 'alive')
  t.is(liveness.check(61_000), 'enquire')
  t.is(liveness.check(76_000), 'enquire')
  t.is(liveness.check(91_000), 'dead')
})

test('every status has a name and a class, unlisted ones too', t => {
  t.is(statusName(0x58), 'ESME_RTHROTTLED')
  t.is(statusName(0x4ff), '0x000004ff')
  t.is(statusClass(0x4ff), 'temporary')
  t.is(statusClass(0x9999), 'permanent')
  t.is(new Set(listStatuses().map(([value]) => value)).size, listStatuses().length)
})
