import test from 'ava'
import fc from 'fast-check'
import { createRateLimit } from '../../../../connectors/operators/smpp/rate-limit.ts'

/** The most parts in any window of one second, wherever it begins. */
function busiestSecond(leftAtMs: readonly number[]): number {
  let most = 0
  let first = 0
  leftAtMs.forEach((atMs, index) => {
    while (atMs - leftAtMs[first]! >= 1000) first += 1
    most = Math.max(most, index - first + 1)
  })
  return most
}

/** Takes all that is allowed each time it looks. */
function greedy(partsPerSecond: number, looksAtMs: Iterable<number>): number[] {
  const rate = createRateLimit(partsPerSecond)
  const left: number[] = []
  for (const nowMs of looksAtMs) {
    const count = rate.available(nowMs)
    rate.take(count, nowMs)
    for (let part = 0; part < count; part++) left.push(nowMs)
  }
  return left
}

function* everyMs(fromMs: number, durationMs: number, stepMs = 1): Generator<number> {
  for (let nowMs = fromMs; nowMs < fromMs + durationMs; nowMs += stepMs) yield nowMs
}

for (const partsPerSecond of [1, 2, 3, 7, 10, 20, 50, 100, 150, 333, 1000, 2000]) {
  test(`${partsPerSecond} parts/s: never above the contract, and at least 98 % of it`, t => {
    const seconds = 60
    const left = greedy(partsPerSecond, everyMs(1_800_000_000_000, seconds * 1000))
    t.true(busiestSecond(left) <= partsPerSecond)
    t.true(left.length >= 0.98 * partsPerSecond * seconds, `${left.length} parts in ${seconds} s`)
  })

  test(`${partsPerSecond} parts/s: waiting for nextAtMs with timers late by some milliseconds costs little`, t => {
    const rate = createRateLimit(partsPerSecond)
    const left: number[] = []
    let nowMs = 1_800_000_000_000
    const endMs = nowMs + 60_000
    for (let turn = 0; nowMs < endMs; turn++) {
      const count = rate.available(nowMs)
      rate.take(count, nowMs)
      for (let part = 0; part < count; part++) left.push(nowMs)
      nowMs = Math.max(rate.nextAtMs(nowMs), nowMs + 1) + (turn % 4)
    }
    t.true(busiestSecond(left) <= partsPerSecond)
    t.true(left.length >= 0.97 * partsPerSecond * 60, `${left.length} parts`)
  })
}

test('bursts, stalls and idle times never bring a second above the contract, nor the network’s jitter of 15 ms', t => {
  const waits = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 900, max: 3000 }),
    ),
    { minLength: 20, maxLength: 300 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), waits, fc.integer(), (partsPerSecond, steps, seed) => {
      let nowMs = 0
      const looks = steps.map(step => {
        nowMs += step
        return nowMs
      })
      const left = greedy(partsPerSecond, looks)
      t.true(busiestSecond(left) <= partsPerSecond)
      const received = left.map((atMs, index) => atMs + (Math.abs(seed ^ (index * 2_654_435_761)) % 15))
      t.true(busiestSecond(received.toSorted((a, b) => a - b)) <= partsPerSecond)
    }),
    { numRuns: 300 },
  )
})

test('parts leave evenly: no burst above a twentieth of the contract', t => {
  const left = greedy(100, everyMs(0, 10_000, 5))
  const perLook = new Map<number, number>()
  for (const atMs of left) perLook.set(atMs, (perLook.get(atMs) ?? 0) + 1)
  t.true(Math.max(...perLook.values()) <= 6)
})

test('nextAtMs is the moment from which a part is available, also at the size of real epoch times', t => {
  const starts = fc.oneof(fc.constant(0), fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }))
  const waits = fc.array(fc.nat(400), { maxLength: 50 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), starts, waits, (partsPerSecond, startMs, steps) => {
      const limit = createRateLimit(partsPerSecond)
      let nowMs = startMs
      for (const step of steps) {
        nowMs += step
        limit.take(limit.available(nowMs), nowMs)
        const next = limit.nextAtMs(nowMs)
        t.is(next, Math.round(next))
        t.true(next > nowMs)
        t.is(limit.available(next - 1), 0)
        t.true(limit.available(next) > 0)
        nowMs = next
      }
    }),
    { numRuns: 500 },
  )
})

test('a clock set back by an hour delays nothing and allows nothing more', t => {
  const rate = createRateLimit(10)
  const start = 10_000_000
  let taken = 0
  for (const nowMs of everyMs(start, 1000)) {
    const count = rate.available(nowMs)
    rate.take(count, nowMs)
    taken += count
  }
  t.is(taken, 10)
  let again = 0
  for (const nowMs of everyMs(start + 1000 - 3_600_000, 1100)) {
    const count = rate.available(nowMs)
    rate.take(count, nowMs)
    again += count
  }
  t.true(again >= 9 && again <= 12, String(again))
})

test('0 is unlimited', t => {
  const rate = createRateLimit(0)
  rate.take(1e6, 0)
  t.true(rate.available(0) > 1e6)
  t.is(rate.nextAtMs(5), 5)
})
