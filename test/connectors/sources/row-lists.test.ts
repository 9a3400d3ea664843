/** Rows taken one by one from batches that come together. */
import test, { type ExecutionContext } from 'ava'
import type { SourceRow } from '../../../connectors/source.ts'
import { RawBatch, rowByRow } from '../../../connectors/sources/row-lists.ts'

/** Batches of `sizes`, each after a turn; ids count through. `over` says how the batches ended. */
function rowsOf(t: ExecutionContext, sizes: readonly number[], { hangsAfter = sizes.length } = {}) {
  const stop = new AbortController()
  const ends: string[] = []
  async function* batches(): AsyncGenerator<RawBatch, void, undefined> {
    let id = 0
    try {
      for (const [index, size] of sizes.entries()) {
        await new Promise((resolve, reject) => {
          stop.signal.throwIfAborted()
          stop.signal.addEventListener('abort', () => reject(stop.signal.reason))
          if (index < hangsAfter) setImmediate(resolve)
        })
        const rows = Array.from({ length: size }, (_, place) => [id + place + 1])
        id += size
        yield new RawBatch(rows, size, ([value]) => ({ id: value! }))
      }
      ends.push('read')
    } finally {
      ends.push('freed')
    }
  }
  const leave = (): void => stop.abort(new Error('gone'))
  t.teardown(leave)
  return { rows: rowByRow(batches(), { stop: stop.signal, leave }), ends, stop }
}

const ids = (rows: readonly SourceRow[]) => rows.map(({ id }) => id)

test('every row of every batch is taken once, in order', async t => {
  const { rows, ends } = rowsOf(t, [3, 1, 2])
  t.deepEqual(ids(await Array.fromAsync(rows)), [1, 2, 3, 4, 5, 6])
  t.deepEqual(ends, ['read', 'freed'])
})

test('rows asked for before the ones before them came are all given, in order', async t => {
  const { rows } = rowsOf(t, [3, 1, 2])
  const taken = await Promise.all(Array.from({ length: 8 }, () => rows.next()))
  t.deepEqual(
    taken.map(({ value }) => (value as SourceRow | undefined)?.id),
    [1, 2, 3, 4, 5, 6, undefined, undefined],
  )
})

test('a reader that leaves between two rows gets none afterwards', async t => {
  const { rows, ends } = rowsOf(t, [3, 3])
  await rows.next()
  t.deepEqual(await rows.return(), { done: true, value: undefined })
  t.deepEqual(await rows.next(), { done: true, value: undefined })
  t.deepEqual(ends, ['freed'])
})

test('a reader that leaves while a batch is on its way waits neither for it nor gets its rows', async t => {
  const { rows, ends } = rowsOf(t, [1, 3], { hangsAfter: 1 })
  await rows.next()
  const asked = [rows.next(), rows.next()]
  t.deepEqual(await rows.return(), { done: true, value: undefined })
  for (const row of asked) t.deepEqual(await row, { done: true, value: undefined })
  t.deepEqual(await rows.next(), { done: true, value: undefined })
  t.deepEqual(ends, ['freed'])
})

test('a row that cannot be made ends the read with its error, and what was held is freed', async t => {
  const ends: string[] = []
  async function* batches(): AsyncGenerator<RawBatch, void, undefined> {
    try {
      yield new RawBatch([[1], [2], [3]], 3, ([id]) => {
        if (id === 2) throw new Error('too large')
        return { id: id! }
      })
    } finally {
      ends.push('freed')
    }
  }
  const rows = rowByRow(batches(), { stop: new AbortController().signal, leave: () => t.fail() })
  await rows.next()
  await t.throwsAsync(rows.next(), { message: 'too large' })
  t.deepEqual(await rows.next(), { done: true, value: undefined })
  t.deepEqual(ends, ['freed'])
})
