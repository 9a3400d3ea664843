import test from 'ava'
import { RappelError } from '../../server/errors.ts'
import { createBatcher } from '../../server/store/batcher.ts'

test('what comes while one batch is written forms the next, in order', async t => {
  const batches: number[][] = []
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const batcher = createBatcher<number, number>(
    async items => {
      batches.push(items)
      await gates[batches.length - 1]?.promise
      return items.map(item => item * 10)
    },
    { maxItems: 100 },
  )
  const first = [batcher.add(1), batcher.add(2)]
  await Promise.resolve()
  await Promise.resolve()
  const second = [batcher.add(3), batcher.add(4)]
  t.is(batcher.size, 4)
  for (const gate of gates) gate.resolve()
  t.deepEqual(await Promise.all([...first, ...second]), [10, 20, 30, 40])
  t.deepEqual(batches, [
    [1, 2],
    [3, 4],
  ])
  await batcher.idle()
  t.is(batcher.size, 0)
})

test('a batch holds no more items and no more weight than allowed, but a heavy one still passes alone', async t => {
  const batches: number[][] = []
  const batcher = createBatcher<number, number>(
    async items => {
      batches.push(items)
      return items
    },
    { maxItems: 3, weightOf: item => item, maxWeight: 10 },
  )
  await Promise.all([4, 5, 2, 50, 1, 1, 1, 1].map(item => batcher.add(item)))
  t.deepEqual(batches, [[4, 5], [2], [50], [1, 1, 1], [1]])
})

test('one item that makes its batch fail fails alone', async t => {
  const batcher = createBatcher<number, number>(
    async items => {
      if (items.includes(2)) throw new Error('poison')
      return items
    },
    { maxItems: 100 },
  )
  const results = await Promise.allSettled([1, 2, 3].map(item => batcher.add(item)))
  t.deepEqual(
    results.map(result => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('a store that cannot write fails all at once and is not asked again for each; then it resumes', async t => {
  let calls = 0
  let isFull = true
  const batcher = createBatcher<number, number>(
    async items => {
      calls += 1
      if (isFull) throw new RappelError('store-unavailable')
      return items
    },
    { maxItems: 100 },
  )
  const results = await Promise.allSettled([1, 2, 3].map(item => batcher.add(item)))
  t.true(results.every(result => result.status === 'rejected'))
  t.is(calls, 1)
  isFull = false
  t.is(await batcher.add(4), 4)
})

test('above what may wait an item is refused at once; there is room again after the commit', async t => {
  const gate = Promise.withResolvers<void>()
  const batcher = createBatcher<number, number>(
    async items => {
      await gate.promise
      return items
    },
    { maxItems: 1, maxWaiting: 2 },
  )
  const first = batcher.add(1)
  await Promise.resolve()
  await Promise.resolve()
  const waiting = [batcher.add(2), batcher.add(3)]
  await t.throwsAsync(batcher.add(4), { message: /too-many-requests/ })
  gate.resolve()
  await Promise.all([first, ...waiting])
  t.is(await batcher.add(5), 5)
})
