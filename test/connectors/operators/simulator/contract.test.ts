import test from 'ava'
import fc from 'fast-check'
import { ArrivalRate, SlidingSecond } from '../../../../connectors/operators/simulator/sliding-second.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { boundClient, simulator } from './raw-client.ts'

const quiet = { receipts: { enabled: false } }

test('what exceeds the contract in any second is throttled, until a place is free again', async t => {
  const clock = fakeClock()
  const operator = await simulator(t, { ...quiet, contract: { maxPartsPerSecond: 3 } }, clock)
  const client = await boundClient(t, operator)
  const statusAt = async (advanceMs: number): Promise<number> => {
    await clock.advance(advanceMs)
    return (await client.submitted()).status
  }
  t.is(await statusAt(0), 0)
  t.is(await statusAt(500), 0)
  t.is(await statusAt(400), 0)
  t.is(await statusAt(50), 0x58)
  // 1,000 ms after the first; a second of the wall clock would have allowed three.
  t.is(await statusAt(50), 0)
  t.is(await statusAt(0), 0x58)
  t.like(operator.status(), { partsAccepted: 4, partsThrottled: 2, rateViolations: 2, peakInAnySecond: 3 })
})

test('a contract that is not enforced is only counted', async t => {
  const clock = fakeClock()
  const operator = await simulator(t, { ...quiet, contract: { maxPartsPerSecond: 2, enforce: false } }, clock)
  const client = await boundClient(t, operator)
  for (let count = 0; count < 5; count += 1) t.is((await client.submitted()).status, 0)
  t.like(operator.status(), { partsAccepted: 5, rateViolations: 3, peakInAnySecond: 5 })
})

test('more unanswered submits than the contracted window are throttled', async t => {
  const operator = await simulator(
    t,
    { ...quiet, contract: { maxWindow: 2 }, faults: [{ fault: { kind: 'delay-answer', ms: 60_000 } }] },
    fakeClock(),
  )
  const client = await boundClient(t, operator)
  client.submit()
  client.submit()
  const third = client.submit()
  const answer = await client.nextOf(command.submitSmResp)
  t.is(answer.sequence, third)
  t.is(answer.status, 0x58)
  t.is(operator.status().windowViolations, 1)
})

const arrivals = fc
  .array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 60 })
  .map(gaps => gaps.map(sum(0)))

function sum(start: number): (gap: number) => number {
  let at = start
  return gap => {
    at += gap
    return at
  }
}

test('no window of a second holds more than the contract, and nothing that fits is refused', t => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 8 }), (times, most) => {
      const limit = new SlidingSecond(most)
      const accepted: number[] = []
      for (const at of times) {
        const inWindow = accepted.filter(other => at - other < 1_000).length
        t.is(limit.isFull(at), inWindow >= most)
        if (limit.isFull(at)) continue
        limit.add(at)
        accepted.push(at)
      }
    }),
  )
})

test('the peak is that of the busiest window of 1,000 ms, wherever it begins', t => {
  fc.assert(
    fc.property(arrivals, times => {
      const rate = new ArrivalRate()
      for (const at of times) rate.add(at)
      const busiest = Math.max(...times.map(end => times.filter(at => at <= end && end - at < 1_000).length))
      t.is(rate.peakInAnySecond, busiest)
      t.is(
        rate.perSecond().reduce((total, { parts }) => total + parts, 0),
        times.length,
      )
    }),
  )
})
