import test from 'ava'
import fc from 'fast-check'
import { createRateLimit } from '../../../connectors/operators/rate-limit.ts'
import { busiestSecond, contractRun, type Weather } from './contract-run.ts'

const calm: Weather = { delayMs: () => 0.2, answerMs: () => 0.2, lateMs: () => 0 }

/** Deterministic, 0 ≤ value < 1. */
function noise(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** What is left of a standstill of `lengthMs` that comes every `periodMs`, as in a garbage collection. */
function standstill(nowMs: number, periodMs: number, lengthMs: number): number {
  return Math.max(lengthMs - (nowMs % periodMs), 0)
}

for (const partsPerSecond of [1, 2, 3, 7, 10, 20, 50, 100, 150, 333, 1000, 2000]) {
  test(`${partsPerSecond} parts/s: never above the contract, and at least 98 % of it`, t => {
    const { arrivedAtMs } = contractRun({ partsPerSecond, seconds: 60, weather: calm })
    t.true(busiestSecond(arrivedAtMs) <= partsPerSecond)
    t.true(arrivedAtMs.length >= 0.98 * partsPerSecond * 60, `${arrivedAtMs.length} parts`)
  })

  test(`${partsPerSecond} parts/s: timers late by some milliseconds cost less than 2 %`, t => {
    const random = noise(partsPerSecond)
    const weather = { ...calm, lateMs: () => Math.floor(random() * 4) }
    const { arrivedAtMs } = contractRun({ partsPerSecond, seconds: 60, weather })
    t.true(busiestSecond(arrivedAtMs) <= partsPerSecond)
    t.true(arrivedAtMs.length >= 0.98 * partsPerSecond * 60, `${arrivedAtMs.length} parts`)
  })

  test(`${partsPerSecond} parts/s over a network with jitter and stalls: as the receiver counts, never above`, t => {
    const random = noise(partsPerSecond + 7)
    const weather: Weather = {
      delayMs: nowMs => 5 + random() * 8 + standstill(nowMs, 1_700, 100),
      answerMs: () => 5 + random() * 5,
      lateMs: nowMs => random() * 3 + standstill(nowMs, 2_300, 80),
    }
    const { arrivedAtMs } = contractRun({ partsPerSecond, seconds: 60, weather })
    t.true(busiestSecond(arrivedAtMs) <= partsPerSecond, `${busiestSecond(arrivedAtMs)} in one second`)
    t.true(arrivedAtMs.length >= 0.95 * partsPerSecond * 60, `${arrivedAtMs.length} parts`)
  })
}

test('whatever stands still now and then, network, receiver or sender, no second is above the contract', t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer(),
      fc.record({
        periodMs: fc.integer({ min: 1200, max: 4000 }),
        lengthMs: fc.integer({ min: 0, max: 900 }),
        answersMs: fc.integer({ min: 0, max: 300 }),
        connections: fc.integer({ min: 1, max: 3 }),
      }),
      (partsPerSecond, seed, { periodMs, lengthMs, answersMs, connections }) => {
        const random = noise(seed)
        const weather: Weather = {
          delayMs: nowMs => 3 + random() * 4 + standstill(nowMs, periodMs, lengthMs),
          answerMs: () => 1 + (random() < 0.5 ? random() * 3 : random() * answersMs),
          lateMs: nowMs => random() * 5 + standstill(nowMs + 150, periodMs * 1.7, lengthMs),
        }
        const { arrivedAtMs } = contractRun({ partsPerSecond, seconds: 8, weather, connections })
        t.true(busiestSecond(arrivedAtMs) <= partsPerSecond, `${busiestSecond(arrivedAtMs)} in one second`)
      },
    ),
    { numRuns: 300 },
  )
})

test('answers that never come cost at most the believed delay', t => {
  const weather = { ...calm, answerMs: () => Number.POSITIVE_INFINITY }
  const { arrivedAtMs } = contractRun({ partsPerSecond: 50, seconds: 30, weather })
  t.true(busiestSecond(arrivedAtMs) <= 50)
  t.true(arrivedAtMs.length >= 0.49 * 50 * 30, `${arrivedAtMs.length} parts`)
})

test('an operator that thinks long and evenly about its answers loses nothing', t => {
  const { arrivedAtMs } = contractRun({
    partsPerSecond: 100,
    seconds: 30,
    weather: { ...calm, answerMs: () => 700 },
  })
  t.true(arrivedAtMs.length >= 0.98 * 100 * 30, `${arrivedAtMs.length} parts`)
})

test('parts leave evenly: no burst above a twentieth of the contract', t => {
  const { leftAtMs } = contractRun({
    partsPerSecond: 100,
    seconds: 10,
    weather: { ...calm, lateMs: () => 5 },
  })
  const perLook = new Map<number, number>()
  for (const atMs of leftAtMs) perLook.set(atMs, (perLook.get(atMs) ?? 0) + 1)
  t.true(Math.max(...perLook.values()) <= 6)
})

test('nextInMs tells the moment from which a part is available', t => {
  const waits = fc.array(fc.nat(400), { maxLength: 50 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), waits, (partsPerSecond, steps) => {
      let nowMs = 1000
      const limit = createRateLimit(partsPerSecond, { monotonicMs: () => nowMs })
      const lane = limit.lane()
      for (const step of steps) {
        nowMs += step
        const count = limit.available()
        const first = lane.take(count)
        for (let index = 0; index < count; index++) lane.answered(first + index)
        const waitMs = limit.nextInMs()
        t.true(waitMs > 0)
        nowMs += Math.max(waitMs - 0.2, 0)
        if (waitMs > 0.2) t.is(limit.available(), 0)
        nowMs += Math.min(waitMs, 0.2)
        t.true(limit.available() > 0)
        t.is(limit.nextInMs(), 0)
      }
    }),
    { numRuns: 500 },
  )
})

test('a limit that takes over from another waits until the second before it is over', t => {
  let nowMs = 50
  const limit = createRateLimit(10, { monotonicMs: () => nowMs }, 1200)
  t.is(limit.available(), 0)
  t.is(limit.nextInMs(), 1200)
  nowMs += 1200
  t.is(limit.available(), 1)
})

test('0 is unlimited', t => {
  const limit = createRateLimit(0, { monotonicMs: () => 0 })
  limit.lane().take(1e6)
  t.true(limit.available() > 1e6)
  t.is(limit.nextInMs(), 0)
})
