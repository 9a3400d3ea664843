import test from 'ava'
import fc from 'fast-check'
import { createReconnect } from '../../../../connectors/operators/reconnect.ts'
import { createPendingOperations } from '../../../../connectors/operators/ucp/pending-operations.ts'
import { createPhoneSpacing } from '../../../../connectors/operators/ucp/phone-spacing.ts'
import { part } from './link-under-test.ts'

const phone = '22670000001'
const to = (partId: number, recipient = phone) => part(partId, { recipient })

test('the second part to a phone leaves a second after the answer to the first', t => {
  const spacing = createPhoneSpacing(1000)
  t.true(spacing.admit(to(1), 0))
  t.false(spacing.admit(to(2), 0))
  t.true(spacing.admit(to(3, '22670000002'), 0))
  t.is(spacing.held, 1)
  t.is(spacing.nextInMs(0), null)
  spacing.answered(phone, true, 300)
  t.is(spacing.nextInMs(300), 1020)
  t.is(spacing.dueCount(1319), 0)
  t.deepEqual(spacing.takeDue(5, 1320), [to(2)])
  t.is(spacing.held, 0)
  t.false(spacing.admit(to(4), 1320))
})

test('a part that was refused has no second: the next one may leave at once', t => {
  const spacing = createPhoneSpacing(1000)
  spacing.admit(to(1), 0)
  spacing.admit(to(2), 0)
  spacing.answered(phone, false, 10)
  t.is(spacing.nextInMs(10), 0)
  t.deepEqual(spacing.takeDue(5, 10), [to(2)])
})

test('a national and an international spelling are one phone', t => {
  const spacing = createPhoneSpacing(1000)
  t.true(spacing.admit(to(1, '22670000001'), 0))
  t.false(spacing.admit(to(2, '70000001'), 0))
})

test('a lost link gives back what is held, in its order, and remembers which phones were answered', t => {
  const spacing = createPhoneSpacing(1000)
  for (const [partId, recipient] of [
    [1, 'a1'],
    [2, 'b2'],
    [3, 'a1'],
    [4, 'b2'],
    [5, 'a1'],
  ] as const) {
    spacing.admit(to(partId, recipient), 0)
  }
  t.deepEqual(
    spacing.takeAll().map(held => held.partId),
    [3, 4, 5],
  )
  t.is(spacing.held, 0)
  spacing.answered('a1', true, 100)
  spacing.answered('b2', false, 100)
  t.false(spacing.admit(to(6, 'a1'), 200))
  t.true(spacing.admit(to(7, 'b2'), 200))
})

test('without spacing nothing is held', t => {
  const spacing = createPhoneSpacing(0)
  for (let partId = 0; partId < 5; partId++) t.true(spacing.admit(to(partId), 0))
})

test('however parts and answers mix, each part leaves once, in order per phone, a second apart', t => {
  const step = fc.record({
    recipient: fc.constantFrom('1', '2', '3'),
    waitMs: fc.nat(700),
    answers: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const spacing = createPhoneSpacing(1000)
      const left: { partId: number; recipient: string; atMs: number }[] = []
      const out = new Set<string>()
      const answeredAtMs = new Map<string, number>()
      let nowMs = 0
      const leave = (sent: { partId: number; recipient: string }): void => {
        t.false(out.has(sent.recipient))
        t.true(nowMs - (answeredAtMs.get(sent.recipient) ?? Number.NEGATIVE_INFINITY) >= 1000)
        out.add(sent.recipient)
        left.push({ partId: sent.partId, recipient: sent.recipient, atMs: nowMs })
      }
      const answer = (recipient: string): void => {
        spacing.answered(recipient, true, nowMs)
        out.delete(recipient)
        answeredAtMs.set(recipient, nowMs)
      }
      for (const [partId, { recipient, waitMs, answers }] of steps.entries()) {
        nowMs += waitMs
        for (const due of spacing.takeDue(2, nowMs)) leave(due)
        const given = to(partId, recipient)
        if (spacing.admit(given, nowMs)) leave(given)
        if (answers) for (const waiting of [...out]) answer(waiting)
      }
      while (spacing.held > 0) {
        for (const waiting of [...out]) answer(waiting)
        nowMs += spacing.nextInMs(nowMs) ?? 0
        for (const due of spacing.takeDue(100, nowMs)) leave(due)
      }
      t.is(left.length, steps.length)
      for (const recipient of ['1', '2', '3']) {
        const ids = left.filter(sent => sent.recipient === recipient).map(sent => sent.partId)
        t.deepEqual(
          ids,
          ids.toSorted((a, b) => a - b),
        )
      }
    }),
  )
})

const submit = (partId: number) =>
  ({ kind: 'submit', partId, recipient: phone, ticket: 0, sentAtMs: 0 }) as const

test('a hundred numbers go round, and one that waits is never given twice', t => {
  const pending = createPendingOperations()
  t.deepEqual(Array.from({ length: 100 }, (_, index) => pending.add(submit(index)))[99], 99)
  t.is(pending.free, 0)
  t.throws(() => pending.add(submit(100)), { instanceOf: RangeError })
  pending.settle(42)
  t.is(pending.add(submit(100)), 42)
  for (const trn of [7, 3]) pending.settle(trn)
  t.is(pending.add(submit(101)), 3)
  t.is(pending.add(submit(102)), 7)
})

test('a number whose result is overdue stays aside for ten minutes', t => {
  const pending = createPendingOperations()
  const trn = pending.add(submit(1))
  t.deepEqual(pending.expire(60_000, 60_000), [])
  t.deepEqual(pending.expire(60_500, 60_000), [submit(1)])
  t.is(pending.waiting, 0)
  t.is(pending.free, 99)
  t.not(pending.get(trn)?.forgetElapsedMs, null)
  t.deepEqual(pending.lose(), [])
  const again = createPendingOperations()
  again.add(submit(1))
  again.expire(60_500, 60_000)
  again.expire(660_500, 60_000)
  t.is(again.free, 100)
})

test('the wait between connections grows, and is short again after a good one', t => {
  const reconnect = createReconnect(60_000, () => 0)
  t.deepEqual(
    Array.from({ length: 9 }, () => reconnect.down(0)),
    [1, 2, 5, 10, 20, 30, 60, 60, 60].map(s => s * 1000),
  )
  reconnect.up(0)
  t.is(reconnect.down(59_999), 60_000)
  reconnect.up(100_000)
  t.is(reconnect.down(160_000), 1000)
  t.is(createReconnect(1, () => 0.5).spread(300), 337_500)
})
