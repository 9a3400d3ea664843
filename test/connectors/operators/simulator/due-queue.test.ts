import test from 'ava'
import fc from 'fast-check'
import { DueQueue } from '../../../../connectors/operators/simulator/due-queue.ts'
import { fakeClock } from '../../../support/fake-clock.ts'

test('items fall due in order, together within a slot, with one timer for all', async t => {
  const clock = fakeClock()
  const batches: string[][] = []
  const queue = new DueQueue<string>(clock, items => batches.push(items))
  const startMs = clock.nowMs()
  queue.add(startMs + 500, 'late')
  queue.add(startMs + 100, 'first')
  queue.add(startMs + 100, 'second')
  t.is(clock.pending(), 1)
  t.is(queue.size, 3)
  await clock.advance(99)
  t.deepEqual(batches, [])
  await clock.advance(1_000)
  t.deepEqual(batches, [['first', 'second'], ['late']])
  t.is(queue.size, 0)
  t.is(clock.pending(), 0)
})

test('a cleared queue holds no timer', t => {
  const clock = fakeClock()
  const queue = new DueQueue<number>(clock, () => t.fail())
  queue.add(clock.nowMs() + 5, 1)
  queue.clear()
  t.is(clock.pending(), 0)
  t.is(queue.size, 0)
})

test('nothing is early, nothing is late by more than a slot, nothing is forgotten', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 50 }), async delays => {
      const clock = fakeClock()
      const startMs = clock.nowMs()
      const handed: number[] = []
      const queue = new DueQueue<number>(clock, items => {
        for (const delay of items) {
          const lateMs = clock.nowMs() - startMs - delay
          t.true(lateMs >= 0 && lateMs <= 10)
          handed.push(delay)
        }
      })
      for (const delay of delays) queue.add(startMs + delay, delay)
      await clock.advance(5_100)
      t.deepEqual(
        handed.toSorted((a, b) => a - b),
        delays.toSorted((a, b) => a - b),
      )
    }),
    { numRuns: 30 },
  )
})
